/** Units of time in milliseconds. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
/** the 8-hour period in which rates, holds and break-evens are counted (§2) */
export const PERIOD_MS = 8 * HOUR_MS;
export const DAY_MS = 86_400_000;
export const YEAR_MS = 365 * DAY_MS;

/** The supported candle timeframes, in ccxt's notation. */
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
 * Returns the length of a timeframe in milliseconds.
 * @throws RangeError `invalid timeframe: VALUE`
 */
export function timeframeMs(timeframe: string): number {
  if (!isTimeframe(timeframe)) throw new RangeError(`invalid timeframe: ${timeframe}`);
  return LENGTH_MS[timeframe];
}

/** Rounds `tsMs` down to the grid of `stepMs`, anchored at the epoch. */
export const floorTo = (tsMs: number, stepMs: number): number => Math.floor(tsMs / stepMs) * stepMs;

/** Rounds `tsMs` up to the grid of `stepMs`, anchored at the epoch. */
export const ceilTo = (tsMs: number, stepMs: number): number => Math.ceil(tsMs / stepMs) * stepMs;

/** Returns true if `tsMs` lies on the grid of `stepMs`. */
export const onGrid = (tsMs: number, stepMs: number): boolean => tsMs % stepMs === 0;

/** Returns the number of grid points in the half-open range `[fromMs, toMs)`; 0 if it is empty or inverted. */
export function gridCount(fromMs: number, toMs: number, stepMs: number): number {
  return Math.max(0, Math.ceil(toMs / stepMs) - Math.ceil(fromMs / stepMs));
}

/** Returns a settlement's boundary: the venue's stamp rounded to the nearest minute (§1). */
export const boundaryTs = (tsMs: number): number => Math.round(tsMs / MINUTE_MS) * MINUTE_MS;

/** Returns the instant from which a candle that opens at `openTs` is known: its end (§1). */
export const knownAt = (openTs: number, stepMs: number): number => openTs + stepMs;
