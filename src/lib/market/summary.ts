import {PERIOD_MS, YEAR_MS} from "../time/grid.js";
import {lastAtOrBefore} from "../time/search.js";
import {quantile, sorted, weightedDeviation, weightedMean} from "../stats/quantile.js";
import {halfLife, runPeriods, runsAtOrAbove, survival, type Run} from "../stats/runs.js";
import {apr} from "./funding.js";

/** Settlements of one venue and pair as parallel columns, ascending by boundary. */
export interface FundingColumns {
  /** boundary instants, UTC ms */
  t: ArrayLike<number>;
  /** settled rate per own interval, as a fraction */
  rate: ArrayLike<number>;
  /** rate per 8 h; undefined or NaN if the interval is ambiguous or unknown */
  rate8h: ArrayLike<number | undefined>;
  /** hours that each rate was paid for, the weight of its row in every mean (§2); missing where `rate8h` is */
  intervalHours: ArrayLike<number | undefined | null>;
}

export interface SummaryOptions {
  /** the window `(fromTs, toTs]` in UTC ms: a settlement pays for the time before it */
  fromTs: number;
  toTs: number;
  /** costs of one round trip, as a fraction of notional */
  roundTrip: number;
  /** threshold of the streaks, per 8 h */
  threshold: number;
}

/** The pair summary of §6. Rates are fractions per 8 h, periods are 8 h, instants UTC ms. */
export interface PairSummary {
  count: number;
  insufficient: boolean;
  mean8h: number | undefined;
  median8h: number | undefined;
  sd8h: number | undefined;
  min8h: number | undefined;
  max8h: number | undefined;
  q1: number | undefined;
  q3: number | undefined;
  sharePositive: number | undefined;
  firstTs: number | undefined;
  lastTs: number | undefined;
  coverageDays: number;
  /** fraction per year, by elapsed time */
  aprGross: number | undefined;
  /** `aprGross` net of one round trip over the window */
  aprNet: number | undefined;
  /** rows in the current run at or above the threshold */
  streakNow: number;
  streakLongest: number;
  /** Kaplan–Meier median length of a run of positive rates, in 8-hour periods */
  halfLifePeriods: number | undefined;
}

/** Minimum number of rates; below it a summary or label is `insufficient` (§6, §7). */
export const MIN_ROWS = 30;

/** Summarises settled funding over a window (§6). Ambiguous rows count only in the APR, because they pay. */
export function summarise(columns: FundingColumns, {fromTs, toTs, roundTrip, threshold}: SummaryOptions): PairSummary {
  const {t, rate, rate8h, intervalHours} = columns;
  const first = lastAtOrBefore(t, fromTs) + 1;
  const end = lastAtOrBefore(t, toTs) + 1;
  const rates: (number | undefined)[] = [];
  const hours: (number | undefined | null)[] = [];
  const ts: number[] = [];
  let sum = 0;
  for (let i = first; i < end; i++) {
    // the first row of a series has no interval, so the time it pays for is unknown
    if (i > 0) sum += rate[i]!;
    rates.push(rate8h[i]);
    hours.push(intervalHours[i]);
    ts.push(t[i]!);
  }
  const count = ts.length;
  const values = sorted(rates);
  const startTs = count ? Math.max(fromTs, t[Math.max(0, first - 1)]!) : fromTs;
  const endTs = ts.at(-1) ?? toTs;
  const years = count ? (endTs - startTs) / YEAR_MS : 0;
  const streaks = runsAtOrAbove(rates, ts, threshold);
  const known = values.length > 0;
  return {
    count,
    insufficient: values.length < MIN_ROWS,
    mean8h: weightedMean(rates, hours),
    median8h: quantile(values, 0.5),
    sd8h: weightedDeviation(rates, hours),
    min8h: values[0],
    max8h: values.at(-1),
    q1: quantile(values, 0.25),
    q3: quantile(values, 0.75),
    sharePositive: known ? values.filter((v) => v > 0).length / values.length : undefined,
    firstTs: ts[0],
    lastTs: ts.at(-1),
    coverageDays: Math.max(0, years * 365),
    aprGross: years > 0 ? apr(sum, startTs, endTs) : undefined,
    aprNet: years > 0 ? apr(sum - roundTrip, startTs, endTs) : undefined,
    streakNow: streaks.at(-1)?.end === undefined ? (streaks.at(-1)?.rows ?? 0) : 0,
    streakLongest: streaks.reduce((longest, run) => Math.max(longest, run.rows), 0),
    halfLifePeriods: positiveHalfLife(rates, ts)
  };
}

function positiveHalfLife(rates: readonly (number | undefined)[], ts: readonly number[]): number | undefined {
  const lastTs = ts.at(-1);
  if (lastTs === undefined) return undefined;
  const runs = runsAtOrAbove(rates, ts, Number.MIN_VALUE);
  const lives = runs.map((run: Run) => ({
    length: runPeriods(run) ?? (lastTs - run.fromTs) / PERIOD_MS,
    ended: run.end !== undefined
  }));
  return lives.length ? halfLife(survival(lives)) : undefined;
}

/**
 * Returns the share of past entries that lasted at least `periods` of 8 hours (§4). An entry begins at a rate of at least
 * `minRate` and ends below `exitRate`. One that is still open counts only once it has lasted that long.
 */
export function heldShare(
  columns: Pick<FundingColumns, "t" | "rate8h">,
  {minRate, exitRate, periods}: {minRate: number; exitRate: number; periods: number}
): {share: number | undefined; entries: number} {
  const {t, rate8h} = columns;
  const needMs = periods * PERIOD_MS;
  let enteredTs: number | undefined;
  let entries = 0;
  let held = 0;
  for (let i = 0; i < t.length; i++) {
    const rate = rate8h[i];
    if (rate === undefined || Number.isNaN(rate)) continue;
    if (enteredTs === undefined) {
      if (rate >= minRate) enteredTs = t[i]!;
    } else if (rate < exitRate) {
      entries++;
      if (t[i]! - enteredTs >= needMs) held++;
      enteredTs = undefined;
    }
  }
  if (enteredTs !== undefined && t[t.length - 1]! - enteredTs >= needMs) {
    entries++;
    held++;
  }
  return {share: entries ? held / entries : undefined, entries};
}

export type Tier = "mega" | "large" | "mid" | "small" | "unknown";

/** Lower bounds of the tiers by 24 h turnover in quote; below the last is `small`. */
export const TIER_BOUNDS: readonly (readonly [Tier, number])[] = [
  ["mega", 1e9],
  ["large", 1e8],
  ["mid", 1e7]
];

/** Returns the tier of a 24 h turnover in quote; `unknown` if the turnover is. */
export function tierOf(turnover24h: number | undefined): Tier {
  if (turnover24h === undefined || Number.isNaN(turnover24h)) return "unknown";
  return TIER_BOUNDS.find(([, bound]) => turnover24h >= bound)?.[0] ?? "small";
}
