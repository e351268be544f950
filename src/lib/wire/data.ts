/** What the API says of the work on the data. */
import type {Job} from "./job.js";

/** `GET /jobs/:id`: the log is oldest first, each line with the id of the job that said it. */
export interface JobDetailReport extends Job {
  children: Job[];
  log: {ts: number; job: string; text: string}[];
  /** what the client of the job's venue has sent; missing before there is one */
  usage?: Usage;
}

/** `POST /jobs/estimate`: what a backfill would fetch, what is there already taken off. */
export interface EstimateReport {
  requests: number;
  rows: number;
  /** histories asked for, and how many of them lack nothing */
  histories: number;
  complete: number;
  /** at the share of the venue's limit that is in use; a slow network takes longer */
  seconds: number;
  pairs: string[];
}

/** What a bulk command did to one of the ids it was given. */
export interface BulkResult {
  id: string;
  /** whether anything was done */
  done: boolean;
  /** the histories it was done to; of a batch, those of its children */
  jobs: string[];
  /** why it was left, or which part of a batch was; null where all was done */
  why: string | null;
}

/** `POST /jobs/retry` and `POST /jobs/cancel`. */
export interface BulkReport {
  results: BulkResult[];
}

/** What a venue's client has sent so far, retries included, and what it may send. */
export interface Usage {
  requests: number;
  retries: number;
  /** requests in the limit's present window, and how many it allows */
  inWindow: number;
  perWindow: number;
  windowMs: number;
  /** what the venue publishes for a window, and the share of it that is used; missing where a client has no such limit */
  published?: number;
  share?: number;
  /** until when the venue has banned this machine, where it has */
  bannedUntilMs?: number | undefined;
}

/**
 * The shares of a published limit that a client may be set to use. `most` is what it uses unless a person says less:
 * other programs on this address need the rest. Below `least` the work would never end.
 */
export const LIMIT_SHARE = {least: 0.05, most: 0.8} as const;

/** One venue of `GET /limits`. */
export interface LimitReport extends Usage {
  venue: string;
  origin: string;
}

/** `POST /gaps/check`: one history's rows, and every hole between and around them. */
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
  /** whether the ledger said something else before */
  changed: boolean;
}

/** `POST /jobs` and `POST /gaps/repair`. */
export interface PlannedReport {
  batches: Job[];
  notes: {line: string; level: "info" | "warn"}[];
}

/** `POST /jobs/retry-failed`; the other retries leave out `skipped`. */
export interface RetriedReport {
  queued: Job[];
  skipped?: Job[];
  batches: Job[];
}

/** One history that scheduled updates include. */
export interface TrackedReport {
  venue: string;
  pair: string;
  series: string;
  /** empty for settlements */
  timeframe: string;
  /** how far back it is wanted */
  fromTs: number;
  chosenBy: string;
  sinceTs: number;
  /** false while updates leave its pair out */
  enabled: boolean;
}

/** One pair of `GET /tracked`, with what is followed of it. */
export interface TrackedPairReport {
  venue: string;
  pair: string;
  /** false while updates leave it out */
  enabled: boolean;
  /** `mixed` where a person named some of its histories and the selection chose others */
  chosenBy: string;
  /** how far back it is wanted */
  fromTs: number;
  sinceTs: number;
  histories: Pick<TrackedReport, "series" | "timeframe" | "fromTs" | "chosenBy">[];
}

/** One task of `GET /schedule`. */
export interface TaskReport {
  name: string;
  /** what it does, in words */
  says: string;
  /** five fields of cron, UTC */
  pattern: string;
  lastTs: number | null;
  lastMs: number | null;
  /** what it said, or why it failed */
  result: string | null;
  failed: boolean;
  running: boolean;
  nextTs: number | null;
}
