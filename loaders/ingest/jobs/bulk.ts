import type {BulkResult} from "../../../src/lib/wire/data.js";
import {hasEnded, MAX_BULK_RETRIES, type Job} from "../../../src/lib/wire/job.js";
import type {JobService} from "./service.js";

/** Requeues jobs, batches by their children, and reports why each other one was skipped. */
export async function retryEach(service: JobService, ids: readonly string[]): Promise<BulkResult[]> {
  await service.recall(ids);
  const results = resultsOf(service, ids, whyNotRetried);
  await service.retry([...new Set(results.flatMap(({jobs}) => jobs))]);
  return results;
}

/** Cancels jobs, batches by their children, and reports why each other one was skipped. */
export async function cancelEach(service: JobService, ids: readonly string[]): Promise<BulkResult[]> {
  await service.recall(ids);
  const results = resultsOf(service, ids, (job) =>
    hasEnded(job) ? `it has already finished: ${job.status}` : undefined
  );
  await service.cancel([...new Set(results.flatMap(({jobs}) => jobs))]);
  return results;
}

function whyNotRetried({status, retries}: Job): string | undefined {
  if (status === "completed") return "it is complete";
  if (status === "in_progress") return "it is in progress";
  if (status === "queued" || status === "pending") return "it is already queued";
  if (status === "failed" && retries >= MAX_BULK_RETRIES)
    return `retried ${retries} times in bulk already; retry it by itself`;
  return undefined;
}

function resultsOf(
  service: JobService,
  ids: readonly string[],
  whyNot: (job: Job) => string | undefined
): BulkResult[] {
  return [...new Set(ids)].map((id) => {
    const job = service.get(id);
    if (!job) return {id, done: false, jobs: [], why: "missing job"};
    const own = job.parentId === null ? service.children(id) : [job];
    const skipped = own.flatMap((child) => whyNot(child) ?? []);
    const jobs = own.filter((child) => whyNot(child) === undefined).map((child) => child.id);
    const reasons = [...new Set(skipped)].join("; ");
    const why =
      skipped.length === 0
        ? own.length === 0
          ? "it has no histories"
          : null
        : job.parentId === null
          ? `${skipped.length} of ${own.length} skipped: ${reasons}`
          : reasons;
    return {id, done: jobs.length > 0, jobs, why};
  });
}
