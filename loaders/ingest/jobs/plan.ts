import {difference, normalise, type Span} from "../../../src/lib/market/coverage.js";
import {ceilTo, floorTo, gridCount, HOUR_MS} from "../../../src/lib/time/grid.js";
import {knownKey, rowsOf, storedKey, type Database} from "../../store/database.js";
import {lifeOf} from "../../store/instruments.js";
import {beginOf, lastingDoubts} from "../../store/remarks.js";
import {shapeOf, stepOf, whereKey, type SeriesKey, type StoredKey} from "../../store/key.js";

/** The spans of a history to fetch, and their expected size. */
export interface Plan {
  /** spans without proof, newest first */
  spans: Span[];
  /** rows expected in them */
  rowsExpected: number;
  launchTs: number | undefined;
  /** hours between settlements, for what they cost; of no meaning for candles */
  intervalHours: number;
}

/**
 * Returns what is missing from `requested`. Proof beyond the newest row counts only where the
 * market has ended: a venue publishes late, so an empty reply about the present proves nothing.
 * @param requested half-open; candles are cut to whole ones
 * @param again false leaves out what lies before the begin of a history that the venue was asked about in vain
 */
export async function planFetch(
  db: Database,
  key: SeriesKey,
  requested: Span,
  {again = true}: {again?: boolean} = {}
): Promise<Plan> {
  const stored = await storedKey(db, key);
  const begin = again ? undefined : await beginOf(db, whereKey(stored));
  return planStored(db, key, stored, {from: Math.max(requested.from, begin ?? -Infinity), to: requested.to});
}

/** Returns the same for a history that the store may not know, without adding it: for estimates. */
export const peekFetch = (db: Database, key: SeriesKey, requested: Span, fallbackHours?: number): Promise<Plan> =>
  planStored(db, key, knownKey(db, key), requested, fallbackHours);

/** Key number of a history that the store does not know, which no row has. */
const UNKNOWN_ID = -1;

async function planStored(
  db: Database,
  key: SeriesKey,
  stored: StoredKey = {...key, id: UNKNOWN_ID},
  requested: Span,
  fallbackHours = 8
): Promise<Plan> {
  const where = whereKey(stored);
  const {table, stamp} = shapeOf(key.series);
  const step = stepOf(key);
  const {launchTs, endTs} = await lifeOf(db, key);
  const end = endTs === undefined ? Infinity : endTs + (step === undefined ? 1 : 0);
  let from = Math.max(requested.from, launchTs ?? -Infinity);
  let to = Math.min(requested.to, end);
  if (step !== undefined) [from, to] = [ceilTo(from, step), floorTo(to, step)];
  const [newest] = await rowsOf<{last: number | null; intervalHours: number | null}>(
    db.connection,
    table !== "funding"
      ? `select max(${stamp}) as last, null as "intervalHours" from ${table} where ${where}`
      : `select max(boundary_ts) as last, arg_max(interval_hours, ts) filter (interval_hours is not null) as "intervalHours"
         from funding where ${where}`
  );
  const last = newest!.last;
  const trusted = last === null ? -Infinity : last + (step ?? 1);
  const proven = normalise([
    ...(await lastingDoubts(db, where)),
    ...(await rowsOf<Span>(db.connection, `select from_ts as "from", to_ts as "to" from coverage where ${where}`)).map(
      (span) => (span.to >= end ? span : {from: span.from, to: Math.min(span.to, trusted)})
    )
  ]);
  const spans = difference([{from, to}], proven).reverse();
  const intervalHours = newest!.intervalHours ?? fallbackHours;
  const pace = step ?? intervalHours * HOUR_MS;
  const rowsExpected = spans.reduce((sum, span) => sum + gridCount(span.from, span.to, pace), 0);
  return {spans, rowsExpected, launchTs, intervalHours};
}
