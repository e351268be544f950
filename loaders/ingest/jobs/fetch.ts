import {lengthMs, type Span} from "../../../src/lib/market/coverage.js";
import {isCandleSeries, isObservationSeries} from "../../../src/lib/market/pair.js";
import {expectedRequests} from "../../exchange/expect.js";
import {candleHistory, observationHistory} from "../../exchange/grid-history.js";
import {fundingHistory} from "../../exchange/funding-history.js";
import type {Clock, Exchange, HistoryOptions, Priority, Rejected, Stretch} from "../../exchange/types.js";
import type {Absence} from "../../exchange/venues.js";
import {storedKey, type Database} from "../../store/database.js";
import {firstTs, noteBegin} from "../../store/remarks.js";
import type {SeriesKey} from "../../store/key.js";
import type {MarketRow} from "../../rows.js";
import type {Job} from "../../../src/lib/wire/job.js";
import {planFetch, type Plan} from "./plan.js";
import type {Watch} from "./watch.js";
import {contiguous, write} from "./write.js";

/** Dependencies of fetching one history. */
export interface FetchContext {
  db: Database;
  exchange: Exchange;
  clock: Clock;
  priority: Priority;
  signal: AbortSignal;
  /** told of every stage of a request, and of work on the store */
  watch: Watch;
  log: (text: string) => void;
  /** called when the job's figures change */
  onProgress: (job: Job) => void;
  /** called after each committed write, e.g. to publish the lake */
  onWritten: () => Promise<void>;
}

/** Rows are written once there are this many, or after this many ms. */
const FLUSH_ROWS = 10_000;
const FLUSH_MS = 4_000;

/**
 * Fetches what is missing of a history and stores it span by span. Rows, the coverage they prove and the job's progress
 * are one transaction each, so an interruption loses no committed rows.
 * @returns the job with its figures
 */
export async function fetchHistory(job: Job, key: SeriesKey, requested: Span, context: FetchContext): Promise<Job> {
  const {db, exchange, clock, signal, watch, log, onProgress, onWritten} = context;
  const plan = await watch.apart(() =>
    db.exclusive(() => planFetch(db, key, requested, {again: job.kind !== "update"}))
  );
  let now: Job = {
    ...job,
    step: "fetch",
    // Spans that an earlier attempt fetched are proven, and not part of this plan.
    rowsExpected: job.rowsFetched + plan.rowsExpected,
    pagesExpected: job.pages + pagesOfPlan(exchange, key, plan)
  };
  onProgress(now);
  log(
    plan.spans.length === 0
      ? "nothing is missing"
      : `${plan.spans.length} missing ${plan.spans.length === 1 ? "span" : "spans"}, about ${plan.rowsExpected} rows`
  );
  const quality = {rejected: 0, repeats: 0, outside: 0};
  const started = clock.monotonic();
  const requestedMs = lengthMs(plan.spans);
  let answeredMs = 0;
  let pending: Stretch<MarketRow>[] = [];
  let pendingRows = 0;
  let flushed = started;
  const flush = () => watch.apart(writePending);
  const writePending = async () => {
    if (pending.length === 0) return;
    const groups = contiguous(pending);
    pending = [];
    pendingRows = 0;
    flushed = clock.monotonic();
    for (const group of groups) {
      now = withProgress({...now, rowsFetched: now.rowsFetched + group.rows.length, quality: {...quality}});
      await db.exclusive(() => {
        signal.throwIfAborted();
        return write(db, key, group, exchange.origin, now);
      });
    }
    onProgress(now);
    await onWritten();
  };
  let absence: Absence | undefined;
  const onBegin = (found: Absence) => void (absence = found);
  for (const span of plan.spans) {
    for await (const stretch of walk(exchange, key, span, {...context, launchTs: plan.launchTs, onBegin})) {
      signal.throwIfAborted();
      count(quality, stretch, log);
      pending.push(stretch);
      pendingRows += stretch.rows.length;
      now = {...now, pages: now.pages + 1};
      answeredMs += stretch.proven.to - stretch.proven.from;
      if (key.series === "funding") now = withExpected(now, job, {answeredMs, requestedMs, pendingRows});
      now = {...now, etaMs: etaOf(now, clock.monotonic() - started, job.pages)};
      onProgress(now);
      if (pendingRows >= FLUSH_ROWS || clock.monotonic() - flushed >= FLUSH_MS) await flush();
    }
  }
  await flush();
  if (absence) await watch.apart(() => db.exclusive(() => beginAt(db, key, absence!, log)));
  return {...now, quality: {...quality}};
}

