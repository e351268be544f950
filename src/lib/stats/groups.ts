import {fiveNumbers} from "./distribution.js";
import {sorted, weightedDeviation, weightedMean} from "./quantile.js";

/** One group of values: an hour, a weekday, a year. */
export interface Group {
  key: number;
  count: number;
  /** weighing time (§2) */
  mean: number;
  /** standard error of the mean as if values were independent, which rates are not: the true one is larger */
  error: number;
  /** minimum, quartiles, maximum */
  five: [number, number, number, number, number];
  /** share of values at or above the threshold */
  above: number;
}

/** Gathers values by a key of their instant (UTC); missing values are left out. Groups ascend by key. */
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
    const own = groups.get(key) ?? groups.set(key, {rates: [], hours: []}).get(key)!;
    own.rates.push(rate);
    own.hours.push(intervalHours[i]!);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([key, {rates: own, hours}]) => {
      const values = sorted(own);
      return {
        key,
        count: own.length,
        mean: weightedMean(own, hours)!,
        error: (weightedDeviation(own, hours) ?? NaN) / Math.sqrt(own.length),
        five: fiveNumbers(values)!,
        above: own.filter((rate) => rate >= threshold).length / own.length
      };
    });
}

/** Hour of the day, UTC. */
export const hourOf = (date: Date): number => date.getUTCHours();
/** Day of the week, Monday 1 to Sunday 7, UTC. */
export const weekdayOf = (date: Date): number => date.getUTCDay() || 7;
export const yearOf = (date: Date): number => date.getUTCFullYear();
