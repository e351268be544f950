import type {Job} from "../../loaders/ingest/job.js";
import type {JobService} from "../../loaders/ingest/jobs/service.js";

/** Batches newest first; of a status: batches and single histories that are in it. */
export function listJobs(service: JobService, {limit, status}: {limit: number; status?: string | undefined}): Job[] {
  const batches = service.batches();
  const jobs =
    status === undefined
      ? batches
      : batches.flatMap((b) => [b, ...service.children(b.id)]).filter((job) => job.status === status);
  return jobs.slice(0, limit);
}

/** The batches that jobs belong to, each once. */
export const parentsOf = (service: JobService, jobs: readonly Job[]): Job[] =>
  [...new Set(jobs.map((job) => job.parentId!))].map((id) => service.get(id)!);
