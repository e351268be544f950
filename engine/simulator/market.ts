import {DAY_MS, HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {seedOf, uniform, Walk} from "./noise.js";
import type {Coin} from "./universe.js";

/** A candle as whole ticks and lots, so that sums over candles are exact. Turnover is in quote, as a float. */
export interface SimCandle {
  ts: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  turnover: number;
}

export const SIDES = ["spot", "perp", "mark", "index", "premium"] as const;
export type Side = (typeof SIDES)[number];

/** Periods of the price's noise in minutes, each four times the one before: two minutes to two years. */
const PERIODS = [2, 8, 32, 128, 512, 2_048, 8_192, 32_768, 131_072, 524_288, 1_048_576];
const PREMIUM_PERIODS = [3, 30, 240, 1_440, 10_080];
const LEVEL_MINUTES = 17 * 1_440;

/** The walks of a coin; they hold nothing but caches, so sharing them changes no value. */
interface Walks {
  index: Walk;
  premium: Walk;
  spot: Walk;
  busy: Record<"spot" | "perp", Walk>;
  sides: Record<Side, number>;
  /** ticks in one unit of price, by side, and lots in one coin */
  scale: Record<Side, number>;
  lots: number;
  last: Record<Side, {ts: number; ticks: number}>;
  /** hours made so far, by side */
  hours: Record<Side, Map<number, SimCandle>>;
}

const walksOf = new WeakMap<Coin, Walks>();

function walks(coin: Coin): Walks {
  const known = walksOf.get(coin);
  if (known) return known;
  const {seed, dailyVolatility} = coin;
  const level = new Walk(seed ^ 0x2f0b4a27, [LEVEL_MINUTES], 0.0006 / Math.sqrt(LEVEL_MINUTES));
  const made: Walks = {
    index: new Walk(seed, PERIODS, (dailyVolatility / Math.sqrt(1_440)) * 0.62),
    premium: new Walk(
      seed ^ 0x5bd1e995,
      PREMIUM_PERIODS,
      0.000008,
      (minute) => level.at(minute) + squeeze(seed ^ 0x5bd1e995, minute)
    ),
    spot: new Walk(seed ^ 0x1b873593, [3], 0.00004 / Math.sqrt(3)),
    busy: {
      spot: new Walk(seedOf(seed, "busy spot"), [480], 0.5 / Math.sqrt(480)),
      perp: new Walk(seedOf(seed, "busy perp"), [480], 0.5 / Math.sqrt(480))
    },
    sides: bySide((side) => seedOf(seed, side)),
    scale: bySide((side) => 10 ** decimalsOf(coin, side)),
    lots: 10 ** coin.quantityDecimals,
    last: bySide(() => ({ts: NaN, ticks: 0})),
    hours: bySide(() => new Map<number, SimCandle>())
  };
  walksOf.set(coin, made);
  return made;
}

const bySide = <T>(make: (side: Side) => T): Record<Side, T> =>
  Object.fromEntries(SIDES.map((side) => [side, make(side)])) as Record<Side, T>;

/** The index price of one coin at an instant: a random walk that can be entered anywhere. */
export const indexPrice = (coin: Coin, tsMs: number): number =>
  coin.price * Math.exp(walks(coin).index.at(tsMs / MINUTE_MS));

/**
 * The premium index, `(perp − index) / index`: a slow level, a faster swing, and in one week of twenty-five a squeeze
 * that drives funding to its cap.
 */
export function premiumIndex(coin: Coin, tsMs: number): number {
  return coin.premium + walks(coin).premium.at(tsMs / MINUTE_MS);
}

/** The premium of a squeeze at a minute; nothing in most weeks. */
function squeeze(seed: number, minute: number): number {
  const week = minute / (7 * 1_440);
  const chance = uniform(seed, Math.floor(week), 21);
  if (chance >= 0.04) return 0;
  return Math.sin(Math.PI * (week - Math.floor(week))) ** 2 * (chance < 0.028 ? 0.009 : -0.008);
}

/** The price of one side at an instant, before it is rounded to ticks. */
export const priceAt = (coin: Coin, side: Exclude<Side, "premium">, tsMs: number): number =>
  rawAt(coin, walks(coin), side, tsMs / MINUTE_MS);

function rawAt(coin: Coin, own: Walks, side: Side, minute: number): number {
  if (side === "premium") return coin.premium + own.premium.at(minute);
  const index = coin.price * Math.exp(own.index.at(minute));
  if (side === "index") return index * coin.multiplier;
  if (side === "spot") return index * (1 + own.spot.at(minute));
  const premium = coin.premium + own.premium.at(minute);
  return index * coin.multiplier * (1 + (side === "mark" ? premium * 0.8 : premium));
}

/** The venue's yearly maintenance hour, in which nothing traded and which no refetch fills (SEMANTICS §8.15). */
export const inOutage = (tsMs: number): boolean => {
  // Most hours of a day are told apart without a calendar.
  if (Math.floor(tsMs / HOUR_MS) % 24 !== 13) return false;
  const day = new Date(tsMs);
  return day.getUTCMonth() === 1 && day.getUTCDate() === 10;
};

/** Decimals of a side's prices: the perp of a multiplied symbol has its own. */
export const decimalsOf = (coin: Coin, side: Side): number => {
  if (side === "premium") return 6;
  return side === "spot" && coin.multiplier > 1 ? Math.min(12, coin.priceDecimals + 3) : coin.priceDecimals;
};

/** Hours of one side that are kept: two years. */
const HOURS_KEPT = 17_520;

/** The price of a side in whole ticks. */
export const ticksAt = (coin: Coin, side: Side, tsMs: number): number => ticks(coin, walks(coin), side, tsMs);

/** A candle's close is the next one's open, so the last answer is kept. */
function ticks(coin: Coin, own: Walks, side: Side, tsMs: number): number {
  const last = own.last[side];
  if (last.ts === tsMs) return last.ticks;
  last.ticks = Math.round(rawAt(coin, own, side, tsMs / MINUTE_MS) * own.scale[side]);
  last.ts = tsMs;
  return last.ticks;
}

/** Adds the minute that opens at `ts` to a candle, or begins one with it. */
function addMinute(coin: Coin, own: Walks, side: Side, ts: number, whole: SimCandle | undefined): SimCandle {
  const scale = own.scale[side];
  const open = ticks(coin, own, side, ts);
  const close = ticks(coin, own, side, ts + MINUTE_MS);
  const k = ts / MINUTE_MS;
  const seed = own.sides[side];
  const wick = side === "premium" ? Math.abs(open) * 0.02 + 2 : open * (coin.dailyVolatility / 90);
  const up = uniform(seed, k, 1);
  const down = uniform(seed, k, 2);
  const high = Math.max(open, close) + Math.round(wick * up * up * up);
  const lowest = Math.min(open, close) - Math.round(wick * down * down * down);
  const low = side === "premium" ? lowest : Math.max(1, lowest);
  let volume = 0;
  if (side === "spot" || side === "perp") {
    const share = side === "spot" ? 0.28 : 1;
    const busy = 0.55 + 0.9 * uniform(seed, k, 3) + own.busy[side].at(k);
    const daily = (coin.turnover24h * share * busy) / (open / scale);
    volume = Math.max(1, Math.round((daily / 1_440) * own.lots));
  }
  const turnover = (volume / own.lots) * ((open + close) / 2 / scale);
  if (!whole) return {ts, open, high, low, close, volume, turnover};
  if (high > whole.high) whole.high = high;
  if (low < whole.low) whole.low = low;
  whole.close = close;
  whole.volume += volume;
  whole.turnover += turnover;
  return whole;
}

function minutes(coin: Coin, side: Side, fromMs: number, toMs: number): SimCandle | undefined {
  const own = walks(coin);
  const end = coin.delistTs !== undefined && side !== "spot" ? Math.min(toMs, coin.delistTs) : toMs;
  let whole: SimCandle | undefined;
  for (let ts = Math.max(fromMs, Math.ceil(coin.launchTs / MINUTE_MS) * MINUTE_MS); ts < end; ts += MINUTE_MS) {
    if (inOutage(ts)) ts += HOUR_MS - (ts % HOUR_MS) - MINUTE_MS;
    else whole = addMinute(coin, own, side, ts, whole);
  }
  if (whole) whole.ts = fromMs;
  return whole;
}

/** An hour, kept once it was made. */
function hour(coin: Coin, side: Side, ts: number): SimCandle | undefined {
  const {hours} = walks(coin);
  const known = hours[side].get(ts);
  if (known) return known;
  const made = minutes(coin, side, ts, ts + HOUR_MS);
  if (!made) return undefined;
  if (hours[side].size > HOURS_KEPT) hours[side].clear();
  hours[side].set(ts, made);
  return made;
}

/**
 * A candle of any length from whole minutes, the same bytes whoever asks, whenever, in whatever order. Hours are kept, so
 * that days and weeks are sums of what was computed once.
 * @returns undefined before the listing, after the delisting, and where only the outage lies in it
 */
export function candle(coin: Coin, side: Side, ts: number, stepMs: number): SimCandle | undefined {
  if (ts < coin.launchTs || (coin.delistTs !== undefined && side !== "spot" && ts >= coin.delistTs)) return undefined;
  if (stepMs === HOUR_MS) return hour(coin, side, ts);
  if (stepMs < HOUR_MS) return minutes(coin, side, ts, ts + stepMs);
  let whole: SimCandle | undefined;
  for (let t = ts; t < ts + stepMs; t += HOUR_MS) {
    const part = hour(coin, side, t);
    if (!part) continue;
    if (!whole) whole = {...part, ts};
    else {
      whole.high = Math.max(whole.high, part.high);
      whole.low = Math.min(whole.low, part.low);
      whole.close = part.close;
      whole.volume += part.volume;
      whole.turnover += part.turnover;
    }
  }
  return whole;
}

/** The candle in progress: its whole minutes up to now, as the venue returns it as its newest row. */
export const openCandle = (coin: Coin, side: Side, ts: number, nowMs: number): SimCandle | undefined =>
  minutes(coin, side, ts, ts + Math.max(MINUTE_MS, Math.floor((nowMs - ts) / MINUTE_MS) * MINUTE_MS));
