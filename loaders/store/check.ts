import type {Hole} from "../../src/lib/market/coverage.js";
import type {CheckedReport} from "../../src/lib/wire/data.js";
import {inTransaction, rowsOf, type Database} from "./database.js";
import {refreshEdges} from "./edges.js";
import {refreshHoles} from "./findings.js";
import {refreshOddities} from "./oddities.js";
import {shapeOf, whereKey, type SeriesKey, type StoredKey} from "./key.js";

/** What a look at a history found. */
export type Checked = Omit<CheckedReport, keyof SeriesKey> & {holes: (Hole & {tries: number})[]};

/** Recomputes the holes of a history from its rows, in one transaction. Unchanged holes keep their tries. */
export async function checkHistory(db: Database, key: StoredKey): Promise<Checked> {
  const {table, stamp} = shapeOf(key.series);
  const before = JSON.stringify(await holesOf(db, key));
  const [edge] = await rowsOf<{rows: number; from: number | null; to: number | null}>(
    db.connection,
    `select count(*) as rows, min(${stamp}) as "from", max(${stamp}) as "to" from ${table} where ${whereKey(key)}`
  );
  const {rows, from, to} = edge!;
  if (from !== null && to !== null) {
    await inTransaction(db.connection, async () => {
      await refreshHoles(db, key, from, to);
      await refreshOddities(db, key, from, to);
      await refreshEdges(db, key);
    });
  }
  const holes = await holesOf(db, key);
  return {rows, from, to, holes, changed: JSON.stringify(holes) !== before};
}

/**
 * Reopens the holes of a span for the operator: tries return to 0, and confirmed holes are open again.
 * @returns the number of holes
 */
export async function reopenHoles(db: Database, key: StoredKey, span: {from: number; to: number}): Promise<number> {
  const where = `${whereKey(key)} and from_ts >= ${span.from} and to_ts <= ${span.to}`;
  const [row] = await rowsOf<{n: number}>(db.connection, `select count(*) as n from holes where ${where}`);
  await db.connection.run(
    `update holes set tries = 0, state = case when state = 'ambiguous' then state else 'open' end where ${where}`
  );
  return row!.n;
}

const holesOf = (db: Database, key: StoredKey): Promise<Checked["holes"]> =>
  rowsOf(
    db.connection,
    `select from_ts as "from", to_ts as "to", missing as rows, state, tries from holes where ${whereKey(key)} order by from_ts`
  );
