import {Decimal} from "../money/decimal.js";
import {boundaryTs, HOUR_MS, YEAR_MS} from "../time/grid.js";

/** Settlement intervals that inference accepts, in hours, for a venue by its ccxt id; OKX also has six (§2). */
export const allowedIntervalHours = (venue?: string): readonly number[] =>
  venue === "okx" ? [1, 2, 4, 6, 8] : [1, 2, 4, 8];

export type IntervalSource = "reported" | "inferred" | "ambiguous";

/** What a settlement says of its own interval; the first row of a series has none. */
export interface RowInterval {
  /** hours between this settlement and the one before; undefined when ambiguous or for the first row */
  intervalHours: number | undefined;
  /** undefined only for the first row of a series */
  intervalSource: IntervalSource | undefined;
}

/** All that inference must remember between rows, so that an append never rereads history. */
export interface IntervalState {
  lastBoundaryTs: number | undefined;
  /** the newest interval that was not ambiguous, in hours */
  knownHours: number | undefined;
  /** the distance before the newest row, in hours, whatever it was */
  lastDistanceHours: number | undefined;
}

export const initialIntervalState: IntervalState = {
  lastBoundaryTs: undefined,
  knownHours: undefined,
  lastDistanceHours: undefined
};

/**
 * One step of interval inference (§2): the interval belongs to the row and comes from the distance to the row
 * before, or from the venue's own word. Uses nothing later than the row, so it is safe for decisions.
 * @param row its stamp (any jitter; the boundary is used) and, where the venue says it, the interval in hours
 * @throws `invalid order` when the row is not after the one before
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

export interface InferOptions {
  from?: IntervalState;
  allowedHours?: readonly number[];
}

/**
 * Infers the interval of every row of a series in order, from a state that may carry on an earlier stretch.
 * @param rows settlements of one venue and pair, ascending
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

/** The rate per 8 hours: `rate × 8 / intervalHours`; undefined where the interval is (§2). */
export function rate8h(rate: number, intervalHours: number | undefined): number | undefined {
  return intervalHours === undefined ? undefined : (rate * 8) / intervalHours;
}

/** {@link rate8h} in exact decimals, for decisions and money. */
export function rate8hDecimal(rate: Decimal, intervalHours: number | undefined): Decimal | undefined {
  return intervalHours === undefined ? undefined : rate.times(8).div(intervalHours);
}

/**
 * Annualises by elapsed time: `Σ rate × 365 d / (toMs − fromMs)`; never by a number of periods a day (§2).
 * @returns a share a year (0.1 = 10 % a year), or undefined for an empty window
 */
export function apr(sumOfRates: number, fromMs: number, toMs: number): number | undefined {
  return toMs > fromMs ? sumOfRates * (YEAR_MS / (toMs - fromMs)) : undefined;
}
