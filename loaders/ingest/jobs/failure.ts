import {CarrybookError, ExchangeError} from "../../errors.js";
import type {Job} from "../../../src/lib/wire/job.js";

/** Pause after a failed attempt in ms, tripled for each further one, with jitter. */
const BACKOFF_MS = 2_000;

/**
 * Returns a job after a failed attempt: queued again after a pause where a retry may help, else failed. An
 * unexpected error fails only this job: the rows of one history may have caused it.
 * @param nowMs the store's present, UTC ms
 * @param wallMs wall-clock time, UTC ms; pauses use it
 * @param random uniform in [0, 1), for the jitter of the pause
 */
export function afterFailure(
  job: Job,
  error: unknown,
  {nowMs, wallMs, random}: {nowMs: number; wallMs: number; random: number}
): Job {
  const {again, ...known} = read(error);
  const failed = {...job, ...known, etaMs: null};
  if (!again || job.attempts >= job.maxAttempts) return {...failed, status: "failed", finishedAt: nowMs};
  const pause = BACKOFF_MS * 3 ** (job.attempts - 1) * (0.75 + random / 2);
  return {...failed, status: "queued", notBefore: wallMs + pause};
}

function read(error: unknown): Pick<Job, "error" | "errorCode" | "errorFix"> & {again: boolean} {
  if (!(error instanceof CarrybookError)) {
    const {name, message} = error as Error;
    return {
      error: `unexpected ${name}: ${message.split("\n")[0]}`,
      errorCode: "unexpected",
      errorFix: "report it",
      again: false
    };
  }
  const {message, fix, code} = error;
  return {
    error: message,
    errorCode: code,
    errorFix: fix || null,
    again: error instanceof ExchangeError && error.retryable
  };
}
