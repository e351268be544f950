import {serves} from "../../loaders/exchange/expect.js";
import type {Exchange} from "../../loaders/exchange/types.js";
import {requireFetched} from "../../loaders/exchange/venues.js";
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
import {claimKind, knownKey, type Database} from "../../loaders/store/database.js";
import {newestSnapshotTs, type ListedInstrument} from "../../loaders/store/instruments.js";
import {keyText, type SeriesKey} from "../../loaders/store/key.js";
import {endedSince, forgetEnd} from "../../loaders/store/remarks.js";
import {readTracked, track} from "../../loaders/store/tracked.js";
import {isCandleSeries, isObservationSeries, type Series} from "../../src/lib/market/pair.js";
import {didYouMean} from "../../src/lib/strategy/suggest.js";
import {keepUrl} from "./venue.js";
import {spanOf, type BackfillRequest} from "./request.js";

/** Dependencies of planning, both in a command's process and in the engine. */
export interface PlanContext {
  db: Database;
  service: JobService;
  /** returns the client of a venue, at the address last used with this store */
  exchange: (venue: string) => Promise<Exchange>;
  /** reports something about the plan to the operator */
  note: (line: string, level?: "info" | "warn") => void;
  signal: AbortSignal;
}

/** A venue whose clock and markets have been read. */
interface ReadyVenue {
  client: Exchange;
  /** the venue's time, UTC ms; it decides what is new, regardless of the local clock */
  venueMs: number;
  /** today's markets */
  instruments: ListedInstrument[];
}

/** Reads a venue's time and, once a day, its markets. Reports clock skew. */
export async function readyVenue({db, exchange, note, signal}: PlanContext, venue: string): Promise<ReadyVenue> {
  const client = await exchange(venue);
  const {venueMs, skewMs} = await client.serverTime({priority: "update", signal});
  if (Math.abs(skewMs) >= 5_000) {
    const seconds = (Math.abs(skewMs) / 1_000).toFixed(0);
    const side = skewMs > 0 ? "behind" : "ahead of";
    note(`warning: this machine's clock is ${seconds} s ${side} ${venue}'s; correct it`, "warn");
  }
  return {client, venueMs, instruments: await instrumentsOfToday(db, client, venueMs, signal)};
}

/** Checks pairs. @throws DataError for a pair without a perpetual in a venue's list of markets */
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

/** Checks timeframes. @throws UsageError for a timeframe that a venue does not serve */
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

/** Returns the quote of the top pairs where none is named: USDT, or USDC on a venue that lists no perpetual in USDT. */
export const quoteFor = (instruments: readonly ListedInstrument[]): string =>
  instruments.some(({market, quote}) => market === "perp" && quote === "USDT") ? "USDT" : "USDC";

/** Markets named for each reason; the others are counted. */
const SHOWN_MARKETS = 3;

/** Tells which markets of the venue's list are not read, and why, where the list has just been read. */
function tellLeftOut({venue, leftOut = []}: Exchange, note: PlanContext["note"]): void {
  const byReason = new Map<string, string[]>();
  for (const {symbol, reason} of leftOut) byReason.set(reason, [...(byReason.get(reason) ?? []), symbol]);
  for (const [reason, symbols] of byReason) {
    const more = symbols.length > SHOWN_MARKETS ? ` and ${symbols.length - SHOWN_MARKETS} more` : "";
    note(`${venue}: left out as ${reason}: ${symbols.slice(0, SHOWN_MARKETS).join(", ")}${more}`);
  }
}

