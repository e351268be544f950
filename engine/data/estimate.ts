import {expectedRequests, serves} from "../../loaders/exchange/expect.js";
import type {Exchange} from "../../loaders/exchange/types.js";
import {requireFetched} from "../../loaders/exchange/venues.js";
import {peekFetch} from "../../loaders/ingest/jobs/plan.js";
import {historiesOf, listMarkets, topPairs} from "../../loaders/ingest/universe.js";
import {requireKind, type Database} from "../../loaders/store/database.js";
import type {EstimateReport} from "../../src/lib/wire/data.js";
import {quoteFor, requireListed, requireTimeframes} from "./plan.js";
import {spanOf, type BackfillRequest} from "./request.js";

/** Estimates the requests, rows and time of a backfill. Queues, tracks and stores nothing. */
export async function estimateBackfill(
  db: Database,
  client: Exchange,
  request: BackfillRequest,
  signal: AbortSignal
): Promise<EstimateReport> {
  const {venue, top, quote, pairs: named, series, timeframes} = request;
  requireFetched(venue, series, timeframes);
  await db.exclusive(() => requireKind(db, venue === "sim" ? "simulated" : "real"));
  const {venueMs} = await client.serverTime({priority: "update", signal});
  const instruments = await listMarkets(client, venueMs, signal);
  const {from, to} = spanOf(request, venueMs);
  requireTimeframes(client, request);
  if (named) requireListed(venue, instruments, named);
  const pairs = named ?? topPairs(instruments, top, {quote: quote ?? quoteFor(instruments)});
  const keys = pairs
    .flatMap((pair) => historiesOf(venue, pair, {series, timeframes}, instruments))
    .filter((key) => serves(client, key.series));
  let [requests, rows, complete] = [0, 0, 0];
  for (const key of keys) {
    const market = instruments.find((i) => i.pair === key.pair && (i.market === "spot") === (key.series === "spot"));
    const begin = Math.max(from, market?.launchTs ?? from);
    const wanted = {from: Math.min(begin, to), to};
    const plan = await db.exclusive(() => peekFetch(db, key, wanted, market?.fundingIntervalHours));
    const own = plan.spans.reduce(
      (sum, span) => sum + Math.max(1, expectedRequests(client, key.series, key.timeframe, span, plan.intervalHours)),
      0
    );
    requests += own;
    rows += plan.rowsExpected;
    if (own === 0) complete++;
  }
  const {perWindow, windowMs} = client.usage();
  const seconds = Math.ceil((requests * windowMs) / perWindow / 1_000);
  return {requests, rows, histories: keys.length, complete, seconds, pairs};
}
