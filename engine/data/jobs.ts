import type {Job} from "../../src/lib/wire/job.js";
import type {JobService} from "../../loaders/ingest/jobs/service.js";

/** Returns the batches that jobs belong to, without duplicates. */
export const parentsOf = (service: JobService, jobs: readonly Job[]): Job[] =>
  [...new Set(jobs.map((job) => job.parentId!))].map((id) => service.get(id)!);

/** Outcome figures of the last 24 h; `failureRate` is a share of ended jobs. */
export interface Figures {
  total24h: number;
  completed24h: number;
  failed24h: number;
  failureRate: number;
  averageMs: number | null;
}

/** Computes the outcome figures of a day's jobs. */
export function figuresOf(jobs: readonly Job[]): Figures {
  const completed = jobs.filter((job) => job.status === "completed");
  const failed = jobs.filter((job) => job.status === "failed").length;
  const spans = completed.flatMap((job) =>
    job.startedAt !== null && job.finishedAt !== null ? [job.finishedAt - job.startedAt] : []
  );
  const ended = completed.length + failed;
  return {
    total24h: jobs.length,
    completed24h: completed.length,
    failed24h: failed,
    failureRate: ended === 0 ? 0 : failed / ended,
    averageMs: spans.length === 0 ? null : Math.round(spans.reduce((sum, ms) => sum + ms, 0) / spans.length)
  };
}
