import type {ScaleOptions} from "npm:@observablehq/plot";

/** The domain of a chart over time, in UTC milliseconds, both ends included. */
export type TimeDomain = readonly [number, number];

/** Returns the x scale of every chart over time: UTC, without a label because the subtitle names UTC. */
export const timeScale = (domain?: TimeDomain): ScaleOptions => ({
  type: "utc",
  label: null,
  ...(domain && {domain: domain.map((ms) => new Date(ms))})
});

/** Returns the first and last instant of ascending rows; null without rows. */
export function extentOf<T>(rows: readonly T[], x: (d: T) => number): [number, number] | null {
  return rows.length ? [x(rows[0]!), x(rows[rows.length - 1]!)] : null;
}

/** Returns the rows within a domain, both ends included. */
export const within = <T>(rows: readonly T[], x: (d: T) => number, [from, to]: TimeDomain): T[] =>
  rows.filter((d) => x(d) >= from && x(d) <= to);
