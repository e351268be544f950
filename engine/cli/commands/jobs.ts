import {DataError, UsageError} from "../../../loaders/errors.js";
import {errorText, type Job} from "../../../src/lib/wire/job.js";
import {formatInstant} from "../../../src/lib/time/instant.js";
import {parentsOf} from "../../data/jobs.js";
import type {EngineClient} from "../client.js";
import type {Context} from "../context.js";
import {followSubmitted} from "../follow.js";
import {drawJobs, ingestWork, runBatches, type Ingest} from "../ingest.js";
import type {Define} from "../define.js";

const ACTIONS = ["list", "show", "retry", "cancel", "retry-failed"] as const;
type Action = (typeof ACTIONS)[number];

interface Flags {
  limit: string;
  status?: string;
}

export function jobsCommand(define: Define): void {
  define("jobs", "list and manage ingestion jobs: list, show, retry, cancel, retry-failed", (command, run) =>
    command
      .argument("[action]", ACTIONS.join(", "), "list")
      .argument("[ids...]", "ids of jobs or batches")
      .option("--limit <n>", "maximum number of batches to list", "20")
      .option("--status <status>", "only jobs with this status, including single histories")
      .addHelpText(
        "after",
        `
Examples:
  npx carrybook jobs
  npx carrybook jobs show backfill-20260131T080000Z-1        # histories and log; --json exports them
  npx carrybook jobs retry backfill-20260131T080000Z-1       # also resumes an interrupted batch
  npx carrybook jobs retry-failed`
      )
      .action((action: string, ids: string[], flags: Flags) =>
        run((context) => {
          if (!ACTIONS.includes(action as Action)) {
            throw new UsageError(`invalid action: ${action}`, {fix: `one of ${ACTIONS.join(", ")}`});
          }
          if (action !== "list" && action !== "retry-failed" && ids.length === 0) {
            throw new UsageError(`missing id: jobs ${action}`, {fix: "`npx carrybook jobs` lists them"});
          }
          return ingestWork(context, {
            here: (ingest) => act[action as Action](hereOf(ingest), context, ids, flags),
            there: (engine) => act[action as Action](thereOf(engine, context), context, ids, flags)
          });
        })
      )
  );
}

/** A batch or a single history, with its children and log. */
type Shown = Job & {children: Job[]; log: {ts: number; job: string; text: string}[]};

/** The job queue, in this process or in the engine. */
interface Queue {
  /** batches, newest first; with a status, its batches and histories */
  list: (limit: number, status?: string) => Promise<Job[]>;
  /** @throws DataError for an unknown id */
  show: (id: string) => Promise<Shown>;
  retry: (ids: readonly string[]) => Promise<{queued: Job[]; batches: Job[]}>;
  retryFailed: () => Promise<{queued: Job[]; skipped: Job[]; batches: Job[]}>;
  cancel: (ids: readonly string[]) => Promise<Job[]>;
  /** follows batches to their end and returns the exit code */
  follow: (batches: readonly Job[]) => Promise<number>;
}

function hereOf(ingest: Ingest): Queue {
  const {service} = ingest;
  const known = async (id: string) => {
    await service.recall([id]);
    const job = service.get(id);
    if (!job) throw new DataError(`missing job: ${id}`, {code: "missing-job", fix: "`npx carrybook jobs` lists them"});
    return job;
  };
  return {
    list: (limit, status) => service.list({limit, status: status as Job["status"] | undefined}),
    show: async (id) => ({...(await known(id)), children: service.children(id), log: await service.log(id)}),
    retry: async (ids) => {
      for (const id of ids) await known(id);
      const queued = await service.retry(ids);
      return {queued, batches: parentsOf(service, queued)};
    },
    retryFailed: async () => {
      const {queued, skipped} = await service.retryFailed();
      return {queued, skipped, batches: parentsOf(service, queued)};
    },
    cancel: async (ids) => {
      for (const id of ids) await known(id);
      return (await service.cancel(ids)).map(({id}) => service.get(id)!);
    },
    follow: (batches) => runBatches(ingest, batches)
  };
}

