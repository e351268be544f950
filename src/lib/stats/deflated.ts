import {normalCdf, normalQuantile} from "./normal.js";
import {INSUFFICIENT, MIN_DAYS, type Moments, type Statistic} from "./ratios.js";

const EULER = 0.5772156649015329;

/**
 * Returns the expected maximum Sharpe ratio of `trials` strategies without skill: Bailey and López de Prado (2014), *The
 * Deflated Sharpe Ratio*, equation 1.
 * @param variance variance of the Sharpe ratios across trials; it and the result are per the same period
 */
export function expectedMaxSharpe(trials: number, variance: number): number {
  if (trials < 2) return 0;
  const high = (1 - EULER) * normalQuantile(1 - 1 / trials) + EULER * normalQuantile(1 - 1 / (trials * Math.E));
  return Math.sqrt(variance) * high;
}

/** The sample moments behind a probabilistic Sharpe ratio; `sharpe` is per period, not annualised. */
export interface SharpeSample {
  sharpe: number;
  /** number of returns */
  n: number;
  skewness: number;
  /** 3 for a normal distribution */
  kurtosis: number;
}

/**
 * Returns the probability that the true Sharpe ratio exceeds a benchmark, given skewness and kurtosis: Bailey and López
 * de Prado (2012), *The Sharpe Ratio Efficient Frontier*.
 * @param benchmark per period, like the sample's Sharpe ratio
 */
export function probabilisticSharpe({sharpe, n, skewness, kurtosis}: SharpeSample, benchmark: number): number {
  const variance = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe;
  return normalCdf(((sharpe - benchmark) * Math.sqrt(n - 1)) / Math.sqrt(variance));
}

/** Returns the deflated Sharpe ratio: the probability that the best of `trials` has a Sharpe ratio above luck alone. */
export function deflatedSharpe(sample: SharpeSample, trials: number, variance: number): number {
  return probabilisticSharpe(sample, expectedMaxSharpe(trials, variance));
}

export interface Deflation {
  /** probability that the best trial's true Sharpe ratio exceeds the expected maximum of luck alone */
  deflatedSharpe: Statistic;
  /** best Sharpe ratio expected from luck alone, annualised */
  expectedMaxSharpe: Statistic;
  /** trials that have a Sharpe ratio; all count as independent, which is conservative */
  trials: number;
}

/**
 * Deflates the Sharpe ratio of the best trial by the number and variance of all trials (§6).
 * @param returns moments of each trial's daily returns
 * @param best index of the trial to deflate
 */
export function deflate(returns: readonly Moments[], best: number): Deflation {
  const sharpes = returns.filter(({n, sd}) => n >= MIN_DAYS && sd > 0).map(({mean, sd}) => mean / sd);
  const own = returns[best];
  if (!own || own.n < MIN_DAYS || !(own.sd > 0)) {
    return {deflatedSharpe: INSUFFICIENT, expectedMaxSharpe: INSUFFICIENT, trials: sharpes.length};
  }
  const mean = sharpes.reduce((a, b) => a + b, 0) / sharpes.length;
  const variance = sharpes.length > 1 ? sharpes.reduce((sum, s) => sum + (s - mean) ** 2, 0) / (sharpes.length - 1) : 0;
  const sample = {sharpe: own.mean / own.sd, n: own.n, skewness: own.skewness, kurtosis: own.kurtosis};
  return {
    deflatedSharpe: deflatedSharpe(sample, sharpes.length, variance),
    expectedMaxSharpe: expectedMaxSharpe(sharpes.length, variance) * Math.sqrt(365),
    trials: sharpes.length
  };
}