function walk(
  exchange: Exchange,
  {pair, series, timeframe}: SeriesKey,
  span: Span,
  {
    priority,
    signal,
    watch,
    launchTs,
    onBegin
  }: Pick<FetchContext, "priority" | "signal" | "watch"> & Pick<HistoryOptions, "launchTs" | "onBegin">
): AsyncIterable<Stretch<MarketRow>> {
  const options = {priority, signal, pulse: watch.pulse, launchTs, onBegin};
  if (isCandleSeries(series)) return candleHistory(exchange, pair, series, timeframe, span, options);
  if (isObservationSeries(series)) return observationHistory(exchange, pair, series, timeframe, span, options);
  return fundingHistory(exchange, pair, span, options);
}

/** Records that a history begins at its first row for want of an answer about what is older; none without a row. */
async function beginAt(db: Database, key: SeriesKey, {reason}: Absence, log: (text: string) => void): Promise<void> {
  const stored = await storedKey(db, key);
  const ts = await firstTs(db, stored);
  if (ts === undefined) return log(`no rows: ${reason}`);
  await noteBegin(db, stored, {ts, reason});
  log(`coverage begins at ${new Date(ts).toISOString()}: ${reason}`);
}

/** Pages that the missing stretches cost: a stretch that is only asked about costs one too. */
const pagesOfPlan = (exchange: Exchange, {series, timeframe}: SeriesKey, {spans, intervalHours}: Plan): number =>
  spans.reduce((sum, span) => sum + Math.max(1, expectedRequests(exchange, series, timeframe, span, intervalHours)), 0);

function withProgress(job: Job): Job {
  const rowsExpected = Math.max(job.rowsExpected ?? 0, job.rowsFetched);
  return {
    ...job,
    rowsExpected,
    progress: rowsExpected > 0 ? Math.min(0.99, job.rowsFetched / rowsExpected) : 0
  };
}

/**
 * Returns a job with the rows and pages expected of settlements, whose interval only their pages show. The rest of the
 * spans is assumed to resemble what was answered.
 */
function withExpected(
  now: Job,
  before: Job,
  {answeredMs, requestedMs, pendingRows}: {answeredMs: number; requestedMs: number; pendingRows: number}
): Job {
  const left = Math.max(0, requestedMs - answeredMs) / answeredMs;
  const rows = now.rowsFetched + pendingRows;
  return {
    ...now,
    rowsExpected: Math.round(rows + (rows - before.rowsFetched) * left),
    pagesExpected: now.pages + Math.ceil((now.pages - before.pages) * left)
  };
}

/** Returns the time left at the pace since this attempt began, in ms; null before its first page. */
function etaOf({pages, pagesExpected}: Job, elapsedMs: number, pagesBefore: number): number | null {
  const fresh = pages - pagesBefore;
  return fresh > 0 ? Math.round((elapsedMs * Math.max(0, (pagesExpected ?? 0) - pages)) / fresh) : null;
}

/** Adds a stretch's quality counts; logs each rejected row with its reason. */
export function count(
  quality: Record<"rejected" | "repeats" | "outside", number>,
  {rejected, repeats, outside}: {rejected: readonly Rejected[]; repeats: number; outside: number},
  log: (text: string) => void
): void {
  quality.rejected += rejected.length;
  quality.repeats += repeats;
  quality.outside += outside;
  for (const {tsMs, reason} of rejected) {
    log(`row rejected: ${reason}${tsMs === undefined ? "" : ` at ${new Date(tsMs).toISOString()}`}`);
  }
}