function thereOf(engine: EngineClient, context: Context): Queue {
  const path = (id: string) => `/jobs/${encodeURIComponent(id)}`;
  return {
    list: (limit, status) =>
      engine.get(`/jobs?limit=${limit}${status === undefined ? "" : `&status=${encodeURIComponent(status)}`}`),
    show: (id) => engine.get(path(id)),
    retry: async (ids) => {
      const all = [];
      for (const id of ids) all.push(await engine.post<{queued: Job[]; batches: Job[]}>(`${path(id)}/retry`, {}));
      return {queued: all.flatMap(({queued}) => queued), batches: all.flatMap(({batches}) => batches)};
    },
    retryFailed: () => engine.post("/jobs/retry-failed", {}),
    cancel: async (ids) => {
      const all = [];
      for (const id of ids) all.push(await engine.post<{cancelled: Job[]}>(`${path(id)}/cancel`, {}));
      return all.flatMap(({cancelled}) => cancelled);
    },
    follow: (batches) => followSubmitted(engine, context, {batches: [...batches], notes: []})
  };
}

const act: Record<Action, (queue: Queue, context: Context, ids: readonly string[], flags: Flags) => Promise<number>> = {
  list: async (queue, {output}, _, {limit, status}) => {
    show(output, await queue.list(Number(limit) || 20, status));
    const failed = (await queue.list(1_000, "failed")).filter((job) => job.parentId !== null);
    if (failed.length > 0) output.note(`${failed.length} histories failed. Next: npx carrybook jobs retry-failed`);
    return 0;
  },
  show: async (queue, {output}, ids) => {
    for (const id of ids) {
      const {children, log, ...job} = await queue.show(id);
      output.document({...job, children, log}, () =>
        [
          drawJobs([job, ...children]),
          "",
          ...log.map((line) => `${formatInstant(line.ts)}  ${line.job === id ? "" : `${line.job}  `}${line.text}`)
        ].join("\n")
      );
    }
    return 0;
  },
  retry: async (queue, {output}, ids) => {
    const {queued, batches} = await queue.retry(ids);
    if (queued.length === 0) {
      output.note("nothing to retry: these jobs are completed");
      return 0;
    }
    return queue.follow(batches);
  },
  cancel: async (queue, {output}, ids) => {
    const cancelled = await queue.cancel(ids);
    show(output, cancelled);
    output.note(
      cancelled.length === 0
        ? "nothing to cancel: these jobs have ended"
        : `${cancelled.length} jobs cancelled; rows already written are kept`
    );
    return 0;
  },
  "retry-failed": async (queue, {output}) => {
    const {queued, skipped, batches} = await queue.retryFailed();
    for (const job of skipped)
      output.note(
        `${job.id} is skipped: retried ${job.retries} times in bulk already (${errorText(job)}); \`jobs retry ${job.id}\` retries it anyway`,
        "warn"
      );
    if (queued.length === 0) {
      output.note(skipped.length > 0 ? "nothing else has failed" : "nothing has failed");
      return 0;
    }
    return queue.follow(batches);
  }
};

function show(output: Context["output"], jobs: readonly Job[]): void {
  output.table(jobs, [
    {title: "job", value: (j) => j.id},
    {title: "status", value: (j) => j.status},
    {title: "venue", value: (j) => j.venue ?? "–"},
    {title: "what", value: (j) => [j.pair, j.series, j.timeframe].filter(Boolean).join(" ") || j.kind},
    {title: "rows", value: (j) => j.rowsFetched.toLocaleString("en-US"), align: "right"},
    {title: "created", value: (j) => formatInstant(j.createdAt)},
    {title: "error", value: (j) => errorText(j) ?? "–"}
  ]);
}
