import {fiveNumbers} from "./distribution.js";
import {deviation, mean, sorted} from "./quantile.js";

/** Statistics of the rates that share a key, e.g. an hour, a weekday or a year. */
export interface Group {
  key: number;
  count: number;
  mean: number;
  /** standard error of the mean for independent values; rates are autocorrelated, so the true error is larger */
  error: number;
  /** minimum, quartiles, maximum */
  five: [number, number, number, number, number];
  /** share of values at or above the threshold */
  above: number;
}

/** Groups rates by a key of their instant (UTC) and sorts by key; NaN rates are omitted. */
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

/** Returns the hour of the day, UTC. */
export const hourOf = (date: Date): number => date.getUTCHours();
/** Returns the day of the week from Monday (1) to Sunday (7), UTC. */
export const weekdayOf = (date: Date): number => date.getUTCDay() || 7;
export const yearOf = (date: Date): number => date.getUTCFullYear();
