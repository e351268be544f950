import {boundaryTs} from "../../src/lib/time/grid.js";
import {difference, normalise, type Span} from "../../src/lib/market/coverage.js";
import {isCandleSeries} from "../../src/lib/market/pair.js";
import {inTransaction, rowsOf, type Database} from "./database.js";
import {keyText, literal, whereKey} from "./key.js";
import {refreshEdges} from "./edges.js";
import {refreshCandleHoles, refreshFunding} from "./findings.js";
import {refreshOddities} from "./oddities.js";
import type {Stage} from "./stage.js";
import {canonicalText} from "../../src/lib/money/decimal.js";
import type {Conflict} from "../../src/lib/wire/imports.js";
import {DataError} from "../errors.js";

export interface WriteOptions {
  /** the span that the rows prove: all of it was requested and answered */
  proven: Span;
  /**
   * `range`: the reply is complete for the span, so stored rows that it lacks are deleted. An empty reply deletes none,
   * since it does not prove that they were wrong.
   *
   * `rows`: a file adds rows and deletes none, so that a file with a hole never opens one in complete history.
   */
  mode: "range" | "rows";
  /** source of the rows: an API's base URL or `file` */
  origin: string;
  /** with `rows`: a stored row stays where a new one differs; without it the new one replaces it */
  keepFirst?: boolean;
  /** more work for the same transaction, e.g. the job's progress */
  also?: () => Promise<void>;
}

export interface WriteResult {
  /** rows in the source after merging duplicates */
  rows: number;
  /** rows added, changed or deleted */
  changed: number;
  /** rows that repeated another of the source exactly */
  repeats: number;
  /** settlements of the source that another of the same boundary replaced */
  revised: number;
}

/** How the rows of a source stand to the stored ones. */
interface Comparison extends WriteResult {
  new: number;
  same: number;
  different: number;
  /** the first few that differ */
  conflicts: Conflict[];
}

/** Conflicts that are shown; the others are counted. */
const SHOWN_CONFLICTS = 5;

/** Compares staged rows with the stored ones and writes nothing; the stage can still be written afterwards. */
export async function compareStage(
  db: Database,
  stage: Stage,
  {keepFirst}: Pick<WriteOptions, "keepFirst">
): Promise<Comparison> {
  stage.seal();
  const {repeats, revised} = await stage.merge();
  const rows = stage.count - repeats - revised;
  const table = tableOf(stage);
  const options: WriteOptions = {proven: {from: 0, to: 0}, mode: "rows", origin: "file"};
  const fields = table === "candles" ? ["open", "high", "low", "close", "volume", "turnover"] : ["rate"];
  const staged = `(${stage.select()})`;
  const existing = `(select * from ${table} where ${whereKey(stage.key)} and ${range(stage, options)})`;
  const differs = `(${fields.map((field) => differing(field)).join(" or ")})`;
  const [counts] = await rowsOf<{fresh: number; different: number}>(
    db.connection,
    `select count(*) filter (e.ts is null) as fresh, count(*) filter (e.ts is not null and ${differs}) as different
     from ${staged} s left join ${existing} e on ${sameRow(table)}`
  );
  const conflicts = counts!.different === 0 ? [] : await conflictsOf(db, {staged, existing, table, fields});
  const {fresh, different} = counts!;
  return {
    rows,
    repeats,
    revised,
    new: fresh,
    same: rows - fresh - different,
    different,
    changed: fresh + (keepFirst ? 0 : different),
    conflicts
  };
}

/** A field that one side does not carry is no disagreement. */
const differing = (field: string): string => `coalesce(e.${field} <> s.${field}, false)`;

async function conflictsOf(
  db: Database,
  {staged, existing, table, fields}: {staged: string; existing: string; table: string; fields: readonly string[]}
): Promise<Conflict[]> {
  const each = fields.map(
    (field) =>
      `select e.${table === "candles" ? "ts" : "boundary_ts"} as ts, '${field}' as field, e.${field}::varchar as stored, s.${field}::varchar as file
       from ${staged} s join ${existing} e on ${sameRow(table)} where ${differing(field)}`
  );
  const rows = await rowsOf<Conflict>(
    db.connection,
    `select * from (${each.join(" union all ")}) order by ts, field limit ${SHOWN_CONFLICTS}`
  );
  return rows.map(({ts, field, stored, file}) => ({
    ts,
    field,
    stored: canonicalText(stored),
    file: canonicalText(file)
  }));
}

/**
 * Writes staged rows to the store in one transaction: rows, coverage, findings and the lake's work list
 * (§8.12). Writing the same again changes nothing. The stage is discarded either way.
 * @throws DataError for two different rows with one stamp
 */
