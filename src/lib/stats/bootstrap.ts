import {quantile} from "./quantile.js";
import type {Random} from "./random.js";
import {INSUFFICIENT, MIN_DAYS, moments, sharpe, type Statistic} from "./ratios.js";

/** A two-sided confidence interval; "insufficient" with too little data. */
export interface Interval {
  low: Statistic;
  high: Statistic;
}

export interface BootstrapOptions {
  /** the caller's seeded generator */
  random: Random;
  resamples?: number;
  /** mean block length in days; by default the cube root of the sample size, at least 2 */
  meanBlockDays?: number;
  /** 0.9 gives the 5th and 95th percentile */
  confidence?: number;
}

/**
 * Draws one resample of the stationary bootstrap into `out`: blocks of geometric length from random starts, with
 * wraparound (Politis and Romano 1994, *The Stationary Bootstrap*). Blocks preserve serial dependence.
 */
export function resample(
  values: ArrayLike<number>,
  meanBlock: number,
  random: Random,
  out: Float64Array
): Float64Array {
  const n = values.length;
  let at = Math.floor(random() * n);
  for (let i = 0; i < out.length; ++i) {
    out[i] = values[at]!;
    at = random() < 1 / meanBlock ? Math.floor(random() * n) : (at + 1) % n;
  }
  return out;
}

/**
 * Returns percentile intervals of the annual return and the Sharpe ratio, by the stationary bootstrap (§6).
 * @param daily daily returns as fractions; under 30 of them the intervals are "insufficient"
 */
export function bootstrapIntervals(
  daily: ArrayLike<number>,
  {random, resamples = 1000, meanBlockDays = Math.max(2, Math.cbrt(daily.length)), confidence = 0.9}: BootstrapOptions
): {annualReturn: Interval; sharpe: Interval; resamples: number; meanBlockDays: number} {
  const sharpes: number[] = [];
  const annuals: number[] = [];
  if (daily.length >= MIN_DAYS) {
    const draw = new Float64Array(daily.length);
    for (let i = 0; i < resamples; ++i) {
      const m = moments(resample(daily, meanBlockDays, random, draw));
      const ratio = sharpe(m);
      annuals.push(m.mean * 365);
      if (ratio !== INSUFFICIENT) sharpes.push(ratio);
    }
  }
  return {
    annualReturn: intervalOf(annuals, confidence),
    // An account that rarely trades has resamples without a Sharpe ratio. Over 10 % of them make it insufficient.
    sharpe: intervalOf(sharpes.length >= 0.9 * resamples ? sharpes : [], confidence),
    resamples,
    meanBlockDays
  };
}

function intervalOf(values: readonly number[], confidence: number): Interval {
  const sorted = Float64Array.from(values).sort();
  return {
    low: quantile(sorted, (1 - confidence) / 2) ?? INSUFFICIENT,
    high: quantile(sorted, (1 + confidence) / 2) ?? INSUFFICIENT
  };
}