/** Queues a backfill: selects or checks its pairs, tracks them, and skips series that the venue does not serve. */
export async function planBackfill(context: PlanContext, request: BackfillRequest): Promise<Job> {
  const {db, service, note} = context;
  const {venue, url, top, quote, pairs: named, series, timeframes} = request;
  const wanted = {series, timeframes};
  requireFetched(venue, series, timeframes);
  // Real and simulated data never mix: the store itself rejects the other kind.
  await db.exclusive(() => claimKind(db, venue === "sim" ? "simulated" : "real"));
  await db.exclusive(() => keepUrl(db, {venue, url}));
  const {client, venueMs, instruments} = await readyVenue(context, venue);
  const {from, to, days} = spanOf(request, venueMs);
  requireTimeframes(client, request);
  tellLeftOut(client, note);
  let pairs = named;
  if (pairs) {
    requireListed(venue, instruments, pairs);
    const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
    await db.exclusive(() => track(db, keys, {fromTs: from, chosenBy: "person"}));
  } else {
    const chosen = await db.exclusive(() =>
      selectTop(db, venue, instruments, {top, days, quote: quote ?? quoteFor(instruments), ...wanted}, venueMs, from)
    );
    pairs = chosen.pairs;
    if (pairs.length === 0) {
      throw new DataError(`missing pairs: no perpetual of ${venue} has a spot market and enough turnover`, {
        fix: "name them with --pairs"
      });
    }
    note(`top ${pairs.length} by turnover: ${pairs.join(", ")}`);
  }
  const keys = pairs.flatMap((pair) => historiesOf(venue, pair, wanted, instruments));
  const served = keys.filter((key) => serves(client, key.series));
  for (const name of new Set(keys.filter((key) => !served.includes(key)).map((key) => key.series)))
    note(`${venue} does not serve ${name} candles; skipped`, "warn");
  return service.submit({kind: "backfill", venue, histories: served.map((key) => ({key, wanted: {from, to}}))});
}

/** Queues the update of everything tracked. @throws DataError when nothing is tracked */
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

/** Narrows an update. Paused pairs are included only when named. */
export interface UpdateScope {
  pair?: string | undefined;
  series?: Series | undefined;
  timeframe?: string | undefined;
}

/** Leaves out the histories whose markets are known to be gone; one that is listed again is followed again (§8.14). */
async function stillListed<H extends {key: SeriesKey}>(
  db: Database,
  venue: string,
  histories: readonly H[],
  instruments: readonly ListedInstrument[]
): Promise<H[]> {
  const listed = new Set(instruments.map(({market, pair}) => `${market}|${pair}`));
  const observedTs = (await newestSnapshotTs(db, venue)) ?? -Infinity;
  const alive: H[] = [];
  for (const history of histories) {
    const stored = knownKey(db, history.key);
    const goneTs = stored && (await endedSince(db, stored));
    const gone = stored !== undefined && goneTs !== undefined;
    const again = gone && observedTs > goneTs && listed.has(`${history.key.series === "spot" ? "spot" : "perp"}|${history.key.pair}`);
    if (gone && again) await forgetEnd(db, stored);
    if (!gone || again) alive.push(history);
  }
  return alive;
}

/**
 * Queues the update of one venue: its clock, its markets, the weekly selection, then every tracked history.
 * @throws DataError where a narrowed scope contains no tracked history
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
      fix: "track it first: npx carrybook track"
    });
  }
  const histories = tracked.map(({fromTs, ...own}) => ({
    key: {venue, series: own.series, pair: own.pair, timeframe: own.timeframe},
    wanted: {from: fromTs, to: venueMs}
  }));
  const alive = await db.exclusive(() => stillListed(db, venue, histories, instruments));
  return service.submit({kind: "update", venue, histories: alive});
}

/** Reselects a venue's top pairs now. @returns what changed, in words; undefined where every pair was named */
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
  return `top ${selection.top} pairs reselected: ${added.length ? `new ${added.join(", ")}` : "none new"}${dropped.length ? `, no longer ${dropped.join(", ")}` : ""}`;
}

/** Queues the repair of every hole that another refetch may fill or confirm missing. */
export async function planRepairs({db, service, exchange, note}: PlanContext): Promise<Job[]> {
  const batches: Job[] = [];
  for (const request of await db.exclusive(() => repairPlan(db))) {
    const client = await exchange(request.venue);
    const {fundingDepthMs} = client;
    const histories = request.histories.filter(({key}) => !isObservationSeries(key.series) || serves(client, key.series));
    for (const {key} of request.histories.filter((own) => !histories.includes(own)))
      note(`${keyText(key)} is read from files: import one with the missing rows`, "warn");
    if (histories.length === 0) continue;
    if (fundingDepthMs !== undefined)
      note(
        `${request.venue} serves ${Math.round(fundingDepthMs / 86_400_000)} days of settlements; older holes cannot be filled from it`,
        "warn"
      );
    batches.push(await service.submit({...request, histories}));
  }
  return batches;
}
