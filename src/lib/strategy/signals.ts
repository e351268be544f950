import {Decimal, decimal, ONE, toNumber, ZERO} from "../money/decimal.js";

/** The scales of §5. */
export const LEVEL_FULL = decimal("0.003");
export const BASIS_FULL = decimal("0.01");
export const PERSISTENCE_RATE = decimal("0.0003");
export const PERSISTENCE_FULL = 30;
export const TREND_STEP = decimal("0.00005");
export const TREND_WINDOW = 18;
export const TREND_LOOKBACK = 5;
export const TREND_LEAST = 7;
export const VOLUME_WINDOW = 168;
export const VOLUME_RATIO = decimal("0.7");

export type Trend = "rising" | "stable" | "falling";

const clamp01 = (value: Decimal): Decimal => Decimal.min(Decimal.max(value, ZERO), ONE);

/** `min(max(rate8h, 0) / 0.003, 1)` (§5, level). */
export const levelScore = (rate8h: Decimal): Decimal => clamp01(rate8h.div(LEVEL_FULL));

/**
 * `ema[last] − ema[last − 5]` of the newest 18 rates per 8 h, α = 2/7, started at the oldest of them (§5,
 * trend).
 * @param rates the newest rates in order of time, at most 18 are used
 * @returns undefined for fewer than seven rates
 */
export function trendDifference(rates: readonly Decimal[]): Decimal | undefined {
  if (rates.length < TREND_LEAST) return undefined;
  const window = rates.slice(-TREND_WINDOW);
  let ema = window[0]!;
  const emas = [ema];
  for (const rate of window.slice(1)) {
    ema = ema.plus(rate.minus(ema).times(2).div(7));
    emas.push(ema);
  }
  return ema.minus(emas[emas.length - 1 - TREND_LOOKBACK]!);
}

/** {@link trendDifference} in floats, for {@link trendOf} to decide from where it is certain; NaN for too few rates. */
export function trendDifferenceFloat(rates: ArrayLike<number>, end: number): number {
  const start = Math.max(0, end - TREND_WINDOW);
  if (end - start < TREND_LEAST) return NaN;
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
 * The direction where the float difference is certain of it: `d > 0.00005` rising, `d < −0.00005` falling, else stable;
 * NaN (too few rates) is stable. Undefined where the difference is so near a limit that only decimals can tell.
 */
export function trendFromFloat(difference: number): Trend | undefined {
  if (Number.isNaN(difference)) return "stable";
  if (Math.abs(Math.abs(difference) - TREND_STEP_FLOAT) < TREND_NOISE) return undefined;
  return difference > TREND_STEP_FLOAT ? "rising" : difference < -TREND_STEP_FLOAT ? "falling" : "stable";
}

/** `d > 0.00005` rising, `d < −0.00005` falling, else stable; undefined is stable. */
export function trendOf(difference: Decimal | undefined): Trend {
  if (!difference) return "stable";
  return difference.gt(TREND_STEP) ? "rising" : difference.lt(TREND_STEP.neg()) ? "falling" : "stable";
}

const TREND_SCORE: Record<Trend, Decimal> = {rising: ONE, stable: decimal("0.5"), falling: ZERO};
export const trendScore = (trend: Trend): Decimal => TREND_SCORE[trend];

/** The number of newest rates in a row at or above 0.0003, divided by 30, at most 1 (§5, persistence). */
export const persistenceScore = (streak: number): Decimal => clamp01(new Decimal(streak).div(PERSISTENCE_FULL));

/** `(perp − spot) / spot` at two opens; undefined when either is missing (§5, basis). */
export function basisOf(spotOpen: Decimal | undefined, perpOpen: Decimal | undefined): Decimal | undefined {
  return spotOpen && perpOpen ? perpOpen.minus(spotOpen).div(spotOpen) : undefined;
}

/** `min(max(basis, 0) / 0.01, 1)`: a discount scores 0. */
export const basisScore = (basis: Decimal): Decimal => clamp01(basis.div(BASIS_FULL));

/** The weighted sum of the four scores; undefined when the basis is (§5, composite). */
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

/** The volume filter's answer with what it was taken from; too little history passes, and says so. */
export interface VolumeCheck {
  passes: boolean;
  /** mean turnover of the newest 168 closed candles over that of the 168 before, undefined with too little history */
  ratio: number | undefined;
  why: "enough" | "too-low" | "too-little-history" | "not-hourly";
}
