import {marginPrices} from "../../../src/lib/ledger/margin.js";
import {Decimal, decimal, ONE, ZERO} from "../../../src/lib/money/decimal.js";
import type {Account} from "./account.js";
import type {Market} from "./market.js";
import {signed} from "./market.js";
import type {OrderSide, Position} from "./types.js";

/** Maintenance margin rate of the lowest risk tier, as recorded; the simulated venue's only tier. */
export const MAINTENANCE = decimal("0.005");

/** Decimal places of the cost removed by a partial close; the final close removes the exact rest. */
const COST_DIGITS = 12;

/** Returns a symbol's position; a flat one when there is none. */
export function positionOf(account: Account, symbol: string): Position {
  return (
    account.positions.get(symbol) ?? {
      symbol,
      net: ZERO,
      cost: ZERO,
      openedMs: 0,
      updatedMs: 0,
      curRealised: ZERO,
      cumRealised: ZERO,
      seq: 0
    }
  );
}

/** Returns the average entry price, quote per coin; zero for a flat position. */
export const averagePrice = ({net, cost}: Position): Decimal => (net.isZero() ? ZERO : cost.div(net.abs()));
/** Returns a position's side as the venue writes it; empty when flat. */
export const sideOf = ({net}: Position): OrderSide | "" => (net.isZero() ? "" : net.gt(0) ? "Buy" : "Sell");

/** Applies a fill to a position. Returns the realised profit in quote and the closed quantity. */
export function apply(
  account: Account,
  symbol: string,
  {side, qty, price, ts}: {side: OrderSide; qty: Decimal; price: Decimal; ts: number}
): {position: Position; realised: Decimal; closed: Decimal} {
  const position = positionOf(account, symbol);
  const delta = signed(side, qty);
  const closing = !position.net.isZero() && position.net.isNegative() !== delta.isNegative();
  const closed = closing ? Decimal.min(position.net.abs(), qty) : ZERO;
  let realised = ZERO;
  if (closed.gt(0)) {
    const whole = closed.eq(position.net.abs());
    const cost = whole
      ? position.cost
      : position.cost.times(closed).div(position.net.abs()).toDecimalPlaces(COST_DIGITS, Decimal.ROUND_HALF_EVEN);
    const proceeds = closed.times(price);
    realised = position.net.gt(0) ? proceeds.minus(cost) : cost.minus(proceeds);
    position.cost = position.cost.minus(cost);
    if (whole) position.curRealised = ZERO;
  }
  const opened = qty.minus(closed);
  const wasFlat = position.net.isZero() || (closed.gt(0) && closed.eq(position.net.abs()));
  position.net = position.net.plus(delta);
  position.cost = position.cost.plus(opened.times(price));
  if (wasFlat && opened.gt(0)) position.openedMs = ts;
  position.updatedMs = ts;
  position.seq = account.next();
  account.positions.set(symbol, position);
  return {position, realised, closed};
}

/** Value and margins of a position at a mark, in quote. */
export interface Margin {
  value: Decimal;
  initial: Decimal;
  maintenance: Decimal;
  unrealised: Decimal;
  /** prices of an isolated position; undefined for a long whose price would not be positive */
  liquidation: Decimal | undefined;
  bankruptcy: Decimal | undefined;
}

/**
 * Computes a position's margins as in the recorded positions: entry value over leverage, and maintenance rate times
 * entry value, each plus the fee of closing at the bankruptcy price.
 */
export function marginOf(account: Account, position: Position, market: Market, mark: Decimal): Margin {
  const size = position.net.abs();
  if (size.isZero())
    return {
      value: ZERO,
      initial: ZERO,
      maintenance: ZERO,
      unrealised: ZERO,
      liquidation: undefined,
      bankruptcy: undefined
    };
  const leverage = account.leverage(position.symbol);
  const average = averagePrice(position);
  const {liquidation, bankruptcy} = isolatedPrices(position, leverage, market);
  const bankrupt = average.times(position.net.gt(0) ? leverage.minus(1) : leverage.plus(1)).div(leverage);
  const closingFee = size.times(bankrupt).times(account.options.feeRates.linear.taker);
  return {
    value: position.cost,
    initial: position.cost.div(leverage).plus(closingFee),
    maintenance: position.cost.times(MAINTENANCE).plus(closingFee),
    unrealised: position.net.gt(0) ? size.times(mark).minus(position.cost) : position.cost.minus(size.times(mark)),
    liquidation,
    bankruptcy
  };
}

/**
 * Returns the liquidation and bankruptcy price of an isolated position (§3; a long mirrored, rounded down to the tick).
 */
export function isolatedPrices(
  position: Position,
  leverage: Decimal,
  {tick}: Market
): {liquidation: Decimal | undefined; bankruptcy: Decimal | undefined} {
  const average = averagePrice(position);
  if (position.net.isNegative()) return marginPrices(average, {leverage, maintenanceRate: MAINTENANCE, tick});
  const scaled = average.times(leverage.minus(1));
  const floor = (price: Decimal) => {
    const ticks = price.div(tick).floor();
    return ticks.gt(0) ? ticks.times(tick) : undefined;
  };
  return {
    liquidation: floor(scaled.div(leverage.times(ONE.minus(MAINTENANCE)))),
    bankruptcy: floor(scaled.div(leverage))
  };
}
