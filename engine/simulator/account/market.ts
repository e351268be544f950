import {Decimal, decimal, ONE, text} from "../../../src/lib/money/decimal.js";
import {MINUTE_MS} from "../../../src/lib/time/grid.js";
import {decimalsOf, ticksAt, type Side} from "../market/market.js";
import type {Coin} from "../market/universe.js";
import type {Category, Venue} from "../market/venue.js";
import type {OrderSide} from "./types.js";

/** Trading rules of one symbol, read from its public instrument. */
export interface Market {
  coin: Coin;
  category: Category;
  symbol: string;
  base: string;
  tick: Decimal;
  step: Decimal;
  minQty: Decimal;
  maxQty: Decimal;
  /** maximum quantity of a market order */
  maxMarketQty: Decimal;
  minNotional: Decimal;
  maxNotional: Decimal | undefined;
  maxLeverage: Decimal;
  /** largest distance of a buy above, or a sell below, the last price (spot) or mark (linear), a share */
  priceLimit: Decimal;
}

interface Listed {
  baseCoin: string;
  lotSizeFilter: Record<string, string>;
  priceFilter: {tickSize: string};
  riskParameters?: {priceLimitRatioX: string};
  leverageFilter?: {maxLeverage: string};
}

/** Price band of linear orders, a share; the recorded limits lie 1 % on either side. */
const LINEAR_BAND = "0.01";
const known = new WeakMap<Coin, Partial<Record<Category, Market>>>();

/** Returns a symbol's market, even when delisted; undefined when it was never listed. */
export function maybeMarket(venue: Venue, category: Category, symbol: string, nowMs: number): Market | undefined {
  const coin = venue.lookup(category, symbol, nowMs);
  if (!coin) return undefined;
  const markets = known.get(coin) ?? {};
  known.set(coin, markets);
  return (markets[category] ??= read(venue, coin, category, symbol, nowMs));
}

function read(venue: Venue, coin: Coin, category: Category, symbol: string, nowMs: number): Market {
  const {list} = venue.instruments(new URLSearchParams({category, symbol}), nowMs) as {list: Listed[]};
  const {baseCoin, lotSizeFilter: lot, priceFilter, riskParameters, leverageFilter} = list[0]!;
  const spot = category === "spot";
  return {
    coin,
    category,
    symbol,
    base: baseCoin,
    tick: decimal(priceFilter.tickSize),
    step: decimal((spot ? lot["basePrecision"] : lot["qtyStep"])!),
    minQty: decimal(lot["minOrderQty"]!),
    maxQty: decimal(lot["maxOrderQty"]!),
    maxMarketQty: decimal((spot ? lot["maxOrderQty"] : lot["maxMktOrderQty"])!),
    minNotional: decimal((spot ? lot["minOrderAmt"] : lot["minNotionalValue"])!),
    maxNotional: spot ? decimal(lot["maxOrderAmt"]!) : undefined,
    maxLeverage: decimal(leverageFilter?.maxLeverage ?? "1"),
    priceLimit: decimal(riskParameters?.priceLimitRatioX ?? LINEAR_BAND)
  };
}

/** Returns the exact price of one side at the minute of `tsMs`. */
export function priceOf(coin: Coin, side: Side, tsMs: number): Decimal {
  const ticks = ticksAt(coin, side, Math.floor(tsMs / MINUTE_MS) * MINUTE_MS);
  return ticksToPrice(coin, side, ticks);
}

/** Returns a price in quote per coin from its number of a coin's smallest decimal steps. */
export const ticksToPrice = (coin: Coin, side: Side, ticks: number): Decimal =>
  new Decimal(ticks).div(new Decimal(10).pow(decimalsOf(coin, side)));

export interface Level {
  price: Decimal;
  qty: Decimal;
}

const DEPTH = {spot: "200", linear: "500"};

/** Returns the levels of the public order book that an order takes, best first. */
export function levelsAgainst(venue: Venue, market: Market, side: OrderSide, nowMs: number, depth?: string): Level[] {
  const {category, symbol} = market;
  const query = new URLSearchParams({category, symbol, limit: depth ?? DEPTH[category]});
  const {a, b} = venue.orderbook(query, nowMs) as {a: string[][]; b: string[][]};
  return (side === "Buy" ? a : b).map(([price, qty]) => ({price: decimal(price!), qty: decimal(qty!)}));
}

/** Returns the best price that an order of a side would take. */
export const touch = (venue: Venue, market: Market, side: OrderSide, nowMs: number): Decimal =>
  levelsAgainst(venue, market, side, nowMs, "1")[0]!.price;

/** Returns the highest buy and lowest sell price allowed, around the last price (spot) or the mark (linear). */
export function bandOf({coin, category, tick, priceLimit}: Market, nowMs: number): {highest: Decimal; lowest: Decimal} {
  const middle = priceOf(coin, category === "spot" ? "spot" : "mark", nowMs);
  return {
    highest: middle.times(ONE.plus(priceLimit)).div(tick).floor().times(tick),
    lowest: middle.times(ONE.minus(priceLimit)).div(tick).ceil().times(tick)
  };
}

/** Formats a price as the venue does, padded to the digits of its tick. */
export const priceText = (market: Market, price: Decimal): string =>
  price.isZero()
    ? "0"
    : price.decimalPlaces() > market.tick.decimalPlaces()
      ? text(price)
      : price.toFixed(market.tick.decimalPlaces());

export const opposite = (side: OrderSide): OrderSide => (side === "Buy" ? "Sell" : "Buy");
/** Returns a quantity in coins with its sign: positive for a buy, negative for a sell. */
export const signed = (side: OrderSide, qty: Decimal): Decimal => (side === "Buy" ? qty : qty.neg());
