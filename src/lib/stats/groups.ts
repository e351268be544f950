import {fiveNumbers} from "./distribution.js";
import {sorted, weightedDeviation, weightedMean} from "./quantile.js";

/** Statistics of the rates that share a key, e.g. an hour, a weekday or a year. */
export interface Group {
  key: number;
  count: number;
  /** weighing time (§2) */
  mean: number;
  /** standard error of the mean for independent values; rates are autocorrelated, so the true error is larger */
  standardError: number;
  /** minimum, quartiles, maximum */
  five: [number, number, number, number, number];
  /** share of values at or above the threshold */
  above: number;
}

/** Groups rates by a key of their instant (UTC) and sorts by key; NaN rates are omitted. */
export function groupBy(
  {t, rate8h, intervalHours}: {t: ArrayLike<number>; rate8h: ArrayLike<number>; intervalHours: ArrayLike<number>},
  keyOf: (date: Date) => number,
  threshold: number
): Group[] {
  const groups = new Map<number, {rates: number[]; hours: number[]}>();
  for (let i = 0; i < t.length; ++i) {
    const rate = rate8h[i]!;
    if (Number.isNaN(rate)) continue;
    const key = keyOf(new Date(t[i]!));
    const group = groups.get(key) ?? groups.set(key, {rates: [], hours: []}).get(key)!;
    group.rates.push(rate);
    group.hours.push(intervalHours[i]!);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([key, {rates, hours}]) => {
      return {
        key,
        count: rates.length,
        mean: weightedMean(rates, hours)!,
        standardError: (weightedDeviation(rates, hours) ?? NaN) / Math.sqrt(rates.length),
        five: fiveNumbers(sorted(rates))!,
        above: rates.filter((rate) => rate >= threshold).length / rates.length
      };
    });
}

/** Returns the hour of the day, UTC. */
export const hourOf = (date: Date): number => date.getUTCHours();
/** Returns the day of the week from Monday (1) to Sunday (7), UTC. */
export const weekdayOf = (date: Date): number => date.getUTCDay() || 7;
export const yearOf = (date: Date): number => date.getUTCFullYear();
