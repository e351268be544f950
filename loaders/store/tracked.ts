import type {TrackedReport} from "../../src/lib/wire/data.js";
import {inTransaction, rowsOf, type Database} from "./database.js";
import {literal, type SeriesKey} from "./key.js";

/** Origin of a history in the scheduled updates; `nobody` marks a pair that a person removed. */
type ChosenBy = "person" | "top" | "nobody";

/** A history that scheduled updates include. */
export type Tracked = TrackedReport & SeriesKey & {chosenBy: ChosenBy};

/** Returns every tracked history, by venue, pair, series and timeframe. */
export const readTracked = async (db: Database): Promise<Tracked[]> =>
  rowsOf<Tracked>(
    db.connection,
    `select venue, pair, series, timeframe, from_ts as "fromTs", chosen_by as "chosenBy", since_ts as "sinceTs",
            (venue, pair) not in (select (venue, pair) from paused) as enabled
     from tracked where chosen_by <> 'nobody' order by venue, pair, series, timeframe`
  );

/**
 * Adds histories to the scheduled updates. A person's choice overrides a selection's: a selection neither adds what
 * a person removed, nor removes what a person added. `fromTs` only moves further back.
 */
export async function track(
  db: Database,
  keys: readonly SeriesKey[],
  {fromTs, chosenBy}: {fromTs: number; chosenBy: "person" | "top"}
): Promise<void> {
  await inTransaction(db.connection, async () => {
    for (const key of keys) {
      const where = whereTracked(key);
      const [old] = await rowsOf<{fromTs: number; chosenBy: ChosenBy; sinceTs: number}>(
        db.connection,
        `select from_ts as "fromTs", chosen_by as "chosenBy", since_ts as "sinceTs" from tracked where ${where}`
      );
      if (chosenBy === "top" && old?.chosenBy === "nobody") continue;
      const by = old?.chosenBy === "person" ? "person" : chosenBy;
      const from = old && old.chosenBy !== "nobody" ? Math.min(old.fromTs, fromTs) : fromTs;
      await db.connection.run(`delete from tracked where ${where}`);
      await db.connection.run(
        `insert into tracked values (${literal(key.venue)}, ${literal(key.pair)}, ${literal(key.series)}, ${literal(key.timeframe)},
           ${from}, '${by}', ${old?.sinceTs ?? db.now()})`
      );
    }
  });
}

/**
 * Removes pairs, or single timeframes of them, from the scheduled updates; the weekly selection does not add them
 * again. Rows stay.
 * @returns the number of histories removed
 */
export async function untrack(
  db: Database,
  pairs: readonly string[],
  {venue, timeframe}: {venue?: string | undefined; timeframe?: string | undefined} = {}
): Promise<number> {
  const conditions = [
    `pair in (${pairs.map(literal).join(", ")})`,
    "chosen_by <> 'nobody'",
    ...(venue === undefined ? [] : [`venue = ${literal(venue)}`]),
    ...(timeframe === undefined ? [] : [`timeframe = ${literal(timeframe)}`])
  ].join(" and ");
  const [row] = await rowsOf<{n: number}>(db.connection, `select count(*) as n from tracked where ${conditions}`);
  await inTransaction(db.connection, async () => {
    await db.connection.run(`update tracked set chosen_by = 'nobody' where ${conditions}`);
    await db.connection.run(
      "delete from paused where (venue, pair) not in (select (venue, pair) from tracked where chosen_by <> 'nobody')"
    );
  });
  return row!.n;
}

/** Pauses or resumes the updates of pairs of a venue. Rows and the list stay as they are. */
export async function setPaused(db: Database, venue: string, pairs: readonly string[], paused: boolean): Promise<void> {
  await inTransaction(db.connection, async () => {
    await db.connection.run(
      `delete from paused where venue = ${literal(venue)} and pair in (${pairs.map(literal).join(", ")})`
    );
    if (!paused) return;
    const values = pairs.map((pair) => `(${literal(venue)}, ${literal(pair)}, ${db.now()})`);
    await db.connection.run(`insert into paused values ${values.join(", ")}`);
  });
}

/**
 * Removes the histories that an earlier selection added and the current one does not choose. Rows stay.
 * @returns the pairs removed
 */
export async function dropUnselected(db: Database, venue: string, keep: (key: Tracked) => boolean): Promise<string[]> {
  const own = (await readTracked(db)).filter((t) => t.venue === venue && t.chosenBy === "top");
  const gone = own.filter((t) => !keep(t));
  await inTransaction(db.connection, async () => {
    for (const key of gone) await db.connection.run(`delete from tracked where ${whereTracked(key)}`);
  });
  return [...new Set(gone.map((t) => t.pair))];
}

const whereTracked = ({venue, pair, series, timeframe}: SeriesKey): string =>
  `venue = ${literal(venue)} and pair = ${literal(pair)} and series = ${literal(series)} and timeframe = ${literal(timeframe)}`;
