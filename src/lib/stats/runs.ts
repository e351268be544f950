/** A run of consecutive settlements whose rate per 8 h stayed at or above a threshold. */
export interface Run {
  /** index of its first row */
  start: number;
  /** index of the row that ended it, or undefined while it lasts */
  end: number | undefined;
  /** rows in it that have a rate */
  rows: number;
  fromTs: number;
  /** the instant of the row that ended it */
  toTs: number | undefined;
}

/**
 * Runs of `rate8h ≥ threshold`. A row without a rate (ambiguous, §2) neither breaks nor extends a run.
 * @param rates share per 8 h, undefined where the interval is ambiguous; same length as `ts`
 * @param ts boundary instants, ascending
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

/** Length of a run in 8-hour periods: from its first row to the row that ended it; undefined while it lasts. */
export const runPeriods = (run: Run): number | undefined =>
  run.toTs === undefined ? undefined : (run.toTs - run.fromTs) / (8 * 3_600_000);

/**
 * Survival of runs: the share of ended or open runs that lasted at least each length, by Kaplan–Meier, so that a run
 * still open counts for as long as it was seen (E. L. Kaplan and P. Meier, 1958).
 * @param runs with their lengths in any unit; `ended: false` is a censored one
 */
export function survival(runs: readonly {length: number; ended: boolean}[]): {length: number; share: number}[] {
  const sortedRuns = [...runs].sort((a, b) => a.length - b.length);
  const curve = [{length: 0, share: 1}];
  let atRisk = sortedRuns.length;
  let share = 1;
  for (let i = 0; i < sortedRuns.length;) {
    const {length} = sortedRuns[i]!;
    let deaths = 0;
    let leaving = 0;
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

/** The shortest length at which at most half survive; undefined when more than half outlive what was seen. */
export const halfLife = (curve: readonly {length: number; share: number}[]): number | undefined =>
  curve.find((point) => point.share <= 0.5)?.length;
