import {deviation, mean, quantileSorted} from "d3-array";

import {firstAtOrAfter, lastAtOrBefore} from "../time/search.js";

export {mean, deviation};

/** A sorted copy of the finite numbers, as quantiles want it; missing values are left out, never read as zero. */
export const sorted = (values: Iterable<number | undefined | null>): Float64Array =>
  Float64Array.from([...values].filter((v): v is number => typeof v === "number" && Number.isFinite(v))).sort();

/** R-7 quantile of sorted numbers (§6); undefined for none. */
export const quantile = (sortedValues: ArrayLike<number>, p: number): number | undefined =>
  quantileSorted(sortedValues as number[], p);

/**
 * Percentile rank: the share below plus half the share equal (§7).
 * @returns 0..1, or undefined for an empty history
 */
export function percentileRank(sortedValues: ArrayLike<number>, value: number): number | undefined {
  const n = sortedValues.length;
  if (n === 0) return undefined;
  const below = firstAtOrAfter(sortedValues, value);
  const upTo = lastAtOrBefore(sortedValues, value) + 1;
  return (below + (upTo - below) / 2) / n;
}
