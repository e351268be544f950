import {Decimal} from "../money/decimal.js";
import {boundaryTs, HOUR_MS, YEAR_MS} from "../time/grid.js";

/** Returns the accepted settlement intervals of a venue (ccxt id), in hours (§2). */
export const allowedIntervalHours = (venue?: string): readonly number[] =>
  venue === "okx" ? [1, 2, 4, 6, 8] : [1, 2, 4, 8];

export type IntervalSource = "reported" | "inferred" | "ambiguous";

/** The interval of one settlement; the first row of a series has none unless the venue reports it. */
export interface RowInterval {
  /** hours; undefined if ambiguous, or if the first row of a series and not reported */
  intervalHours: number | undefined;
  /** undefined only for a first row whose interval is not reported */
  intervalSource: IntervalSource | undefined;
}

/** The state of interval inference between rows, so that appending never rereads history. */
export interface IntervalState {
  lastBoundaryTs: number | undefined;
  /** the newest interval that was not ambiguous, in hours */
  knownHours: number | undefined;
  /** the distance before the newest row, in hours */
  lastDistanceHours: number | undefined;
}

export const initialIntervalState: IntervalState = {
  lastBoundaryTs: undefined,
  knownHours: undefined,
  lastDistanceHours: undefined
};

/**
 * Infers the interval of the next row (§2): the interval the venue reported, else the distance to the previous row. It
 * uses nothing later than the row, so decisions may use it.
 * @param row the venue's stamp in UTC ms and the reported interval in hours, if any
 * @throws RangeError `invalid order: …` if the row is not after the previous one
 */
export function stepInterval(
  state: IntervalState,
  row: {tsMs: number; reportedHours?: number | undefined},
  allowedHours: readonly number[] = allowedIntervalHours()
): {interval: RowInterval; state: IntervalState} {
  const t = boundaryTs(row.tsMs);
  const {lastBoundaryTs, knownHours, lastDistanceHours} = state;
  if (lastBoundaryTs !== undefined && t <= lastBoundaryTs) {
    throw new RangeError(`invalid order: settlement ${row.tsMs} is not after ${lastBoundaryTs}`);
  }
  const distance = lastBoundaryTs === undefined ? undefined : (t - lastBoundaryTs) / HOUR_MS;
  const next = {lastBoundaryTs: t, lastDistanceHours: distance};
  if (row.reportedHours !== undefined) {
    return {
      interval: {intervalHours: row.reportedHours, intervalSource: "reported"},
      state: {...next, knownHours: row.reportedHours}
    };
  }
  if (distance === undefined) {
    return {interval: {intervalHours: undefined, intervalSource: undefined}, state: {...next, knownHours}};
  }
  if (isAmbiguous(distance, knownHours, lastDistanceHours, allowedHours)) {
    return {interval: {intervalHours: undefined, intervalSource: "ambiguous"}, state: {...next, knownHours}};
  }
  return {interval: {intervalHours: distance, intervalSource: "inferred"}, state: {...next, knownHours: distance}};
}

function isAmbiguous(
  distance: number,
  known: number | undefined,
  before: number | undefined,
  allowedHours: readonly number[]
): boolean {
  if (!allowedHours.includes(distance)) return true;
  return known !== undefined && distance > known && distance % known === 0 && distance !== before;
}

interface InferOptions {
  from?: IntervalState;
  allowedHours?: readonly number[];
}

/**
 * Infers the intervals of a series of rows (§2), optionally continuing from an earlier state.
 * @param rows settlements of one venue and pair, ascending
 * @throws RangeError `invalid order: …`
 */
export function inferIntervals(
  rows: readonly {tsMs: number; reportedHours?: number | undefined}[],
  {from = initialIntervalState, allowedHours = allowedIntervalHours()}: InferOptions = {}
): {intervals: RowInterval[]; state: IntervalState} {
  let state = from;
  const intervals = rows.map((row) => {
    const step = stepInterval(state, row, allowedHours);
    state = step.state;
    return step.interval;
  });
  return {intervals, state};
}

/** Returns the rate per 8 hours, `rate × 8 / intervalHours`; undefined if the interval is (§2). */
export function rate8h(rate: number, intervalHours: number | undefined): number | undefined {
  return intervalHours === undefined ? undefined : (rate * 8) / intervalHours;
}

/** Returns {@link rate8h} in decimals, for decisions and money. */
export function rate8hDecimal(rate: Decimal, intervalHours: number | undefined): Decimal | undefined {
  return intervalHours === undefined ? undefined : rate.times(8).div(intervalHours);
}

/**
 * Annualises by elapsed time: `Σ rate × 365 days / (toMs − fromMs)`, never by a number of settlements (§2).
 * @returns a fraction per year (0.1 is 10 % a year), or undefined for an empty window
 */
export function apr(sumOfRates: number, fromMs: number, toMs: number): number | undefined {
  return toMs > fromMs ? sumOfRates * (YEAR_MS / (toMs - fromMs)) : undefined;
}
