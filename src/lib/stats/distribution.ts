import {quantile} from "./quantile.js";

/** One histogram bin `[x0, x1)`; the last one includes `x1`. */
export interface Bin {
  x0: number;
  x1: number;
  count: number;
}

export interface HistogramOptions {
  /** number of bins of equal width, at least 1 */
  bins?: number;
  /** a value the domain must contain, e.g. the break-even rate (§6) */
  include?: number;
  /** a fixed domain, so that compared histograms share bins */
  domain?: [number, number];
}

/**
 * Returns bins of equal width over the data and `include`. Counts add up to the values inside the domain.
 * @param values finite numbers in any order
 * @throws RangeError `invalid bins: VALUE`
 */
export function histogram(values: ArrayLike<number>, {bins = 40, include, domain}: HistogramOptions = {}): Bin[] {
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`invalid bins: ${bins}`);
  let [lo, hi] = domain ?? [Infinity, -Infinity];
  if (!domain) {
    for (let i = 0; i < values.length; i++) {
      lo = Math.min(lo, values[i]!);
      hi = Math.max(hi, values[i]!);
    }
  }
  if (include !== undefined) {
    lo = Math.min(lo, include);
    hi = Math.max(hi, include);
  }
  if (!(hi >= lo)) return [];
  if (hi === lo) hi = lo + (Math.abs(lo) || 1) * 1e-9;
  const width = (hi - lo) / bins;
  const result = Array.from({length: bins}, (_, i) => ({
    x0: lo + i * width,
    x1: i === bins - 1 ? hi : lo + (i + 1) * width,
    count: 0
  }));
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= lo && value <= hi)) continue;
    result[Math.min(bins - 1, Math.floor((value - lo) / width))]!.count++;
  }
  return result;
}

/** Returns the empirical distribution function: per distinct value `x`, the share `p` of values at or below it. */
export function ecdf(sortedValues: ArrayLike<number>): {x: number; p: number}[] {
  const n = sortedValues.length;
  const steps: {x: number; p: number}[] = [];
  for (let i = 0; i < n; i++) {
    if (i + 1 < n && sortedValues[i + 1] === sortedValues[i]) continue;
    steps.push({x: sortedValues[i]!, p: (i + 1) / n});
  }
  return steps;
}

/** Returns minimum, quartiles and maximum of sorted values; undefined if there are none. */
export function fiveNumbers(sortedValues: ArrayLike<number>): [number, number, number, number, number] | undefined {
  if (sortedValues.length === 0) return undefined;
  return [0, 0.25, 0.5, 0.75, 1].map((p) => quantile(sortedValues, p)!) as [number, number, number, number, number];
}
