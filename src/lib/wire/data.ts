/** What the API says of the work on the data, in the parts that the Data page reads. */

export type JobStatus = "pending" | "queued" | "in_progress" | "completed" | "failed" | "cancelled";

/** A batch, or one history of it: `GET /jobs` and the events `job` and `batch`. */
export interface JobReport {
  id: string;
  /** null for a batch */
  parentId: string | null;
  kind: string;
  venue: string | null;
  pair: string | null;
  series: string | null;
  timeframe: string | null;
  from: number | null;
  to: number | null;
  status: JobStatus;
  /** 0..1 */
  progress: number;
  step: string;
  rowsFetched: number;
  rowsExpected: number | null;
  etaMs: number | null;
  attempts: number;
  maxAttempts: number;
  error: string | null;
  /** an `ErrorCode`: what the error is; of a batch, of its first failed history; null for jobs of versions without codes */
  errorCode: string | null;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** times it was put back after it had failed */
  retries: number;
  /** not before this instant: the pause after a failed attempt */
  notBefore: number | null;
  /** what the work found in the data, e.g. rows left out and why, by name */
  quality: Record<string, number> | null;
}

/** `GET /jobs/:id`: the log is oldest first, each line with the id of the job that said it. */
export interface JobDetailReport extends JobReport {
  children: JobReport[];
  log: {ts: number; job: string; text: string}[];
}

/** `POST /jobs/estimate`: what a backfill would fetch, what is there already taken off. */
export interface EstimateReport {
  requests: number;
  rows: number;
  /** histories asked for, and how many of them lack nothing */
  histories: number;
  complete: number;
  /** at the share of the venue's limit that is in use */
  seconds: number;
  pairs: string[];
}

/** `POST /jobs/retry` and `POST /jobs/cancel`, of each id that was given. */
export interface BulkReport {
  results: {
    id: string;
    done: boolean;
    /** histories it was done to */
    jobs: string[];
    /** why it was left, or which part of a batch was */
    why: string | null;
  }[];
}

/** One venue of `GET /limits`. */
export interface LimitReport {
  venue: string;
  origin: string;
  requests: number;
  retries: number;
  inWindow: number;
  perWindow: number;
  windowMs: number;
  /** what the venue publishes for a window, and the share of it that is used; missing where a client has no such limit */
  published?: number;
  share?: number;
  bannedUntilMs?: number;
}

/** `POST /gaps/check`. */
export interface CheckedReport {
  rows: number;
  holes: {from: number; to: number; rows: number; state: string; tries: number}[];
  /** whether the ledger said something else before */
  changed: boolean;
}

/** `POST /jobs` and `POST /gaps/repair`. */
export interface PlannedReport {
  batches: JobReport[];
  notes: {line: string; level: "info" | "warn"}[];
}

/** `POST /jobs/retry-failed`; the other retries leave out `skipped`. */
export interface RetriedReport {
  queued: JobReport[];
  skipped?: JobReport[];
  batches: JobReport[];
}

/** One pair of `GET /tracked`, with what is followed of it. */
export interface TrackedPairReport {
  venue: string;
  pair: string;
  /** false while updates leave it out */
  enabled: boolean;
  sinceTs: number;
  histories: {series: string; timeframe: string | null; fromTs: number; chosenBy: string}[];
}

/** One history that scheduled updates include. */
export interface TrackedReport {
  venue: string;
  pair: string;
  series: string;
  timeframe: string | null;
  fromTs: number;
  chosenBy: string;
  sinceTs: number;
  enabled: boolean;
}

/** One task of `GET /schedule`. */
export interface TaskReport {
  name: string;
  says: string;
  pattern: string;
  lastTs: number | null;
  lastMs: number | null;
  result: string | null;
  failed: boolean;
  running: boolean;
  nextTs: number | null;
}
