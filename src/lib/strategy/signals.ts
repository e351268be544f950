import {Decimal, decimal, ONE, toNumber, ZERO} from "../money/decimal.js";

/** Scales, windows and thresholds of the signals (§5). */
export const LEVEL_FULL = decimal("0.003");
export const BASIS_FULL = decimal("0.01");
export const PERSISTENCE_RATE = decimal("0.0003");
export const PERSISTENCE_FULL = 30;
const TREND_STEP = decimal("0.00005");
export const TREND_WINDOW = 18;
const TREND_LOOKBACK = 5;
const MIN_TREND_RATES = 7;
export const VOLUME_WINDOW = 168;
export const VOLUME_RATIO = decimal("0.7");

export type Trend = "rising" | "stable" | "falling";

const clamp01 = (value: Decimal): Decimal => Decimal.min(Decimal.max(value, ZERO), ONE);

/** Returns the level score, `min(max(rate8h, 0) / 0.003, 1)` (§5). */
export const levelScore = (rate8h: Decimal): Decimal => clamp01(rate8h.div(LEVEL_FULL));

/**
 * Returns `ema[last] − ema[last − 5]` of the newest 18 rates per 8 h, with α = 2/7, started at the oldest (§5, trend).
 * @param rates rates in order of time; the last 18 are used
 * @returns undefined for fewer than seven rates
 */
export function trendDifference(rates: readonly Decimal[]): Decimal | undefined {
  if (rates.length < MIN_TREND_RATES) return undefined;
  const window = rates.slice(-TREND_WINDOW);
  let ema = window[0]!;
  const emas = [ema];
  for (const rate of window.slice(1)) {
    ema = ema.plus(rate.minus(ema).times(2).div(7));
    emas.push(ema);
  }
  return ema.minus(emas[emas.length - 1 - TREND_LOOKBACK]!);
}

/** Returns {@link trendDifference} of the rates before `end` in floats; NaN for too few rates. */
export function trendDifferenceFloat(rates: ArrayLike<number>, end: number): number {
  const start = Math.max(0, end - TREND_WINDOW);
  if (end - start < MIN_TREND_RATES) return NaN;
  let ema = rates[start]!;
  let before = ema;
  for (let i = start + 1; i < end; ++i) {
    ema += ((rates[i]! - ema) * 2) / 7;
    if (i === end - 1 - TREND_LOOKBACK) before = ema;
  }
  return ema - before;
}

const TREND_STEP_FLOAT = toNumber(TREND_STEP);
const TREND_NOISE = 1e-12;

/**
 * Returns the trend of a float difference (§5); NaN (too few rates) is stable. Undefined if the difference is within float
 * error of a threshold, so that {@link trendOf} must decide.
 */
export function trendFromFloat(difference: number): Trend | undefined {
  if (Number.isNaN(difference)) return "stable";
  if (Math.abs(Math.abs(difference) - TREND_STEP_FLOAT) < TREND_NOISE) return undefined;
  return difference > TREND_STEP_FLOAT ? "rising" : difference < -TREND_STEP_FLOAT ? "falling" : "stable";
}

/** Returns the trend: `d > 0.00005` is rising, `d < −0.00005` falling, anything else stable (§5). */
export function trendOf(difference: Decimal | undefined): Trend {
  if (!difference) return "stable";
  return difference.gt(TREND_STEP) ? "rising" : difference.lt(TREND_STEP.neg()) ? "falling" : "stable";
}

const TREND_SCORE: Record<Trend, Decimal> = {rising: ONE, stable: decimal("0.5"), falling: ZERO};
/** Returns the score of a trend, dimensionless: 1 rising, ½ stable, 0 falling. */
export const trendScore = (trend: Trend): Decimal => TREND_SCORE[trend];

/** Returns the persistence score: consecutive newest rates at or above 0.0003, divided by 30, at most 1 (§5). */
export const persistenceScore = (streak: number): Decimal => clamp01(new Decimal(streak).div(PERSISTENCE_FULL));

/** Returns the basis, `(perp − spot) / spot` at the two opens; undefined if either is missing (§5). */
export function basisOf(spotOpen: Decimal | undefined, perpOpen: Decimal | undefined): Decimal | undefined {
  return spotOpen && perpOpen ? perpOpen.minus(spotOpen).div(spotOpen) : undefined;
}

/** Returns the basis score, `min(max(basis, 0) / 0.01, 1)` (§5). */
export const basisScore = (basis: Decimal): Decimal => clamp01(basis.div(BASIS_FULL));

/** Returns the composite, the weighted sum of the four scores; undefined if the basis is (§5). */
export function compositeScore(
  parts: {level: Decimal; trend: Decimal; persistence: Decimal; basis: Decimal | undefined},
  weights: {level: Decimal; trend: Decimal; persistence: Decimal; basis: Decimal}
): Decimal | undefined {
  if (!parts.basis) return undefined;
  return weights.level
    .times(parts.level)
    .plus(weights.trend.times(parts.trend))
    .plus(weights.persistence.times(parts.persistence))
    .plus(weights.basis.times(parts.basis));
}

/** The result of the volume filter and its reason; too little history passes (§5). */
export interface VolumeCheck {
  passes: boolean;
  /** mean turnover of the newest 168 closed candles over that of the 168 before; undefined with too little history */
  ratio: number | undefined;
  why: "enough" | "too-low" | "too-little-history" | "not-hourly";
}
