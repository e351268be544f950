import {count, day, percent, plural, span} from "../ui/format.js";
import type {BulkReport, PlannedReport, RetriedReport, TrackedReport} from "../../lib/wire/data.js";
import {hasEnded, MAX_BULK_RETRIES, type Job, type JobStatus} from "../../lib/wire/job.js";

const KINDS: Readonly<Record<string, string>> = {
  backfill: "Fetch history",
  update: "Fetch new rows",
  repair: "Repair holes",
  import: "Import files",
  features: "Compute features"
};

const STEPS: Readonly<Record<string, string>> = {
  plan: "planning",
  fetch: "fetching",
  refetch: "fetching again",
  write: "writing",
  publish: "publishing"
};

export const isBatch = ({parentId}: Pick<Job, "parentId">): boolean => parentId === null;

/** The name of a batch by what it does, of a history by what it holds. */
export function jobName(job: Job): string {
  if (!isBatch(job)) return [job.pair, job.series, job.timeframe].filter(Boolean).join(" ");
  const of = [job.pair, job.venue].filter(Boolean).join(", ");
  return [KINDS[job.kind] ?? job.kind, of].filter(Boolean).join(": ");
}

/** The stretch a job is about, in days. */
export const jobSpan = ({from, to}: Job): string => (from === null || to === null ? "" : `${day(from)} to ${day(to)}`);

const STATUSES: Readonly<Record<JobStatus, string>> = {
  pending: "waiting",
  queued: "waiting",
  in_progress: "running",
  completed: "done",
  failed: "failed",
  cancelled: "cancelled"
};

/** Formats the state; a job that waits after a failed attempt shows when it is retried. */
export function statusWords({status, notBefore}: Job, now: number): string {
  if (status === "queued" && notBefore !== null && notBefore > now) return `retry in ${span(notBefore - now)}`;
  return STATUSES[status] ?? status;
}

/** The step of what runs, nothing of what does not. */
export const stepWords = ({status, step}: Job): string =>
  status === "in_progress" ? (STEPS[step] ?? step) || "starting" : "–";

/** Rows there are of those expected. */
export const rowsWords = ({rowsFetched, rowsExpected}: Job): string =>
  rowsExpected === null
    ? `${count(rowsFetched)} rows`
    : `${count(rowsFetched)} of ${plural(Math.max(rowsExpected, rowsFetched), "row")}`;

export const etaWords = (job: Job): string => (hasEnded(job) || job.etaMs === null ? "–" : `about ${span(job.etaMs)}`);

export const attemptWords = (job: Job): string =>
  isBatch(job) || job.attempts === 0 ? "–" : `${job.attempts} of ${job.maxAttempts}`;

/** Everything that is known of the work, by id. */
export type Jobs = ReadonlyMap<string, Job>;

/** Returns whether a job is kept: every batch; a history only while it is open or has failed. */
const isKept = (job: Job): boolean => isBatch(job) || !hasEnded(job) || job.status === "failed";

/** Takes in newer news of one job. */
export function withJob(jobs: Jobs, job: Job): Jobs {
  const next = new Map(jobs);
  if (isKept(job)) next.set(job.id, job);
  else next.delete(job.id);
  return next;
}

/**
 * Merges replies of `GET /jobs` with the stream's updates since the requests were sent, so that a slow reply does not
 * overwrite newer updates.
 */
export function mergeJobs(replies: readonly (readonly Job[])[], updates: Iterable<Job>): Jobs {
  let jobs: Jobs = new Map(
    replies
      .flat()
      .filter(isKept)
      .map((job) => [job.id, job])
  );
  for (const job of updates) jobs = withJob(jobs, job);
  return jobs;
}

/** Jobs by the lists of the page. */
interface WorkLists {
  /** batches under way, oldest first, each followed by its histories that run */
  now: Job[];
  running: Job[];
  waiting: number;
  failed: Job[];
  /** batches that have ended, newest first */
  past: Job[];
}

export function listsOf(jobs: Jobs): WorkLists {
  const all = [...jobs.values()].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const histories = all.filter((job) => !isBatch(job));
  const running = histories.filter((job) => job.status === "in_progress");
  const open = all.filter((job) => isBatch(job) && !hasEnded(job));
  const known = new Set(open.map(({id}) => id));
  return {
    now: [
      ...open.flatMap((batch) => [batch, ...running.filter(({parentId}) => parentId === batch.id)]),
      ...running.filter(({parentId}) => !known.has(parentId!))
    ],
    running,
    waiting: histories.filter(({status}) => status === "queued" || status === "pending").length,
    failed: histories
      .filter(({status}) => status === "failed")
      .sort((a, b) => (b.finishedAt ?? 0) - (a.finishedAt ?? 0) || (a.id < b.id ? -1 : 1)),
    past: all
      .filter((job) => isBatch(job) && hasEnded(job))
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
  };
}

