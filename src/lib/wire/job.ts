import type {ErrorCode} from "./error.js";

/** A batch or one of its histories: `GET /jobs`, and the events `job` and `batch`. */
export interface Job {
  id: string;
  /** null for a batch */
  parentId: string | null;
  kind: "backfill" | "update" | "repair" | "import" | "features";
  venue: string | null;
  pair: string | null;
  series: string | null;
  timeframe: string | null;
  from: number | null;
  to: number | null;
  status: "pending" | "queued" | "in_progress" | "completed" | "failed" | "cancelled";
  /** 0..1 */
  progress: number;
  step: string;
  steps: string[];
  rowsFetched: number;
  rowsExpected: number | null;
  /** pages requested so far and in total, the basis of `etaMs`; the total is null until planned */
  pages: number;
  pagesExpected: number | null;
  etaMs: number | null;
  attempts: number;
  maxAttempts: typeof MAX_ATTEMPTS;
  error: string | null;
  /** code of the error; for a batch, of its first failed history; null for jobs of versions without codes */
  errorCode: ErrorCode | null;
  /** what to do about the error, as an imperative without a full stop; null where none is known */
  errorFix: string | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** counts of data findings by name, e.g. discarded rows */
  quality: Record<string, number> | null;
  /** number of manual and bulk retries after a failure */
  retries: number;
  /** end of the pause after a failed attempt, UTC ms */
  notBefore: number | null;
}

export type JobStatus = Job["status"];

/** Attempts of a job, the first included, before it fails. */
export const MAX_ATTEMPTS = 3;

/** Maximum bulk retries of one history; after that it must be retried by id. */
export const MAX_BULK_RETRIES = 3;

/** Returns true if the job is completed, failed or cancelled. */
export const hasEnded = ({status}: Pick<Job, "status">): boolean =>
  status === "completed" || status === "failed" || status === "cancelled";

/** Returns a job's error with its fix, as logs and tables print it; null for a job without one. */
export const errorText = ({error, errorFix = null}: {error: string | null; errorFix?: string | null}): string | null =>
  error === null || errorFix === null ? error : `${error} → ${errorFix}`;

/** Returns a pending job; `id` must be unique in the store. */
export function newJob(id: string, kind: Job["kind"], createdAt: number, given: Partial<Job> = {}): Job {
  return {
    id,
    parentId: null,
    kind,
    venue: null,
    pair: null,
    series: null,
    timeframe: null,
    from: null,
    to: null,
    status: "pending",
    progress: 0,
    step: "",
    steps: [],
    rowsFetched: 0,
    rowsExpected: null,
    pages: 0,
    pagesExpected: null,
    etaMs: null,
    attempts: 0,
    maxAttempts: MAX_ATTEMPTS,
    error: null,
    errorCode: null,
    errorFix: null,
    createdAt,
    startedAt: null,
    finishedAt: null,
    quality: null,
    retries: 0,
    notBefore: null,
    ...given
  };
}
