import {text, toNumber, type Decimal} from "../money/decimal.js";
import {parseConfig, type StrategyConfig} from "../strategy/config.js";
import {viewAt} from "../strategy/view.js";
import {lastAtOrBefore} from "../time/search.js";
import {entryConditions, exitConditions, type Condition} from "../strategy/conditions.js";
import type {MarketData} from "../market/marketdata.js";
import {priceAt} from "../market/marks.js";
import {notShown, tradeReport} from "./report.js";
import type {TradeReport} from "../wire/trade.js";
import {runWindows, type RunResult} from "./run.js";
import type {StepHedge} from "./steps.js";
import {windowOf, type PairWindow, type Range} from "./window.js";

/** One event of a trade. */
export interface ReplayEvent {
  ts: number;
  pair: string;
  kind: "liquidated" | "settled" | "closed" | "opened";
  tradeId: string;
  /** payment received or net of a closed trade, signed decimal text in quote */
  amount: string | undefined;
  reason: string | undefined;
}

/** The signals of one pair as known at an instant; decimals are text. */
export interface ReplayPair {
  pair: string;
  /** the newest settlement, undefined before the first */
  settled: {ts: number; rate: string; rate8h: string | undefined; intervalHours: number | undefined} | undefined;
  signals:
    | {
        level: string;
        trend: string;
        trendDifference: string | undefined;
        /** consecutive newest rates at or above 0.03 % per 8 h */
        streak: number;
        basis: string | undefined;
        composite: string | undefined;
      }
    | undefined;
  spotPrice: number | undefined;
  perpPrice: number | undefined;
  position: "flat" | "open" | "unhedged";
  /** entry conditions if the pair was flat before this instant, exit conditions if it was open */
  conditions: Condition[];
  /** true if a settlement fell on this instant, so a decision was made */
  decides: boolean;
}

/** One open hedge after an instant; money is decimal text in quote. */
interface ReplayHedge {
  pair: string;
  entryTs: number;
  hedged: boolean;
  spotQty: string;
  perpQty: string;
  spotPrice: string;
  perpPrice: string;
  notional: string;
  capital: string;
  marked: string;
  funding: string;
  basis: string;
  fees: string;
  slippage: string;
  payments: number;
  liquidationPrice: string;
  /** rise of the perp that would liquidate it, as a fraction of its price */
  distance: number;
}

/** The account and its pairs after one instant, using only data known by then. */
export interface ReplayStep {
  index: number;
  ts: number;
  equity: string;
  free: string;
  closed: number;
  waiting: readonly {pair: string; intent: "entry" | "exit"}[];
  hedges: ReplayHedge[];
  pairs: ReplayPair[];
  events: ReplayEvent[];
}

/** Chart rows of one pair up to an instant: settled rates per 8 h and both legs' opens; NaN where missing. */
export interface ReplayHistory {
  pair: string;
  rates: {ts: Float64Array; rate8h: Float64Array};
  prices: {ts: Float64Array; spot: Float64Array; perp: Float64Array};
}

/**
 * A run that can be stepped through. Every answer about an instant uses only rows known by then (§1): removing later data
 * does not change it.
 */
export class Replay {
  readonly config: StrategyConfig;
  readonly result: RunResult;
  /** the instants in UTC ms, ascending */
  readonly ts: Float64Array;
  /** account equity after each instant, in quote */
  readonly equity: Float64Array;
  readonly trades: TradeReport[];
  readonly events: ReplayEvent[];
  readonly notShown: string;
  readonly #windows: PairWindow[];
  readonly #byTs = new Map<number, ReplayEvent[]>();