/** Returns the progress of all jobs, 0 to 1 or null when none runs, and their counts; with `cut`, counts are minima. */
export function workSummary(lists: WorkLists, {cut = false} = {}): {progress: number | null; text: string} {
  const open = lists.now.filter(isBatch);
  const failed = lists.failed.length ? `${count(lists.failed.length)} failed` : "";
  if (!lists.now.length) return {progress: null, text: ["No job is running", failed].filter(Boolean).join(", ")};
  const progress = open.length ? open.reduce((sum, {progress: p}) => sum + p, 0) / open.length : 0;
  const rows = open.reduce((sum, job) => sum + job.rowsFetched, 0);
  const parts = [
    plural(open.length, "batch", "batches"),
    `${count(lists.running.length)} running`,
    `${cut ? "at least " : ""}${count(lists.waiting)} waiting`,
    failed,
    `${plural(rows, "row")} fetched`
  ];
  return {progress, text: `${percent(progress, 0)}: ${parts.filter(Boolean).join(", ")}`};
}

/** Failed histories that a bulk retry would put back. */
export const retryable = (failed: readonly Job[]): Job[] => failed.filter(({retries}) => retries < MAX_BULK_RETRIES);

/** The label of the bulk retry. */
export const retryLabel = (failed: readonly Job[]): string => `Retry ${count(retryable(failed).length)} failed`;

/** Describes the result of a retry: what was queued, what was skipped and why. */
export function retriedWords({queued, skipped = []}: RetriedReport): string {
  const put = queued.length
    ? `${plural(queued.length, "history", "histories")} queued again.`
    : "Nothing was queued again.";
  if (!skipped.length) return put;
  const names = skipped.slice(0, 3).map(jobName).join(", ");
  const more = skipped.length > 3 ? ` and ${skipped.length - 3} more` : "";
  return `${put} Skipped ${skipped.length}: ${names}${more}, because ${
    skipped.length === 1 ? "it" : "they"
  } failed again after ${MAX_BULK_RETRIES} bulk retries. You can still retry ${skipped.length === 1 ? "it" : "each"} with its own button.`;
}

/**
 * Describes the result of a bulk command: what was done, and what was skipped, grouped by reason.
 * @param nameOf returns the display name of an id
 */
export function bulkWords(
  did: string,
  {results}: BulkReport,
  nameOf: (id: string) => string
): {done: string; left: string[]} {
  const histories = new Set(results.flatMap(({jobs}) => jobs)).size;
  const reasons = new Map<string, string[]>();
  for (const {id, why} of results) if (why !== null) reasons.set(why, [...(reasons.get(why) ?? []), nameOf(id)]);
  return {
    done: histories ? `${plural(histories, "history", "histories")} ${did}.` : `Nothing was ${did}.`,
    left: [...reasons].map(([why, names]) => {
      const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
      return `Skipped ${count(names.length)}: ${names.slice(0, 3).join(", ")}${more}. Reason: ${why}.`;
    })
  };
}

/** Describes an accepted job, with the engine's notes. */
export const plannedWords = ({batches, notes}: PlannedReport): string[] => [
  batches.length ? `Queued: ${batches.map(jobName).join("; ")}.` : "There was nothing to do.",
  ...notes.map(({line, level}) => (level === "warn" ? `Warning: ${line}` : line))
];

/** A pair of a venue in scheduled updates, with its histories. */
export interface TrackedPair {
  venue: string;
  pair: string;
  histories: string[];
  fromTs: number;
  chosenBy: string;
  /** false while updates skip it */
  enabled: boolean;
}

/** Groups tracked histories by pair, in their original order. */
export function trackedPairs(tracked: readonly TrackedReport[]): TrackedPair[] {
  const pairs = new Map<string, TrackedPair>();
  for (const {venue, pair, series, timeframe, fromTs, chosenBy, enabled} of tracked) {
    const key = `${venue} ${pair}`;
    const known = pairs.get(key) ?? {venue, pair, histories: [], fromTs, chosenBy, enabled};
    known.histories.push([series, timeframe].filter(Boolean).join(" "));
    known.fromTs = Math.min(known.fromTs, fromTs);
    if (chosenBy === "person") known.chosenBy = chosenBy;
    pairs.set(key, known);
  }
  return [...pairs.values()];
}

/** Formats the error of a command, with the suggested fix. */
export const errorWords = (error: unknown): string => {
  const {message, fix} = error as Error & {fix?: string | null};
  return fix ? `${message}: ${fix}` : message;
};
