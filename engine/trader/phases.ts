import {text, Decimal} from "../../src/lib/money/decimal.js";
import type {Payment} from "../../src/lib/ledger/trade.js";
import {decide, type Intent} from "../../src/lib/strategy/decide.js";
import {intentOf, intentRecord} from "../journal/codec.js";
import type {
  ClosedEvent,
  DecidedEvent,
  GatedEvent,
  LapsedEvent,
  LiquidatedEvent,
  PairInput,
  InputEvent,
  RiskEvent,
  SettledEvent
} from "../journal/events.js";
import {exitHedge} from "./hedging.js";
import {amended, OWED_MS, type Owed, type TradedPair} from "./pair.js";
import type {TraderState} from "./state.js";
import type {ActivePair} from "./pair.js";

/** Phase 1: checks ended bars for liquidation and sells a liquidated hedge's coin once spot has a price. */
export async function liquidate(trader: TraderState, ts: number, input: PairInput, traded: TradedPair): Promise<void> {
  const {desk} = traded;
  for (const bar of input.bars ?? []) {
    traded.checkedTs = Math.max(traded.checkedTs, bar.endTs);
    if (!desk.checkBar(bar, () => traded.opensAt(bar.openTs))) continue;
    const hedge = traded.hedge!;
    trader.venue.liquidated(traded.pair, hedge.fills.at(-1)!);
    trader.recorder.follow<LiquidatedEvent>({
      type: "liquidated",
      ts: bar.endTs,
      pair: traded.pair,
      tradeId: hedge.order.id,
      price: text(hedge.prices.liquidation),
      high: bar.high,
      source: bar.source
    });
  }
  if (!traded.hedge || traded.hedge.hedged || input.end || !input.spot || trader.frozen) return;
  await exitHedge(trader, ts, traded, {
    reason: "liquidated",
    decision: undefined,
    spotReference: new Decimal(input.spot.bid),
    perpReference: undefined
  });
}

/** Phase 2: books new settlements. Returns true when there were any. */
export function settle(trader: TraderState, input: PairInput, traded: TradedPair): boolean {
  const {desk, rates, pair} = traded;
  for (const row of input.settlements ?? []) {
    const {t, rate, intervalSource} = rates.push(row);
    const mark = row.mark && {mark: new Decimal(row.mark.price), markSource: row.mark.source};
    const amount = row.paid === undefined ? undefined : new Decimal(row.paid);
    const settlement = {rate, ambiguous: intervalSource === "ambiguous", paid: amount};
    const payment = desk.settle(t, settlement, () => mark);
    const {hedge} = traded;
    if (payment) bookPayment(trader, pair, hedge!.order.id, payment, {expected: hedge!.expected(payment)});
    else if (mark) settleLate(trader, {t, rate, ...mark, amount}, traded);
  }
  return (input.settlements?.length ?? 0) > 0;
}

function bookPayment(
  trader: TraderState,
  pair: string,
  tradeId: string,
  {t, rate, mark, markSource, amount}: Payment,
  {expected = amount, late = false}: {expected?: Decimal; late?: boolean}
): void {
  trader.venue.paid(pair, amount);
  trader.recorder.follow<SettledEvent>({
    type: "settled",
    ts: t,
    pair,
    tradeId,
    rate: text(rate),
    mark: text(mark),
    markSource,
    amount: text(amount),
    ...(!expected.eq(amount) && {expected: text(expected)}),
    ...(late && {late})
  });
}

/** Books a settlement known only after the exit to the trade that was open at its instant. */
function settleLate(
  trader: TraderState,
  {amount, ...settlement}: Omit<Payment, "amount"> & {amount: Decimal | undefined},
  traded: TradedPair
): void {
  const {t, rate, mark} = settlement;
  const owed = traded.owed.find(({afterTs, untilTs}) => t > afterTs && t <= untilTs);
  traded.owed = traded.owed.filter(({untilTs}) => untilTs > t - OWED_MS);
  if (!owed) return;
  owed.afterTs = t;
  const expected = owed.perpQty.times(mark).times(rate);
  amendTrade(trader, traded, owed, {...settlement, amount: amount ?? expected}, expected);
}

