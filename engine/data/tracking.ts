import {DataError} from "../../loaders/errors.js";
import {historiesOf} from "../../loaders/ingest/universe.js";
import type {Database} from "../../loaders/store/database.js";
import {newestInstruments} from "../../loaders/store/instruments.js";
import {readTracked, track, untrack, type Tracked} from "../../loaders/store/tracked.js";
import type {Series} from "../../src/lib/market/pair.js";
import {DAY_MS, type Timeframe} from "../../src/lib/time/grid.js";
import {requireListed} from "./plan.js";

/** What is to be put on the list of scheduled updates. */
export interface TrackRequest {
  pairs: string[];
  /** undefined: the only venue there is, else `fallback` */
  venue?: string | undefined;
  series: Series[];
  timeframes: Timeframe[];
  days: number;
}

/**
 * Puts pairs on the list of scheduled updates and gives the list.
 * @throws DataError for a pair that the venue does not list
 */
export function trackPairs(
  db: Database,
  {pairs, venue: named, days, ...wanted}: TrackRequest,
  {nowMs, fallback}: {nowMs: number; fallback: string}
): Promise<Tracked[]> {
  return db.exclusive(async () => {
    const known = [...new Set((await readTracked(db)).map((t) => t.venue))];
    const venue = named ?? (known.length === 1 ? known[0]! : fallback);
    const instruments = await newestInstruments(db, venue);
    // Before the first list of a venue's markets nobody can tell; the update says it then.
    if (instruments.length > 0) requireListed(venue, instruments, pairs);
    const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
    await track(db, keys, {fromTs: nowMs - days * DAY_MS, chosenBy: "person"});
    return readTracked(db);
  });
}

/** Takes pairs off the list; their rows stay. @throws DataError for a pair that is not on it */
export function untrackPairs(
  db: Database,
  pairs: readonly string[],
  only: {venue?: string | undefined; timeframe?: string | undefined}
): Promise<{untracked: number; pairs: readonly string[]}> {
  return db.exclusive(async () => {
    const tracked = new Set((await readTracked(db)).map((t) => t.pair));
    const unknown = pairs.find((pair) => !tracked.has(pair));
    if (unknown !== undefined) {
      throw new DataError(`missing pair: ${unknown} is not tracked`, {fix: "npx carrybook track shows the list"});
    }
    return {untracked: await untrack(db, pairs, only), pairs};
  });
}
