/** The value of a statistic with too little data (§6). */
export const INSUFFICIENT = "insufficient";
export type Insufficient = typeof INSUFFICIENT;
export type Statistic = number | Insufficient;

/** Minimum number of daily returns for a ratio (§6). */
export const MIN_DAYS = 30;
const DAYS_A_YEAR = 365;

/** Moments of a series; `sd` divides by n − 1, skewness and kurtosis (3 for a normal) use population moments. */
export interface Moments {
  n: number;
  mean: number;
  sd: number;
  skewness: number;
  kurtosis: number;
  /** `√(Σ min(r, 0)² / n)` */
  downside: number;
}

/** Computes the moments of a series in two passes. */
export function moments(values: ArrayLike<number>): Moments {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; ++i) mean += values[i]!;
  mean /= n;
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  let below = 0;
  for (let i = 0; i < n; ++i) {
    const value = values[i]!;
    const d = value - mean;
    const d2 = d * d;
    m2 += d2;
    m3 += d2 * d;
    m4 += d2 * d2;
    if (value < 0) below += value * value;
  }
  const variance = m2 / n;
  return {
    n,
    mean,
    sd: Math.sqrt(m2 / (n - 1)),
    // Not `variance ** 1.5`: engines round powers differently, square roots and products alike.
    skewness: m3 / n / (variance * Math.sqrt(variance)),
    kurtosis: m4 / n / (variance * variance),
    downside: Math.sqrt(below / n)
  };
}

/** Returns `mean / sd × √365` of daily returns (§6); "insufficient" under 30 of them or if they are constant. */
export function sharpe({n, mean, sd}: Moments): Statistic {
  return n >= MIN_DAYS && sd > 0 ? (mean / sd) * Math.sqrt(DAYS_A_YEAR) : INSUFFICIENT;
}

/** Returns `mean / √(Σ min(r, 0)² / n) × √365` (§6); "insufficient" under 30 daily returns or if none is negative. */
export function sortino({n, mean, downside}: Moments): Statistic {
  return n >= MIN_DAYS && downside > 0 ? (mean / downside) * Math.sqrt(DAYS_A_YEAR) : INSUFFICIENT;
}

/** Returns the maximum drawdown as a fraction of the running peak (§6). */
export function maxDrawdown(equity: ArrayLike<number>): number {
  let peak = -Infinity;
  let kept = 1;
  let floor = -Infinity;
  for (let i = 0; i < equity.length; ++i) {
    const value = equity[i]!;
    if (value > peak) {
      peak = value;
      floor = peak * kept;
    } else if (value < floor) {
      kept = value / peak;
      floor = value;
    }
  }
  return 1 - kept;
}

/** Returns the drawdown at every point, as a fraction of the running peak. */
export function drawdowns(equity: ArrayLike<number>): Float64Array {
  let peak = -Infinity;
  return Float64Array.from(equity, (value) => {
    peak = Math.max(peak, value);
    return 1 - value / peak;
  });
}