/** Adds a payment to a closed trade and journals its new report. */
function amendTrade(trader: TraderState, traded: TradedPair, owed: Owed, payment: Payment, expected?: Decimal): void {
  trader.account.closedNet = trader.account.closedNet.plus(payment.amount);
  bookPayment(trader, traded.pair, owed.tradeId, payment, {late: true, ...(expected && {expected})});
  owed.report = amended(owed.report, payment);
  trader.recorder.follow<ClosedEvent>({
    type: "closed",
    ts: owed.report.exitTs,
    pair: traded.pair,
    trade: owed.report
  });
}

/** Books the difference of a late or corrected venue payment to its trade; `amount` in quote. */
export function correctPayments(trader: TraderState, corrections: NonNullable<InputEvent["corrections"]>): void {
  for (const {pair, settlementTs: t, amount} of corrections) {
    const traded = trader.pair(pair);
    const {hedge} = traded;
    const first = hedge?.payments.find((payment) => payment.t === t);
    const owed = traded.owed.find(({report}) => report.settlements.some((settlement) => settlement.ts === t));
    if (hedge && first) {
      bookPayment(trader, pair, hedge.order.id, hedge.settle({...first, amount: new Decimal(amount)}), {late: true});
    } else if (owed) {
      const {rate, mark, markSource} = owed.report.settlements.find((settlement) => settlement.ts === t)!;
      const again = {t, rate: new Decimal(rate), mark: new Decimal(mark), markSource, amount: new Decimal(amount)};
      amendTrade(trader, traded, owed, again);
    } else trader.outside = trader.outside.plus(amount);
  }
}

/** Phase 3: expires pending entries, decides, applies the risk gate, and requests risk exits. */
export function decideAt(
  trader: TraderState,
  ts: number,
  active: readonly ActivePair[],
  settled: ReadonlySet<string>
): void {
  for (const {traded} of active) {
    if (traded.desk.lapse(ts)) trader.recorder.follow<LapsedEvent>({type: "lapsed", ts, pair: traded.pair});
  }
  const due = active.filter(({input, traded}) => !input.end && (settled.has(traded.pair) || traded.overdue(ts)));
  if (due.length > 0) applyIntents(trader, ts, decideIntents(trader, ts, due, settled));
  const risk = trader.recorder.recallSome<RiskEvent>("risk", () => {
    const exits = trader.gate.exits(trader, ts).filter(({pair}) => {
      const book = trader.pairs.get(pair)?.desk.book;
      return book?.position === "open" && book.waiting !== "exit";
    });
    return exits.length > 0 ? {type: "risk", ts, exits} : undefined;
  });
  for (const {pair, rule, why} of risk?.exits ?? []) {
    const decision = {ts, numbers: {rule, why}};
    trader.pair(pair).desk.take({type: "exit", pair, reason: "risk", decision}, ts);
  }
}

function decideIntents(
  trader: TraderState,
  ts: number,
  due: readonly ActivePair[],
  settled: ReadonlySet<string>
): readonly Intent[] {
  const decided = trader.recorder.recall<DecidedEvent>(
    "decided",
    () => {
      const views = due.map(({input: {spot, perp, volume}, traded}) =>
        traded.rates.view({
          ts,
          settled: settled.has(traded.pair),
          perpOpens: perp !== undefined,
          opens: {spot: spot && new Decimal(spot.last), perp: perp && new Decimal(perp.last)},
          volume
        })
      );
      const book = new Map(due.map(({traded}) => [traded.pair, traded.desk.book]));
      return {type: "decided", ts, intents: decide({ts, pairs: views}, book, trader.config).map(intentRecord)};
    },
    {pure: true}
  );
  return decided.intents.map((record) => intentOf(record, ts));
}

function applyIntents(trader: TraderState, ts: number, intents: readonly Intent[]): void {
  const entries = intents.filter((intent) => intent.type === "enter");
  const refused = new Set<string>();
  if (entries.length > 0) {
    const gated = trader.recorder.recall<GatedEvent>("gated", () => ({
      type: "gated",
      ts,
      refused: [
        ...(trader.mode === "running" ? [] : entries.map(({pair}) => ({pair, rule: trader.mode, why: trader.why}))),
        ...trader.gate.entries(entries, trader, ts)
      ]
    }));
    for (const {pair} of gated.refused) refused.add(pair);
  }
  for (const intent of intents) {
    const {desk} = trader.pair(intent.pair);
    if (!refused.has(intent.pair)) desk.take(intent, ts);
    // The gate now blocks a pending entry it allowed before.
    else if (desk.entry) desk.take({type: "drop", pair: intent.pair, decision: intent.decision}, ts);
  }
}
