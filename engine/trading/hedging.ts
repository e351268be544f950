import {tradeReport} from "../../src/lib/backtest/report.js";
import {Hedge} from "../../src/lib/ledger/hedge.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import {configEntries} from "../../src/lib/strategy/config.js";
import {byRank} from "../../src/lib/strategy/decide.js";
import type {Exit} from "../../src/lib/trading/desk.js";
import {sizeEntry} from "../../src/lib/trading/entry.js";
import type {ClosedEvent, OpenedEvent, PairInput, RefusedEvent} from "./events.js";
import {closingLegs, execute, openingLegs} from "./orders.js";
import type {TradedPair} from "./pair.js";
import type {ActivePair} from "./phases.js";
import type {Trader} from "./trader.js";

/** Phase 4: fills a waiting exit, or ends a history. */
export async function close(trader: Trader, ts: number, input: PairInput, traded: TradedPair): Promise<void> {
  const {hedge, desk} = traded;
  if (!hedge || trader.frozen) return;
  if (input.end) {
    return leave(trader, ts, traded, {
      reason: hedge.hedged ? "backtest-end" : "liquidated",
      decision: undefined,
      spotReference: new Decimal(input.end.spot),
      perpReference: new Decimal(input.end.perp)
    });
  }
  const exit = desk.exitReady(ts);
  if (!exit || !input.spot || !input.perp) return;
  await leave(trader, ts, traded, {
    reason: exit.reason,
    decision: exit.decision,
    spotReference: new Decimal(input.spot.bid),
    perpReference: new Decimal(input.perp.ask)
  });
}

/** Leaves a hedge now. What the venue refuses stays as it is and is tried again at the next step. */
export async function leave(trader: Trader, ts: number, traded: TradedPair, exit: Exit): Promise<void> {
  const hedge = traded.hedge!;
  const fills = await execute(trader.recorder, trader.venue, closingLegs(hedge, ts, exit));
  if (typeof fills === "string") return;
  const trade = traded.desk.close(ts, {
    ...exit,
    fills: {spot: fills.find(({leg}) => leg === "spot")!, perp: fills.find(({leg}) => leg === "perp")}
  });
  traded.heldUnder = undefined;
  traded.desk.forgetClosed();
  trader.account.closedNet = trader.account.closedNet.plus(trade.net);
  const report = tradeReport(trade);
  traded.owed.push({
    tradeId: trade.id,
    afterTs: trade.payments.at(-1)?.ts ?? trade.entryTs,
    // a settlement at the instant of leaving was taken before it, one at the end of a liquidating bar is not
    untilTs: trade.liquidation ? trade.perpExitTs - 1 : trade.perpExitTs,
    perpQty: trade.perpQty,
    report
  });
  trader.recorder.follow<ClosedEvent>({type: "closed", ts, pair: traded.pair, trade: report});
}

/** Phase 5: entries that wait and have both prices are sized in ranking order and opened. */
export async function open(trader: Trader, ts: number, active: readonly ActivePair[]): Promise<void> {
  if (trader.mode !== "running") return;
  const claims = active.flatMap(({input: {spot, perp, end}, traded}) => {
    if (end || !spot || !perp || !traded.desk.entryReady(ts)) return [];
    const intent = traded.desk.claim();
    const references = {spotReference: new Decimal(spot.ask), perpReference: new Decimal(perp.bid)};
    return [{traded, claim: {intent, ...references}, pair: traded.pair, netPerPeriod: intent.netPerPeriod}];
  });
  for (const {traded, claim} of claims.sort(byRank)) {
    const {desk, pair} = traded;
    const order = sizeEntry(ts, claim, {open: trader.open, account: trader.account, rules: desk.rules}, trader.config);
    const refuse = (reason: string) => {
      ++desk.cannotOpen;
      trader.recorder.follow<RefusedEvent>({type: "refused", ts, pair, reason});
    };
    if (typeof order === "string") {
      refuse(order);
      continue;
    }
    const fills = await execute(trader.recorder, trader.venue, openingLegs(order));
    if (typeof fills === "string") {
      refuse(fills);
      continue;
    }
    const hedge = new Hedge(order, trader.config, desk.rules, {
      spot: fills.find(({leg}) => leg === "spot")!,
      perp: fills.find(({leg}) => leg === "perp")!
    });
    desk.hold(hedge);
    traded.checkedTs = ts;
    traded.heldUnder = {strategy: configEntries(trader.config), instrument: traded.instrument};
    trader.recorder.follow<OpenedEvent>({
      type: "opened",
      ts,
      pair,
      tradeId: order.id,
      reason: order.reason,
      notional: text(hedge.notional),
      liquidationPrice: text(hedge.prices.liquidation)
    });
  }
}
