import {tradeReport} from "../../src/lib/backtest/report.js";
import {Hedge, type HedgeOrder} from "../../src/lib/ledger/hedge.js";
import type {Fill} from "../../src/lib/ledger/fills.js";
import {floorToStep} from "../../src/lib/ledger/rules.js";
import {Decimal, text, ZERO} from "../../src/lib/money/decimal.js";
import {configEntries} from "../../src/lib/strategy/config.js";
import {byRank} from "../../src/lib/strategy/decide.js";
import type {Exit} from "../../src/lib/backtest/desk.js";
import {sizeEntry} from "../../src/lib/backtest/entry.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";
import type {ClosedEvent, NakedEvent, OpenedEvent, PairInput, RefusedEvent, UnwoundEvent} from "../journal/events.js";
import type {Unfilled} from "../execution/venue.js";
import {Ladder} from "./ladder.js";
import type {TradedPair, ActivePair} from "./pair.js";
import type {TraderState} from "./state.js";

/** Cooldown of a pair after an unwound leg, ms. */
const COOLDOWN_MS = HOUR_MS;

/** Phase 4: executes a pending exit, or closes the hedge at the end of a history. */
export async function close(trader: TraderState, ts: number, input: PairInput, traded: TradedPair): Promise<void> {
  const {hedge, desk} = traded;
  if (!hedge || trader.frozen) return;
  if (input.end) {
    return exitHedge(trader, ts, traded, {
      reason: hedge.hedged ? "backtest-end" : "liquidated",
      decision: undefined,
      spotReference: new Decimal(input.end.spot),
      perpReference: new Decimal(input.end.perp)
    });
  }
  const exit = desk.exitReady(ts);
  if (!exit || !input.spot || !input.perp) return;
  await exitHedge(trader, ts, traded, {
    reason: exit.reason,
    decision: exit.decision,
    spotReference: new Decimal(input.spot.bid),
    perpReference: new Decimal(input.perp.ask)
  });
}

/** Builds the order ladder for one pair. */
function ladderOf(
  trader: TraderState,
  ts: number,
  traded: TradedPair,
  {tradeId, spot, perp, held}: {tradeId: string; spot: Decimal; perp: Decimal | undefined; held?: Hedge | undefined}
): Ladder {
  const {config} = trader;
  return new Ladder({
    recorder: trader.recorder,
    venue: trader.venue,
    ts,
    pair: traded.pair,
    tradeId,
    rules: traded.desk.rules,
    coinStep: traded.coinStep,
    dust: traded.dust,
    references: {spot, perp},
    coinFee: config.spotFeeIn === "base" ? config.spotFee : ZERO,
    sent: traded.sent,
    ...(held && {held: {spot: held.spotQty, perp: held.hedged ? held.perpQty : ZERO}})
  });
}

/**
 * Exits a hedge now. If the venue rejects the exit, the hedge stays open until the next step. A partial exit is booked,
 * reported and retried.
 * @param urgent starts with wider price bands and retries within this step
 */
export async function exitHedge(
  trader: TraderState,
  ts: number,
  traded: TradedPair,
  exit: Exit,
  urgent = false
): Promise<void> {
  const hedge = traded.hedge!;
  const {spotReference: spot, perpReference: perp} = exit;
  const ladder = ladderOf(trader, ts, traded, {tradeId: hedge.order.id, spot, perp, held: hedge});
  await ladder.exit(hedge.hedged ? "close" : "sell-coin", urgent);
  traded.sent = ladder.sent;
  bookLadder(trader, ts, traded, exit, ladder);
}

