import {DataError} from "../../loaders/errors.js";
import {requireFetched} from "../../loaders/exchange/venues.js";
import {historiesOf} from "../../loaders/ingest/universe.js";
import type {Database} from "../../loaders/store/database.js";
import {newestInstruments} from "../../loaders/store/instruments.js";
import {readTracked, setPaused, track, untrack, type Tracked} from "../../loaders/store/tracked.js";
import type {Series} from "../../src/lib/market/pair.js";
import {DAY_MS, type Timeframe} from "../../src/lib/time/grid.js";
import type {TrackedPairReport} from "../../src/lib/wire/data.js";
import {requireListed} from "./plan.js";

/** Histories to add to the scheduled updates. */
export interface TrackRequest {
  pairs: string[];
  /** undefined: the only venue there is, else `fallback` */
  venue?: string | undefined;
  series: Series[];
  timeframes: Timeframe[];
  days: number;
}

/**
 * Adds pairs to the scheduled updates and returns the whole list.
 * @throws DataError for a pair that the venue does not list; UsageError for a series that it does not serve
 */
export function trackPairs(
  db: Database,
  {pairs, venue: named, days, ...wanted}: TrackRequest,
  {nowMs, fallback}: {nowMs: number; fallback: string}
): Promise<Tracked[]> {
  return db.exclusive(async () => {
    const known = [...new Set((await readTracked(db)).map((t) => t.venue))];
    const venue = named ?? (known.length === 1 ? known[0]! : fallback);
    requireFetched(venue, wanted.series, wanted.timeframes);
    const instruments = await newestInstruments(db, venue);
    // Without a list of the venue's markets yet, the check is left to the first update.
    if (instruments.length > 0) requireListed(venue, instruments, pairs);
    const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
    await track(db, keys, {fromTs: nowMs - days * DAY_MS, chosenBy: "person"});
    const asked = [...new Set(keys.map(({pair}) => pair))];
    if (asked.length > 0) await setPaused(db, venue, asked, false);
    return readTracked(db);
  });
}

/** Removes pairs from the list; their rows stay. @throws DataError for a pair that is not tracked */
export function untrackPairs(
  db: Database,
  pairs: readonly string[],
  only: {venue?: string | undefined; timeframe?: string | undefined}
): Promise<{untracked: number; pairs: readonly string[]}> {
  return db.exclusive(async () => {
    requireTracked(await readTracked(db), pairs);
    return {untracked: await untrack(db, pairs, only), pairs};
  });
}

/** Groups the tracked histories by venue and pair. */
export function byPair(tracked: readonly Tracked[]): TrackedPairReport[] {
  const pairs = new Map<string, TrackedPairReport>();
  for (const {venue, pair, enabled, chosenBy, fromTs, sinceTs, series, timeframe} of tracked) {
    const id = `${venue}|${pair}`;
    let own = pairs.get(id);
    if (!own) {
      own = {venue, pair, enabled, chosenBy, fromTs, sinceTs, histories: []};
      pairs.set(id, own);
    }
    if (own.chosenBy !== chosenBy) own.chosenBy = "mixed";
    own.fromTs = Math.min(own.fromTs, fromTs);
    own.sinceTs = Math.min(own.sinceTs, sinceTs);
    own.histories.push({series, timeframe, fromTs, chosenBy});
  }
  return [...pairs.values()];
}

/**
 * Pauses or resumes the scheduled updates of pairs.
 * @param venue undefined: every venue that tracks them
 * @throws DataError for a pair that is not tracked
 */
export function enablePairs(
  db: Database,
  {pairs, venue}: {pairs: readonly string[]; venue?: string | undefined},
  enabled: boolean
): Promise<TrackedPairReport[]> {
  return db.exclusive(async () => {
    const list = (await readTracked(db)).filter((own) => venue === undefined || own.venue === venue);
    requireTracked(list, pairs);
    for (const name of new Set(list.map((own) => own.venue))) {
      const named = pairs.filter((pair) => list.some((own) => own.venue === name && own.pair === pair));
      if (named.length > 0) await setPaused(db, name, named, !enabled);
    }
    return byPair(await readTracked(db));
  });
}

function requireTracked(list: readonly Tracked[], pairs: readonly string[]): void {
  const unknown = pairs.find((pair) => !list.some((own) => own.pair === pair));
  if (unknown === undefined) return;
  throw new DataError(`missing pair: ${unknown} is not tracked`, {fix: "npx carrybook track lists the tracked pairs"});
}
