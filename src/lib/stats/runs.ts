import {PERIOD_MS} from "../time/grid.js";

/** A run of consecutive settlements with a rate per 8 h at or above a threshold. */
export interface Run {
  /** index of its first row */
  start: number;
  /** index of the row that ended it; undefined while open */
  end: number | undefined;
  /** number of rows with a rate */
  rows: number;
  fromTs: number;
  /** the instant of the row that ended it, UTC ms */
  toTs: number | undefined;
}

/**
 * Returns the runs of `rate8h ≥ threshold`. A row without a rate (ambiguous, §2) neither ends nor extends a run.
 * @param rates fraction per 8 h, undefined or NaN if ambiguous; same length as `ts`
 * @param ts boundary instants in UTC ms, ascending
 */
export function runsAtOrAbove(rates: ArrayLike<number | undefined>, ts: ArrayLike<number>, threshold: number): Run[] {
  const runs: Run[] = [];
  let open: Run | undefined;
  for (let i = 0; i < rates.length; i++) {
    const rate = rates[i];
    if (rate === undefined || Number.isNaN(rate)) continue;
    if (rate >= threshold) {
      if (open) open.rows++;
      else open = {start: i, end: undefined, rows: 1, fromTs: ts[i]!, toTs: undefined};
    } else if (open) {
      open.end = i;
      open.toTs = ts[i]!;
      runs.push(open);
      open = undefined;
    }
  }
  if (open) runs.push(open);
  return runs;
}

/** Returns a run's length in 8-hour periods, from its first row to the row that ended it; undefined while open (§5). */
export const runPeriods = (run: Run): number | undefined =>
  run.toTs === undefined ? undefined : (run.toTs - run.fromTs) / PERIOD_MS;

/**
 * Estimates the survival function of run lengths (E. L. Kaplan and P. Meier, 1958): the share that outlasts each length.
 * Open runs are censored at their current length.
 * @param runs lengths in any unit; `ended: false` marks a censored run
 */
export function survival(runs: readonly {length: number; ended: boolean}[]): {length: number; share: number}[] {
  const sortedRuns = [...runs].sort((a, b) => a.length - b.length);
  const curve = [{length: 0, share: 1}];
  let atRisk = sortedRuns.length;
  let share = 1;
  for (let i = 0; i < sortedRuns.length;) {
    const {length} = sortedRuns[i]!;
    let deaths = 0;
    let leaving = 0; // ended or censored at this length
    for (; i < sortedRuns.length && sortedRuns[i]!.length === length; i++, leaving++)
      if (sortedRuns[i]!.ended) deaths++;
    if (deaths > 0) {
      share *= 1 - deaths / atRisk;
      curve.push({length, share});
    }
    atRisk -= leaving;
  }
  return curve;
}

/** Returns the shortest length at which at most half survive; undefined if the curve stays above one half. */
export const halfLife = (curve: readonly {length: number; share: number}[]): number | undefined =>
  curve.find((point) => point.share <= 0.5)?.length;
