import type {ReplayEvent, ReplayHistory} from "../../lib/backtest/replay.js";
import type {OpenedReplay} from "../../lib/workers/replay.js";
import type {TradeReport} from "../../lib/wire/trade.js";
import type {DecisionReport, EngineConfigReport, PositionReport} from "../../lib/wire/trading.js";
import {lastAtOrBefore} from "../../lib/time/search.js";

/** Records of the engine's run. */
export interface EngineRecord {
  trades: readonly TradeReport[];
  positions: readonly PositionReport[];
  /** newest first, as the API returns them */
  decisions: readonly DecisionReport[];
  equity: readonly (readonly [number, string])[];
  config: EngineConfigReport;
  capital: string;
}

/** A hedge open at an instant, with its funding and costs until then. */
interface EngineHedge {
  pair: string;
  entryTs: number;
  notional: number;
  capital: number;
  funding: number;
  payments: number;
  /** costs of the entry only */
  costs: number;
}

/** Known state of the engine's run after one instant. */
export interface EngineStep {
  index: number;
  ts: number;
  equity: number;
  closed: number;
  /** net of the trades closed until then */
  realised: number;
  /** payments until then, of open and closed hedges */
  funding: number;
  hedges: EngineHedge[];
  events: ReplayEvent[];
  /** decisions of this instant */
  decided: DecisionReport[];
  /** latest decisions until then, newest first */
  decisions: DecisionReport[];
}

const EVENT_KINDS: readonly ReplayEvent["kind"][] = ["liquidated", "settled", "closed", "opened"];
const RECENT = 30;

/**
 * Returns the events of a run in the order of processing. Closed trades provide their own events, because the list of
 * decisions may not reach back to them; decisions provide those of open hedges.
 */
export function engineEvents({trades, decisions}: EngineRecord): ReplayEvent[] {
  const events = new Map<string, ReplayEvent>();
  const add = (event: ReplayEvent): void => {
    const key = `${event.kind} ${event.tradeId} ${event.ts}`;
    if (!events.has(key)) events.set(key, event);
  };
  for (const {id: tradeId, pair, entryTs, exitTs, entryReason, exitReason, net, settlements, liquidation} of trades) {
    add({ts: entryTs, pair, tradeId, kind: "opened", amount: undefined, reason: entryReason});
    for (const {ts, amount} of settlements) add({ts, pair, tradeId, kind: "settled", amount, reason: undefined});
    if (liquidation)
      add({ts: liquidation.barTs, pair, tradeId, kind: "liquidated", amount: undefined, reason: undefined});
    add({ts: exitTs, pair, tradeId, kind: "closed", amount: net, reason: exitReason});
  }
  const closed = new Set(trades.map(({id}) => id));
  for (const {ts, pair, kind, tradeId, amount, reason} of decisions) {
    const event = EVENT_KINDS.find((d) => d === kind);
    if (!event || pair === null || tradeId === null || closed.has(tradeId)) continue;
    add({ts, pair, tradeId, kind: event, amount: event === "opened" ? undefined : (amount ?? undefined), reason});
  }
  return [...events.values()].sort(
    (a, b) => a.ts - b.ts || EVENT_KINDS.indexOf(a.kind) - EVENT_KINDS.indexOf(b.kind) || (a.pair < b.pair ? -1 : 1)
  );
}

/**
 * Returns the run with one step per event, decision and hourly account value.
 * @throws Error when the engine has no record yet
 */
export function openEngineRun(record: EngineRecord): OpenedReplay {
  const events = engineEvents(record);
  const ts = Float64Array.from(
    new Set([...events.map((d) => d.ts), ...record.decisions.map((d) => d.ts), ...record.equity.map(([at]) => at)])
  ).sort();
  if (!ts.length) throw new Error("the engine has no records yet, so there is nothing to replay");
  const times = record.equity.map(([at]) => at);
  const capital = Number(record.capital);
  return {
    ts,
    equity: Float64Array.from(ts, (at) => {
      const i = lastAtOrBefore(times, at);
      return i < 0 ? capital : Number(record.equity[i]![1]);
    }),
    trades: [...record.trades].sort((a, b) => a.entryTs - b.entryTs),
    events,
    capital,
    notShown:
      "not shown: order-book depth, queues and rejected orders; between full hours, the account equity is that of the previous hour"
  };
}