export async function writeStage(db: Database, stage: Stage, options: WriteOptions): Promise<WriteResult> {
  try {
    stage.seal();
    const {repeats, revised} = await stage.merge();
    const {fresh, appended} =
      stage.count === 0 ? {fresh: true, appended: true} : await surroundings(db, stage, options);
    const rows = stage.count - repeats - revised;
    const changed = fresh ? rows : await countChanges(db, stage, options);
    const known = await isProven(db, stage, options);
    await inTransaction(db.connection, async () => {
      if (changed > 0) await replaceRows(db, stage, options, fresh);
      if (changed > 0 || !known) await extendCoverage(db, stage, options);
      if (changed > 0) await refreshFindings(db, stage);
      if (changed > 0 || !known) await refreshEdges(db, stage.key);
      if (changed > 0) await markDirty(db, stage, options, appended);
      await options.also?.();
    });
    return {rows, changed, repeats, revised};
  } finally {
    await stage.discard();
  }
}

const tableOf = (stage: Stage): "candles" | "funding" => (isCandleSeries(stage.key.series) ? "candles" : "funding");

/** Returns whether nothing is stored where the rows go, and whether they come after everything that is. */
async function surroundings(
  db: Database,
  stage: Stage,
  options: WriteOptions
): Promise<{fresh: boolean; appended: boolean}> {
  const where = `${tableOf(stage)} where ${whereKey(stage.key)}`;
  const [row] = await rowsOf<{last: number | null; there: boolean}>(
    db.connection,
    `select (select max(ts) from ${where}) as last,
            exists (select 1 from ${where} and (${range(stage, options)} or ts between ${stage.minTs - 60_000} and ${stage.maxTs + 60_000})) as there`
  );
  return {fresh: !row!.there, appended: row!.last === null || row!.last < stage.minTs - 60_000};
}

/**
 * Returns the SQL condition for the same row. Settlements match by boundary, because the jitter of their stamps varies
 * by source.
 */
const sameRow = (table: string): string =>
  table === "candles" ? "e.ts = s.ts" : "e.boundary_ts = cast(round(s.ts / 60000.0) as bigint) * 60000";

function range(stage: Stage, {mode, proven}: WriteOptions): string {
  const table = tableOf(stage);
  const column = table === "candles" ? "ts" : "boundary_ts";
  if (mode === "range") {
    // A stamp that jitters over the edge of its reply still belongs to the reply.
    const edges = table === "funding" && stage.count > 0 ? [boundaryTs(stage.minTs), boundaryTs(stage.maxTs) + 1] : [];
    return `${column} >= ${Math.min(proven.from, ...edges)} and ${column} < ${Math.max(proven.to, ...edges)}`;
  }
  return `${column} between ${stage.minTs - 60_000} and ${stage.maxTs + 60_000}`;
}

async function countChanges(db: Database, stage: Stage, options: WriteOptions): Promise<number> {
  if (options.keepFirst) return countAdded(db, stage, options);
  const table = tableOf(stage);
  const values =
    table === "candles"
      ? [
          ...["open", "high", "low", "close", "volume"].map((c) =>
            options.mode === "rows"
              ? `(s.${c} is null or e.${c} is not distinct from s.${c})`
              : `e.${c} is not distinct from s.${c}`
          ),
          "(s.turnover is null or e.turnover is not distinct from s.turnover)"
        ]
      : ["e.rate = s.rate", "(s.reported_hours is null or e.reported_hours is not distinct from s.reported_hours)"];
  const existing = `(select * from ${table} where ${whereKey(stage.key)} and ${range(stage, options)})`;
  const [row] = await rowsOf<{added: number; removed: number}>(
    db.connection,
    `select (select count(*) from (${stage.select()}) s left join ${existing} e on ${sameRow(table)}
       where e.ts is null or not (${values.join(" and ")})) as added,
     ${options.mode === "range" ? `(select count(*) from ${existing} e where not exists (select 1 from (${stage.select()}) s where ${sameRow(table)}))` : "0"} as removed`
  );
  return row!.added + row!.removed;
}

/** Rows that the store lacks, and stored ones that gain a field they had not. */
async function countAdded(db: Database, stage: Stage, options: WriteOptions): Promise<number> {
  const table = tableOf(stage);
  const existing = `(select * from ${table} where ${whereKey(stage.key)} and ${range(stage, options)})`;
  const [row] = await rowsOf<{n: number}>(
    db.connection,
    `select count(*) as n from (${stage.select()}) s left join ${existing} e on ${sameRow(table)}
     where e.ts is null or ${gains(table)}`
  );
  return row!.n;
}

