import {deviation, mean, quantileSorted} from "d3-array";

import {firstAtOrAfter, lastAtOrBefore} from "../time/search.js";

export {mean, deviation};

/** Returns a sorted copy of the finite numbers; missing values are omitted, never read as zero. */
export const sorted = (values: Iterable<number | undefined | null>): Float64Array =>
  Float64Array.from([...values].filter((v): v is number => typeof v === "number" && Number.isFinite(v))).sort();

/** Returns the R-7 quantile of sorted numbers (§6); undefined if there are none. */
export const quantile = (sortedValues: ArrayLike<number>, p: number): number | undefined =>
  quantileSorted(sortedValues as number[], p);

/**
 * Returns the percentile rank: the share below plus half the share equal (§7).
 * @returns 0..1, or undefined for an empty history
 */
export function percentileRank(sortedValues: ArrayLike<number>, value: number): number | undefined {
  const n = sortedValues.length;
  if (n === 0) return undefined;
  const below = firstAtOrAfter(sortedValues, value);
  const upTo = lastAtOrBefore(sortedValues, value) + 1;
  return (below + (upTo - below) / 2) / n;
}