/** Returns the state after step `index`, from records up to that instant only. */
export function engineStep(record: EngineRecord, run: OpenedReplay, index: number): EngineStep {
  const ts = run.ts[index]!;
  const known = run.events.filter((d) => d.ts <= ts);
  const sum = (list: readonly {amount?: string | undefined}[]) => list.reduce((x, d) => x + Number(d.amount ?? 0), 0);
  const closes = known.filter((d) => d.kind === "closed");
  const isClosed = new Set(closes.map((d) => d.tradeId));
  const hedges = known
    .filter((d) => d.kind === "opened" && !isClosed.has(d.tradeId))
    .flatMap((d) =>
      hedgeAt(
        record,
        d,
        known.filter((e) => e.kind === "settled" && e.tradeId === d.tradeId)
      )
    );
  const decisions = record.decisions.filter((d) => d.ts <= ts);
  return {
    index,
    ts,
    equity: run.equity[index]!,
    closed: closes.length,
    realised: sum(closes),
    funding: sum(known.filter((d) => d.kind === "settled")),
    hedges,
    events: known.filter((d) => d.ts === ts),
    decided: decisions.filter((d) => d.ts === ts),
    decisions: decisions.slice(0, RECENT)
  };
}

/** Returns an open hedge without any data of its exit; empty when neither trade nor position is recorded. */
function hedgeAt({trades, positions}: EngineRecord, opened: ReplayEvent, paid: readonly ReplayEvent[]): EngineHedge[] {
  const common = {
    pair: opened.pair,
    entryTs: opened.ts,
    funding: paid.reduce((x, d) => x + Number(d.amount ?? 0), 0),
    payments: paid.length
  };
  const trade = trades.find((d) => d.id === opened.tradeId);
  if (trade) {
    const entry = trade.fills.filter((d) => d.ts < trade.exitTs);
    return [
      {
        ...common,
        notional: Number(trade.spotQty) * Number(trade.spotEntry),
        capital: Number(trade.capital),
        costs: entry.reduce((x, d) => x + Number(d.fee) + Number(d.slippage), 0)
      }
    ];
  }
  const position = positions.find(
    (d) => d.id === opened.tradeId || (d.pair === opened.pair && d.entryTs === opened.ts)
  );
  if (!position) return [];
  return [
    {
      ...common,
      notional: Number(position.notional),
      capital: Number(position.capital),
      costs: Number(position.fees) + Number(position.slippage)
    }
  ];
}

/** Returns one pair's rates and prices up to an instant: rates from decisions, prices from fills. */
export function engineHistory({trades, decisions, positions}: EngineRecord, pair: string, ts: number): ReplayHistory {
  const rates = new Map<number, number>();
  for (const d of decisions) {
    if (d.pair !== pair || d.ts > ts || d.numbers["rate8h"] === undefined) continue;
    rates.set(d.ts, Number(d.numbers["rate8h"]));
  }
  const prices = new Map<number, {spot: number; perp: number}>();
  const price = (at: number, spot: string, perp: string) =>
    at <= ts && prices.set(at, {spot: Number(spot), perp: Number(perp)});
  for (const d of trades) {
    if (d.pair !== pair) continue;
    for (const side of [d.decidedBy.entry, d.decidedBy.exit]) {
      const rate = side?.numbers["rate8h"];
      if (side && side.ts <= ts && rate !== undefined) rates.set(side.ts, Number(rate));
    }
    price(d.entryTs, d.spotEntry, d.perpEntry);
    price(d.exitTs, d.spotExit, d.perpExit);
  }
  for (const d of positions) if (d.pair === pair) price(d.entryTs, d.spotEntry, d.perpEntry);
  const rateTs = [...rates.keys()].sort((a, b) => a - b);
  const priceTs = [...prices.keys()].sort((a, b) => a - b);
  return {
    pair,
    rates: {ts: Float64Array.from(rateTs), rate8h: Float64Array.from(rateTs, (at) => rates.get(at)!)},
    prices: {
      ts: Float64Array.from(priceTs),
      spot: Float64Array.from(priceTs, (at) => prices.get(at)!.spot),
      perp: Float64Array.from(priceTs, (at) => prices.get(at)!.perp)
    }
  };
}
