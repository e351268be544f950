import type {ScaleOptions} from "npm:@observablehq/plot";

/** The domain of a chart over time, in UTC milliseconds, both ends included. */
export type TimeDomain = readonly [number, number];

/** The x scale of every chart over time: UTC, without a label of its own because the subtitle says UTC. */
export const timeScale = (domain?: TimeDomain): ScaleOptions => ({
  type: "utc",
  label: null,
  ...(domain && {domain: domain.map((ms) => new Date(ms))})
});

/** First and last instant of ascending rows, or null without rows. */
export function extentOf<T>(rows: readonly T[], x: (d: T) => number): [number, number] | null {
  return rows.length ? [x(rows[0]!), x(rows[rows.length - 1]!)] : null;
}

/** Rows within a domain, both ends included. */
export const within = <T>(rows: readonly T[], x: (d: T) => number, [from, to]: TimeDomain): T[] =>
  rows.filter((d) => x(d) >= from && x(d) <= to);
