import {coverageShare, type Hole} from "../../src/lib/market/coverage.js";
import {isOwnSeries, isSeries, type Series} from "../../src/lib/market/pair.js";
import {boundaryTs, HOUR_MS, MINUTE_MS, timeframeMs} from "../../src/lib/time/grid.js";
import type {Part, SeriesEntry} from "./manifest.js";
import {rowsOf, storedKey, type Database} from "../store/database.js";
import {lifeOf} from "../store/instruments.js";
import {remarksByHistory} from "../store/remarks.js";
import {shapeOf, whereKey, type SeriesKey} from "../store/key.js";

/**
 * Returns the coverage ledger's entry of every history in the lake, by venue, pair, series and timeframe. Rows and
 * edges come from the parts, so that publishing an update never scans the history.
 * @param before entries of the last manifest, which give the newest interval of unchanged histories
 */
export async function seriesEntries(
  db: Database,
  parts: readonly Part[],
  before: readonly SeriesEntry[] = []
): Promise<SeriesEntry[]> {
  // predicted rates have neither coverage nor holes
  const market = parts.filter((part) => isSeries(part.series) && part.series !== "predicted");
  const holes = await rowsOf<Hole & {venue: string; pair: string; series: string; timeframe: string}>(
    db.connection,
    `select venue, pair, series, timeframe, from_ts as "from", to_ts as "to", missing as rows, state
     from holes join keys on id = key_id order by from_ts`
  );
  const proofs = await rowsOf<{id: string; from: number; to: number; origin: string; verified: number}>(
    db.connection,
    `select venue || '|' || pair || '|' || series || '|' || timeframe as id, from_ts as "from", to_ts as "to", origin,
            verified_ts as verified from coverage join keys k on k.id = key_id order by from_ts`
  );
  const proofsOf = group(proofs, (proof) => proof.id);
  const id = (r: {venue: string; pair: string; series: string; timeframe: string}) =>
    [r.venue, r.pair, r.series, r.timeframe].join("|");
  const holesOf = group(holes, id);
  const ended = await endedHistories(db);
  const remarks = await remarksByHistory(db);
  const entries: SeriesEntry[] = [];
  for (const own of group(market, id).values()) {
    const {venue, pair, series, timeframe} = own[0]!;
    const rows = own.reduce((sum, part) => sum + part.rows, 0);
    const from = Math.min(...own.map((part) => part.minTs));
    const lastTs = Math.max(...own.map((part) => part.maxTs));
    const old = before.find((entry) => id(entry) === id(own[0]!));
    const gridless = timeframe === "";
    const intervalMs = !gridless
      ? timeframeMs(timeframe)
      : old && old.lastTs === lastTs && old.rows === rows
        ? old.intervalMs
        : await newestIntervalMs(db, {venue, series: series as Series, pair, timeframe});
    const missing = (holesOf.get(id(own[0]!)) ?? []).map(({from, to, rows, state}) => ({from, to, rows, state}));
    const proven = proofsOf.get(id(own[0]!)) ?? [];
    entries.push({
      venue,
      pair,
      series,
      timeframe,
      rows,
      from,
      to: series === "funding" ? boundaryTs(lastTs) + MINUTE_MS : lastTs + (gridless ? 1 : intervalMs!),
      lastTs,
      intervalMs,
      coverage: isOwnSeries(series) && gridless ? null : coverageShare(rows, missing)!,
      holes: missing,
      ...(remarks.has(id(own[0]!)) && {remarks: remarks.get(id(own[0]!))}),
      proven: proven.map(({from: start, to, origin}) => ({from: start, to, origin})),
      verifiedTs: Math.max(0, ...proven.map((proof) => proof.verified)),
      endedTs: ended.get(id(own[0]!)) ?? null
    });
  }
  return entries.sort((a, b) => (id(a) < id(b) ? -1 : 1));
}

/** Returns when markets ended, UTC ms, by the names of their histories; only those that have ended. */
async function endedHistories(db: Database): Promise<Map<string, number>> {
  const result = new Map<string, number>();
  for (const key of db.keys.values()) {
    const {endTs} = await lifeOf(db, key);
    if (endTs !== undefined) result.set([key.venue, key.pair, key.series, key.timeframe].join("|"), endTs);
  }
  return result;
}

async function newestIntervalMs(db: Database, key: SeriesKey): Promise<number | null> {
  if (key.series !== "funding") return newestDistanceMs(db, key);
  const [row] = await rowsOf<{intervalHours: number | null}>(
    db.connection,
    `select interval_hours as "intervalHours" from funding where ${whereKey(await storedKey(db, key))} and interval_hours is not null order by ts desc limit 1`
  );
  return row?.intervalHours ? row.intervalHours * HOUR_MS : null;
}

async function newestDistanceMs(db: Database, key: SeriesKey): Promise<number | null> {
  const {table, stamp} = shapeOf(key.series);
  const [row] = await rowsOf<{ms: number | null}>(
    db.connection,
    `select max(t) - min(t) as ms from (
       select ${stamp} as t from ${table} where ${whereKey(await storedKey(db, key))} order by t desc limit 2)`
  );
  return row?.ms || null;
}

/** Groups values by a key; `Map.groupBy` is not in Node 20. */
function group<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const own = groups.get(key(value));
    if (own) own.push(value);
    else groups.set(key(value), [value]);
  }
  return groups;
}

/** Returns the newest 20 incidents of the store, newest first; `ts` in UTC ms. */
export async function recentIncidents(db: Database): Promise<{ts: number; kind: string; text: string}[]> {
  return rowsOf(db.connection, "select ts, kind, text from incidents order by ts desc limit 20");
}
