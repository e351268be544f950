import type {Span} from "../../../src/lib/market/coverage.js";
import {isCandleSeries, isObservationSeries, type ObservationSeries} from "../../../src/lib/market/pair.js";
import {inTransaction, storedKey, type Database} from "../../store/database.js";
import {countTry, holesToRepair} from "../../store/findings.js";
import {askObservations} from "../../exchange/grid-history.js";
import {rowsOfPage} from "../../exchange/expect.js";
import type {Exchange} from "../../exchange/types.js";
import {stepOf, type SeriesKey, type StoredKey} from "../../store/key.js";
import {saveJob} from "../../store/jobs.js";
import type {MarketRow, Revision} from "../../rows.js";
import type {Job} from "../../../src/lib/wire/job.js";
import {count, type FetchContext} from "./fetch.js";
import {write} from "./write.js";

/**
 * Refetches exactly the holes of a history. Each refetch that leaves a hole unchanged counts as a try. After two, the
 * hole is `confirmed missing` or stays `ambiguous`, and is not requested again (§8.13, 8.15).
 * @returns the job, with the outcome of the holes in its `quality`
 */
export async function repairHoles(job: Job, key: SeriesKey, context: FetchContext): Promise<Job> {
  const {db, exchange, clock, signal, watch, log, onProgress, onWritten} = context;
  const apart: Database["exclusive"] = (work) => watch.apart(() => db.exclusive(work));
  const stored = await apart(() => storedKey(db, key));
  const quality = {rejected: 0, repeats: 0, outside: 0, filled: 0, confirmed: 0, ambiguous: 0};
  const since = askedFrom(exchange, key, clock.now());
  const first = await apart(() => holesWithin(db, stored, job, since));
  let now: Job = {
    ...job,
    step: "refetch",
    rowsExpected: first.reduce((sum, hole) => sum + hole.rows, 0),
    pagesExpected: job.pages + first.length
  };
  onProgress(now);
  // A fill can split a hole, and a hole may need two refetches, so the list is read again until none is left to try.
  for (let open = first; open.length > 0; open = await apart(() => holesWithin(db, stored, job, since))) {
    for (const hole of open) {
      signal.throwIfAborted();
      const rows: MarketRow[] = [];
      const revised: Revision[] = [];
      for await (const page of refetch(key, hole, context)) {
        count(quality, page, log);
        rows.push(...page.rows);
        revised.push(...(page.revised ?? []));
      }
      now = {...now, pages: now.pages + 1, rowsFetched: now.rowsFetched + rows.length, quality: {...quality}};
      const changed =
        rows.length === 0
          ? 0
          : await apart(() => write(db, key, {proven: hole, rows, revised}, exchange.origin, {...now, quality}));
      if (changed > 0) {
        quality.filled += changed;
        now = {...now, quality: {...quality}};
        log(`filled ${changed} rows of ${text(hole)}`);
        await watch.apart(onWritten);
      } else {
        const final = hole.tries + 1 >= 2;
        if (final) quality[hole.state === "ambiguous" ? "ambiguous" : "confirmed"] += 1;
        now = {...now, quality: {...quality}};
        await apart(() =>
          inTransaction(db.connection, async () => {
            await countTry(db, stored, hole);
            await saveJob(db, now);
          })
        );
        log(
          `no row in ${text(hole)}${!final ? "" : hole.state === "ambiguous" ? ": ambiguous, a hole or a switch of the interval" : ": confirmed missing"}`
        );
      }
      onProgress(now);
    }
  }
  return now;
}

/** Returns the holes of this job: those inside its span. */
const holesWithin = async (db: Database, stored: StoredKey, {from, to}: Job, askedFrom: number) =>
  (await holesToRepair(db, stored)).filter(
    (hole) => hole.from >= Math.max(from ?? -Infinity, askedFrom) && hole.to <= (to ?? Infinity)
  );

/** Returns from where on the venue can be asked for observations, UTC ms: an older hole is not confirmed missing. */
function askedFrom(exchange: Exchange, {series, timeframe}: SeriesKey, nowMs: number): number {
  const absence = isObservationSeries(series) ? exchange.absence?.(timeframe, nowMs, series) : undefined;
  return absence?.from ?? -Infinity;
}

async function* refetch(
  {pair, series, timeframe}: SeriesKey,
  hole: Span,
  {exchange, priority, signal, watch}: FetchContext
) {
  const options = {priority, signal, pulse: watch.pulse};
  const step = stepOf({timeframe});
  if (step !== undefined) {
    const page = rowsOfPage(exchange, series) * step;
    for (let from = hole.from; from < hole.to; from += page) {
      const window = {from, to: Math.min(hole.to, from + page)};
      yield isCandleSeries(series)
        ? await exchange.candles(pair, series, timeframe, window, options)
        : await askObservations(exchange, pair, series as ObservationSeries, timeframe, window, options);
    }
    return;
  }
  for (let until = hole.to - HALF_MINUTE_MS; until >= hole.from;) {
    const page = await exchange.settlements(pair, until, options);
    const inside = page.rows.filter((row) => row.tsMs >= hole.from - HALF_MINUTE_MS);
    yield {...page, rows: inside};
    const oldest = page.rows[0]?.tsMs;
    if (oldest === undefined || oldest < hole.from || inside.length === 0) return;
    until = oldest - 1;
  }
}

/** Tolerance at a hole's edges in ms, since stamps jitter around their boundary. */
const HALF_MINUTE_MS = 30_000;

const text = ({from, to}: Span): string => `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
