import {boundaryTs, DAY_MS} from "../../src/lib/time/grid.js";
import type {Span} from "../../src/lib/market/coverage.js";
import type {Remark} from "../../src/lib/market/snapshot.js";
import {canonicalText} from "../../src/lib/money/decimal.js";
import {inTransaction, rowsOf, type Database} from "./database.js";
import {forgetLives} from "./instruments.js";
import {literal, shapeOf, stepOf, whereKey, type StoredKey} from "./key.js";
import type {Stage} from "./stage.js";
import type {Revision} from "../rows.js";

/** A stretch whose row was rejected, with the reason. */
export interface Doubt extends Span {
  reason: string;
}

/** Time in ms after which a stretch in doubt is left to `gaps --repair`, and no update asks for it again. */
const ASKED_AGAIN_MS = 7 * DAY_MS;

const COLUMNS = `kind, ts, to_ts as "toTs", was, now, reason, found_ts as "foundTs"`;

/** Returns the settlements of a sealed stage that the store has with another rate. */
export async function revisionsOf(db: Database, stage: Stage): Promise<Revision[]> {
  if (stage.key.series !== "funding" || stage.count === 0) return [];
  const near = `ts between ${stage.minTs - 60_000} and ${stage.maxTs + 60_000}`;
  const rows = await rowsOf<{boundaryTs: number; was: string; now: string}>(
    db.connection,
    `select e.boundary_ts as "boundaryTs", e.rate::varchar as was, s.rate::varchar as now
     from (${stage.select()}) s join (select * from funding where ${whereKey(stage.key)} and ${near}) e
       on e.boundary_ts = cast(round(s.ts / 60000.0) as bigint) * 60000
     where e.rate <> s.rate order by e.boundary_ts`
  );
  return rows.map((row) => ({...row, was: canonicalText(row.was), now: canonicalText(row.now)}));
}

/** Revisions of one answer or file that are recorded with both rates; the others are counted. */
export const DETAILED_REVISIONS = 100;

/**
 * Records revised settlements, the first of many in detail and the others as one remark with their count; the same
 * revision is recorded once.
 * @param revisions ascending
 */
export async function noteRevisions(db: Database, key: StoredKey, revisions: readonly Revision[]): Promise<void> {
  const others = revisions.slice(DETAILED_REVISIONS);
  const [first] = others;
  if (first !== undefined) {
    const [ts, toTs] = [first.boundaryTs, others.at(-1)!.boundaryTs + 60_000];
    const reason = `${others.length} more ${others.length === 1 ? "settlement was" : "settlements were"} revised`;
    await db.connection.run(
      `insert into remarks select ${key.id}, 'revised', ${ts}, ${toTs}, null, null, ${literal(reason)}, ${db.now()}
       where not exists (select 1 from remarks where ${whereKey(key)} and kind = 'revised' and ts = ${ts} and to_ts = ${toTs}
                         and reason = ${literal(reason)})`
    );
  }
  for (const {boundaryTs: ts, was, now} of revisions.slice(0, DETAILED_REVISIONS)) {
    await db.connection.run(
      `insert into remarks select ${key.id}, 'revised', ${ts}, null, ${literal(was)}, ${literal(now)}, null, ${db.now()}
       where not exists (select 1 from remarks where ${whereKey(key)} and kind = 'revised' and ts = ${ts}
                         and was = ${literal(was)} and now = ${literal(now)})`
    );
  }
}

/** Replaces the stretches in doubt inside an answered span; one that was known keeps the time of its discovery. */
export async function noteDoubts(
  db: Database,
  key: StoredKey,
  {from, to}: Span,
  doubts: readonly Doubt[]
): Promise<void> {
  const where = `${whereKey(key)} and kind = 'doubt' and ts >= ${from - 60_000} and ts < ${to}`;
  const before = await rowsOf<{ts: number; foundTs: number}>(
    db.connection,
    `select ts, found_ts as "foundTs" from remarks where ${where}`
  );
  if (before.length === 0 && doubts.length === 0) return;
  const found = new Map(before.map(({ts, foundTs}) => [ts, foundTs]));
  await inTransaction(db.connection, async () => {
    await db.connection.run(`delete from remarks where ${where}`);
    for (const {from: ts, to: end, reason} of doubts) {
      await db.connection.run(
        `insert into remarks values (${key.id}, 'doubt', ${ts}, ${end}, null, null, ${literal(reason)}, ${found.get(ts) ?? db.now()})`
      );
    }
  });
}

/** Returns the stretches in doubt of a history, ascending. */
const doubtsOf = (db: Database, key: StoredKey): Promise<Span[]> =>
  rowsOf<Span>(
    db.connection,
    `select ts as "from", to_ts as "to" from remarks where ${whereKey(key)} and kind = 'doubt' order by ts`
  );

