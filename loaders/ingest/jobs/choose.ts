import type {Job} from "../../../src/lib/wire/job.js";

const ORDER = ["update", "repair", "backfill"];
/** Longest pause in ms; one that seems longer was set before this machine's clock stepped back. */
export const LONGEST_PAUSE_MS = 60_000;

const rank = ({kind}: Job): number => ORDER.indexOf(kind);

/** Returns the next job among those that wait: by kind, then by age; undefined while all of them pause. */
export function chooseNext(waiting: readonly Job[], nowMs: number): Job | undefined {
  let first: Job | undefined;
  for (const job of waiting) {
    const {notBefore} = job;
    if (notBefore !== null && notBefore > nowMs && notBefore <= nowMs + LONGEST_PAUSE_MS) continue;
    if (!first || rank(job) < rank(first) || (rank(job) === rank(first) && job.createdAt < first.createdAt))
      first = job;
  }
  return first;
}

/** Returns when the first pause ends, UTC ms; undefined when none pauses. */
export function nextDue(waiting: readonly Job[]): number | undefined {
  let first: number | undefined;
  for (const {notBefore} of waiting) if (notBefore !== null && !(notBefore >= first!)) first = notBefore;
  return first;
}
