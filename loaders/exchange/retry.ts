import type {VenueCode} from "../../src/lib/wire/error.js";
import {ExchangeError} from "../errors.js";
import {classify, codeOf, Refusal, type Codes} from "./classify.js";
import type {Clock} from "./types.js";

interface RetryOptions {
  clock: Clock;
  codes: Codes;
  /** uniform in [0, 1), for jitter */
  random: () => number;
  /** applies the pause or ban that a refusal requires */
  applyRefusal: (refusal: Refusal, attempt: number) => void;
  /** requests the venue's time, after it rejected ours */
  resync: (signal: AbortSignal | undefined) => Promise<void>;
  /** called before every retry */
  onRetry: () => void;
  attempts?: number;
}

export interface Attempt<T> {
  value: T;
  /** readable but irregular: retried before it is accepted */
  doubtful: boolean;
}

/** Attempts at one call, the first included. */
export const ATTEMPTS = 6;
/** Doubtful replies to one call before the last of them is accepted. */
const DOUBTFUL_REPLIES = 3;
/** Delay before the second attempt in ms, doubled for each further one; a limit without a reset header waits longer. */
const BACKOFF_MS = 200;
export const LIMIT_BACKOFF_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Returns `base × 2^(attempt − 1)` in ms with ±50 % jitter, so that callers do not retry in step. */
export const backoff = (baseMs: number, attempt: number, random: () => number): number =>
  Math.min(LONGEST_WAIT_MS, baseMs * 2 ** (attempt - 1) * (0.5 + random()));

/**
 * Repeats a call until it succeeds, fails for good, or has used its attempts. Allows one retry after a ban: a second
 * ban is an error, so that a call does not wait out six of them.
 * @param name label of the request in errors
 * @throws ExchangeError with the last refusal, or the signal's reason
 */
export async function withRetries<T>(
  name: string,
  once: (attempt: number) => Promise<Attempt<T>>,
  options: RetryOptions,
  signal?: AbortSignal
): Promise<T> {
  const {clock, codes, random, attempts = ATTEMPTS} = options;
  let doubtful = 0;
  let bans = 0;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      const result = await once(attempt);
      if (!result.doubtful || ++doubtful >= DOUBTFUL_REPLIES || attempt >= attempts) return result.value;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Refusal)) throw error;
      options.applyRefusal(error, attempt);
      const reaction = classify(error, codes);
      const failure = (fix: string) => failureOf(name, error, {attempts: attempt, fix, code: codeOf(error, codes)});
      if (reaction.act === "fail") throw failure(reaction.fix);
      if (reaction.act === "ban" && ++bans > 1) {
        throw failure("wait until the ban has ended, then run it again");
      }
      if (attempt >= attempts) throw failure("check the network and the venue's status page");
      if (reaction.act === "resync") await options.resync(signal);
      if (reaction.act === "retry") await clock.sleep(backoff(BACKOFF_MS, attempt, random), signal);
    }
    options.onRetry();
  }
}

function failureOf(
  name: string,
  refusal: Refusal,
  {attempts, fix, code}: {attempts: number; fix: string; code: VenueCode}
): ExchangeError {
  const {status, code: venueCode, excerpt, message} = refusal;
  const facts = [
    message,
    status === undefined ? undefined : `status ${status}`,
    venueCode === undefined ? undefined : `code ${venueCode}`,
    excerpt === "" ? undefined : JSON.stringify(excerpt),
    `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`
  ].filter((fact) => fact !== undefined);
  return new ExchangeError(`${name} failed: ${facts.join(", ")}`, {fix, code, venueCode, cause: refusal});
}
