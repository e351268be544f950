import {Decimal, decimal, ZERO} from "../../../src/lib/money/decimal.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {maybeMarket, priceOf, type Market} from "./market.js";
import {marginOf, positionOf, type Margin} from "./positions.js";
import type {Order, Position} from "./types.js";

/** Collateral value ratio of a coin, a share; as recorded for BTC. */
export const COLLATERAL_RATIO = decimal("0.95");

/** The venue and the time at which an account is valued. */
export interface Valuation {
  venue: Venue;
  nowMs: number;
}

/** A position with its market and margins. */
interface ValuedPosition {
  position: Position;
  market: Market;
  mark: Decimal;
  margin: Margin;
}

/** Returns every open position with its margins at the mark. */
export function valuedPositions(account: Account, {venue, nowMs}: Valuation): ValuedPosition[] {
  return [...account.positions.values()]
    .filter(({net}) => !net.isZero())
    .map((position) => {
      const market = maybeMarket(venue, "linear", position.symbol, nowMs)!;
      const mark = priceOf(market.coin, "mark", nowMs);
      return {position, market, mark, margin: marginOf(account, position, market, mark)};
    });
}

/** Returns the USDT value of one coin: its index price; zero without a spot market. */
export function usdOf(coin: string, {venue, nowMs}: Valuation): Decimal {
  if (coin === "USDT") return new Decimal(1);
  const market = maybeMarket(venue, "spot", `${coin}USDT`, nowMs);
  return market ? priceOf(market.coin, "index", nowMs) : ZERO;
}

/** Returns what resting orders reserve: coins of spot orders, margin of opening linear orders in USDT. */
export function reservedBy(account: Account): {coins: Map<string, Decimal>; orderMargin: Decimal} {
  const coins = new Map<string, Decimal>();
  let orderMargin = ZERO;
  for (const order of account.open) {
    if (order.category === "spot") {
      const [coin, amount] =
        order.side === "Buy"
          ? ["USDT", order.price.times(order.leaves)]
          : [order.symbol.replace(/USDT$/, ""), order.leaves];
      coins.set(coin, (coins.get(coin) ?? ZERO).plus(amount));
    } else if (!order.reduceOnly) orderMargin = orderMargin.plus(openingMargin(account, order, order.price));
  }
  return {coins, orderMargin};
}

/** Returns initial margin of the opening part of a linear order plus the taker fee of all of it, in USDT. */
export function openingMargin(
  account: Account,
  order: Pick<Order, "symbol" | "side" | "leaves">,
  price: Decimal
): Decimal {
  const {net} = positionOf(account, order.symbol);
  const against = net.isZero() || net.gt(0) === (order.side === "Buy") ? ZERO : net.abs();
  const opening = Decimal.max(order.leaves.minus(against), ZERO).times(price);
  const fees = order.leaves.times(price).times(account.options.feeRates.linear.taker);
  return opening.div(account.leverage(order.symbol)).plus(fees);
}

/** An account's totals, in USDT. */
interface Totals {
  equity: Decimal;
  walletBalance: Decimal;
  marginBalance: Decimal;
  unrealised: Decimal;
  initial: Decimal;
  maintenance: Decimal;
  orderMargin: Decimal;
  /** margin available for new linear orders */
  available: Decimal;
}

/**
 * Computes an account's totals. Under cross margin every coin is collateral by its ratio; under isolated margin only
 * USDT is, from which each position's margin is reserved.
 */
export function totals(account: Account, valuation: Valuation): Totals {
  const positions = valuedPositions(account, valuation);
  const sum = (pick: (h: ValuedPosition) => Decimal) => positions.reduce((total, h) => total.plus(pick(h)), ZERO);
  const unrealised = sum((h) => h.margin.unrealised);
  const initial = sum((h) => h.margin.initial);
  const maintenance = sum((h) => h.margin.maintenance);
  const {coins, orderMargin} = reservedBy(account);
  let walletBalance = ZERO;
  let collateral = ZERO;
  for (const [coin, amount] of account.wallets) {
    const usd = amount.times(usdOf(coin, valuation));
    walletBalance = walletBalance.plus(usd);
    collateral = collateral.plus(coin === "USDT" || usd.isNegative() ? usd : usd.times(COLLATERAL_RATIO));
  }
  const isolated = account.marginMode === "ISOLATED_MARGIN";
  const marginBalance = collateral.plus(unrealised);
  const usdt = account.wallet("USDT").minus(coins.get("USDT") ?? ZERO);
  const free = isolated ? usdt : marginBalance.minus(coins.get("USDT") ?? ZERO);
  return {
    equity: walletBalance.plus(unrealised),
    walletBalance,
    marginBalance,
    unrealised,
    initial,
    maintenance,
    orderMargin,
    available: Decimal.max(free.minus(initial).minus(orderMargin), ZERO)
  };
}

/** Returns how much of a coin a spot order may spend: the balance minus reservations and margin. */
export function spendable(account: Account, coin: string, valuation: Valuation): Decimal {
  const free = account.wallet(coin).minus(reservedBy(account).coins.get(coin) ?? ZERO);
  if (coin !== "USDT") return Decimal.max(free, ZERO);
  const {initial, orderMargin, available} = totals(account, valuation);
  // Under cross margin other coins cover the margin first, but without borrowing the USDT wallet itself must pay.
  const own =
    account.marginMode === "ISOLATED_MARGIN" ? free.minus(initial).minus(orderMargin) : Decimal.min(free, available);
  return Decimal.max(own, ZERO);
}
