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
 * Returns the mean in which each value counts by its weight: `Σ w v / Σ w`. For rates the weight is the row's interval, so
 * that an hourly settlement counts an eighth of an 8-hour one (§2). Values and weights that are missing are left out.
 * @param weights as many as values, above zero
 * @returns undefined where no value has a weight
 */
export const weightedMean = (values: Weighable, weights: Weighable): number | undefined => {
  const {n, middle} = momentsOf(values, weights);
  return n > 0 ? middle : undefined;
};

/**
 * Returns the standard deviation in which each value counts by its weight: `√(Σ w (v − m)² / Σ w × n / (n − 1))` around
 * the weighted mean `m`, which is the usual one (n − 1) where all weights are equal.
 * @returns undefined for fewer than two values
 */
export const weightedDeviation = (values: Weighable, weights: Weighable): number | undefined => {
  const {n, total, squares} = momentsOf(values, weights);
  return n > 1 ? Math.sqrt(((squares / total) * n) / (n - 1)) : undefined;
};

/** Computes mean and sum of weighted squares, updated value by value (West 1979): equal values have no deviation at all. */
function momentsOf(values: Weighable, weights: Weighable): {n: number; total: number; middle: number; squares: number} {
  let [n, total, middle, squares] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const [value, weight] = [values[i] ?? NaN, weights[i] ?? NaN];
    if (!Number.isFinite(value) || !(weight > 0)) continue;
    n++;
    total += weight;
    const distance = value - middle;
    middle += distance * (weight / total);
    // both factors have one sign but for the last digit
    squares += Math.max(0, weight * distance * (value - middle));
  }
  return {n, total, middle, squares};
}

/** Numbers of which some may be missing. */
type Weighable = ArrayLike<number | undefined | null>;

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