  constructor(markets: readonly MarketData[], entries: Readonly<Record<string, string>>, range: Range = {}) {
    this.config = parseConfig(entries);
    this.#windows = markets.map((market) => windowOf(market, range, this.config.warmup));
    this.#windows.sort((a, b) => (a.pair < b.pair ? -1 : 1));
    this.result = runWindows(this.#windows, this.config, {keepSteps: true});
    const steps = this.result.steps!;
    this.ts = Float64Array.from(steps, (step) => step.ts);
    this.equity = Float64Array.from(steps, (step) => toNumber(step.equity));
    this.trades = this.result.trades.map(tradeReport);
    this.events = eventsOf(this.trades);
    this.notShown = notShown(this.result);
    for (const event of this.events) {
      const list = this.#byTs.get(event.ts);
      if (list) list.push(event);
      else this.#byTs.set(event.ts, [event]);
    }
  }

  /** Returns the index of the newest step at or before an instant; 0 before the first. */
  indexAt(ts: number): number {
    return Math.max(0, lastAtOrBefore(this.ts, ts));
  }

  /**
   * Returns the state after step `index`.
   * @throws RangeError `invalid step: …`
   */
  at(index: number): ReplayStep {
    const step = this.result.steps![index];
    if (!step) throw new RangeError(`invalid step: ${index}`);
    const {ts} = step;
    const open = new Map(step.hedges.map((hedge) => [hedge.pair, hedge]));
    return {
      index,
      ts,
      equity: text(step.equity),
      free: text(step.free),
      closed: step.closed,
      waiting: step.waiting,
      hedges: step.hedges.map(hedgeOf),
      pairs: this.#windows.map((window) => this.#pairAt(window, ts, open.get(window.pair))),
      events: this.#byTs.get(ts) ?? []
    };
  }

  #pairAt({pair, data, history}: PairWindow, ts: number, hedge: StepHedge | undefined): ReplayPair {
    const view = viewAt([history], ts).pairs[0]!;
    const {newest} = view;
    const signals = view.signals();
    const position = hedge ? (hedge.hedged ? "open" : "unhedged") : "flat";
    // a decision at this instant was made from the position before it
    const events = this.#byTs.get(ts)?.filter((event) => event.pair === pair) ?? [];
    const before = events.some(({kind}) => kind === "closed")
      ? "open"
      : events.some(({kind}) => kind === "opened")
        ? "flat"
        : position;
    const price = (value: Decimal | undefined) => value && toNumber(value);
    const composite = signals?.composite(this.config.weights);
    const difference = signals?.trendDifference;
    return {
      pair,
      settled: newest && {
        ts: newest.t,
        rate: text(newest.rate),
        rate8h: newest.rate8h && text(newest.rate8h),
        intervalHours: newest.intervalHours
      },
      signals: signals && {
        level: text(signals.level),
        trend: signals.trend,
        trendDifference: difference && text(difference),
        streak: signals.streak,
        basis: signals.basis && text(signals.basis.value),
        composite: composite && text(composite)
      },
      spotPrice: price(priceAt(data.spot, ts)),
      perpPrice: price(priceAt(data.perp, ts)),
      position,
      conditions:
        before === "open"
          ? exitConditions(view, this.config)
          : before === "flat"
            ? entryConditions(view, this.config)
            : [],
      decides: view.settled !== undefined
    };
  }

  /**
   * Returns the newest rows of a pair known at step `index`: at most `rates` settlements and `bars` bars.
   * @throws RangeError `invalid pair: …`
   */
  historyAt(
    index: number,
    pair: string,
    {rates = 180, bars = 360}: {rates?: number; bars?: number} = {}
  ): ReplayHistory {
    const window = this.#windows.find((w) => w.pair === pair);
    if (!window) throw new RangeError(`invalid pair: ${pair}`);
    const ts = this.ts[index]!;
    const {history, data} = window;
    const end = lastAtOrBefore(history.t, ts) + 1;
    const start = Math.max(0, end - rates);
    const last = lastAtOrBefore(data.perp.ts, ts) + 1;
    const first = Math.max(0, last - bars);
    const opens = data.perp.ts.slice(first, last);
    return {
      pair,
      rates: {
        ts: history.t.slice(start, end),
        rate8h: Float64Array.from(history.settlements.slice(start, end), ({rate8h}) =>
          rate8h ? toNumber(rate8h) : NaN
        )
      },
      prices: {
        ts: opens,
        perp: data.perp.open.slice(first, last),
        spot: Float64Array.from(opens, (t) => {
          const i = lastAtOrBefore(data.spot.ts, t);
          return i >= 0 && data.spot.ts[i] === t ? data.spot.open[i]! : NaN;
        })
      }
    };
  }
}

function hedgeOf(hedge: StepHedge): ReplayHedge {
  const {components: c, perpPrice, liquidationPrice} = hedge;
  return {
    pair: hedge.pair,
    entryTs: hedge.entryTs,
    hedged: hedge.hedged,
    spotQty: text(hedge.spotQty),
    perpQty: text(hedge.perpQty),
    spotPrice: text(hedge.spotPrice),
    perpPrice: text(perpPrice),
    notional: text(hedge.notional),
    capital: text(hedge.capital),
    marked: text(hedge.marked),
    funding: text(c.funding),
    basis: text(c.basis),
    fees: text(c.fees),
    slippage: text(c.slippage),
    payments: hedge.payments,
    liquidationPrice: text(liquidationPrice),
    distance: toNumber(liquidationPrice.div(perpPrice).minus(1))
  };
}

const ORDER: Record<ReplayEvent["kind"], number> = {liquidated: 0, settled: 1, closed: 2, opened: 3};

/** Returns all events of `trades`, sorted by instant, then by the order within an instant (§3), then by pair. */
function eventsOf(trades: readonly TradeReport[]): ReplayEvent[] {
  const events = trades.flatMap((trade): ReplayEvent[] => {
    const {id: tradeId, pair} = trade;
    return [
      {ts: trade.entryTs, pair, kind: "opened", tradeId, amount: undefined, reason: trade.entryReason},
      ...trade.settlements.map(({ts, amount}): ReplayEvent => ({
        ts,
        pair,
        kind: "settled",
        tradeId,
        amount,
        reason: undefined
      })),
      ...(trade.liquidation
        ? [
            {
              ts: trade.perpExitTs,
              pair,
              kind: "liquidated",
              tradeId,
              amount: undefined,
              reason: undefined
            } satisfies ReplayEvent
          ]
        : []),
      {ts: trade.exitTs, pair, kind: "closed", tradeId, amount: trade.net, reason: trade.exitReason}
    ];
  });
  return events.sort(
    (a, b) => a.ts - b.ts || ORDER[a.kind] - ORDER[b.kind] || (a.pair < b.pair ? -1 : a.pair > b.pair ? 1 : 0)
  );
}
