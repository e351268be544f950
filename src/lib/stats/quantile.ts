import {deviation, mean, quantileSorted} from "d3-array";

export {mean, deviation};

/** A sorted copy of the finite numbers, as quantiles want it; missing values are left out, never read as zero. */
export const sorted = (values: Iterable<number | undefined | null>): Float64Array =>
  Float64Array.from([...values].filter((v): v is number => typeof v === "number" && Number.isFinite(v))).sort();

/** R-7 quantile of sorted numbers (SEMANTICS §6); undefined for none. */
export const quantile = (sortedValues: ArrayLike<number>, p: number): number | undefined =>
  quantileSorted(sortedValues as number[], p);

/**
 * Percentile rank: the share below plus half the share equal (SEMANTICS §7).
 * @returns 0..1, or undefined for an empty history
 */
export function percentileRank(sortedValues: ArrayLike<number>, value: number): number | undefined {
  const n = sortedValues.length;
  if (n === 0) return undefined;
  const below = lowerBound(sortedValues, value);
  let upTo = below;
  while (upTo < n && sortedValues[upTo] === value) upTo++;
  return (below + (upTo - below) / 2) / n;
}

/** The index of the first element not below `value`. */
export function lowerBound(sortedValues: ArrayLike<number>, value: number): number {
  let lo = 0;
  let hi = sortedValues.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (sortedValues[mid]! < value) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** The index of the first element above `value`: how many are at or before it. */
export function upperBound(sortedValues: ArrayLike<number>, value: number): number {
  let lo = 0;
  let hi = sortedValues.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (sortedValues[mid]! <= value) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