/** Phase 0: unwinds the larger leg of an uneven hedge at current prices. */
export async function unwindExcess(
  trader: TraderState,
  ts: number,
  input: PairInput,
  traded: TradedPair
): Promise<void> {
  const {hedge} = traded;
  if (!hedge?.hedged || trader.frozen || !traded.uneven || !input.spot) return;
  const long = hedge.naked.gt(0);
  // a delisted perp has no price, and selling the coin needs none
  const gone = hedge.perpQty.isZero();
  if (!input.perp && !(long && gone)) return;
  const spot = new Decimal(long ? input.spot.bid : input.spot.ask);
  const perp = input.perp ? new Decimal(input.perp.ask) : hedge.fills.findLast(({leg}) => leg === "perp")?.reference;
  const ladder = ladderOf(trader, ts, traded, {tradeId: hedge.order.id, spot, perp, held: hedge});
  await ladder.unwind();
  traded.sent = ladder.sent;
  const decision = {ts, numbers: {naked: text(hedge.naked)}};
  bookLadder(trader, ts, traded, {reason: "unwound", decision, spotReference: spot, perpReference: perp}, ladder);
}

/** Books a ladder's fills on an open hedge; closes the trade when no tradable quantity remains. */
function bookLadder(trader: TraderState, ts: number, traded: TradedPair, exit: Exit, ladder: Ladder): void {
  const hedge = traded.hedge!;
  const {rules} = traded.desk;
  const gone =
    ladder.perp.isZero() &&
    floorToStep(ladder.spot, traded.coinStep).times(exit.spotReference).lte(rules.spotMinNotional);
  if (gone && (ladder.fills.length > 0 || ladder.spot.lt(traded.coinStep))) {
    closeTrade(trader, ts, traded, {...exit, fills: perpFirst(ladder.fills)});
    traded.dust = traded.dust.plus(ladder.spot);
    if (ladder.spot.gt(rules.step)) reportNaked(trader, ts, traded, hedge.order.id, "too small to be sold");
    return;
  }
  for (const fill of ladder.fills) hedge.book(fill);
  if (traded.uneven) reportNaked(trader, ts, traded, hedge.order.id, lastRefusal(ladder).message);
}

const perpFirst = (fills: readonly Fill[]): Fill[] => [
  ...fills.filter(({leg}) => leg === "perp"),
  ...fills.filter(({leg}) => leg === "spot")
];

/** Closes the hedge and records its trade. */
function closeTrade(trader: TraderState, ts: number, traded: TradedPair, exit: Exit): void {
  const {perpQty} = traded.hedge!;
  const trade = traded.desk.close(ts, exit);
  traded.heldUnder = undefined;
  traded.desk.forgetClosed();
  trader.account.closedNet = trader.account.closedNet.plus(trade.net);
  const report = tradeReport(trade);
  traded.owed.push({
    tradeId: trade.id,
    afterTs: trade.payments.at(-1)?.t ?? trade.entryTs,
    // a settlement at the exit's instant is paid, one at the end of a liquidating bar is not
    untilTs: trade.liquidation ? trade.perpExitTs - 1 : trade.perpExitTs,
    perpQty,
    report
  });
  trader.recorder.follow<ClosedEvent>({type: "closed", ts, pair: traded.pair, trade: report});
}

/** Reports an unhedged leg and halts entries; every step retries the unwind. */
function reportNaked(trader: TraderState, ts: number, traded: TradedPair, tradeId: string, why: string): void {
  const quantity = text(traded.hedge?.naked ?? traded.dust);
  trader.recorder.follow<NakedEvent>({type: "naked", ts, pair: traded.pair, tradeId, quantity, why});
  if (trader.mode !== "halted") {
    trader.setMode({type: "halted", ts, why: `${traded.pair} holds ${quantity} coins without the other leg (${why})`});
  }
}

/** Phase 5: sizes and opens the pending entries that have both prices, in ranking order. */
export async function open(trader: TraderState, ts: number, active: readonly ActivePair[]): Promise<void> {
  const claims = active.flatMap(({input: {spot, perp, end}, traded}) => {
    if (trader.mode !== "running" || end || !spot || !perp || !traded.desk.entryReady(ts)) return [];
    const intent = traded.desk.claim();
    const references = {spotReference: new Decimal(spot.ask), perpReference: new Decimal(perp.bid)};
    return [{traded, claim: {intent, ...references}, pair: traded.pair, netPerPeriod: intent.netPerPeriod}];
  });
  for (const {traded, claim} of claims.sort(byRank)) {
    // A failed hedge halts the remaining entries.
    if (trader.mode !== "running") return;
    const {desk} = traded;
    const order = sizeEntry(ts, claim, {open: trader.open, account: trader.account, rules: desk.rules}, trader.config);
    if (typeof order === "string") rejectEntry(trader, ts, traded, {code: order, reason: order});
    else await enter(trader, ts, traded, order);
  }
}

