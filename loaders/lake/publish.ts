import {mkdirSync, rmSync} from "node:fs";
import {join} from "node:path";
import {inTransaction, rowsOf, storedKey, type Database, readMeta, writeMeta} from "../store/database.js";
import {literal, shapeOf, whereKey, type RowTable} from "../store/key.js";
import {type Series} from "../../src/lib/market/pair.js";
import {derivedPartitions, featureSql, FEATURES_VERSION, FEATURE_SERIES} from "./features.js";
import {draftDir, fingerprint, listParts, moveIntoPlace, sweepDrafts} from "./files.js";
import {partitionKey, partitionPath, samePartition, type Partition} from "./layout.js";
import {INSTRUMENT_SERIES, instrumentSql, staleInstruments} from "./instruments.js";
import {emptyManifest, lakeDir, readManifest, writeManifest, type Manifest, type Part} from "./manifest.js";
import {PREDICTED_SERIES, predictedSql, stalePredicted} from "./predicted.js";
import {findOddities} from "../store/oddities.js";
import {recentJobs} from "../store/jobs.js";
import {readTracked} from "../store/tracked.js";
import {recentIncidents, seriesEntries} from "./entries.js";

/** Number of parts at which a partition is merged into one when it is next published. */
export const MAX_PARTS = 12;

export interface PublishOptions {
  onProgress?: (done: number, total: number) => void;
  /** stops the work between two parts; unpublished partitions stay on the work list */
  signal?: AbortSignal | undefined;
  /** false leaves the derived features as they are, on the work list */
  features?: boolean;
}

interface Dirty extends Partition {
  from: number;
  appended: boolean;
}

/**
 * Updates the lake from the store: writes new parts and their derived features, renames the manifest into place, then
 * deletes retired parts. If the process is killed, the old manifest stays valid and the next call resumes.
 * @returns the manifest now in place
 */
export async function publish(db: Database, options: PublishOptions = {}): Promise<Manifest> {
  const {features = true} = options;
  if (!features) return publishParts(db, options);
  // Only the sorting and rolling over whole histories here is faster with a second thread.
  await db.connection.run("set threads = 2");
  try {
    return await publishParts(db, options);
  } finally {
    await db.connection.run("set threads = 1");
  }
}

async function publishParts(db: Database, {onProgress, signal, features = true}: PublishOptions): Promise<Manifest> {
  sweepDrafts(db.dataDir);
  await findOddities(db);
  const old = readManifest(db.dataDir) ?? emptyManifest(db.kind);
  const generation = old.generation + 1;
  const dirty = await dirtyPartitions(db);
  let parts = old.parts;
  let done = 0;
  const outdated = features && (await readMeta(db, "features")) !== FEATURES_VERSION;
  const stale = [...dirty, ...(await stalePartitions(db)), ...(outdated ? old.parts.filter(isMarketPart) : [])];
  const total = dirty.length + (features ? derivedPartitions(stale, [...parts, ...dirty]).length : 0);
  for (const entry of dirty) {
    signal?.throwIfAborted();
    const existing = parts.filter((p) => samePartition(p, entry));
    const small = entry.appended && existing.length < MAX_PARTS && existing.every((p) => p.maxTs < entry.from);
    const part = await writePart(db, entry, generation, await marketSql(db, entry, small ? entry.from : undefined));
    parts = parts.filter((p) => !samePartition(p, entry) || small);
    if (part) parts = [...parts, part];
    onProgress?.(++done, total);
  }
  for (const entry of features ? derivedPartitions(stale, parts) : []) {
    signal?.throwIfAborted();
    const part = await writePart(db, entry, generation, await featureSql(db, entry));
    parts = parts.filter((p) => !samePartition(p, entry));
    if (part) parts = [...parts, part];
    onProgress?.(++done, total);
  }
  for (const entry of await staleInstruments(db, parts)) {
    const part = await writePart(db, entry, generation, instrumentSql(entry));
    parts = parts.filter((p) => !samePartition(p, entry));
    if (part) parts = [...parts, part];
  }
  for (const entry of await stalePredicted(db, parts, MAX_PARTS)) {
    const part = await writePart(db, entry, generation, await predictedSql(db, entry));
    if (entry.afterTs === undefined) parts = parts.filter((p) => !samePartition(p, entry));
    if (part) parts = [...parts, part];
  }
  const manifest: Manifest = {
    version: 1,
    generation,
    kind: db.kind,
    publishedTs: db.now(),
    parts,
    series: await seriesEntries(db, parts, old.series),
    jobs: await recentJobs(db),
    tracked: await readTracked(db),
    incidents: await recentIncidents(db)
  };
  writeManifest(db.dataDir, manifest);
  retire(db.dataDir, manifest);
  await inTransaction(db.connection, async () => {
    await db.connection.run(
      features ? "delete from stale_features" : "insert into stale_features select distinct key_id, year from dirty"
    );
    await db.connection.run("delete from dirty");
    if (outdated) await writeMeta(db, "features", FEATURES_VERSION);
  });
  await db.connection.run("checkpoint");
  return manifest;
}

const isMarketPart = ({series}: Part): boolean => series === "funding" || series === "perp" || series === "spot";