/** True where a stored row agrees with the new one and lacks something that the new one has. */
function gains(table: "candles" | "funding"): string {
  const fields = table === "candles" ? CANDLE_FIELDS : ["rate", "reported_hours"];
  const more = fields.map((field) => `(e.${field} is null and s.${field} is not null)`);
  return `((${more.join(" or ")}) and not (${(table === "candles" ? CANDLE_FIELDS : ["rate"]).map(differing).join(" or ")}))`;
}

const CANDLE_FIELDS = ["open", "high", "low", "close", "volume", "turnover"];

async function replaceRows(db: Database, stage: Stage, options: WriteOptions, fresh: boolean): Promise<void> {
  const {connection} = db;
  const table = tableOf(stage);
  const where = whereKey(stage.key);
  const target =
    table === "candles"
      ? `insert into candles select ${stage.key.id}, s.ts, s.open, s.high, s.low, s.close, s.volume,`
      : `insert into funding select ${stage.key.id}, s.ts, cast(round(s.ts / 60000.0) as bigint) * 60000, s.rate,`;
  if (fresh) {
    const last = table === "candles" ? "s.turnover" : "s.reported_hours, null, null";
    await connection.run(`${target} ${last} from (${stage.select()}) s`);
    return;
  }
  // Fields that a source lacks (turnover, the reported interval) keep their value from another one.
  const last =
    table === "candles"
      ? "coalesce(s.turnover, e.turnover)"
      : "coalesce(s.reported_hours, e.reported_hours), null, null";
  const existing = `(select * from ${table} where ${where} and ${range(stage, options)})`;
  await connection.run(`create or replace temp table staged as ${stage.select()}`);
  await connection.run(`create or replace temp table kept as select * from ${existing}`);
  if (options.keepFirst)
    await connection.run(`delete from staged s using kept e where ${sameRow(table)} and not ${gains(table)}`);
  await connection.run(
    options.mode === "range"
      ? `delete from ${table} where ${where} and ${range(stage, options)}`
      : `delete from ${table} e using staged s where ${where} and ${sameRow(table)}`
  );
  // A file without some fields takes none away that another brought.
  const filled =
    options.mode === "rows" ? target.replace(/s\.(open|high|low|close|volume)/g, "coalesce(s.$1, e.$1)") : target;
  await connection.run(`${filled} ${last} from staged s left join kept e on ${sameRow(table)}`);
  await connection.run("drop table staged");
  await connection.run("drop table kept");
}

async function isProven(db: Database, stage: Stage, {proven, origin}: WriteOptions): Promise<boolean> {
  const spans = await coverageSpans(db, stage, origin);
  return difference([proven], spans).length === 0;
}

async function coverageSpans(db: Database, stage: Stage, origin: string): Promise<Span[]> {
  return rowsOf<Span>(
    db.connection,
    `select from_ts as "from", to_ts as "to" from coverage where ${whereKey(stage.key)} and origin = ${literal(origin)}`
  );
}

async function extendCoverage(db: Database, stage: Stage, {proven, origin}: WriteOptions): Promise<void> {
  if (proven.to <= proven.from) return;
  const spans = normalise([...(await coverageSpans(db, stage, origin)), proven]);
  await db.connection.run(`delete from coverage where ${whereKey(stage.key)} and origin = ${literal(origin)}`);
  const values = spans.map((s) => `(${stage.key.id}, ${s.from}, ${s.to}, ${literal(origin)}, ${db.now()})`);
  await db.connection.run(`insert into coverage values ${values.join(", ")}`);
}

async function refreshFindings(db: Database, stage: Stage): Promise<void> {
  if (isCandleSeries(stage.key.series)) {
    await refreshCandleHoles(db, stage.key, stage.minTs, stage.maxTs);
    await refreshOddities(db, stage.key, stage.minTs, stage.maxTs);
  } else await refreshFunding(db, stage.key, boundaryTs(stage.minTs));
}

async function markDirty(db: Database, stage: Stage, options: WriteOptions, appended: boolean): Promise<void> {
  const from = options.mode === "range" && !appended ? Math.min(options.proven.from, stage.minTs) : stage.minTs;
  const to = options.mode === "range" && !appended ? Math.max(options.proven.to, stage.maxTs + 1) : stage.maxTs + 1;
  if (!(to > from)) throw new DataError(`invalid range: nothing to publish for ${keyText(stage.key)}`);
  const values: string[] = [];
  for (let year = yearOf(from); year <= yearOf(to - 1); year++) {
    const lo = Math.max(from, Date.UTC(year, 0, 1));
    const hi = Math.min(to, Date.UTC(year + 1, 0, 1));
    values.push(`(${stage.key.id}, ${year}, ${lo}, ${hi}, ${appended})`);
  }
  await db.connection.run(`insert into dirty values ${values.join(", ")}`);
}

const yearOf = (ts: number): number => new Date(ts).getUTCFullYear();