/** Returns the stretches in doubt that were asked for in vain for so long that no update asks again. */
export const lastingDoubts = (db: Database, where: string): Promise<Span[]> =>
  rowsOf<Span>(
    db.connection,
    `select ts as "from", to_ts as "to" from remarks
     where ${where} and kind = 'doubt' and found_ts < ${db.now() - ASKED_AGAIN_MS}`
  );

/** Returns the boundaries of the settlements in doubt of a history, ascending. */
export const doubtfulBoundaries = async (db: Database, key: StoredKey): Promise<number[]> =>
  (await doubtsOf(db, key)).map(({from, to}) => boundaryTs((from + to) / 2));

/** Records where a history begins and why nothing older is believed to be absent; a later word replaces the earlier. */
export const noteBegin = (db: Database, key: StoredKey, {ts, reason}: {ts: number; reason: string}): Promise<void> =>
  replaceWord(db, key, "begins", {ts, reason});

/** Replaces the one remark of a kind of which a history has at most one. */
const replaceWord = (
  db: Database,
  key: StoredKey,
  kind: "begins" | "ended",
  {ts, reason}: {ts: number; reason: string}
): Promise<void> =>
  inTransaction(db.connection, async () => {
    await db.connection.run(`delete from remarks where ${whereKey(key)} and kind = '${kind}'`);
    await db.connection.run(
      `insert into remarks values (${key.id}, '${kind}', ${ts}, null, null, null, ${literal(reason)}, ${db.now()})`
    );
  });

/** Returns the stamp of a history's first row, UTC ms; undefined without one. */
export async function firstTs(db: Database, key: StoredKey): Promise<number | undefined> {
  const {table, stamp} = shapeOf(key.series);
  const [row] = await rowsOf<{ts: number | null}>(
    db.connection,
    `select min(${stamp}) as ts from ${table} where ${whereKey(key)}`
  );
  return row?.ts ?? undefined;
}

/** Returns where a history begins for another reason than its listing, UTC ms; undefined where no such word exists. */
export async function beginOf(db: Database, where: string): Promise<number | undefined> {
  const [row] = await rowsOf<{ts: number}>(
    db.connection,
    `select ts from remarks where ${where} and kind = 'begins' limit 1`
  );
  return row?.ts;
}

/** Records that the market of a history is gone, from the end of its newest row on. */
export async function noteEnd(db: Database, key: StoredKey, reason: string): Promise<void> {
  const {table, stamp} = shapeOf(key.series);
  const [row] = await rowsOf<{ts: number | null}>(
    db.connection,
    `select max(${stamp}) as ts from ${table} where ${whereKey(key)}`
  );
  const ts = row?.ts == null ? db.now() : row.ts + (stepOf(key) ?? 1);
  await replaceWord(db, key, "ended", {ts, reason});
  forgetLives(db);
}

/** Forgets that the market of a history was gone: the venue lists it again. */
export async function forgetEnd(db: Database, key: StoredKey): Promise<void> {
  await inTransaction(db.connection, () =>
    db.connection.run(`delete from remarks where ${whereKey(key)} and kind = 'ended'`)
  );
  forgetLives(db);
}

/** Returns when the market of a history was found to be gone, UTC ms; undefined where it is not. */
export async function endedSince(db: Database, key: StoredKey): Promise<number | undefined> {
  const [row] = await rowsOf<{ts: number}>(
    db.connection,
    `select found_ts as ts from remarks where ${whereKey(key)} and kind = 'ended' limit 1`
  );
  return row?.ts;
}

/** Returns every remark by the name of its history, `venue|pair|series|timeframe`, oldest first. */
export async function remarksByHistory(db: Database): Promise<Map<string, Remark[]>> {
  const rows = await rowsOf<Remark & {id: string}>(
    db.connection,
    `select venue || '|' || pair || '|' || series || '|' || timeframe as id, ${COLUMNS}
     from remarks join keys k on k.id = key_id order by ts, kind, found_ts`
  );
  const result = new Map<string, Remark[]>();
  for (const {id, ...remark} of rows) result.set(id, [...(result.get(id) ?? []), remark]);
  return result;
}

/** Replaces the remarks of a history by published ones. */
export const restoreRemarks = (db: Database, key: StoredKey, remarks: readonly Remark[]): Promise<void> =>
  inTransaction(db.connection, async () => {
    await db.connection.run(`delete from remarks where ${whereKey(key)}`);
    await insertRemarks(db, key, remarks);
  });

/** Stores remarks as they are, in the caller's transaction. */
export async function insertRemarks(db: Database, key: StoredKey, remarks: readonly Remark[]): Promise<void> {
  const value = (v: string | number | null) => (v === null ? "null" : literal(v));
  for (const {kind, ts, toTs, was, now, reason, foundTs} of remarks) {
    const values = [kind, ts, toTs, was, now, reason, foundTs].map(value);
    await db.connection.run(`insert into remarks values (${key.id}, ${values.join(", ")})`);
  }
}
