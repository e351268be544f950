import {difference, normalise, type Span} from "../../../src/lib/market/coverage.js";
import {isCandleSeries} from "../../../src/lib/market/pair.js";
import {ceilTo, floorTo, gridCount, HOUR_MS} from "../../../src/lib/time/grid.js";
import {knownKey, rowsOf, storedKey, type Database} from "../../store/database.js";
import {lifeOf} from "../../store/instruments.js";
import {stepOf, whereKey, type SeriesKey, type StoredKey} from "../../store/key.js";

/** What is to be fetched of a history. */
export interface Plan {
  /** stretches nobody has answered for, newest first */
  spans: Span[];
  /** rows they may hold */
  rowsExpected: number;
  launchTs: number | undefined;
  /** hours between settlements, for what they cost; of no meaning for candles */
  intervalHours: number;
}

/**
 * What of `wanted` is missing from a history, and only that. Proof beyond the newest row counts
 * only where the market has ended: a venue publishes late, and silence about the present is no proof.
 * @param wanted half-open; candles are cut to whole ones
 */
export async function planFetch(db: Database, key: SeriesKey, wanted: Span): Promise<Plan> {
  return planStored(db, key, await storedKey(db, key), wanted);
}

/** The same for one that the store may not know yet, whose name is then not taken in: for estimates. */
export const peekFetch = (db: Database, key: SeriesKey, wanted: Span, fallbackHours?: number): Promise<Plan> =>
  planStored(db, key, knownKey(db, key), wanted, fallbackHours);

/** The number of a history that has none, so that no row is its own. */
const NOBODY = -1;

async function planStored(
  db: Database,
  key: SeriesKey,
  stored: StoredKey = {...key, id: NOBODY},
  wanted: Span,
  fallbackHours = 8
): Promise<Plan> {
  const where = whereKey(stored);
  const candles = isCandleSeries(key.series);
  const step = stepOf(key);
  const {launchTs, endTs} = await lifeOf(db, key);
  const end = endTs === undefined ? Infinity : endTs + (candles ? 0 : 1);
  let from = Math.max(wanted.from, launchTs ?? -Infinity);
  let to = Math.min(wanted.to, end);
  if (step !== undefined) [from, to] = [ceilTo(from, step), floorTo(to, step)];
  const [newest] = await rowsOf<{last: number | null; intervalHours: number | null}>(
    db.connection,
    candles
      ? `select max(ts) as last, null as "intervalHours" from candles where ${where}`
      : `select max(boundary_ts) as last, arg_max(interval_hours, ts) filter (interval_hours is not null) as "intervalHours"
         from funding where ${where}`
  );
  const last = newest!.last;
  const trusted = last === null ? -Infinity : last + (step ?? 1);
  const proven = normalise(
    (await rowsOf<Span>(db.connection, `select from_ts as "from", to_ts as "to" from coverage where ${where}`)).map(
      (span) => (span.to >= end ? span : {from: span.from, to: Math.min(span.to, trusted)})
    )
  );
  const spans = difference([{from, to}], proven).reverse();
  const intervalHours = newest!.intervalHours ?? fallbackHours;
  const pace = step ?? intervalHours * HOUR_MS;
  const rowsExpected = spans.reduce((sum, span) => sum + gridCount(span.from, span.to, pace), 0);
  return {spans, rowsExpected, launchTs, intervalHours};
}
