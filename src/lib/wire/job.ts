import type {ErrorCode} from "./error.js";

/** A batch, or one history of it: `GET /jobs`, and the events `job` and `batch`. */
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
  /** pages asked for so far and in all, the measure of the time left; unknown before the work is planned */
  pages: number;
  pagesExpected: number | null;
  etaMs: number | null;
  attempts: number;
  maxAttempts: 3;
  error: string | null;
  /** an `ErrorCode`: what the error is; of a batch, of its first failed history; null for jobs of versions without codes */
  errorCode: ErrorCode | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** what the work found in the data, e.g. rows left out and why */
  quality: Record<string, number> | null;
  /** times a person or a bulk retry put it back after it had failed */
  retries: number;
  /** not before this instant: the pause after a failed attempt */
  notBefore: number | null;
}

export type JobStatus = Job["status"];

/** Times a bulk retry puts one history back; after that only its own retry does. */
export const MAX_BULK_RETRIES = 3;

/** Whether nothing more happens to a job by itself. */
export const hasEnded = ({status}: Pick<Job, "status">): boolean =>
  status === "completed" || status === "failed" || status === "cancelled";

/** A job that has not begun. `id` must be unique in the store. */
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
    maxAttempts: 3,
    error: null,
    errorCode: null,
    createdAt,
    startedAt: null,
    finishedAt: null,
    quality: null,
    retries: 0,
    notBefore: null,
    ...given
  };
}
