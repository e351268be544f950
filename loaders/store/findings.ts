import {BIGINT, DOUBLE, DuckDBDataChunk, VARCHAR} from "@duckdb/node-api";
import {
  fundingFinding,
  gridRows,
  holeState,
  TRIES_UNTIL_CONFIRMED,
  type Hole,
  type Span
} from "../../src/lib/market/coverage.js";
import {
  allowedIntervalHours,
  initialIntervalState,
  stepInterval,
  type IntervalState,
  type RowInterval
} from "../../src/lib/market/funding.js";
import {boundaryTs, HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {rowsOf, type Database} from "./database.js";
import {doubtfulBoundaries} from "./remarks.js";
import {literal, shapeOf, stepOf, whereKey, type StoredKey} from "./key.js";

/**
 * Recomputes the findings of a history around a written span: of settlements by their intervals, of a series on a grid
 * by its step. A series without a grid has none.
 */
export async function refreshHoles(db: Database, key: StoredKey, minTs: number, maxTs: number): Promise<void> {
  if (key.series === "funding") await refreshFunding(db, key, boundaryTs(minTs));
  else if (stepOf(key) !== undefined) await refreshGridHoles(db, key, minTs, maxTs);
}

/**
 * Recomputes the holes of a series on a grid around a written span, between the rows that enclose it. Unchanged holes keep
 * their tries. The cost depends on the span written, not on the history's length.
 */
async function refreshGridHoles(db: Database, key: StoredKey, minTs: number, maxTs: number): Promise<void> {
  const where = whereKey(key);
  const {table} = shapeOf(key.series);
  const step = stepOf(key)!;
  const [edge] = await rowsOf<{lo: number | null; hi: number | null}>(
    db.connection,
    `select (select max(ts) from ${table} where ${where} and ts < ${minTs}) as lo,
            (select min(ts) from ${table} where ${where} and ts > ${maxTs}) as hi`
  );
  const lo = edge!.lo ?? minTs;
  const hi = edge!.hi ?? maxTs;
  const found = await rowsOf<{from: number; to: number}>(
    db.connection,
    `select ts + ${step} as "from", next as "to" from (
       select ts, lead(ts) over (order by ts) as next from ${table} where ${where} and ts between ${lo} and ${hi})
     where next - ts > ${step} order by ts`
  );
  const holes = found.map(({from, to}): Hole => ({from, to, rows: gridRows({from, to}, step), state: "open"}));
  await replaceHoles(db, key, lo, hi, holes);
}

interface SettlementRow {
  t: number;
  reportedHours: number | null;
  intervalHours: number | null;
  intervalSource: string | null;
}

/**
 * Infers the intervals of the settlements from `fromTs` on, starting from the state before it. Records ambiguous ones
 * as findings, and updates only rows that change.
 */
async function refreshFunding(db: Database, key: StoredKey, fromTs: number): Promise<void> {
  const where = whereKey(key);
  const allowed = allowedIntervalHours(key.venue);
  let state = await stateBefore(db, where, fromTs);
  const rows = await rowsOf<SettlementRow>(
    db.connection,
    `select boundary_ts as t, reported_hours as "reportedHours", interval_hours as "intervalHours",
            interval_source as "intervalSource"
     from funding where ${where} and boundary_ts >= ${fromTs} order by boundary_ts`
  );
  const doubtful = await doubtfulBoundaries(db, key);
  const updates: {t: number; interval: RowInterval}[] = [];
  const holes: Hole[] = [];
  for (const row of rows) {
    const before = state;
    const reportedHours = contradicted(before, row) ? undefined : (row.reportedHours ?? undefined);
    const step = stepInterval(before, {tsMs: row.t, reportedHours}, allowed);
    state = step.state;
    let {interval} = step;
    // A distance across a rejected settlement shows no interval.
    if (interval.intervalSource === "inferred" && doubtful.some((ts) => ts > before.lastBoundaryTs! && ts < row.t)) {
      interval = {intervalHours: undefined, intervalSource: "ambiguous"};
      state = {...state, knownHours: before.knownHours};
    }
    if (interval.intervalSource === "ambiguous") {
      holes.push(fundingFinding(before.lastBoundaryTs!, row.t, before.knownHours, allowed));
    }
    if (
      (interval.intervalHours ?? null) !== row.intervalHours ||
      (interval.intervalSource ?? null) !== row.intervalSource
    ) {
      updates.push({t: row.t, interval});
    }
  }
  await applyIntervals(db, where, updates);
  const last = rows.at(-1)?.t ?? fromTs;
  await replaceHoles(db, key, (await previousBoundary(db, where, fromTs)) ?? 0, last, holes);
}

/** How far a settlement may stray from its interval before the distance contradicts what its source reports. */
const STRAY_MS = 5 * MINUTE_MS;

/** Returns true if the row before is further away or nearer than the reported interval, which is inferred then (§9.5). */
function contradicted({lastBoundaryTs}: IntervalState, {t, reportedHours}: SettlementRow): boolean {
  if (reportedHours === null || lastBoundaryTs === undefined) return false;
  const distance = t - lastBoundaryTs;
  return distance > reportedHours * HOUR_MS || distance < reportedHours * HOUR_MS - STRAY_MS;
}

async function stateBefore(db: Database, where: string, ts: number): Promise<IntervalState> {
  const rows = await rowsOf<{t: number}>(
    db.connection,
    `select boundary_ts as t from funding where ${where} and boundary_ts < ${ts} order by boundary_ts desc limit 2`
  );
  if (rows.length === 0) return initialIntervalState;
  const [known] = await rowsOf<{intervalHours: number}>(
    db.connection,
    `select interval_hours as "intervalHours" from funding where ${where} and boundary_ts < ${ts} and interval_hours is not null
     order by boundary_ts desc limit 1`
  );
  return {
    lastBoundaryTs: rows[0]!.t,
    knownHours: known?.intervalHours,
    lastDistanceHours: rows[1] && (rows[0]!.t - rows[1].t) / HOUR_MS
  };
}

async function previousBoundary(db: Database, where: string, ts: number): Promise<number | undefined> {
  const [row] = await rowsOf<{last: number | null}>(
    db.connection,
    `select max(boundary_ts) as last from funding where ${where} and boundary_ts < ${ts}`
  );
  return row?.last ?? undefined;
}

async function applyIntervals(
  db: Database,
  where: string,
  updates: readonly {t: number; interval: RowInterval}[]
): Promise<void> {
  if (updates.length === 0) return;
  await db.connection.run("create or replace temp table inferred (t bigint, hours double, source varchar)");
  const appender = await db.connection.createAppender("inferred", undefined, "temp");
  for (let i = 0; i < updates.length; i += 2048) {
    const slice = updates.slice(i, i + 2048);
    const chunk = DuckDBDataChunk.create([BIGINT, DOUBLE, VARCHAR]);
    chunk.setColumns([
      slice.map(({t}) => BigInt(t)),
      slice.map(({interval}) => interval.intervalHours ?? null),
      slice.map(({interval}) => interval.intervalSource ?? null)
    ]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  await db.connection.run(
    `update funding set interval_hours = u.hours, interval_source = u.source
     from inferred u where ${where} and boundary_ts = u.t`
  );
  await db.connection.run("drop table inferred");
}

/** A finding as the ledger records it. */
interface KnownHole {
  from: number;
  to: number;
  state: string;
  tries: number;
  found: number;
}

/** Returns the findings that meet a condition. */
export const knownHoles = (db: Database, where: string): Promise<KnownHole[]> =>
  rowsOf<KnownHole>(
    db.connection,
    `select from_ts as "from", to_ts as "to", state, tries, found_ts as found from holes where ${where}`
  );

/** Replaces the key's findings in `[fromTs, toTs]`; an unchanged one keeps its tries. */
async function replaceHoles(
  db: Database,
  key: StoredKey,
  fromTs: number,
  toTs: number,
  holes: readonly Hole[]
): Promise<void> {
  const where = `${whereKey(key)} and from_ts >= ${fromTs} and to_ts <= ${toTs}`;
  const before = await knownHoles(db, where);
  if (before.length === 0 && holes.length === 0) return;
  await db.connection.run(`delete from holes where ${where}`);
  await insertHoles(db, key, holes, before);
}

/** Records findings; one with the same edges as before keeps its state, tries and time of discovery. */
export async function insertHoles(
  db: Database,
  key: StoredKey,
  holes: readonly Hole[],
  before: readonly KnownHole[]
): Promise<void> {
  if (holes.length === 0) return;
  const values = holes.map((hole) => {
    const same = before.find((old) => old.from === hole.from && old.to === hole.to);
    const state = same && hole.state === "open" ? same.state : hole.state;
    return `(${key.id}, ${hole.from}, ${hole.to}, ${hole.rows}, ${literal(state)}, ${same?.tries ?? 0}, ${same?.found ?? db.now()})`;
  });
  await db.connection.run(`insert into holes values ${values.join(", ")}`);
}

/** A finding with the number of refetches that left it unchanged. */
interface TriedHole extends Hole {
  tries: number;
}

/** Returns the findings of a history that another refetch may resolve, oldest first. */
export async function holesToRepair(db: Database, key: StoredKey): Promise<TriedHole[]> {
  return rowsOf<TriedHole>(
    db.connection,
    `select from_ts as "from", to_ts as "to", missing as rows, state, tries from holes
     where ${whereKey(key)} and state <> 'confirmed missing' and tries < ${TRIES_UNTIL_CONFIRMED} order by from_ts`
  );
}

/**
 * Counts a refetch that left a hole unchanged. The second one marks an open hole `confirmed missing`. An ambiguous one
 * stays ambiguous, because an interval switch looks the same (§8.15).
 */
export async function countTry(db: Database, key: StoredKey, {from, to}: Span): Promise<void> {
  const where = `${whereKey(key)} and from_ts = ${from} and to_ts = ${to}`;
  await db.connection.run(`update holes set tries = tries + 1 where ${where}`);
  await db.connection.run(
    `update holes set state = ${literal(holeState(TRIES_UNTIL_CONFIRMED))}
     where ${where} and state = 'open' and tries >= ${TRIES_UNTIL_CONFIRMED}`
  );
}
