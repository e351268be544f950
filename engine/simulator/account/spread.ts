import {Decimal, text} from "../../../src/lib/money/decimal.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";
import type {Coin} from "../market/universe.js";
import {VenueError, type Venue} from "../market/venue.js";
import {levelsAgainst, maybeMarket, priceOf, type Level, type Market} from "./market.js";

/** A native spread of a perp and spot; its price is perp minus spot. */
export interface Spread {
  symbol: string;
  linear: Market;
  spot: Market;
  tick: Decimal;
  step: Decimal;
}

/** Largest absolute price of a spread, as recorded. */
const MAX_PRICE = "1999.9998";
const DEPTH = 25;
const symbolOf = ({perp, coin}: Coin): string => `${perp}_${coin}/USDT`;

/** Returns every trading spread: those of perps with a unit of one coin and a spot market. */
function spreads(venue: Venue, nowMs: number): Spread[] {
  return venue
    .listed("spot", nowMs)
    .filter((coin) => coin.multiplier === 1 && venue.trades(coin, nowMs))
    .map((coin) => spreadOf(venue, coin, nowMs));
}

function spreadOf(venue: Venue, coin: Coin, nowMs: number): Spread {
  const linear = maybeMarket(venue, "linear", coin.perp, nowMs)!;
  const spot = maybeMarket(venue, "spot", coin.spot!, nowMs)!;
  return {symbol: symbolOf(coin), linear, spot, tick: Decimal.min(linear.tick, spot.tick), step: linear.step};
}

/** Returns the spread of a symbol; undefined when it does not trade. */
export function maybeSpread(venue: Venue, symbol: string, nowMs: number): Spread | undefined {
  const coin = venue.listed("spot", nowMs).find((c) => c.multiplier === 1 && symbolOf(c) === symbol);
  return coin && venue.trades(coin, nowMs) ? spreadOf(venue, coin, nowMs) : undefined;
}

/** A level of the book implied by both legs. */
export interface SpreadLevel extends Level {
  linear: Decimal;
  spot: Decimal;
}

/** Returns the implied levels that an order of a side can take; buying the spread buys the perp and sells spot. */
export function impliedLevels(
  venue: Venue,
  {linear, spot}: Spread,
  side: "Buy" | "Sell",
  nowMs: number,
  depth = DEPTH
): SpreadLevel[] {
  const perps = levelsAgainst(venue, linear, side, nowMs, String(depth));
  const coins = levelsAgainst(venue, spot, side === "Buy" ? "Sell" : "Buy", nowMs, String(depth));
  return perps.map((perp, i) => ({
    price: perp.price.minus(coins[i]!.price),
    qty: Decimal.min(perp.qty, coins[i]!.qty),
    linear: perp.price,
    spot: coins[i]!.price
  }));
}

type Query = URLSearchParams;

function numberOf(query: Query, name: string, fallback: number, max: number): number {
  const given = query.get(name);
  const value = given === null ? fallback : Number(given);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new VenueError(10001, `params error: ${name} invalid`);
  return value;
}

function required(venue: Venue, query: Query, nowMs: number): Spread {
  const spread = maybeSpread(venue, query.get("symbol") ?? "", nowMs);
  if (!spread) throw new VenueError(10001, "params error: symbol invalid");
  return spread;
}

/** `GET /v5/spread/instrument`. */
function instruments(venue: Venue, query: Query, nowMs: number): unknown {
  const [symbol, base] = [query.get("symbol"), query.get("baseCoin")];
  const limit = numberOf(query, "limit", 200, 500);
  const start = Number(query.get("cursor") || 0) || 0;
  const all = spreads(venue, nowMs)
    .filter((spread) => symbol === null || spread.symbol === symbol)
    .filter(({spot}) => base === null || spot.base === base);
  const list = all.slice(start, start + limit).map(({symbol, linear, spot, tick, step}) => ({
    symbol,
    contractType: "FundingRateArb",
    status: "Trading",
    baseCoin: spot.base,
    quoteCoin: "USDT",
    settleCoin: "USDT",
    tickSize: tick.toFixed(),
    minPrice: `-${MAX_PRICE}`,
    maxPrice: MAX_PRICE,
    lotSize: step.toFixed(),
    minSize: linear.minQty.toFixed(),
    maxSize: linear.maxMarketQty.toFixed(),
    launchTime: String(linear.coin.launchTs),
    deliveryTime: "0",
    legs: [
      {symbol: linear.symbol, contractType: "LinearPerpetual"},
      {symbol: spot.symbol, contractType: "Spot"}
    ]
  }));
  return {list, nextPageCursor: start + limit < all.length ? String(start + limit) : ""};
}

/** `GET /v5/spread/orderbook`: implied by the legs' books. */
function orderbook(venue: Venue, query: Query, nowMs: number): unknown {
  const spread = required(venue, query, nowMs);
  const depth = numberOf(query, "limit", 1, DEPTH);
  const levels = (side: "Buy" | "Sell") =>
    impliedLevels(venue, spread, side, nowMs, depth).map(({price, qty}) => [text(price), text(qty)]);
  const second = Math.floor(nowMs / 1_000);
  return {
    s: spread.symbol,
    b: levels("Sell"),
    a: levels("Buy"),
    u: second,
    ts: nowMs - 2,
    seq: second * 7,
    cts: nowMs - 4
  };
}

/** `GET /v5/spread/tickers`. */
function tickers(venue: Venue, query: Query, nowMs: number): unknown {
  const spread = required(venue, query, nowMs);
  const {linear, spot, symbol} = spread;
  const at = (ts: number) => priceOf(linear.coin, "perp", ts).minus(priceOf(spot.coin, "spot", ts));
  const hours = Array.from({length: 24}, (_, i) => at(Math.floor(nowMs / HOUR_MS) * HOUR_MS - i * HOUR_MS));
  const last = at(nowMs);
  const [bid, ask] = (["Sell", "Buy"] as const).map((side) => impliedLevels(venue, spread, side, nowMs, 1)[0]!);
  return {
    list: [
      {
        symbol,
        bidPrice: text(bid!.price),
        bidSize: text(bid!.qty),
        askPrice: text(ask!.price),
        askSize: text(ask!.qty),
        lastPrice: text(last),
        highPrice24h: text(Decimal.max(last, ...hours)),
        lowPrice24h: text(Decimal.min(last, ...hours)),
        prevPrice24h: text(at(nowMs - 24 * HOUR_MS)),
        volume24h: text(
          new Decimal(linear.coin.turnover24h / 1_000).div(priceOf(spot.coin, "spot", nowMs)).toDecimalPlaces(3)
        )
      }
    ]
  };
}

/** The public endpoints of native spreads. */
export const SPREAD_MARKET = {
  "/v5/spread/instrument": instruments,
  "/v5/spread/orderbook": orderbook,
  "/v5/spread/tickers": tickers
};
