import {quantile} from "./quantile.js";
import type {Random} from "./random.js";
import {INSUFFICIENT, LEAST_DAYS, moments, sharpe, type Statistic} from "./ratios.js";

/** A two-sided interval; "insufficient" where the data cannot bear one. */
export interface Interval {
  low: Statistic;
  high: Statistic;
}

export interface BootstrapOptions {
  /** seeded by the caller */
  random: Random;
  resamples?: number;
  /** mean length of a block in days; by default the cube root of the sample, at least 2 */
  meanBlockDays?: number;
  /** 0.9 gives the 5th and 95th percentile */
  confidence?: number;
}

/**
 * One resample of the stationary bootstrap: blocks of geometric length from random starts, wrapped round (Politis and
 * Romano 1994, *The Stationary Bootstrap*). It keeps the serial dependence that single days would lose.
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

/** Percentile intervals of the annual return and the Sharpe ratio of daily returns, by the stationary bootstrap. */
export function bootstrapIntervals(
  daily: ArrayLike<number>,
  {random, resamples = 1000, meanBlockDays = Math.max(2, Math.cbrt(daily.length)), confidence = 0.9}: BootstrapOptions
): {annualReturn: Interval; sharpe: Interval; resamples: number; meanBlockDays: number} {
  const sharpes: number[] = [];
  const annuals: number[] = [];
  if (daily.length >= LEAST_DAYS) {
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
    // an account that hardly trades gives resamples without a ratio: too few of them bear no interval
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
