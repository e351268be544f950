import type {Instrument} from "../../src/lib/market/marketdata.js";
import type {TradeReport} from "../../src/lib/wire/trade.js";
import {Hedge, type HedgeOrder} from "../../src/lib/ledger/hedge.js";
import {rulesOf} from "../../src/lib/ledger/rules.js";
import type {BudgetLimit} from "../../src/lib/ledger/sizing.js";
import type {MarkSource} from "../../src/lib/market/marks.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import {configEntries, parseConfig} from "../../src/lib/strategy/config.js";
import type {Decision, EntryReason} from "../../src/lib/strategy/decide.js";
import type {RateSnapshot} from "../../src/lib/strategy/rates.js";
import {fillOf, fillRecord, intentOf, intentRecord} from "../journal/codec.js";
import type {FillRecord, IntentRecord, Settings} from "../journal/events.js";
import type {TradedPair} from "./pair.js";
import type {TraderMode, TraderState} from "./state.js";

interface HedgeSnapshot {
  order: {
    id: string;
    ts: number;
    reason: string;
    decision: Decision;
    ordered: string;
    spotQty: string;
    perpQty: string;
    spotReference: string;
    perpReference: string;
    budgetLimit: string;
  };
  strategy: Record<string, string>;
  instrument: Instrument | null;
  fills: FillRecord[];
  /** number of entry fills */
  opening: number;
  payments: [t: number, rate: string, mark: string, source: MarkSource, amount: string][];
  /** `at`: index of its fill */
  liquidation: {
    at: number;
    endTs: number;
    barTs: number;
    source: "mark" | "perp";
    high: string;
    spotReference: string;
  } | null;
}

interface PairSnapshot {
  pair: string;
  instrument: Instrument | null;
  rates: RateSnapshot;
  hedge: HedgeSnapshot | null;
  entry: {intent: IntentRecord; decidedTs: number; readyTs: number; renewedTs: number} | null;
  exit: {intent: IntentRecord; decidedTs: number; readyTs: number} | null;
  counts: [noPrice: number, ambiguous: number, cannotOpen: number];
  marks: [ts: number, spot: string, perp: string] | null;
  opens: [ts: number, spot: string, perp: string][];
  checkedTs: number | null;
  warmed: boolean;
  sent: number;
  dust: string;
  coolUntilTs: number | null;
  outside: [coins: string, short: string];
  owed: {tradeId: string; afterTs: number; untilTs: number; perpQty: string; report: TradeReport}[];
}

