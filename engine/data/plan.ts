import {serves} from "../../loaders/exchange/expect.js";
import type {Exchange} from "../../loaders/exchange/types.js";
import {DataError, UsageError} from "../../loaders/errors.js";
import type {Job} from "../../src/lib/wire/job.js";
import type {JobService} from "../../loaders/ingest/jobs/service.js";
import {repairPlan} from "../../loaders/ingest/repair-plan.js";
import {
  historiesOf,
  instrumentsOfToday,
  readSelection,
  selectionDue,
  selectTop,
  trackedVenues,
  type Selection
} from "../../loaders/ingest/universe.js";
import {claimKind, type Database} from "../../loaders/store/database.js";
import type {ListedInstrument} from "../../loaders/store/instruments.js";
import {readTracked, track} from "../../loaders/store/tracked.js";
import {isCandleSeries, type Series} from "../../src/lib/market/pair.js";
import {didYouMean} from "../../src/lib/strategy/suggest.js";
import {keepUrl} from "./venue.js";
import {spanOf, type BackfillRequest} from "./request.js";

/** What planning has at hand, in a command's own process as in the engine. */
export interface PlanContext {
  db: Database;
  service: JobService;
  /** the client of a venue of this store, at the address it was last used with */
  exchange: (venue: string) => Promise<Exchange>;
  /** what a person should know of the plan */
  note: (line: string, level?: "info" | "warn") => void;
  signal: AbortSignal;
}

/** A venue that work is about to be done on. */
interface ReadyVenue {
  client: Exchange;
  /** the venue's present, which decides what is new whatever this machine's clock says */
  venueMs: number;
  /** its markets of today */
  instruments: ListedInstrument[];
}

/** Asks a venue for its time and, once a day, for its markets. A clock that is wrong here is said. */
export async function readyVenue({db, exchange, note, signal}: PlanContext, venue: string): Promise<ReadyVenue> {
  const client = await exchange(venue);
  const {venueMs, skewMs} = await client.serverTime({priority: "update", signal});
  if (Math.abs(skewMs) >= 5_000) {
    const seconds = (Math.abs(skewMs) / 1_000).toFixed(0);
    const side = skewMs > 0 ? "behind" : "ahead of";
    note(`warning: this machine's clock is ${seconds} s ${side} ${venue}'s; set it right`, "warn");
  }
  return {client, venueMs, instruments: await instrumentsOfToday(db, client, venueMs, signal)};
}

/** @throws DataError for a pair that has no perpetual in a venue's list of markets */
export function requireListed(venue: string, instruments: readonly ListedInstrument[], pairs: readonly string[]): void {
  const known = instruments.filter((i) => i.market === "perp").map((i) => i.pair);
  for (const pair of pairs) {
    if (!known.includes(pair)) {
      throw new DataError(`missing market: ${venue} lists no perpetual ${pair}${didYouMean(pair, known)}`, {
        code: "missing-market",
        fix: "see `npx carrybook pairs --universe`"
      });
    }
  }
}

/** @throws UsageError for a length of candles that a venue does not serve */
export function requireTimeframes(
  {venue, timeframes: served}: Exchange,
  {series, timeframes}: Pick<BackfillRequest, "series" | "timeframes">
): void {
  const lacking = timeframes.find((timeframe) => !served.includes(timeframe));
  if (lacking === undefined || !series.some(isCandleSeries)) return;
  throw new UsageError(`invalid timeframe: ${lacking} (${venue} does not serve it)`, {
    fix: `one or more of ${served.join(", ")}`
  });
}

/** Queues a backfill: chooses or checks its pairs, puts them on the list of updates, leaves out what is not served. */
export async function planBackfill(context: PlanContext, request: BackfillRequest): Promise<Job> {
  const {db, service, note} = context;
  const {venue, url, top, pairs: named, series, timeframes} = request;
  const wanted = {series, timeframes};
  // What is real never enters a simulated store, nor the reverse: the store itself refuses the other kind.
  await db.exclusive(() => claimKind(db, venue === "sim" ? "simulated" : "real"));
  await db.exclusive(() => keepUrl(db, {venue, url}));
  const {client, venueMs, instruments} = await readyVenue(context, venue);
  const {from, to, days} = spanOf(request, venueMs);
  requireTimeframes(client, request);
  let pairs = named;
  if (pairs) {
    requireListed(venue, instruments, pairs);
    const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
    await db.exclusive(() => track(db, keys, {fromTs: from, chosenBy: "person"}));
  } else {
    const chosen = await db.exclusive(() =>
      selectTop(db, venue, instruments, {top, days, ...wanted}, venueMs, from)
    );
    pairs = chosen.pairs;
    if (pairs.length === 0) {
      throw new DataError(`missing pairs: no perpetual of ${venue} has a spot market and turnover enough`, {
        fix: "name them with --pairs"
      });
    }
    note(`top ${pairs.length} by turnover: ${pairs.join(", ")}`);
  }
  const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
  const served = keys.filter((key) => serves(client, key.series));
  for (const name of new Set(keys.filter((key) => !served.includes(key)).map((key) => key.series)))
    note(`${venue} does not serve ${name} candles; they are left out`, "warn");
  return service.submit({kind: "backfill", venue, histories: served.map((key) => ({key, wanted: {from, to}}))});
}

