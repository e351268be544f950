import {normalCdf, normalQuantile} from "./normal.js";
import {INSUFFICIENT, LEAST_DAYS, type Moments, type Statistic} from "./ratios.js";

const EULER = 0.5772156649015329;

/**
 * The Sharpe ratio that the best of `trials` strategies without skill is expected to show: Bailey and López de Prado
 * (2014), *The Deflated Sharpe Ratio*, equation 1.
 * @param variance of the Sharpe ratios over the trials, in the same period as the result
 */
export function expectedMaxSharpe(trials: number, variance: number): number {
  if (trials < 2) return 0;
  const high = (1 - EULER) * normalQuantile(1 - 1 / trials) + EULER * normalQuantile(1 - 1 / (trials * Math.E));
  return Math.sqrt(variance) * high;
}

/** What the probabilistic Sharpe ratio is worked out from; Sharpe ratios per period, not annualised. */
export interface SharpeSample {
  sharpe: number;
  /** number of returns */
  n: number;
  skewness: number;
  /** 3 for a normal */
  kurtosis: number;
}

/**
 * The probability that the true Sharpe ratio is above a benchmark, given skewness and fat tails: Bailey and López de
 * Prado (2012), *The Sharpe Ratio Efficient Frontier*.
 */
export function probabilisticSharpe({sharpe, n, skewness, kurtosis}: SharpeSample, benchmark: number): number {
  const variance = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe;
  return normalCdf(((sharpe - benchmark) * Math.sqrt(n - 1)) / Math.sqrt(variance));
}

/** The deflated Sharpe ratio: the probability that a Sharpe ratio picked among `trials` is above luck. */
export function deflatedSharpe(sample: SharpeSample, trials: number, variance: number): number {
  return probabilisticSharpe(sample, expectedMaxSharpe(trials, variance));
}

export interface Deflation {
  /** probability that the best trial's true Sharpe ratio is above zero after all the trials; "insufficient" without data */
  deflatedSharpe: Statistic;
  /** what luck alone would have shown, annualised */
  expectedMaxSharpe: Statistic;
  /** trials whose Sharpe ratio is a number; all are counted as independent, which is strict */
  trials: number;
}

/**
 * Deflates the best of some trials by all of them (§6), from the moments of their daily returns.
 * @param best index of the trial to deflate
 */
export function deflate(returns: readonly Moments[], best: number): Deflation {
  const sharpes = returns.filter(({n, sd}) => n >= LEAST_DAYS && sd > 0).map(({mean, sd}) => mean / sd);
  const own = returns[best];
  if (!own || own.n < LEAST_DAYS || !(own.sd > 0)) {
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
