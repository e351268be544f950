import {floorToStep} from "../../../src/lib/ledger/rules.js";
import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {VenueError, type Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {fill} from "./fills.js";
import {openingMargin, spendable, totals} from "./margin.js";
import {opposite} from "./market.js";
import {close} from "./matching.js";
import {makeOrder, type Desk} from "./orders.js";
import {impliedLevels, maybeSpread, type Spread, type SpreadLevel} from "./spread.js";
import type {Handling} from "./handling.js";
import {isOpen, type OrderSide, type SpreadOrder, type TimeInForce} from "./types.js";

/** A spread order request. */
interface SpreadRequest {
  symbol: string;
  side: OrderSide;
  orderType: "Market" | "Limit";
  qty: Decimal;
  price: Decimal | undefined;
  orderLinkId: string;
  timeInForce: TimeInForce;
}

const LINK_ID = /^[A-Za-z0-9_-]{1,45}$/;

/**
 * Validates a spread order and builds its record and those of its legs, without side effects.
 * @throws VenueError with the code of the rejected leg
 */
export function makeSpreadOrder(desk: Desk, request: SpreadRequest): {order: SpreadOrder; spread: Spread} {
  const {venue, account, nowMs} = desk;
  const {symbol, side, orderType, qty, price, orderLinkId} = request;
  const spread = maybeSpread(venue, symbol, nowMs);
  if (!spread) throw new VenueError(10001, "params error: symbol invalid");
  if (orderLinkId !== "" && !LINK_ID.test(orderLinkId)) throw new VenueError(10001, "OrderLinkID invalid");
  if (orderLinkId !== "" && account.spreads.some((order) => order.orderLinkId === orderLinkId))
    throw new VenueError(110072, "OrderLinkedID is duplicate");
  if (orderType === "Limit" && (!price || !price.mod(spread.tick).isZero()))
    throw new VenueError(10001, "params error: price invalid");
  const leg = (category: "linear" | "spot", legSide: OrderSide) => {
    const market = spread[category];
    const unit = category === "spot" ? {marketUnit: "baseCoin" as const} : {};
    const body = {
      category,
      symbol: market.symbol,
      side: legSide,
      orderType: "Market" as const,
      qty: qty.toFixed(),
      ...unit
    };
    const {order} = makeOrder(desk, body);
    return {...order, createType: "CreateByFutureSpread" as const};
  };
  const legs = {linear: leg("linear", side), spot: leg("spot", opposite(side))};
  const order: SpreadOrder = {
    orderId: account.id(),
    orderLinkId,
    symbol,
    base: spread.spot.base,
    side,
    orderType,
    timeInForce: orderType === "Market" ? "IOC" : request.timeInForce,
    price: price ?? ZERO,
    qty,
    leaves: qty,
    filled: ZERO,
    status: "New",
    cxlRejReason: "EC_NoError",
    createdMs: nowMs,
    updatedMs: nowMs,
    legs,
    hidden: {queries: 0, untilMs: 0},
    fillAtMs: undefined
  };
  if (!affordable(desk, order, impliedLevels(venue, spread, side, nowMs, 1)[0]!, qty))
    throw new VenueError(110007, "ab not enough for new order");
  return {order, spread};
}

/** Returns true when one balance covers both legs. */
function affordable(
  {venue, account, nowMs}: Desk,
  {legs, side}: SpreadOrder,
  level: SpreadLevel,
  qty: Decimal
): boolean {
  const valuation = {venue, nowMs};
  const margin = openingMargin(account, {...legs.linear, leaves: qty}, level.linear);
  if (side === "Buy")
    return (
      qty.lte(spendable(account, legs.spot.symbol.replace(/USDT$/, ""), valuation)) &&
      margin.lte(totals(account, valuation).available)
    );
  return qty
    .times(level.spot)
    .plus(margin)
    .lte(spendable(account, "USDT", valuation));
}

/** Accepts an order: matches it against the implied book; the rest is cancelled or rests by its time in force. */
export function acceptSpread(desk: Desk, order: SpreadOrder, spread: Spread, handling: Handling = {}): void {
  const {account, venue, nowMs} = desk;
  account.spreads.push(order);
  account.openSpreads.add(order);
  if (handling.hide) order.hidden = {queries: handling.hide.queries, untilMs: nowMs + handling.hide.forMs};
  if (handling.rejectLate) return endSpread(account, order, "EC_Others", nowMs, "Rejected");
  if (handling.fillAfterMs !== undefined) {
    order.fillAtMs = nowMs + handling.fillAfterMs;
    return;
  }
  const levels = reachable(venue, account, spread, order, nowMs);
  if (order.timeInForce === "PostOnly" && levels.length > 0)
    return endSpread(account, order, "EC_PostOnlyWillTakeLiquidity", nowMs);
  const depth = levels.reduce((sum, {qty}) => sum.plus(qty), ZERO);
  if (order.timeInForce === "FOK" && depth.lt(order.qty))
    return endSpread(account, order, "EC_NoImmediateQtyToFill", nowMs);
  let left = order.qty;
  if (handling.fraction) left = Decimal.max(floorToStep(left.times(handling.fraction), spread.step), spread.step);
  if (handling.underMinimum) left = left.minus(spread.step);
  for (const level of levels) {
    const qty = Decimal.min(left, floorToStep(level.qty, spread.step));
    if (qty.gt(0)) fillLegs(account, order, spread, level, qty, nowMs, false);
    left = left.minus(qty);
  }
  if (!isOpen(order)) return;
  if (order.timeInForce === "IOC" || handling.cancelRest) endSpread(account, order, "EC_NoImmediateQtyToFill", nowMs);
}

function reachable(venue: Venue, account: Account, spread: Spread, order: SpreadOrder, nowMs: number): SpreadLevel[] {
  const touch = account.options.liquidity === "touch";
  const levels = impliedLevels(venue, spread, order.side, nowMs, touch ? 1 : undefined);
  const whole = touch ? [{...levels[0]!, qty: order.leaves}] : levels;
  if (order.orderType === "Market") return whole;
  return whole.filter(({price}) => (order.side === "Buy" ? price.lte(order.price) : price.gte(order.price)));
}

/** Fills both legs at one instant, each at its own price; their executions are also listed in their own markets. */
function fillLegs(
  account: Account,
  order: SpreadOrder,
  spread: Spread,
  level: SpreadLevel,
  qty: Decimal,
  ts: number,
  maker: boolean
): void {
  const {legs} = order;
  if (order.filled.isZero()) Object.values(legs).forEach((leg) => account.addOrder(leg));
  const options = {qty, ts, maker, execType: "FutureSpread" as const};
  const executions = [
    fill(account, legs.linear, spread.linear, {...options, price: level.linear}),
    fill(account, legs.spot, spread.spot, {...options, price: level.spot})
  ];
  order.filled = order.filled.plus(qty);
  order.leaves = order.qty.minus(order.filled);
  order.updatedMs = ts;
  account.spreadTrades.push({execId: account.id(), order, price: level.price, qty, ts, legs: executions});
  order.status = order.leaves.isZero() ? "Filled" : "PartiallyFilled";
  for (const leg of Object.values(legs)) {
    if (order.leaves.isZero()) close(account, leg, "Filled", ts);
    else leg.status = "PartiallyFilled";
  }
  if (order.leaves.isZero()) account.openSpreads.delete(order);
}

/** Cancels or rejects the unfilled part of a spread order and its legs. */
export function endSpread(
  account: Account,
  order: SpreadOrder,
  reason: string,
  ts: number,
  status: "Cancelled" | "Rejected" = "Cancelled"
): void {
  order.status = status;
  order.cxlRejReason = reason;
  order.updatedMs = ts;
  account.openSpreads.delete(order);
  for (const leg of Object.values(order.legs)) {
    if (leg.filled.gt(0)) close(account, leg, leg.category === "spot" ? "PartiallyFilledCanceled" : "Cancelled", ts);
  }
}

/**
 * Fills open spread orders at `ts`. Resting ones fill at their price once the implied book reaches it, with spot at its
 * touch; delayed ones fill at both touches. An order the balance no longer covers is cancelled.
 */
export function matchSpreads(venue: Venue, account: Account, ts: number, which: "resting" | "late"): void {
  for (const order of [...account.openSpreads]) {
    const late = order.fillAtMs !== undefined;
    if (late !== (which === "late") || (late ? order.fillAtMs! > ts : order.createdMs >= ts)) continue;
    const spread = maybeSpread(venue, order.symbol, ts);
    if (!spread) {
      endSpread(account, order, "EC_CancelByDelisting", ts);
      continue;
    }
    const touch = impliedLevels(venue, spread, order.side, ts, 1)[0]!;
    const {price} = order;
    if (!late && (order.side === "Buy" ? touch.price.gt(price) : touch.price.lt(price))) continue;
    const level = late ? touch : {...touch, price, linear: touch.spot.plus(price)};
    if (!affordable({venue, account, nowMs: ts}, order, level, order.leaves))
      endSpread(account, order, "EC_NoEnoughBalance", ts);
    else fillLegs(account, order, spread, level, order.leaves, ts, !late);
  }
}
