import {Hedge, type HedgeOrder} from "../../src/lib/ledger/hedge.js";
import type {Fill} from "../../src/lib/ledger/fills.js";
import {roundToTick} from "../../src/lib/ledger/rules.js";
import {pairSlug} from "../../src/lib/market/pair.js";
import {text, toNumber, ZERO} from "../../src/lib/money/decimal.js";
import {isReal} from "../execution/venue.js";
import {fillOf} from "../journal/codec.js";
import type {AccountEvent, ForeignEvent, ForeignRecord, InputEvent, LiquidatedEvent} from "../journal/events.js";
import {registerHedge} from "./hedging.js";
import type {TradedPair, ActivePair} from "./pair.js";
import type {TraderState} from "./state.js";

/**
 * Phase 0: books fills and account changes that no step ordered, and fills of orders presumed lost. The same step
 * unwinds any unhedged remainder; a manual trade also halts the loop.
 */
export function bookForeign(trader: TraderState, {ts, account}: InputEvent, active: readonly ActivePair[]): void {
  for (const {id, ts: changedTs, what, amount, pair} of account ?? []) {
    const traded = pair === undefined ? undefined : trader.pairs.get(pair);
    if (pair === undefined) trader.outside = trader.outside.plus(amount);
    else if (traded) traded.outside = {...traded.outside, coins: traded.outside.coins.plus(amount)};
    if (isReal(trader.venue)) trader.venue.confirmAccount(id, changedTs);
    trader.recorder.follow<AccountEvent>({
      type: "account",
      ts: changedTs,
      id,
      what,
      amount,
      ...(pair !== undefined && {for: pair})
    });
  }
  for (const {input, traded} of active)
    for (const found of input.foreign ?? []) bookForeignFill(trader, ts, traded, found);
}

function bookForeignFill(
  trader: TraderState,
  ts: number,
  traded: TradedPair,
  {id, cause, fill: record}: ForeignRecord
): void {
  const fill = fillOf(record);
  const {pair, hedge} = traded;
  const event: ForeignEvent = {type: "foreign", ts, pair, tradeId: hedge?.order.id ?? null, cause, id};
  trader.recorder.follow<ForeignEvent>(event);
  trader.venue.confirmForeign(pair, fill);
  if (hedge && closesShort(hedge, fill, cause)) bookLiquidation(trader, traded, hedge, fill);
  else if (hedge) hedge.book(fill);
  else if (cause === "outside") bookManualTrade(trader, traded, fill);
  else registerHedge(trader, ts, traded, unexpectedOrder(ts, pair, fill), [fill]);
  if (cause === "outside" && trader.mode !== "halted") {
    const {side, leg, quantity, price} = fill;
    const what = `${side} ${text(quantity)} ${pair} ${leg} at ${text(price)}`;
    trader.setMode({type: "halted", ts, why: `somebody else traded on the account: ${what}`});
  }
}

/** Returns true when a liquidation closes the whole short. */
const closesShort = (hedge: Hedge, {leg, side, quantity}: Fill, cause: ForeignRecord["cause"]): boolean =>
  cause === "liquidation" && hedge.hedged && leg === "perp" && side === "buy" && quantity.gte(hedge.perpQty);

function bookLiquidation(trader: TraderState, traded: TradedPair, hedge: Hedge, fill: Fill): void {
  const {spot, perp} = traded.marks ?? {spot: hedge.order.spotReference, perp: hedge.order.perpReference};
  const spotReference = roundToTick(fill.reference.times(spot).div(perp), traded.desk.rules.spotTick);
  hedge.liquidate(fill.ts, {barTs: fill.ts, source: "mark", high: fill.reference, spotReference}, fill);
  traded.desk.wait({});
  trader.recorder.follow<LiquidatedEvent>({
    type: "liquidated",
    ts: fill.ts,
    pair: traded.pair,
    tradeId: hedge.order.id,
    price: text(fill.reference),
    high: toNumber(fill.reference),
    source: "mark"
  });
}

/** Records a manual trade in a pair without a hedge: it belongs to no trade, but reconciliation must include it. */
function bookManualTrade(trader: TraderState, traded: TradedPair, {leg, side, price, quantity, fee}: Fill): void {
  const signed = side === "buy" ? quantity : quantity.neg();
  trader.outside = trader.outside.minus(price.times(signed)).minus(fee);
  const {coins, short} = traded.outside;
  traded.outside = leg === "spot" ? {coins: coins.plus(signed), short} : {coins, short: short.minus(signed)};
}

/** Returns the order of a hedge created by an unexpected fill; the next phase unwinds it. */
function unexpectedOrder(ts: number, pair: string, fill: Fill): HedgeOrder {
  const {leg, quantity, reference} = fill;
  return {
    id: `${pairSlug(pair)}-${ts}`,
    pair,
    ts,
    reason: "found-at-venue",
    decision: {ts, numbers: {}},
    quantities: {
      ordered: quantity,
      spotQty: leg === "spot" ? quantity : ZERO,
      perpQty: leg === "perp" ? quantity : ZERO
    },
    spotReference: reference,
    perpReference: reference,
    budgetLimit: "maxPositionUsd"
  };
}
