import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {floorToStep} from "../../../src/lib/ledger/rules.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {fill} from "./fills.js";
import {levelsAgainst, type Level, type Market} from "./market.js";
import {isOpen, type Order} from "./types.js";

/** Faults injected while an order is matched. */
export interface Matching {
  /** share that fills on arrival, rounded down to the step but at least one step */
  fraction?: Decimal;
  /** fills all but a remainder below the minimum order size */
  underMinimum?: boolean;
  /** cancels the remainder even if it could rest */
  cancelRest?: boolean;
}

/** Larger than any order. */
const UNLIMITED = new Decimal("1e30");

/** Returns the levels an order can take within its limit: unlimited size at the touch, or the book's levels. */
function reachable(venue: Venue, account: Account, market: Market, order: Order, nowMs: number): Level[] {
  const levels = levelsAgainst(venue, market, order.side, nowMs);
  const whole = account.options.liquidity === "touch" ? [{price: levels[0]!.price, qty: UNLIMITED}] : levels;
  if (order.orderType === "Market") return whole;
  return whole.filter(({price}) => (order.side === "Buy" ? price.lte(order.price) : price.gte(order.price)));
}

/** Returns the part of each level that an order takes; a market order in quote spends its budget in whole steps. */
function takenLevels(levels: readonly Level[], order: Order, market: Market, cap?: Decimal): Level[] {
  let left = Decimal.min(order.marketUnit === "quoteCoin" ? UNLIMITED : order.leaves, cap ?? UNLIMITED);
  let budget = order.marketUnit === "quoteCoin" ? order.qty.minus(order.value) : undefined;
  const parts: Level[] = [];
  for (const {price, qty} of levels) {
    let part = Decimal.min(qty, left);
    if (budget) part = Decimal.min(part, floorToStep(budget.div(price), market.step));
    if (part.lte(0)) break;
    parts.push({price, qty: part});
    left = left.minus(part);
    if (budget) budget = budget.minus(part.times(price));
  }
  return parts;
}

/** Matches an accepted order; the unfilled rest is cancelled or rests by its time in force. */
export function acceptOrder(
  {venue, account, market, nowMs}: {venue: Venue; account: Account; market: Market; nowMs: number},
  order: Order,
  matching: Matching = {}
): void {
  const levels = reachable(venue, account, market, order, nowMs);
  if (order.timeInForce === "PostOnly" && levels.length > 0) {
    end(account, order, {reason: "EC_PostOnlyWillTakeLiquidity", ts: nowMs});
    return;
  }
  if (order.timeInForce === "FOK") {
    const all = takenLevels(levels, order, market).reduce((sum, {qty}) => sum.plus(qty), ZERO);
    if (all.lt(order.leaves)) {
      end(account, order, {reason: "EC_NoImmediateQtyToFill", ts: nowMs});
      return;
    }
  }
  const {cancelRest = false} = matching;
  for (const part of takenLevels(levels, order, market, capOf(levels, order, market, matching)))
    fill(account, order, market, {...part, ts: nowMs});
  // A post-only order fills on arrival only when a fault requests a partial fill.
  const part = order.timeInForce === "PostOnly" ? capOf(levels, order, market, matching) : undefined;
  if (part?.gt(0)) fill(account, order, market, {price: order.price, qty: part, ts: nowMs, maker: true});
  if (complete(order, market)) close(account, order, "Filled", nowMs);
  else if (order.orderType === "Market" || order.timeInForce === "IOC" || cancelRest) {
    end(account, order, {
      reason: order.filled.isZero() ? "EC_NoImmediateQtyToFill" : "EC_CancelForNoFullFill",
      ts: nowMs
    });
  } else if (order.filled.gt(0)) order.status = "PartiallyFilled";
}

/** Returns the largest quantity that may fill on arrival; undefined without a cap. */
function capOf(
  levels: readonly Level[],
  order: Order,
  market: Market,
  {fraction, underMinimum = false}: Matching
): Decimal | undefined {
  if (!fraction && !underMinimum) return undefined;
  const {step, minQty, minNotional} = market;
  const whole =
    order.marketUnit === "quoteCoin"
      ? takenLevels(levels, order, market).reduce((sum, {qty}) => sum.plus(qty), ZERO)
      : order.leaves;
  if (fraction) return Decimal.max(floorToStep(whole.times(fraction), step), step);
  // The largest remainder below the minimum quantity or notional, but at least one step.
  const price = levels[0]?.price ?? order.price;
  const minimum = Decimal.max(minQty, price.isZero() ? ZERO : minNotional.div(price));
  const rest = Decimal.max(minimum.div(step).ceil().minus(1), 1).times(step);
  return Decimal.max(whole.minus(rest), ZERO);
}

/**
 * Returns true when nothing is left to fill; for an order in quote, when the rest of its budget buys no further step.
 */
function complete(order: Order, {step}: Market): boolean {
  if (order.marketUnit !== "quoteCoin") return order.leaves.isZero();
  if (order.filled.isZero()) return false;
  const average = order.value.div(order.filled);
  return order.qty.minus(order.value).lt(average.times(step));
}

/** Fills the rest of a resting order as a maker at its limit. */
export function fillResting(account: Account, order: Order, market: Market, ts: number): void {
  fill(account, order, market, {price: order.price, qty: order.leaves, ts, maker: true});
  close(account, order, "Filled", ts);
}

/**
 * Cancels the unfilled part of an order. A partly filled spot order becomes `PartiallyFilledCanceled`; a linear order
 * is always `Cancelled`.
 */
export function end(
  account: Account,
  order: Order,
  {reason = "EC_NoError", cancelType = "UNKNOWN", ts}: {reason?: string; cancelType?: string; ts: number}
): void {
  if (!isOpen(order)) return;
  order.rejectReason = reason;
  order.cancelType = cancelType;
  close(account, order, order.category === "spot" && order.filled.gt(0) ? "PartiallyFilledCanceled" : "Cancelled", ts);
}

/** Sets an order's final status and removes it from the open orders. */
export function close(account: Account, order: Order, status: Order["status"], ts: number): void {
  order.status = status;
  order.updatedMs = ts;
  if (status !== "Filled" || order.marketUnit === "quoteCoin") order.leaves = ZERO;
  account.dropEnded(order);
}