/** Complete state of the trading loop as plain data. */
export interface TraderSnapshot {
  strategy: Record<string, string>;
  file: Settings | null;
  minTurnover24h: string;
  intervalMs: number;
  capital: string;
  closedNet: string;
  /** cash flow outside of every hedge, in quote */
  outside: string;
  mode: TraderMode;
  why: string;
  frozen: boolean;
  lastTs: number | null;
  sampledHour: number | null;
  dayStart: [day: number | null, equity: string];
  venue: unknown;
  pairs: PairSnapshot[];
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
const orMinusInfinity = (value: number | null): number => value ?? -Infinity;

/** Serialises the state; {@link restoreState} reproduces every decimal. */
export function snapshotOf(trader: TraderState): TraderSnapshot {
  return {
    strategy: configEntries(trader.config),
    file: trader.file ?? null,
    minTurnover24h: trader.minTurnover24h,
    intervalMs: trader.intervalMs,
    capital: text(trader.account.capital),
    closedNet: text(trader.account.closedNet),
    outside: text(trader.outside),
    mode: trader.mode,
    why: trader.why,
    frozen: trader.frozen,
    lastTs: orNull(trader.lastTs),
    sampledHour: orNull(trader.sampledHour),
    dayStart: [orNull(trader.dayStart.day), text(trader.dayStart.equity)],
    venue: trader.venue.snapshot(),
    pairs: [...trader.pairs.values()].map(pairSnapshot)
  };
}

function pairSnapshot(traded: TradedPair): PairSnapshot {
  const {desk, rates, marks, opens, checkedTs} = traded;
  const {entry, exit} = desk;
  return {
    pair: traded.pair,
    instrument: traded.instrument ?? null,
    rates: rates.snapshot(),
    hedge: hedgeSnapshot(traded),
    entry: entry
      ? {
          intent: intentRecord(entry.intent),
          decidedTs: entry.intent.decision.ts,
          readyTs: entry.readyTs,
          renewedTs: entry.renewedTs
        }
      : null,
    exit: exit ? {intent: intentRecord(exit.intent), decidedTs: exit.intent.decision.ts, readyTs: exit.readyTs} : null,
    counts: [desk.noPrice, desk.ambiguous, desk.cannotOpen],
    marks: marks ? [marks.ts, text(marks.spot), text(marks.perp)] : null,
    opens: opens.map(({ts, spot, perp}) => [ts, text(spot), text(perp)]),
    checkedTs: orNull(checkedTs),
    warmed: traded.warmed,
    sent: traded.sent,
    dust: text(traded.dust),
    coolUntilTs: orNull(traded.coolUntilTs),
    outside: [text(traded.outside.coins), text(traded.outside.short)],
    owed: traded.owed.map((owed) => ({...owed, perpQty: text(owed.perpQty)}))
  };
}

function hedgeSnapshot({hedge, heldUnder, opening}: TradedPair): HedgeSnapshot | null {
  if (!hedge || !heldUnder) return null;
  const {order, liquidation: lost} = hedge;
  const {ordered, spotQty, perpQty} = order.quantities;
  return {
    order: {
      id: order.id,
      ts: order.ts,
      reason: order.reason,
      decision: order.decision,
      ordered: text(ordered),
      spotQty: text(spotQty),
      perpQty: text(perpQty),
      spotReference: text(order.spotReference),
      perpReference: text(order.perpReference),
      budgetLimit: order.budgetLimit
    },
    strategy: heldUnder.strategy,
    instrument: heldUnder.instrument ?? null,
    fills: hedge.fills.map(fillRecord),
    opening,
    payments: hedge.payments.map(({t, rate, mark, markSource, amount}) => [
      t,
      text(rate),
      text(mark),
      markSource,
      text(amount)
    ]),
    liquidation: lost
      ? {
          at: hedge.liquidatedAt!,
          endTs: hedge.perpExitTs!,
          barTs: lost.barTs,
          source: lost.source,
          high: text(lost.high),
          spotReference: text(lost.spotReference)
        }
      : null
  };
}

/** Restores a state into a new trader. */
export function restoreState(trader: TraderState, state: TraderSnapshot): void {
  trader.config = parseConfig(state.strategy);
  trader.file = state.file ?? undefined;
  trader.minTurnover24h = state.minTurnover24h;
  trader.intervalMs = state.intervalMs;
  trader.account.capital = new Decimal(state.capital);
  trader.account.closedNet = new Decimal(state.closedNet);
  trader.outside = new Decimal(state.outside);
  trader.mode = state.mode;
  trader.why = state.why;
  trader.frozen = state.frozen;
  trader.lastTs = orMinusInfinity(state.lastTs);
  trader.sampledHour = orMinusInfinity(state.sampledHour);
  trader.dayStart = {day: orMinusInfinity(state.dayStart[0]), equity: new Decimal(state.dayStart[1])};
  trader.venue.restore(state.venue);
  for (const own of state.pairs) restorePair(trader, own);
}

function restorePair(trader: TraderState, own: PairSnapshot): void {
  const traded = trader.addPair(own.pair, own.instrument ?? undefined);
  const {desk} = traded;
  traded.rates.restore(own.rates);
  if (own.hedge) {
    desk.hold(hedgeOf(own.pair, own.hedge));
    traded.opening = own.hedge.opening;
    traded.heldUnder = {strategy: own.hedge.strategy, instrument: own.hedge.instrument ?? undefined};
  }
  const {entry, exit} = own;
  const enter = entry && intentOf(entry.intent, entry.decidedTs);
  const leave = exit && intentOf(exit.intent, exit.decidedTs);
  desk.wait({
    entry: enter?.type === "enter" ? {...entry!, intent: enter} : undefined,
    exit: leave?.type === "exit" ? {...exit!, intent: leave} : undefined
  });
  [desk.noPrice, desk.ambiguous, desk.cannotOpen] = own.counts;
  traded.marks = own.marks
    ? {ts: own.marks[0], spot: new Decimal(own.marks[1]), perp: new Decimal(own.marks[2])}
    : undefined;
  traded.opens = own.opens.map(([ts, spot, perp]) => ({ts, spot: new Decimal(spot), perp: new Decimal(perp)}));
  traded.checkedTs = orMinusInfinity(own.checkedTs);
  traded.warmed = own.warmed;
  traded.sent = own.sent;
  traded.dust = new Decimal(own.dust);
  traded.coolUntilTs = orMinusInfinity(own.coolUntilTs);
  traded.outside = {coins: new Decimal(own.outside[0]), short: new Decimal(own.outside[1])};
  traded.owed = own.owed.map((owed) => ({...owed, perpQty: new Decimal(owed.perpQty)}));
}

/** Rebuilds a hedge by replaying its fills and payments, so every decimal is identical. */
function hedgeOf(
  pair: string,
  {order, strategy, instrument, fills, opening, payments, liquidation}: HedgeSnapshot
): Hedge {
  const config = parseConfig(strategy);
  const given: HedgeOrder = {
    id: order.id,
    pair,
    ts: order.ts,
    reason: order.reason as EntryReason,
    decision: order.decision,
    quantities: {
      ordered: new Decimal(order.ordered),
      spotQty: new Decimal(order.spotQty),
      perpQty: new Decimal(order.perpQty)
    },
    spotReference: new Decimal(order.spotReference),
    perpReference: new Decimal(order.perpReference),
    budgetLimit: order.budgetLimit as BudgetLimit
  };
  const all = fills.map(fillOf);
  const hedge = new Hedge(given, config, rulesOf(instrument ?? undefined, config), all.slice(0, opening));
  for (const [i, fill] of all.entries()) {
    if (i < opening) continue;
    if (i !== liquidation?.at) hedge.book(fill);
    else {
      const {endTs, barTs, source, high, spotReference} = liquidation;
      const loss = {barTs, source, high: new Decimal(high), spotReference: new Decimal(spotReference)};
      hedge.liquidate(endTs, loss, fill);
    }
  }
  for (const [t, rate, mark, markSource, amount] of payments)
    hedge.settle({t, rate: new Decimal(rate), mark: new Decimal(mark), markSource, amount: new Decimal(amount)});
  return hedge;
}
