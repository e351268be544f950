import {JobService, type JobEvent} from "../../loaders/ingest/jobs/service.js";
import type {Job} from "../../loaders/ingest/job.js";
import {instrumentsOfToday} from "../../loaders/ingest/universe.js";
import type {ListedInstrument} from "../../loaders/store/instruments.js";
import {systemClock} from "../../loaders/exchange/clock.js";
import type {Exchange} from "../../loaders/exchange/types.js";
import {DataError, UsageError} from "../../loaders/errors.js";
import type {Database} from "../../loaders/store/database.js";
import {SERIES, parsePair, type Series} from "../../src/lib/market/pair.js";
import {DAY_MS, TIMEFRAMES, isTimeframe, type Timeframe} from "../../src/lib/time/grid.js";
import {didYouMean} from "../../src/lib/strategy/suggest.js";
import {formatInstant, parseInstant} from "../../src/lib/time/instant.js";
import {knownUrl, openVenue, type OpenVenue} from "../venue.js";
import type {Context} from "./context.js";
import {count, drawTable} from "./output.js";

/** What a run of ingestion work has at hand. */
export interface Ingest {
  db: Database;
  service: JobService;
  /** the client of a venue of this store, at the address it was last used with */
  exchange: (venue: string) => Promise<Exchange>;
  context: Context;
}

/** Opens the store and its queue for a command, and closes both and every client after it. */
export async function withIngest<T>(context: Context, work: (ingest: Ingest) => Promise<T>): Promise<T> {
  const db = await context.openStore();
  const venues = new Map<string, Promise<OpenVenue>>();
  const exchange = async (venue: string) => {
    if (!venues.has(venue)) {
      const url = await db.exclusive(() => knownUrl(db, venue));
      const opening = openVenue({venue, url});
      venues.set(venue, opening);
      opening.catch(() => venues.delete(venue));
    }
    return (await venues.get(venue)!).exchange;
  };
  try {
    const service = await JobService.open(db, {
      connect: exchange,
      clock: systemClock,
      random: Math.random,
      onEvent: (event) => narrate(context, () => service, event)
    });
    return await work({db, service, exchange, context});
  } finally {
    context.output.progress(undefined);
    for (const venue of venues.values()) await venue.then(({close}) => close()).catch(() => undefined);
    await db.close();
  }
}

function narrate({output}: Context, service: () => JobService, event: JobEvent): void {
  if (event.type !== "job" || event.job.parentId === null) return;
  const {job} = event;
  if (job.status === "queued" && job.error)
    output.note(`${nameOf(job)}: ${job.error} (attempt ${job.attempts} of ${job.maxAttempts}, trying again)`, "warn");
  const batch = service().get(job.parentId!)!;
  const children = service().children(batch.id);
  const done = children.filter((child) => child.status === "completed").length;
  output.progress({
    label: batch.kind,
    done: Math.round(batch.progress * 1_000),
    total: 1_000,
    detail: `${count(batch.rowsFetched)} of ${count(batch.rowsExpected ?? 0)} rows · ${done} of ${children.length} histories`,
    etaMs: batch.etaMs
  });
}

const nameOf = ({pair, series, timeframe}: Job): string => [pair, series, timeframe].filter(Boolean).join(" ");

/** A venue that work is about to be done on. */
export interface ReadyVenue {
  client: Exchange;
  /** the venue's present, which decides what is new whatever this machine's clock says */
  venueMs: number;
  /** its markets of today */
  instruments: ListedInstrument[];
}

/** Asks a venue for its time and, once a day, for its markets. A clock that is wrong here is said. */
export async function readyVenue({db, exchange, context}: Ingest, venue: string): Promise<ReadyVenue> {
  const {output, signal} = context;
  const client = await exchange(venue);
  const {venueMs, skewMs} = await client.serverTime({priority: "update", signal});
  if (Math.abs(skewMs) >= 5_000) {
    const seconds = (Math.abs(skewMs) / 1_000).toFixed(0);
    const side = skewMs > 0 ? "behind" : "ahead of";
    output.note(`warning: this machine's clock is ${seconds} s ${side} ${venue}'s; set it right`, "warn");
  }
  return {client, venueMs, instruments: await instrumentsOfToday(db, client, venueMs, signal)};
}

/** @throws DataError for a pair that has no perpetual in a venue's list of markets */
export function requireListed(venue: string, instruments: readonly ListedInstrument[], pairs: readonly string[]): void {
  const known = instruments.filter((i) => i.market === "perp").map((i) => i.pair);
  for (const pair of pairs) {
    if (!known.includes(pair)) {
      throw new DataError(`missing market: ${venue} lists no perpetual ${pair}${didYouMean(pair, known)}`, {
        fix: "see `npx carrybook pairs --universe`"
      });
    }
  }
}

