import {YEAR_MS} from "../time/grid.js";
import {lastAtOrBefore} from "../time/search.js";
import {quantile, sorted, weightedDeviation, weightedMean} from "../stats/quantile.js";
import {halfLife, runPeriods, runsAtOrAbove, survival, type Run} from "../stats/runs.js";
import {apr} from "./funding.js";

/** Settlements of one venue and pair as columns, ascending by boundary. */
export interface FundingColumns {
  /** boundary instants, UTC ms */
  t: ArrayLike<number>;
  /** the settled rate of the row's own interval, as a share */
  rate: ArrayLike<number>;
  /** the rate per 8 h; undefined or NaN where the interval is ambiguous or unknown */
  rate8h: ArrayLike<number | undefined>;
  /** hours that each rate was paid for, the weight of its row in every mean (§2); missing where `rate8h` is */
  intervalHours: ArrayLike<number | undefined | null>;
}

export interface SummaryOptions {
  /** the window `(fromTs, toTs]`: a settlement at its end belongs to it, one at its start does not */
  fromTs: number;
  toTs: number;
  /** costs of one round trip, share of notional */
  roundTrip: number;
  /** the threshold of the streaks, per 8 h */
  threshold: number;
}

/** The pair summary of §6. Rates are shares per 8 h, periods are of 8 h, instants UTC ms. */
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
  /** share a year, by elapsed time */
  aprGross: number | undefined;
  /** the same after one round trip over the window */
  aprNet: number | undefined;
  /** rows since the rate was last under the threshold */
  streakNow: number;
  streakLongest: number;
  /** median life of a run of positive rates, in 8-hour periods */
  halfLifePeriods: number | undefined;
}

/** Under this many rows a summary says `insufficient` and is sorted last (§6). */
export const MIN_ROWS = 30;

/** Summarises settled funding over a window (§6). Ambiguous rows pay, so they count in the APR alone. */
export function summarise(columns: FundingColumns, {fromTs, toTs, roundTrip, threshold}: SummaryOptions): PairSummary {
  const {t, rate, rate8h, intervalHours} = columns;
  const first = lastAtOrBefore(t, fromTs) + 1;
  const end = lastAtOrBefore(t, toTs) + 1;
  const rates: (number | undefined)[] = [];
  const hours: (number | undefined | null)[] = [];
  const ts: number[] = [];
  let sum = 0;
  for (let i = first; i < end; i++) {
    // The first row of a series has no interval at its own instant, so the time it pays for is not known.
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
    length: runPeriods(run) ?? (lastTs - run.fromTs) / (8 * 3_600_000),
    ended: run.end !== undefined
  }));
  return lives.length ? halfLife(survival(lives)) : undefined;
}

/**
 * Of past entries (a rate at or above `minRate` while out), the share whose rate stayed at or above `exitRate` for at
 * least `periods` of 8 hours (§4). An entry still open counts once it has lasted that long, else not at all.
 */
export function heldShare(
  columns: Pick<FundingColumns, "t" | "rate8h">,
  {minRate, exitRate, periods}: {minRate: number; exitRate: number; periods: number}
): {share: number | undefined; entries: number} {
  const {t, rate8h} = columns;
  const needMs = periods * 8 * 3_600_000;
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

/** Lower bounds of the tiers, 24 h turnover in quote currency; below the last is `small`. */
export const TIER_BOUNDS: readonly (readonly [Tier, number])[] = [
  ["mega", 1e9],
  ["large", 1e8],
  ["mid", 1e7]
];

/** The tier of a 24 h turnover in quote currency; `unknown` where it is not known, never `small`. */
export function tierOf(turnover24h: number | undefined): Tier {
  if (turnover24h === undefined || Number.isNaN(turnover24h)) return "unknown";
  return TIER_BOUNDS.find(([, bound]) => turnover24h >= bound)?.[0] ?? "small";
}

/** The universe filter of §5. */
export const MIN_TURNOVER_24H = 1_000_000;
export const MIN_COVERAGE = 0.95;
