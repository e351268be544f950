import {join} from "node:path";
import {inTransaction, rowsOf, storedKey, type Database} from "../store/database.js";
import {keyText, literal, shapeOf, whereKey, type RowTable, type SeriesKey} from "../store/key.js";
import {refreshHoles} from "../store/findings.js";
import {isSeries, type Series} from "../../src/lib/market/pair.js";
import {restoreInstruments} from "./instruments.js";
import {restorePredicted} from "./predicted.js";
import {restoreRemarks} from "../store/remarks.js";
import {setPaused, track} from "../store/tracked.js";
import {lakeDir, type Manifest, type Part, type SeriesEntry} from "./manifest.js";

/**
 * Restores what the store lost and the lake has, e.g. after a damaged write-ahead log or a deleted database file. The
 * lake is published after each commit, so it can be ahead only of a repaired store.
 * @returns a line per history restored; none for an intact store
 */
export async function recoverFromLake(db: Database, manifest: Manifest | undefined): Promise<string[]> {
  const lost = manifest ? await lostHistories(db, manifest) : [];
  const instruments = manifest ? await restoreInstruments(db, manifest.parts) : 0;
  const predicted = manifest ? await restorePredicted(db, manifest.parts) : 0;
  for (const entry of lost) await restore(db, entry);
  if (lost.length > 0 && manifest) await restoreTracked(db, manifest);
  return [
    ...(instruments > 0 ? [`market listings, ${instruments} rows`] : []),
    ...(predicted > 0 ? [`predicted rates, ${predicted} rows`] : []),
    ...lost.map(({key, before, after}) => `${keyText(key)}, ${after - before} rows`)
  ];
}

/** Restores the scheduled updates of a store that lost its own. */
async function restoreTracked(db: Database, {tracked}: Manifest): Promise<void> {
  const [have] = await rowsOf<{n: number}>(db.connection, "select count(*) as n from tracked");
  if (have!.n > 0) return;
  for (const {fromTs, chosenBy, venue, pair, series, timeframe, enabled} of tracked) {
    const key = {venue, pair, series: series as Series, timeframe};
    await track(db, [key], {fromTs, chosenBy: chosenBy === "top" ? "top" : "person"});
    if (!enabled) await setPaused(db, venue, [pair], true);
  }
}

interface Lost {
  key: SeriesKey;
  parts: Part[];
  before: number;
  after: number;
  proven: SeriesEntry["proven"];
  remarks: SeriesEntry["remarks"];
}

async function lostHistories(db: Database, manifest: Manifest): Promise<Lost[]> {
  // A store whose newest coverage is as recent as the manifest's has lost nothing: a normal start costs one cheap
  // query.
  const [mark] = await rowsOf<{verified: number | null}>(
    db.connection,
    "select max(verified_ts) as verified from coverage"
  );
  const newest = manifest.series.reduce((max, entry) => Math.max(max, entry.verifiedTs), 0);
  if ((mark!.verified ?? 0) >= newest) return [];
  const counts = await rowsOf<{id: string; rows: number}>(
    db.connection,
    `select venue || '|' || pair || '|' || series || '|' || timeframe as id, rows from keys join (
       select key_id, count(*) as rows from funding group by 1 union all select key_id, count(*) from candles group by 1
       union all select key_id, count(*) from observations group by 1
     ) on key_id = id`
  );
  const have = new Map(counts.map((row) => [row.id, row.rows]));
  return manifest.series.flatMap((entry) => {
    const {venue, pair, series, timeframe, rows, proven, remarks} = entry;
    const before = have.get([venue, pair, series, timeframe].join("|")) ?? 0;
    if (!isSeries(series) || before >= rows) return [];
    const parts = manifest.parts.filter(
      (p) => p.venue === venue && p.pair === pair && p.series === series && p.timeframe === timeframe
    );
    return [{key: {venue, pair, series: series as Series, timeframe}, parts, before, after: rows, proven, remarks}];
  });
}

/** The store's columns as a part has them; intervals that were inferred are inferred again. */
const COLUMNS: Readonly<Record<RowTable, string>> = {
  candles: "ts, open, high, low, close, volume, turnover",
  funding: "ts, boundary_ts, rate, case when interval_source = 'reported' then interval_hours end, null, null",
  observations: "ts, known_ts, value, notional"
};

async function restore(db: Database, {key: names, parts, proven, remarks = []}: Lost): Promise<void> {
  const key = await storedKey(db, names);
  const {table, stamp} = shapeOf(key.series);
  const files = parts.map((part) => literal(join(lakeDir(db.dataDir), part.path))).join(", ");
  const from = Math.min(...parts.map((part) => part.minTs));
  const last = Math.max(...parts.map((part) => part.maxTs));
  await inTransaction(db.connection, async () => {
    await db.connection.run(
      `insert into ${table} select ${key.id}, ${COLUMNS[table]} from read_parquet([${files}], hive_partitioning = false) p
       where not exists (select 1 from ${table} e where ${whereKey(key)} and e.${stamp} = p.${stamp})`
    );
    await db.connection.run(`delete from coverage where ${whereKey(key)}`);
    for (const span of proven) {
      await db.connection.run(
        `insert into coverage values (${key.id}, ${span.from}, ${span.to}, ${literal(span.origin)}, ${db.now()})`
      );
    }
    await restoreRemarks(db, key, remarks);
    await refreshHoles(db, key, from, last);
  });
}
