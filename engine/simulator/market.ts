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
  level: Walk;
  spot: Walk;
  busy: Record<"spot" | "perp", Walk>;
  sides: Record<Side, number>;
  last: Partial<Record<Side, {ts: number; ticks: number}>>;
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
    last: {}
  };
  walksOf.set(coin, made);
  return made;
}

/** The index price of one coin at an instant: a random walk that can be entered anywhere. */
export function indexPrice(coin: Coin, tsMs: number): number {
  return coin.price * Math.exp(walks(coin).index.at(tsMs / MINUTE_MS));
}

/**
 * The premium index, `(perp − index) / index`: a slow level, a faster swing, and in one week of twenty-five a squeeze
 * that drives funding to its cap.
 */
export function premiumIndex(coin: Coin, tsMs: number): number {
  const seed = coin.seed ^ 0x5bd1e995;
  const minutes = tsMs / MINUTE_MS;
  const {level, premium} = walks(coin);
  const week = tsMs / (7 * DAY_MS);
  const chance = uniform(seed, Math.floor(week), 21);
  const shape = Math.sin(Math.PI * (week - Math.floor(week))) ** 2;
  const squeeze = chance < 0.04 ? shape * (chance < 0.028 ? 0.009 : -0.008) : 0;
  return coin.premium + level.at(minutes) + squeeze + premium.at(minutes);
}

/** The price of one side at an instant, before it is rounded to ticks. */
export function priceAt(coin: Coin, side: Exclude<Side, "premium">, tsMs: number): number {
  const index = indexPrice(coin, tsMs);
  if (side === "index") return index * coin.multiplier;
  if (side === "spot") return index * (1 + walks(coin).spot.at(tsMs / MINUTE_MS));
  const premium = premiumIndex(coin, tsMs);
  return index * coin.multiplier * (1 + (side === "mark" ? premium * 0.8 : premium));
}

/** The venue's yearly maintenance hour, in which nothing traded and which no refetch fills (SEMANTICS §8.15). */
export const inOutage = (tsMs: number): boolean => {
  const day = new Date(tsMs);
  return day.getUTCMonth() === 1 && day.getUTCDate() === 10 && day.getUTCHours() === 13;
};

/** Decimals of a side's prices: the perp of a multiplied symbol has its own. */
export const decimalsOf = (coin: Coin, side: Side): number => {
  if (side === "premium") return 6;
  return side === "spot" && coin.multiplier > 1 ? Math.min(12, coin.priceDecimals + 3) : coin.priceDecimals;
};

const hourCache = new Map<string, SimCandle>();

/** The price of a side in whole ticks. A candle's close is the next one's open, so the last answer is kept. */
export function ticksAt(coin: Coin, side: Side, tsMs: number): number {
  const {last} = walks(coin);
  if (last[side]?.ts === tsMs) return last[side].ticks;
  const price = side === "premium" ? premiumIndex(coin, tsMs) : priceAt(coin, side, tsMs);
  const ticks = Math.round(price * 10 ** decimalsOf(coin, side));
  last[side] = {ts: tsMs, ticks};
  return ticks;
}

function minute(coin: Coin, side: Side, ts: number): SimCandle {
  const ticks = 10 ** decimalsOf(coin, side);
  const open = ticksAt(coin, side, ts);
  const close = ticksAt(coin, side, ts + MINUTE_MS);
  const k = ts / MINUTE_MS;
  const own = walks(coin).sides[side];
  const wick = side === "premium" ? Math.abs(open) * 0.02 + 2 : open * (coin.dailyVolatility / 90);
  const high = Math.max(open, close) + Math.round(wick * uniform(own, k, 1) ** 3);
  const low = Math.min(open, close) - Math.round(wick * uniform(own, k, 2) ** 3);
  const traded = side === "spot" || side === "perp";
  const share = side === "spot" ? 0.28 : 1;
  const busy = traded ? 0.55 + 0.9 * uniform(own, k, 3) + walks(coin).busy[side].at(k) : 0;
  const lots = traded
    ? Math.max(
        1,
        Math.round(((coin.turnover24h * share * busy) / 1_440 / (open / ticks)) * 10 ** coin.quantityDecimals)
      )
    : 0;
  const middle = (open + close) / 2 / ticks;
  return {
    ts,
    open,
    high: high,
    low: side === "premium" ? low : Math.max(1, low),
    close,
    volume: lots,
    turnover: (lots / 10 ** coin.quantityDecimals) * middle
  };
}

/**
 * A candle of any length from whole minutes, the same bytes whoever asks, whenever, in whatever order. Hours are kept, so
 * that days and weeks are sums of what was computed once.
 * @returns undefined before the listing, after the delisting, and where only the outage lies in it
 */
export function candle(coin: Coin, side: Side, ts: number, stepMs: number): SimCandle | undefined {
  if (ts < coin.launchTs || (coin.delistTs !== undefined && side !== "spot" && ts >= coin.delistTs)) return undefined;
  if (stepMs === HOUR_MS) {
    const key = `${coin.seed}|${side}|${ts}`;
    const known = hourCache.get(key);
    if (known) return known;
    const made = inOutage(ts) ? undefined : merge(coin, side, ts, stepMs, MINUTE_MS);
    if (made) {
      if (hourCache.size > 600_000) hourCache.clear();
      hourCache.set(key, made);
    }
    return made;
  }
  if (stepMs === MINUTE_MS) return inOutage(ts) ? undefined : minute(coin, side, ts);
  return merge(coin, side, ts, stepMs, stepMs > HOUR_MS ? HOUR_MS : MINUTE_MS);
}

/** The candle in progress: its whole minutes up to now, as the venue returns it as its newest row. */
export const openCandle = (coin: Coin, side: Side, ts: number, nowMs: number): SimCandle | undefined =>
  merge(coin, side, ts, Math.max(MINUTE_MS, Math.floor((nowMs - ts) / MINUTE_MS) * MINUTE_MS), MINUTE_MS);

function merge(coin: Coin, side: Side, ts: number, spanMs: number, partMs: number): SimCandle | undefined {
  let whole: SimCandle | undefined;
  for (let t = ts; t < ts + spanMs; t += partMs) {
    const part = candle(coin, side, t, partMs);
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