/** Default for unfilled orders without a reason. */
const NOT_FILLED: Unfilled = {code: "refused", message: "not filled"};
const firstRefusal = ({refusals}: Ladder): Unfilled => refusals[0] ?? NOT_FILLED;
const lastRefusal = ({refusals}: Ladder): Unfilled => refusals.at(-1) ?? NOT_FILLED;

function rejectEntry(
  trader: TraderState,
  ts: number,
  traded: TradedPair,
  {reason, code}: Pick<RefusedEvent, "reason" | "code">
): void {
  ++traded.desk.cannotOpen;
  trader.recorder.follow<RefusedEvent>({type: "refused", ts, pair: traded.pair, reason, code});
}

async function enter(trader: TraderState, ts: number, traded: TradedPair, order: HedgeOrder): Promise<void> {
  const {desk, pair} = traded;
  traded.sent = 0;
  const ladder = ladderOf(trader, ts, traded, {
    tradeId: order.id,
    spot: order.spotReference,
    perp: order.perpReference
  });
  await ladder.open({spot: order.quantities.ordered, perp: order.quantities.perpQty});
  traded.sent = ladder.sent;
  if (ladder.fills.length === 0) {
    const {code, message} = lastRefusal(ladder);
    return rejectEntry(trader, ts, traded, {code, reason: message});
  }
  registerHedge(trader, ts, traded, filledOrder(order, ladder), ladder.fills);
  const {hedge} = traded;
  trader.recorder.follow<OpenedEvent>({
    type: "opened",
    ts,
    pair,
    tradeId: order.id,
    reason: order.reason,
    notional: text(hedge!.notional),
    liquidationPrice: text(hedge!.prices.liquidation)
  });
  if (ladder.unwound) {
    traded.coolUntilTs = ts + COOLDOWN_MS;
    const why = firstRefusal(ladder).message;
    trader.recorder.follow<UnwoundEvent>({
      type: "unwound",
      ts,
      pair,
      tradeId: order.id,
      why,
      untilTs: traded.coolUntilTs
    });
  }
  if (ladder.perp.isZero() && ladder.spot.lte(desk.rules.step)) {
    traded.dust = traded.dust.plus(ladder.spot);
    const {spotReference, perpReference} = order;
    const decision = {ts, numbers: {why: firstRefusal(ladder).message}};
    closeTrade(trader, ts, traded, {reason: "unwound", decision, spotReference, perpReference, fills: []});
  } else if (!ladder.even) reportNaked(trader, ts, traded, order.id, lastRefusal(ladder).message);
}

/** Registers an opened hedge with its pair. */
export function registerHedge(
  trader: TraderState,
  ts: number,
  traded: TradedPair,
  order: HedgeOrder,
  fills: readonly Fill[]
): void {
  traded.desk.hold(new Hedge(order, trader.config, traded.desk.rules, fills));
  traded.opening = fills.length;
  traded.checkedTs = ts;
  traded.heldUnder = {strategy: configEntries(trader.config), instrument: traded.instrument};
}

/** Returns the order at its filled size; for an unwound entry, the size before the unwind. */
function filledOrder(order: HedgeOrder, {fills, spot, perp}: Ladder): HedgeOrder {
  const {spotQty, perpQty} = order.quantities;
  if (spot.eq(spotQty) && perp.eq(perpQty)) return order;
  const bought = fills.reduce((sum, {quantity}) => Decimal.max(sum, quantity), ZERO);
  const ordered = spot.gt(0) ? Decimal.min(spot, order.quantities.ordered) : bought;
  return {...order, quantities: {ordered, spotQty: spot, perpQty: perp}};
}
