import {Decimal, decimal, ZERO} from "../../../src/lib/money/decimal.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {maybeMarket, priceOf, type Market} from "./market.js";
import {marginOf, positionOf, type Margin} from "./positions.js";
import type {Order, Position} from "./types.js";

/** Share of a coin's value that counts as collateral, as recorded for BTC. */
export const COLLATERAL_RATIO = decimal("0.95");

/** Where and when an account is looked at. */
export interface Look {
  venue: Venue;
  nowMs: number;
}

/** A position with its market and margins. */
interface Held {
  position: Position;
  market: Market;
  mark: Decimal;
  margin: Margin;
}

/** Every open position at its mark. */
export function held(account: Account, {venue, nowMs}: Look): Held[] {
  return [...account.positions.values()]
    .filter(({net}) => !net.isZero())
    .map((position) => {
      const market = maybeMarket(venue, "linear", position.symbol, nowMs)!;
      const mark = priceOf(market.coin, "mark", nowMs);
      return {position, market, mark, margin: marginOf(account, position, market, mark)};
    });
}

/** The USDT value of one coin: its spot market's index. */
export function usdOf(coin: string, {venue, nowMs}: Look): Decimal {
  if (coin === "USDT") return new Decimal(1);
  const market = maybeMarket(venue, "spot", `${coin}USDT`, nowMs);
  return market ? priceOf(market.coin, "index", nowMs) : ZERO;
}

/** What resting orders hold back: coins of spot orders, margin of linear ones that open. */
export function heldBack(account: Account): {coins: Map<string, Decimal>; orderMargin: Decimal} {
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

/** Margin and fee of the part of a linear order that would open a position. */
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

/** An account's sums at an instant, in USDT. */
interface Totals {
  equity: Decimal;
  walletBalance: Decimal;
  marginBalance: Decimal;
  unrealised: Decimal;
  initial: Decimal;
  maintenance: Decimal;
  orderMargin: Decimal;
  /** for new linear orders */
  available: Decimal;
}

/**
 * Sums an account. Under cross margin every coin is collateral by its ratio; under isolated margin only USDT is, as each
 * position's margin is set aside from it.
 */
export function totals(account: Account, look: Look): Totals {
  const positions = held(account, look);
  const sum = (pick: (h: Held) => Decimal) => positions.reduce((total, h) => total.plus(pick(h)), ZERO);
  const unrealised = sum((h) => h.margin.unrealised);
  const initial = sum((h) => h.margin.initial);
  const maintenance = sum((h) => h.margin.maintenance);
  const {coins, orderMargin} = heldBack(account);
  let walletBalance = ZERO;
  let collateral = ZERO;
  for (const [coin, amount] of account.wallets) {
    const usd = amount.times(usdOf(coin, look));
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

/** How much of a coin a spot order may spend: what is not held back, nor set aside as margin. */
export function spendable(account: Account, coin: string, look: Look): Decimal {
  const free = account.wallet(coin).minus(heldBack(account).coins.get(coin) ?? ZERO);
  if (coin !== "USDT") return Decimal.max(free, ZERO);
  const {initial, orderMargin, available} = totals(account, look);
  // Under cross margin coins cover the margin first; without borrowing the wallet itself must pay for coins.
  const own =
    account.marginMode === "ISOLATED_MARGIN" ? free.minus(initial).minus(orderMargin) : Decimal.min(free, available);
  return Decimal.max(own, ZERO);
}