/** Queues the update of everything tracked. @throws DataError when nothing is */
export async function planUpdates(context: PlanContext): Promise<Job[]> {
  const {db} = context;
  const venues = await db.exclusive(() => trackedVenues(db));
  if (venues.length === 0) {
    throw new DataError("missing pairs: nothing is tracked", {
      fix: "npx carrybook backfill --top 20, or npx carrybook track BTC/USDT"
    });
  }
  const batches: Job[] = [];
  for (const venue of venues) batches.push(await planUpdate(context, venue));
  return batches;
}

/** The histories of an update; those of a paused pair only where the pair is named. */
export interface UpdateScope {
  pair?: string | undefined;
  series?: Series | undefined;
  timeframe?: string | undefined;
}

/**
 * Queues the update of one venue: its clock, its list of markets, the weekly choice, then every tracked history.
 * @throws DataError where a narrower scope holds no tracked history
 */
export async function planUpdate(context: PlanContext, venue: string, scope: UpdateScope = {}): Promise<Job> {
  const {db, service, note} = context;
  const {venueMs, instruments} = await readyVenue(context, venue);
  const selection = await db.exclusive(() => readSelection(db, venue));
  if (selectionDue(selection, venueMs)) note(await choose(db, venue, {venueMs, instruments, selection}));
  const {pair, series, timeframe} = scope;
  const tracked = (await db.exclusive(() => readTracked(db))).filter(
    (t) =>
      t.venue === venue &&
      (pair === undefined ? t.enabled : t.pair === pair) &&
      (series === undefined || t.series === series) &&
      (timeframe === undefined || t.timeframe === timeframe || t.series === "funding")
  );
  const asked = [pair, series, timeframe].filter(Boolean).join(" ");
  if (tracked.length === 0 && asked !== "") {
    throw new DataError(`missing series: no tracked history of ${venue} is ${asked}`, {
      fix: "put it on the list of updates first: npx carrybook track"
    });
  }
  return service.submit({
    kind: "update",
    venue,
    histories: tracked.map(({fromTs, ...own}) => ({
      key: {venue, series: own.series, pair: own.pair, timeframe: own.timeframe},
      wanted: {from: fromTs, to: venueMs}
    }))
  });
}

/** Chooses the top pairs of a venue now. @returns what changed, in words; undefined where a person named every pair */
export async function reselect(context: PlanContext, venue: string): Promise<string | undefined> {
  const {db} = context;
  const selection = await db.exclusive(() => readSelection(db, venue));
  if (!selection) return undefined;
  return choose(db, venue, {...(await readyVenue(context, venue)), selection});
}

async function choose(
  db: Database,
  venue: string,
  {venueMs, instruments, selection}: Omit<ReadyVenue, "client"> & {selection: Selection}
): Promise<string> {
  const {added, dropped} = await db.exclusive(() => selectTop(db, venue, instruments, selection, venueMs));
  return `top ${selection.top} pairs chosen anew: ${added.length ? `new ${added.join(", ")}` : "none new"}${dropped.length ? `, no longer ${dropped.join(", ")}` : ""}`;
}

/** Queues the repair of every hole that another refetch may settle; none when there is no such hole. */
export async function planRepairs({db, service, exchange, note}: PlanContext): Promise<Job[]> {
  const batches: Job[] = [];
  for (const request of await db.exclusive(() => repairPlan(db))) {
    const {fundingDepthMs} = await exchange(request.venue);
    if (fundingDepthMs !== undefined)
      note(
        `${request.venue} serves ${Math.round(fundingDepthMs / 86_400_000)} days of settlements; older holes cannot be filled from it`,
        "warn"
      );
    batches.push(await service.submit(request));
  }
  return batches;
}
