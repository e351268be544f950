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
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** times it was put back after it had failed */
  retries: number;
  /** not before this instant: the pause after a failed attempt */
  notBefore: number | null;
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
