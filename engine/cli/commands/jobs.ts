import {DataError, UsageError} from "../../../loaders/errors.js";
import type {Job} from "../../../loaders/ingest/job.js";
import {formatInstant} from "../../../src/lib/time/instant.js";
import {drawJobs, runBatches, withIngest, type Ingest} from "../ingest.js";
import type {Define} from "../main.js";

const ACTIONS = ["list", "show", "retry", "cancel", "retry-failed"] as const;
type Action = (typeof ACTIONS)[number];

interface Flags {
  limit: string;
  status?: string;
}

export function jobsCommand(define: Define): void {
  define(
    "jobs",
    "the ingestion work that ran and that waits: list, show, retry, cancel, retry-failed",
    (command, run) =>
      command
        .argument("[action]", ACTIONS.join(", "), "list")
        .argument("[ids...]", "jobs or batches, by id")
        .option("--limit <n>", "how many batches the list shows", "20")
        .option("--status <status>", "only jobs of this status, single histories included")
        .addHelpText(
          "after",
          `
Examples:
  npx carrybook jobs
  npx carrybook jobs show backfill-20260131T080000Z-1        # its histories and its log; --json exports it
  npx carrybook jobs retry backfill-20260131T080000Z-1       # also goes on with one that was interrupted
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
            return withIngest(context, (ingest) => {
              for (const id of ids) {
                if (!ingest.service.get(id))
                  throw new DataError(`missing job: ${id}`, {fix: "`npx carrybook jobs` lists them"});
              }
              return act[action as Action](ingest, ids, flags);
            });
          })
        )
  );
}

const act: Record<Action, (ingest: Ingest, ids: readonly string[], flags: Flags) => Promise<number>> = {
  list: async ({service, context: {output}}, _, {limit, status}) => {
    const batches = service.batches();
    const jobs =
      status === undefined
        ? batches
        : batches.flatMap((b) => [b, ...service.children(b.id)]).filter((j) => j.status === status);
    show(output, jobs.slice(0, Number(limit) || 20));
    const failed = batches.flatMap((b) => service.children(b.id)).filter((j) => j.status === "failed");
    if (failed.length > 0) output.note(`${failed.length} histories failed. Next: npx carrybook jobs retry-failed`);
    return 0;
  },
  show: async ({service, context: {output}}, ids) => {
    for (const id of ids) {
      const job = service.get(id)!;
      const children = service.children(id);
      const log = await service.log(id);
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
  retry: async (ingest, ids) => {
    const queued = await ingest.service.retry(ids);
    if (queued.length === 0) {
      ingest.context.output.note("nothing to retry: these jobs are complete");
      return 0;
    }
    return runBatches(ingest, parents(ingest, queued));
  },
  cancel: async ({service, context: {output}}, ids) => {
    const cancelled = await service.cancel(ids);
    show(
      output,
      cancelled.map((job) => service.get(job.id)!)
    );
    output.note(
      cancelled.length === 0
        ? "nothing to cancel: these jobs have ended"
        : `${cancelled.length} jobs cancelled; what they had written stays`
    );
    return 0;
  },
  "retry-failed": async (ingest) => {
    const {output} = ingest.context;
    const {queued, skipped} = await ingest.service.retryFailed();
    for (const job of skipped)
      output.note(
        `${job.id} is left: retried ${job.retries} times in bulk already (${job.error}); \`jobs retry ${job.id}\` tries it all the same`,
        "warn"
      );
    if (queued.length === 0) {
      output.note(skipped.length > 0 ? "nothing else has failed" : "nothing has failed");
      return 0;
    }
    return runBatches(ingest, parents(ingest, queued));
  }
};

function parents({service}: Ingest, jobs: readonly Job[]): Job[] {
  return [...new Set(jobs.map((job) => job.parentId!))].map((id) => service.get(id)!);
}

function show(output: Ingest["context"]["output"], jobs: readonly Job[]): void {
  output.table(jobs, [
    {title: "job", value: (j) => j.id},
    {title: "status", value: (j) => j.status},
    {title: "venue", value: (j) => j.venue ?? "–"},
    {title: "what", value: (j) => [j.pair, j.series, j.timeframe].filter(Boolean).join(" ") || j.kind},
    {title: "rows", value: (j) => j.rowsFetched.toLocaleString("en-US"), align: "right"},
    {title: "created", value: (j) => formatInstant(j.createdAt)},
    {title: "error", value: (j) => j.error ?? "–"}
  ]);
}