/** Works off batches, showing progress, and tells how they ended. The exit code is that of the worst. */
export async function runBatches({service, context, exchange}: Ingest, batches: readonly Job[]): Promise<number> {
  const {output, signal} = context;
  const ids = batches.map((batch) => batch.id);
  await service.run({batches: ids, signal});
  output.progress(undefined);
  const ended = ids.map((id) => service.get(id)!);
  const children = ids.flatMap((id) => service.children(id));
  const failed = children.filter((child) => child.status === "failed");
  const venues = [...new Set(batches.flatMap((batch) => batch.venue ?? []))];
  const usage = Object.fromEntries(
    await Promise.all(venues.map(async (venue) => [venue, (await exchange(venue)).usage()] as const))
  );
  output.document({batches: ended, jobs: children, usage}, () =>
    [
      ...ended.map(
        (batch) =>
          `${batch.kind} ${batch.status}: ${count(batch.rowsFetched)} rows for ${service.children(batch.id).length} histories`
      ),
      ...(failed.length > 0 ? [drawJobs(failed)] : [])
    ].join("\n")
  );
  if (signal.aborted) {
    output.note(`interrupted; what was written is kept. Run the same command again to go on`);
    return 130;
  }
  if (failed.length > 0) {
    output.note(`${failed.length} of ${children.length} failed. Next: npx carrybook jobs retry-failed`, "error");
    return 5;
  }
  return 0;
}

/** Jobs as a table for a person. */
export function drawJobs(jobs: readonly Job[]): string {
  return drawTable(jobs, [
    {title: "job", value: (j) => j.id},
    {title: "what", value: (j) => nameOf(j) || j.kind},
    {title: "status", value: (j) => j.status},
    {title: "rows", value: (j) => count(j.rowsFetched), align: "right"},
    {title: "attempts", value: (j) => String(j.attempts), align: "right"},
    {title: "created", value: (j) => formatInstant(j.createdAt)},
    {title: "error", value: (j) => j.error ?? "–"}
  ]);
}

/** The histories a person names by series and timeframes. */
export interface SeriesFlags {
  series?: string;
  timeframe?: string;
}

/** What a backfill fetches when nothing else is said: settlements, both legs, and the mark that liquidates. */
export const DEFAULT_SERIES: readonly Series[] = ["funding", "spot", "perp", "mark"];

/** Reads `--series` and `--timeframe`. @throws UsageError naming the one that is not known */
export function readSeries({series, timeframe}: SeriesFlags): {series: Series[]; timeframes: Timeframe[]} {
  const names = series === undefined ? [...DEFAULT_SERIES] : list(series);
  for (const name of names) {
    if (!SERIES.includes(name as Series) || name === "predicted") {
      throw new UsageError(`invalid series: ${name}`, {
        fix: "funding, spot, perp, mark or index, e.g. --series funding,perp"
      });
    }
  }
  const frames = timeframe === undefined ? ["1h"] : list(timeframe);
  for (const frame of frames) {
    if (!isTimeframe(frame)) {
      throw new UsageError(`invalid timeframe: ${frame}`, {fix: `one or more of ${TIMEFRAMES.join(", ")}`});
    }
  }
  return {series: names as Series[], timeframes: frames as Timeframe[]};
}

/** Reads a list of pairs. @throws UsageError naming the one that is none */
export function readPairs(values: readonly string[]): string[] {
  return [
    ...new Set(
      values.flatMap(list).map((value) => {
        try {
          return parsePair(value);
        } catch (error) {
          throw new UsageError((error as Error).message, {fix: "write it as BTC/USDT", cause: error});
        }
      })
    )
  ];
}

/** Reads a whole number of a flag. @throws UsageError */
export function readCount(name: string, text: string, {most}: {most: number}): number {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value < 1 || value > most) {
    throw new UsageError(`invalid ${name}: ${text}`, {fix: `give a whole number from 1 to ${most}`});
  }
  return value;
}

/** The stretch that `--days` or `--from` and `--to` ask for, against the venue's clock. @throws UsageError, DataError */
export function readSpan(
  {days, from, to}: {days?: string; from?: string; to?: string},
  nowMs: number
): {from: number; to: number; days: number} {
  if (days !== undefined && from !== undefined) {
    throw new UsageError("invalid days: it contradicts --from", {fix: "give one of the two"});
  }
  const instant = (name: string, text: string) => {
    try {
      return parseInstant(text, name);
    } catch (error) {
      throw new UsageError((error as Error).message, {
        fix: "write it as 2026-01-31 or 2026-01-31T08:00Z",
        cause: error
      });
    }
  };
  const end = to === undefined ? nowMs : Math.min(nowMs, instant("to", to));
  const begin =
    from === undefined ? end - readCount("days", days ?? "365", {most: 3_650}) * DAY_MS : instant("from", from);
  if (begin >= end) {
    throw new DataError(`invalid from: ${formatInstant(begin)} is not before ${formatInstant(end)}`, {
      fix: "give an earlier --from"
    });
  }
  return {from: begin, to: end, days: Math.ceil((end - begin) / DAY_MS)};
}

const list = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
