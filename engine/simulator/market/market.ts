import {DAY_MS, HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {finish, mix, seedOf, uniform, Walk} from "./noise.js";
import type {Coin} from "./universe.js";

/** A candle in whole ticks and lots, so that sums are exact. Turnover is in quote, as a float. */
export interface SimCandle {
  ts: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  turnover: number;
}

const SIDES = ["spot", "perp", "mark", "index", "premium"] as const;
export type Side = (typeof SIDES)[number];

/** Periods of the price noise, minutes: two minutes to two years. */
const PERIODS = [2, 8, 32, 128, 512, 2_048, 8_192, 32_768, 131_072, 524_288, 1_048_576];
const PREMIUM_PERIODS = [3, 30, 240, 1_440, 10_080];
const LEVEL_MINUTES = 17 * 1_440;

/** The random walks of a coin. They hold only caches, so sharing them changes no value. */
interface Walks {
  index: Walk;
  premium: Walk;
  level: Walk;
  spot: Walk;
  busy: Record<"spot" | "perp", Walk>;
  sides: Record<Side, number>;
  /** cached week number and its random draw, which decides a squeeze */
  week: number;
  chance: number;
}

const walksOf = new WeakMap<Coin, Walks>();

function walks(coin: Coin): Walks {
  const known = walksOf.get(coin);
  if (known) return known;
  const {seed, dailyVolatility} = coin;
  const made: Walks = {
    index: new Walk(seed, PERIODS, (dailyVolatility / Math.sqrt(1_440)) * 0.62),
    premium: new Walk(seed ^ 0x5bd1e995, PREMIUM_PERIODS, 0.000008),
    level: new Walk(seed ^ 0x2f0b4a27, [LEVEL_MINUTES], 0.0006 / Math.sqrt(LEVEL_MINUTES)),
    spot: new Walk(seed ^ 0x1b873593, [3], 0.00004 / Math.sqrt(3)),
    busy: {
      spot: new Walk(seedOf(seed, "busy spot"), [480], 0.5 / Math.sqrt(480)),
      perp: new Walk(seedOf(seed, "busy perp"), [480], 0.5 / Math.sqrt(480))
    },
    sides: Object.fromEntries(SIDES.map((side) => [side, seedOf(seed, side)])) as Record<Side, number>,
    week: NaN,
    chance: 1
  };
  walksOf.set(coin, made);
  return made;
}

/** Returns the index price of a coin at `tsMs`: a random walk with random access. */
function indexPrice(coin: Coin, tsMs: number): number {
  return coin.price * Math.exp(walks(coin).index.at(tsMs / MINUTE_MS));
}

/**
 * Returns the premium index, `(perp − index) / index`: a slow level, a faster swing, and in one week of 25 a squeeze
 * that drives funding to its cap.
 */
function premiumIndex(coin: Coin, tsMs: number): number {
  const minutes = tsMs / MINUTE_MS;
  const own = walks(coin);
  return coin.premium + own.level.at(minutes) + squeezeAt(coin, own, tsMs) + own.premium.at(minutes);
}

/** Writes {@link premiumIndex} at `count` instants, `step` minutes apart, to `out`; bit-identical. */
export function premiumIndices(coin: Coin, fromMs: number, count: number, step: number, out: Float64Array): void {
  const own = walks(coin);
  if (second.length < count) second = new Float64Array(count);
  own.level.fill(fromMs / MINUTE_MS, count, out, step);
  own.premium.fill(fromMs / MINUTE_MS, count, second, step);
  for (let j = 0; j < count; j++) {
    out[j] = coin.premium + out[j]! + squeezeAt(coin, own, fromMs + j * step * MINUTE_MS) + second[j]!;
  }
}

let second = new Float64Array(0);

function squeezeAt(coin: Coin, own: Walks, tsMs: number): number {
  const week = tsMs / (7 * DAY_MS);
  const whole = Math.floor(week);
  if (own.week !== whole) {
    own.week = whole;
    own.chance = uniform(coin.seed ^ 0x5bd1e995, whole, 21);
  }
  if (own.chance >= 0.04) return 0;
  return Math.sin(Math.PI * (week - whole)) ** 2 * (own.chance < 0.028 ? 0.009 : -0.008);
}

/** Returns the unrounded price of one side at `tsMs`. */
function priceAt(coin: Coin, side: Exclude<Side, "premium">, tsMs: number): number {
  const index = indexPrice(coin, tsMs);
  if (side === "index") return index * coin.multiplier;
  if (side === "spot") return index * (1 + walks(coin).spot.at(tsMs / MINUTE_MS));
  const premium = premiumIndex(coin, tsMs);
  return index * coin.multiplier * (1 + (side === "mark" ? premium * 0.8 : premium));
}

/** Returns the open interest of a perp at `tsMs`, in units of its base: it wanders about a share of a day's turnover. */
export function openInterestAt(coin: Coin, tsMs: number): number {
  const hour = Math.floor(tsMs / HOUR_MS);
  const part = tsMs / HOUR_MS - hour;
  const [now, next] = [0, 1].map((j) => uniform(coin.seed ^ 0x3c6ef372, hour + j, 31)) as [number, number];
  const share = 0.6 + 0.3 * (now * (1 - part) + next * part);
  return (coin.turnover24h * share) / (coin.price * coin.multiplier);
}

/** Returns true in the venue's yearly maintenance hour, which has no trades and stays empty (§8.15). */
export const inOutage = (tsMs: number): boolean => {
  const day = new Date(tsMs);
  return day.getUTCMonth() === 1 && day.getUTCDate() === 10 && day.getUTCHours() === 13;
};

/** Returns the decimal places of a side's prices; those of a multiplied perp differ from spot. */
export const decimalsOf = (coin: Coin, side: Side): number => {
  if (side === "premium") return 6;
  return side === "spot" && coin.multiplier > 1 ? Math.min(12, coin.priceDecimals + 3) : coin.priceDecimals;
};

/** Returns the price of a side in whole ticks. */
export function ticksAt(coin: Coin, side: Side, tsMs: number): number {
  const price = side === "premium" ? premiumIndex(coin, tsMs) : priceAt(coin, side, tsMs);
  return Math.round(price * 10 ** decimalsOf(coin, side));
}

/** Points per batch: the minutes of an hour and its end. */
const POINTS = 61;
const price = new Float64Array(POINTS);
const level = new Float64Array(POINTS);
const swing = new Float64Array(POINTS);
const busy = new Float64Array(POINTS);

/** The hour cached in the arrays: callers read its minutes in sequence. */
let filled: {coin: Coin; side: Side; hour: number} | undefined;

/** Computes {@link ticksAt} of every minute of an hour, bit-identical, with one pass per walk. */
function fillHour(coin: Coin, side: Side, hour: number): void {
  if (filled?.coin === coin && filled.side === side && filled.hour === hour) return;
  filled = {coin, side, hour};
  const own = walks(coin);
  const count = POINTS;
  const x = hour / MINUTE_MS;
  if (side === "spot" || side === "perp") own.busy[side].fill(x, count, busy);
  const scale = 10 ** decimalsOf(coin, side);
  if (side !== "index" && side !== "spot") {
    premiumIndices(coin, hour, count, 1, level);
    if (side === "premium") {
      for (let j = 0; j < count; j++) price[j] = Math.round(level[j]! * scale);
      return;
    }
  }
  own.index.fill(x, count, price);
  if (side === "spot") own.spot.fill(x, count, swing);
  for (let j = 0; j < count; j++) {
    const index = coin.price * Math.exp(price[j]!);
    let value = index * coin.multiplier;
    if (side === "spot") value = index * (1 + swing[j]!);
    else if (side !== "index") value *= 1 + (side === "mark" ? level[j]! * 0.8 : level[j]!);
    price[j] = Math.round(value * scale);
  }
}

/**
 * Returns the candle of `count` whole minutes within one hour. A minute's candle is the case of one, so an hour equals
 * the sum of its minutes bit for bit.
 */
function minutes(coin: Coin, side: Side, ts: number, count: number): SimCandle {
  const hour = Math.floor(ts / HOUR_MS) * HOUR_MS;
  const first = (ts - hour) / MINUTE_MS;
  fillHour(coin, side, hour);
  const own = walks(coin);
  const seed = own.sides[side];
  const ticks = 10 ** decimalsOf(coin, side);
  const lot = 10 ** coin.quantityDecimals;
  const k = hour / MINUTE_MS;
  const premium = side === "premium";
  const traded = side === "spot" || side === "perp";
  const notional = coin.turnover24h * (side === "spot" ? 0.28 : 1);
  const volatility = coin.dailyVolatility / 90;
  let high = -Infinity;
  let low = Infinity;
  let volume = 0;
  let turnover = 0;
  for (let j = first; j < first + count; j++) {
    const open = price[j]!;
    const close = price[j + 1]!;
    const wick = premium ? Math.abs(open) * 0.02 + 2 : open * volatility;
    const chance = mix(seed, k + j);
    const up = finish(chance, 1);
    const down = finish(chance, 2);
    const top = Math.max(open, close) + Math.round(wick * (up * up * up));
    const bottom = Math.min(open, close) - Math.round(wick * (down * down * down));
    if (top > high) high = top;
    if (bottom < low) low = bottom;
    if (!traded) continue;
    const share = 0.55 + 0.9 * finish(chance, 3) + busy[j]!;
    const lots = Math.max(1, Math.round(((notional * share) / 1_440 / (open / ticks)) * lot));
    volume += lots;
    turnover += (lots / lot) * ((open + close) / 2 / ticks);
  }
  const [open, close] = [price[first]!, price[first + count]!];
  return {ts, open, high, low: premium ? low : Math.max(1, low), close, volume, turnover};
}

const hourCache = new Map<string, SimCandle>();

/**
 * Returns a candle of whole minutes, independent of the order of calls. Hours are cached, so days and weeks are sums of
 * cached hours.
 * @returns undefined before the listing, after the delisting, and entirely within the outage
 */
export function candle(coin: Coin, side: Side, ts: number, stepMs: number): SimCandle | undefined {
  if (ts < coin.launchTs || (coin.delistTs !== undefined && side !== "spot" && ts >= coin.delistTs)) return undefined;
  if (stepMs < HOUR_MS) return span(coin, side, ts, ts + stepMs);
  if (stepMs > HOUR_MS) return merge(coin, side, ts, stepMs);
  // The hour of a delisting is not cached: in another venue of this seed the coin may still trade.
  if (coin.delistTs !== undefined && ts + HOUR_MS > coin.delistTs) return span(coin, side, ts, ts + HOUR_MS);
  const key = `${coin.seed}|${side}|${ts}`;
  const known = hourCache.get(key);
  if (known) return known;
  const made = span(coin, side, ts, ts + HOUR_MS);
  if (made) {
    if (hourCache.size > 600_000) hourCache.clear();
    hourCache.set(key, made);
  }
  return made;
}

/** Returns the candle in progress from its whole minutes up to now, which the venue lists as its newest row. */
export const openCandle = (coin: Coin, side: Side, ts: number, nowMs: number): SimCandle | undefined =>
  span(coin, side, ts, ts + Math.max(MINUTE_MS, Math.floor((nowMs - ts) / MINUTE_MS) * MINUTE_MS));

/** Sums the traded minutes of a range, hour by hour. */
function span(coin: Coin, side: Side, from: number, to: number): SimCandle | undefined {
  const start = Math.max(from, coin.launchTs);
  const end = side === "spot" ? to : Math.min(to, coin.delistTs ?? Infinity);
  let whole: SimCandle | undefined;
  for (let t = start; t < end;) {
    const next = Math.min(end, Math.floor(t / HOUR_MS) * HOUR_MS + HOUR_MS);
    if (!inOutage(t)) whole = add(whole, minutes(coin, side, t, (next - t) / MINUTE_MS), from);
    t = next;
  }
  return whole;
}

function merge(coin: Coin, side: Side, ts: number, spanMs: number): SimCandle | undefined {
  let whole: SimCandle | undefined;
  for (let t = ts; t < ts + spanMs; t += HOUR_MS) {
    const part = candle(coin, side, t, HOUR_MS);
    if (part) whole = add(whole, part, ts);
  }
  return whole;
}

function add(whole: SimCandle | undefined, part: SimCandle, ts: number): SimCandle {
  if (!whole) return {...part, ts};
  whole.high = Math.max(whole.high, part.high);
  whole.low = Math.min(whole.low, part.low);
  whole.close = part.close;
  whole.volume += part.volume;
  whole.turnover += part.turnover;
  return whole;
}
