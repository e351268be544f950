import type {BulkResult, SkipCode} from "../../../src/lib/wire/data.js";
import {hasEnded, MAX_BULK_RETRIES, type Job} from "../../../src/lib/wire/job.js";
import type {JobService} from "./service.js";

/** Why a job was skipped, for programs and for a person. */
interface Skip {
  code: SkipCode;
  message: string;
}

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
    hasEnded(job) ? {code: "ended", message: `it has already finished: ${job.status}`} : undefined
  );
  await service.cancel([...new Set(results.flatMap(({jobs}) => jobs))]);
  return results;
}

function whyNotRetried({status, retries}: Job): Skip | undefined {
  if (status === "completed") return {code: "completed", message: "it is complete"};
  if (status === "in_progress") return {code: "in-progress", message: "it is in progress"};
  if (status === "queued" || status === "pending") return {code: "queued", message: "it is already queued"};
  if (status === "failed" && retries >= MAX_BULK_RETRIES)
    return {code: "retried-out", message: `retried ${retries} times in bulk already; retry it by itself`};
  return undefined;
}

function resultsOf(service: JobService, ids: readonly string[], whyNot: (job: Job) => Skip | undefined): BulkResult[] {
  return [...new Set(ids)].map((id): BulkResult => {
    const job = service.get(id);
    if (!job) return {id, done: false, jobs: [], why: "missing job", skipped: ["missing-job"]};
    const own = job.parentId === null ? service.children(id) : [job];
    if (own.length === 0) return {id, done: false, jobs: [], why: "it has no histories", skipped: ["no-histories"]};
    const skips = own.flatMap((child) => whyNot(child) ?? []);
    const jobs = own.filter((child) => whyNot(child) === undefined).map((child) => child.id);
    const reasons = [...new Set(skips.map(({message}) => message))].join("; ");
    const why =
      skips.length === 0
        ? null
        : job.parentId === null
          ? `${skips.length} of ${own.length} skipped: ${reasons}`
          : reasons;
    return {id, done: jobs.length > 0, jobs, why, skipped: [...new Set(skips.map(({code}) => code))]};
  });
}
