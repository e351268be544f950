import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {floorToStep} from "../../../src/lib/ledger/rules.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {fill} from "./fills.js";
import {levelsAgainst, type Level, type Market} from "./market.js";
import {isOpen, type Order} from "./types.js";

/** What is done to an order on its way through the book. */
export interface Matching {
  /** only this share of it fills on arrival, down to the step but at least one */
  fraction?: Decimal;
  /** it fills but for a rest that is too small for an order of its own */
  underMinimum?: boolean;
  /** what is left after that is cancelled even if it could rest */
  cancelRest?: boolean;
}

/** More than any order asks for. */
const ENDLESS = new Decimal("1e30");

/** What an order could take now: one level without end at the touch, or the book's levels, within its limit. */
function reachable(venue: Venue, account: Account, market: Market, order: Order, nowMs: number): Level[] {
  const levels = levelsAgainst(venue, market, order.side, nowMs);
  const whole = account.options.liquidity === "touch" ? [{price: levels[0]!.price, qty: ENDLESS}] : levels;
  if (order.orderType === "Market") return whole;
  return whole.filter(({price}) => (order.side === "Buy" ? price.lte(order.price) : price.gte(order.price)));
}

/** The part of each level that an order takes; a market order in quote spends its budget down to the step. */
function taken(levels: readonly Level[], order: Order, market: Market, cap?: Decimal): Level[] {
  let left = Decimal.min(order.marketUnit === "quoteCoin" ? ENDLESS : order.leaves, cap ?? ENDLESS);
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

/** Lets an order that has been accepted meet the market: what it takes fills, the rest goes or rests by its time in force. */
export function arrive(
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
    const all = taken(levels, order, market).reduce((sum, {qty}) => sum.plus(qty), ZERO);
    if (all.lt(order.leaves)) {
      end(account, order, {reason: "EC_NoImmediateQtyToFill", ts: nowMs});
      return;
    }
  }
  const {cancelRest = false} = matching;
  for (const part of taken(levels, order, market, capOf(levels, order, market, matching)))
    fill(account, order, market, {...part, ts: nowMs});
  // Nobody takes a resting order as it arrives, unless the venue was told to fill a part of it.
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

/** How much of an order may fill on arrival; undefined for all of it. */
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
      ? taken(levels, order, market).reduce((sum, {qty}) => sum.plus(qty), ZERO)
      : order.leaves;
  if (fraction) return Decimal.max(floorToStep(whole.times(fraction), step), step);
  // The largest number of steps that is under the minimum quantity or notional; never less than one step.
  const price = levels[0]?.price ?? order.price;
  const least = Decimal.max(minQty, price.isZero() ? ZERO : minNotional.div(price));
  const rest = Decimal.max(least.div(step).ceil().minus(1), 1).times(step);
  return Decimal.max(whole.minus(rest), ZERO);
}

/** An order in quote is done when what is left of its budget buys no further step, the others when nothing is left. */
function complete(order: Order, {step}: Market): boolean {
  if (order.marketUnit !== "quoteCoin") return order.leaves.isZero();
  if (order.filled.isZero()) return false;
  const average = order.value.div(order.filled);
  return order.qty.minus(order.value).lt(average.times(step));
}

/** Fills what is left of a resting order as a maker at its own price. */
export function fillResting(account: Account, order: Order, market: Market, ts: number): void {
  fill(account, order, market, {price: order.price, qty: order.leaves, ts, maker: true});
  close(account, order, "Filled", ts);
}

/**
 * Ends an order that is not filled whole. On spot a part that was filled shows in the status; a linear order is
 * `Cancelled` whatever it filled.
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

/** Gives an order its last status. */
export function close(account: Account, order: Order, status: Order["status"], ts: number): void {
  order.status = status;
  order.updatedMs = ts;
  if (status !== "Filled" || order.marketUnit === "quoteCoin") order.leaves = ZERO;
  account.dropEnded(order);
}
