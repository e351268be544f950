import {fiveNumbers} from "./distribution.js";
import {deviation, mean, sorted} from "./quantile.js";

/** One group of values: an hour, a weekday, a year. */
export interface Group {
  key: number;
  count: number;
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
  {t, rate8h}: {t: ArrayLike<number>; rate8h: ArrayLike<number>},
  keyOf: (date: Date) => number,
  threshold: number
): Group[] {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < t.length; ++i) {
    const rate = rate8h[i]!;
    if (Number.isNaN(rate)) continue;
    const key = keyOf(new Date(t[i]!));
    const own = groups.get(key);
    if (own) own.push(rate);
    else groups.set(key, [rate]);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([key, own]) => {
      const values = sorted(own);
      return {
        key,
        count: own.length,
        mean: mean(values)!,
        error: (deviation(values) ?? NaN) / Math.sqrt(own.length),
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
