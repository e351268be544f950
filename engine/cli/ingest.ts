import {JobService, type JobEvent} from "../../loaders/ingest/jobs/service.js";
import {errorText, type Job} from "../../src/lib/wire/job.js";
import {systemClock} from "../../loaders/exchange/clock.js";
import {formatInstant} from "../../src/lib/time/instant.js";
import type {Usage} from "../../src/lib/wire/data.js";
import type {PlanContext} from "../data/plan.js";
import {findEngine, type EngineClient} from "./client.js";
import {knownUrl, openVenue, type OpenVenue} from "../data/venue.js";
import type {Context} from "./context.js";
import {count, drawTable} from "./output.js";

/** Dependencies of ingestion work in a command's own process. */
export interface Ingest extends PlanContext {
  context: Context;
}

/** Runs `work` with an open store and queue; closes both and every client afterwards. */
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
    return await work({db, service, exchange, context, note: context.output.note, signal: context.signal});
  } finally {
    context.output.progress(undefined);
    for (const venue of venues.values()) await venue.then(({close}) => close()).catch(() => undefined);
    await db.close();
  }
}

function narrate(context: Context, service: () => JobService, event: JobEvent): void {
  if (event.type !== "job" || event.job.parentId === null) return;
  const {job} = event;
  noteRetry(context, job);
  showProgress(context, service().get(job.parentId!)!, service().children(job.parentId!));
}

const nameOf = ({pair, series, timeframe}: Job): string => [pair, series, timeframe].filter(Boolean).join(" ");

/**
 * Runs ingestion work where the store is open: in the engine that owns it, else in this process.
 * The only visible difference is that Ctrl-C leaves the engine's work running.
 */
export function ingestWork<T>(
  context: Context,
  {here, there}: {here: (ingest: Ingest) => Promise<T>; there: (engine: EngineClient) => Promise<T>}
): Promise<T> {
  const engine = findEngine(context.dataDir);
  return engine?.info.data ? there(engine) : withIngest(context, here);
}

/** Runs batches, shows progress and reports how they ended. @returns the exit code: 5 if a history failed */
export async function runBatches({service, context, exchange}: Ingest, batches: readonly Job[]): Promise<number> {
  const {signal} = context;
  const ids = batches.map((batch) => batch.id);
  await service.run({batches: ids, signal});
  const venues = [...new Set(batches.flatMap((batch) => batch.venue ?? []))];
  const usage = Object.fromEntries(
    await Promise.all(venues.map(async (venue) => [venue, (await exchange(venue)).usage()] as const))
  );
  const ended = ids.map((id) => ({...service.get(id)!, children: service.children(id)}));
  if (signal.aborted) {
    reportBatches(context, ended, usage);
    context.output.note(`interrupted; rows already written are kept. Run the same command again to resume`);
    return 130;
  }
  return reportBatches(context, ended, usage);
}

/** Reports how batches ended, in this process or in the engine. @returns the exit code: 5 if a history failed */
export function reportBatches(
  {output}: Context,
  ended: readonly (Job & {children: Job[]})[],
  usage: Record<string, Usage>
): number {
  output.progress(undefined);
  const children = ended.flatMap((batch) => batch.children);
  const failed = children.filter((child) => child.status === "failed");
  const batches = ended.map(({children: _, ...batch}) => batch);
  output.document({batches, jobs: children, usage}, () =>
    [
      ...ended.map(
        (batch) =>
          `${batch.kind} ${batch.status}: ${count(batch.rowsFetched)} rows for ${batch.children.length} histories`
      ),
      ...(failed.length > 0 ? [drawJobs(failed)] : [])
    ].join("\n")
  );
  for (const child of children.filter(({quality}) => quality?.["ended"]))
    output.note(`${nameOf(child)} has ended: gone from the list of ${child.venue} and refused; its history stays`);
  for (const child of children) {
    const rejected = child.quality?.["rejected"] ?? 0;
    if (rejected > 0)
      output.note(
        `${nameOf(child)}: ${count(rejected)} ${rejected === 1 ? "row was" : "rows were"} rejected; why: npx carrybook jobs show ${child.id}`,
        "warn"
      );
  }
  if (failed.length > 0) {
    output.note(`${failed.length} of ${children.length} failed. Next: npx carrybook jobs retry-failed`, "error");
    return 5;
  }
  return 0;
}

/** Shows the progress of a batch: its rows, its finished histories and the time left. */
export function showProgress({output}: Context, batch: Job, children: readonly Job[]): void {
  const done = children.filter((child) => child.status === "completed").length;
  output.progress({
    label: batch.kind,
    done: Math.round(batch.progress * 1_000),
    total: 1_000,
    detail: `${count(batch.rowsFetched)} of ${count(batch.rowsExpected ?? 0)} rows · ${done} of ${children.length} histories`,
    etaMs: batch.etaMs
  });
}

/** Reports that a history's attempt failed and will be retried. */
export function noteRetry({output}: Context, job: Job): void {
  if (job.status === "queued" && job.error)
    output.note(`${nameOf(job)}: ${errorText(job)} (attempt ${job.attempts} of ${job.maxAttempts}, retrying)`, "warn");
}

/** Draws jobs as a table. */
export function drawJobs(jobs: readonly Job[]): string {
  return drawTable(jobs, [
    {title: "job", value: (j) => j.id},
    {title: "what", value: (j) => nameOf(j) || j.kind},
    {title: "status", value: (j) => j.status},
    {title: "rows", value: (j) => count(j.rowsFetched), align: "right"},
    {title: "attempts", value: (j) => String(j.attempts), align: "right"},
    {title: "created", value: (j) => formatInstant(j.createdAt)},
    {title: "error", value: (j) => errorText(j) ?? "–"}
  ]);
}
