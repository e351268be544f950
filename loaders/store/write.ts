import {boundaryTs} from "../../src/lib/time/grid.js";
import {difference, normalise, type Span} from "../../src/lib/market/coverage.js";
import {inTransaction, rowsOf, type Database} from "./database.js";
import {keyText, literal, shapeOf, whereKey, type RowShape} from "./key.js";
import {refreshEdges} from "./edges.js";
import {refreshHoles} from "./findings.js";
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
  const shape = shapeOf(stage.key.series);
  const options: WriteOptions = {proven: {from: 0, to: 0}, mode: "rows", origin: "file"};
  const staged = `(${stage.select()})`;
  const existing = `(select * from ${shape.table} where ${whereKey(stage.key)} and ${range(stage, options)})`;
  const differs = `(${shape.values.map((field) => differing(field)).join(" or ")})`;
  const [counts] = await rowsOf<{fresh: number; different: number}>(
    db.connection,
    `select count(*) filter (e.ts is null) as fresh, count(*) filter (e.ts is not null and ${differs}) as different
     from ${staged} s left join ${existing} e on ${sameRow(shape)}`
  );
  const conflicts = counts!.different === 0 ? [] : await conflictsOf(db, {staged, existing, shape});
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
  {staged, existing, shape}: {staged: string; existing: string; shape: RowShape}
): Promise<Conflict[]> {
  const each = shape.values.map(
    (field) =>
      `select e.${shape.stamp} as ts, '${field}' as field, e.${field}::varchar as stored, s.${field}::varchar as file
       from ${staged} s join ${existing} e on ${sameRow(shape)} where ${differing(field)}`
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
      if (changed > 0) await refreshHoles(db, stage.key, stage.minTs, stage.maxTs);
      if (changed > 0) await refreshOddities(db, stage.key, stage.minTs, stage.maxTs);
      if (changed > 0 || !known) await refreshEdges(db, stage.key);
      if (changed > 0) await markDirty(db, stage, options, appended);
      await options.also?.();
    });
    return {rows, changed, repeats, revised};
  } finally {
    await stage.discard();
  }
}

/** Returns whether nothing is stored where the rows go, and whether they come after everything that is. */
async function surroundings(
  db: Database,
  stage: Stage,
  options: WriteOptions
): Promise<{fresh: boolean; appended: boolean}> {
  const where = `${shapeOf(stage.key.series).table} where ${whereKey(stage.key)}`;
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
const sameRow = ({stamp}: RowShape): string =>
  stamp === "ts" ? "e.ts = s.ts" : "e.boundary_ts = cast(round(s.ts / 60000.0) as bigint) * 60000";

function range(stage: Stage, {mode, proven}: WriteOptions): string {
  const {table, stamp} = shapeOf(stage.key.series);
  if (mode === "range") {
    // A stamp that jitters over the edge of its reply still belongs to the reply.
    const edges = table === "funding" && stage.count > 0 ? [boundaryTs(stage.minTs), boundaryTs(stage.maxTs) + 1] : [];
    return `${stamp} >= ${Math.min(proven.from, ...edges)} and ${stamp} < ${Math.max(proven.to, ...edges)}`;
  }
  return `${stamp} between ${stage.minTs - 60_000} and ${stage.maxTs + 60_000}`;
}

async function countChanges(db: Database, stage: Stage, options: WriteOptions): Promise<number> {
  if (options.keepFirst) return countAdded(db, stage, options);
  const shape = shapeOf(stage.key.series);
  const {always, optional} = COLUMNS[shape.table];
  const same = (c: string) => `e.${c} is not distinct from s.${c}`;
  const lacksOrSame = (c: string) => `(s.${c} is null or ${same(c)})`;
  const values = [...always.map(options.mode === "rows" ? lacksOrSame : same), ...optional.map(lacksOrSame)];
  const existing = `(select * from ${shape.table} where ${whereKey(stage.key)} and ${range(stage, options)})`;
  const [row] = await rowsOf<{added: number; removed: number}>(
    db.connection,
    `select (select count(*) from (${stage.select()}) s left join ${existing} e on ${sameRow(shape)}
       where e.ts is null or not (${values.join(" and ")})) as added,
     ${options.mode === "range" ? `(select count(*) from ${existing} e where not exists (select 1 from (${stage.select()}) s where ${sameRow(shape)}))` : "0"} as removed`
  );
  return row!.added + row!.removed;
}

/** Counts rows that the store lacks, and stored ones that gain a field they had not. */
async function countAdded(db: Database, stage: Stage, options: WriteOptions): Promise<number> {
  const shape = shapeOf(stage.key.series);
  const existing = `(select * from ${shape.table} where ${whereKey(stage.key)} and ${range(stage, options)})`;
  const [row] = await rowsOf<{n: number}>(
    db.connection,
    `select count(*) as n from (${stage.select()}) s left join ${existing} e on ${sameRow(shape)}
     where e.ts is null or ${gains(shape)}`
  );
  return row!.n;
}

/** True where a stored row agrees with the new one and lacks something that the new one has. */
function gains({table, values}: RowShape): string {
  const {always, optional} = COLUMNS[table];
  const more = [...always, ...optional].map((field) => `(e.${field} is null and s.${field} is not null)`);
  return `((${more.join(" or ")}) and not (${values.map(differing).join(" or ")}))`;
}

/**
 * The columns that a source fills: a reply is taken at its word for those it always has, and an optional one that it
 * lacks (turnover, the reported interval) keeps its value from another source.
 */
const COLUMNS: Readonly<Record<RowShape["table"], {always: readonly string[]; optional: readonly string[]}>> = {
  candles: {always: ["open", "high", "low", "close", "volume"], optional: ["turnover"]},
  funding: {always: ["rate"], optional: ["reported_hours"]},
  observations: {always: ["known_ts", "value"], optional: ["notional"]}
};

async function replaceRows(db: Database, stage: Stage, options: WriteOptions, fresh: boolean): Promise<void> {
  const {connection} = db;
  const shape = shapeOf(stage.key.series);
  const {table} = shape;
  const where = whereKey(stage.key);
  const boundary = table === "funding" ? " cast(round(s.ts / 60000.0) as bigint) * 60000," : "";
  const inferred = table === "funding" ? ", null, null" : "";
  const {always, optional} = COLUMNS[table];
  const insert = (columns: readonly string[]) =>
    `insert into ${table} select ${stage.key.id}, s.ts,${boundary} ${columns.join(", ")}${inferred}`;
  const own = (c: string) => `s.${c}`;
  const filled = (c: string) => `coalesce(s.${c}, e.${c})`;
  if (fresh) {
    await connection.run(`${insert([...always, ...optional].map(own))} from (${stage.select()}) s`);
    return;
  }
  const existing = `(select * from ${table} where ${where} and ${range(stage, options)})`;
  await connection.run(`create or replace temp table staged as ${stage.select()}`);
  await connection.run(`create or replace temp table kept as select * from ${existing}`);
  if (options.keepFirst)
    await connection.run(`delete from staged s using kept e where ${sameRow(shape)} and not ${gains(shape)}`);
  await connection.run(
    options.mode === "range"
      ? `delete from ${table} where ${where} and ${range(stage, options)}`
      : `delete from ${table} e using staged s where ${where} and ${sameRow(shape)}`
  );
  // A file without some fields takes none away that another brought.
  const columns = [...always.map(options.mode === "rows" ? filled : own), ...optional.map(filled)];
  await connection.run(`${insert(columns)} from staged s left join kept e on ${sameRow(shape)}`);
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