/** Merges every partition of more than one part, and deletes files that no manifest names. */
export async function compact(db: Database, options: PublishOptions = {}): Promise<Manifest> {
  const manifest = readManifest(db.dataDir) ?? emptyManifest(db.kind);
  const counts = new Map<string, Part[]>();
  for (const part of manifest.parts) counts.set(partitionKey(part), [...(counts.get(partitionKey(part)) ?? []), part]);
  for (const parts of counts.values()) {
    const derived = [...FEATURE_SERIES, INSTRUMENT_SERIES, PREDICTED_SERIES].includes(parts[0]!.series);
    if (parts.length > 1 && !derived) await markWhole(db, parts[0]!);
  }
  return publish(db, options);
}

/** Marks every partition of the store for publishing, for a lake that was lost or is in doubt. */
export async function markEverything(db: Database): Promise<void> {
  const years = `select distinct key_id, year(make_timestamp(ts * 1000)) as year from (
    select key_id, boundary_ts as ts from funding union all select key_id, ts from candles
    union all select key_id, ts from observations)`;
  await db.connection.run(
    `insert into dirty select key_id, year, epoch_ms(make_timestamp(year, 1, 1, 0, 0, 0)), epoch_ms(make_timestamp(year + 1, 1, 1, 0, 0, 0)), false from (${years})`
  );
}

async function markWhole(db: Database, {venue, series, pair, timeframe, year}: Partition): Promise<void> {
  const {id} = await storedKey(db, {venue, series: series as Series, pair, timeframe});
  await db.connection.run(
    `insert into dirty values (${id}, ${year}, ${Date.UTC(year, 0, 1)}, ${Date.UTC(year + 1, 0, 1)}, false)`
  );
}

async function dirtyPartitions(db: Database): Promise<Dirty[]> {
  return rowsOf<Dirty>(
    db.connection,
    `select venue, series, pair, timeframe, year, min(from_ts) as "from", bool_and(appended) as appended
     from dirty join keys on id = key_id group by all order by series, venue, pair, timeframe, year`
  );
}

/** Returns the partitions published without their features. */
const stalePartitions = (db: Database): Promise<Partition[]> =>
  rowsOf<Partition>(
    db.connection,
    "select distinct venue, series, pair, timeframe, year from stale_features join keys on id = key_id order by all"
  );

/** The columns of a part, by the table of its rows. */
const COLUMNS: Readonly<Record<RowTable, string>> = {
  candles: "ts, open, high, low, close, volume, turnover",
  funding: "ts, boundary_ts, rate, interval_hours, interval_source",
  observations: "ts, known_ts, value, notional"
};

async function marketSql(db: Database, partition: Partition, fromTs?: number): Promise<string> {
  const {venue, series, pair, timeframe, year} = partition;
  const key = await storedKey(db, {venue, series: series as Series, pair, timeframe});
  const {table, stamp: column} = shapeOf(key.series);
  const from = fromTs === undefined ? Date.UTC(year, 0, 1) : table === "funding" ? fromTs - 60_000 : fromTs;
  return `select ${COLUMNS[table]} from ${table} where ${whereKey(key)}
    and ${column} >= ${from} and ${column} < ${Date.UTC(year + 1, 0, 1)} order by ts`;
}

/**
 * Writes a query's rows as Parquet.
 * @returns row count, first and last stamp (UTC ms), from the file's own statistics
 */
async function copyTo(
  db: Database,
  select: string,
  path: string
): Promise<{rows: number; minTs: number; maxTs: number}> {
  const reader = await db.connection.runAndReadAll(
    `copy (${select}) to ${literal(path)} (format parquet, compression zstd, return_stats)`
  );
  const {count, column_statistics} = reader.getRowObjectsJson()[0] as {
    count: string;
    column_statistics: {key: string; value: {key: string; value: string}[]}[];
  };
  const ts = column_statistics.find((column) => column.key === '"ts"')?.value ?? [];
  const statistic = (name: string) => Number(ts.find((entry) => entry.key === name)?.value);
  return {rows: Number(count), minTs: statistic("min"), maxTs: statistic("max")};
}

async function writePart(
  db: Database,
  partition: Partition,
  generation: number,
  select: string
): Promise<Part | undefined> {
  mkdirSync(draftDir(db.dataDir), {recursive: true});
  const draft = join(draftDir(db.dataDir), `${process.pid}-${generation}.parquet`);
  const {rows, minTs, maxTs} = await copyTo(db, select, draft);
  if (rows === 0) {
    rmSync(draft, {force: true});
    return undefined;
  }
  const path = `${partitionPath(partition)}/part-${minTs}-${String(generation).padStart(6, "0")}.parquet`;
  const print = fingerprint(draft);
  moveIntoPlace(draft, join(lakeDir(db.dataDir), path));
  const {venue, series, pair, timeframe, year} = partition;
  return {path, series, venue, pair, timeframe, year, rows, minTs, maxTs, ...print};
}

function retire(dataDir: string, manifest: Manifest): void {
  const live = new Set(manifest.parts.map((part) => part.path));
  for (const path of listParts(lakeDir(dataDir))) {
    if (!live.has(path)) rmSync(join(lakeDir(dataDir), path), {force: true});
  }
}
