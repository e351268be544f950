/** The API's documents on data jobs, coverage and schedules. */
import type {Job, MAX_BULK_RETRIES} from "./job.js";

/** `GET /jobs/:id`: the log is oldest first, each line with the id of the job that wrote it. */
export interface JobDetailReport extends Job {
  children: Job[];
  log: {ts: number; job: string; text: string}[];
  /** request counts of the venue's client; absent before the client exists */
  usage?: Usage;
}

/** `POST /jobs/estimate`: what a backfill would fetch, excluding stored rows. */
export interface EstimateReport {
  requests: number;
  rows: number;
  /** histories requested, and how many of them are already complete */
  histories: number;
  complete: number;
  /** at the configured share of the venue's rate limit; a slow network takes longer */
  seconds: number;
  pairs: string[];
}

/**
 * Why a bulk command skipped a job: `ended`, `completed`, `in-progress` and `queued` by its state, `retried-out` after
 * {@link MAX_BULK_RETRIES}, `missing-job` for an unknown id, `no-histories` for an empty batch.
 */
export type SkipCode =
  "ended" | "completed" | "in-progress" | "queued" | "retried-out" | "missing-job" | "no-histories";

/** The result of a bulk command for one of its ids. */
export interface BulkResult {
  id: string;
  /** true if at least one job was changed */
  done: boolean;
  /** ids of the changed histories; for a batch, of its children */
  jobs: string[];
  /** why all or part of it was skipped, as a sentence; null if nothing was */
  why: string | null;
  /** the codes of its skipped jobs, each once; empty if nothing was skipped */
  skipped: SkipCode[];
}

/** `POST /jobs/retry` and `POST /jobs/cancel`. */
export interface BulkReport {
  results: BulkResult[];
}

/** A venue client's request counts, including retries, and its rate limit. */
export interface Usage {
  requests: number;
  retries: number;
  /** requests in the current window, and the maximum per window */
  inWindow: number;
  perWindow: number;
  windowMs: number;
  /** the venue's published limit per window, and the share of it in use; absent for a client without one */
  published?: number;
  share?: number;
  /** end of the venue's ban of this machine, UTC ms, if there is one */
  bannedUntilMs?: number | undefined;
}

/**
 * The range of the configurable share of a published rate limit. `most` is the default; it leaves the rest to other
 * programs at the same address. Below `least` a backfill would take too long.
 */
export const LIMIT_SHARE = {least: 0.05, most: 0.8} as const;

/** One venue of `GET /limits`. */
export interface LimitReport extends Usage {
  venue: string;
  origin: string;
}

/** `POST /gaps/check`: one history's row count and all its holes. */
export interface CheckedReport {
  venue: string;
  pair: string;
  series: string;
  /** empty for settlements */
  timeframe: string;
  rows: number;
  from: number | null;
  to: number | null;
  holes: {from: number; to: number; rows: number; state: string; tries: number}[];
  /** true if the check changed the coverage ledger */
  changed: boolean;
}

/** `POST /jobs` and `POST /gaps/repair`. */
export interface PlannedReport {
  batches: Job[];
  notes: {line: string; level: "info" | "warn"}[];
}

/** `POST /jobs/retry-failed`; other retries omit `skipped`. */
export interface RetriedReport {
  queued: Job[];
  skipped?: Job[];
  batches: Job[];
}

/** One history in the scheduled updates. */
export interface TrackedReport {
  venue: string;
  pair: string;
  series: string;
  /** empty for settlements */
  timeframe: string;
  /** start of the wanted range, UTC ms */
  fromTs: number;
  chosenBy: string;
  sinceTs: number;
  /** false if updates skip its pair */
  enabled: boolean;
}

/** One pair of `GET /tracked` with its tracked histories. */
export interface TrackedPairReport {
  venue: string;
  pair: string;
  /** false if updates skip it */
  enabled: boolean;
  /** `mixed` if an operator chose some of its histories and the selection rule others */
  chosenBy: string;
  /** start of the wanted range, UTC ms */
  fromTs: number;
  sinceTs: number;
  histories: Pick<TrackedReport, "series" | "timeframe" | "fromTs" | "chosenBy">[];
}

/** One task of `GET /schedule`. */
export interface TaskReport {
  name: string;
  /** what it does, as a sentence */
  says: string;
  /** five-field cron expression, UTC */
  pattern: string;
  lastTs: number | null;
  lastMs: number | null;
  /** message or error of the newest run */
  result: string | null;
  failed: boolean;
  running: boolean;
  nextTs: number | null;
}
