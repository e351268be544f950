/** Lengths of the units of time, in milliseconds. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const YEAR_MS = 365 * DAY_MS;

/** The candle timeframes the project knows, as ccxt writes them. */
export const TIMEFRAMES = ["1m", "5m", "15m", "1h", "4h", "8h", "1d"] as const;
export type Timeframe = (typeof TIMEFRAMES)[number];

const LENGTH_MS: Record<Timeframe, number> = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "1h": HOUR_MS,
  "4h": 4 * HOUR_MS,
  "8h": 8 * HOUR_MS,
  "1d": DAY_MS
};

export const isTimeframe = (value: unknown): value is Timeframe =>
  typeof value === "string" && Object.hasOwn(LENGTH_MS, value);

/**
 * The length of a timeframe in milliseconds.
 * @throws `invalid timeframe: VALUE`
 */
export function timeframeMs(timeframe: string): number {
  if (!isTimeframe(timeframe)) throw new RangeError(`invalid timeframe: ${timeframe}`);
  return LENGTH_MS[timeframe];
}

/** The newest point of the grid of `stepMs` (anchored at the epoch) at or before `tsMs`. */
export const floorTo = (tsMs: number, stepMs: number): number => Math.floor(tsMs / stepMs) * stepMs;

/** The oldest point of the grid of `stepMs` (anchored at the epoch) at or after `tsMs`. */
export const ceilTo = (tsMs: number, stepMs: number): number => Math.ceil(tsMs / stepMs) * stepMs;

/** True when `tsMs` lies on the grid of `stepMs`. */
export const onGrid = (tsMs: number, stepMs: number): boolean => tsMs % stepMs === 0;

/** How many grid points lie in the half-open range `[fromMs, toMs)`; 0 for an empty or inverted range. */
export function gridCount(fromMs: number, toMs: number, stepMs: number): number {
  return Math.max(0, Math.ceil(toMs / stepMs) - Math.ceil(fromMs / stepMs));
}

/** A settlement's `boundaryTs`: the nearest whole minute to a jittering venue stamp (§1). */
export const boundaryTs = (tsMs: number): number => Math.round(tsMs / MINUTE_MS) * MINUTE_MS;

/** The newest candle open that is closed at `nowMs`: its end is at or before now (§1, only closed candles). */
export const newestClosedOpen = (nowMs: number, stepMs: number): number => floorTo(nowMs, stepMs) - stepMs;

/** The instant from which a candle that opens at `openTs` is known: its end. */
export const knownAt = (openTs: number, stepMs: number): number => openTs + stepMs;
