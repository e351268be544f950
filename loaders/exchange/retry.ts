import type {VenueCode} from "../../src/lib/wire/error.js";
import {ExchangeError} from "../errors.js";
import {classify, codeOf, Refusal, type Codes} from "./classify.js";
import type {Clock} from "./types.js";

export interface RetryOptions {
  clock: Clock;
  codes: Codes;
  /** uniform in [0, 1), for the jitter */
  random: () => number;
  /** puts on the pause or ban that a refusal asks for */
  hold: (refusal: Refusal, attempt: number) => void;
  /** asks the venue for its time, after it has called ours wrong */
  resync: (signal: AbortSignal | undefined) => Promise<void>;
  /** called before every repetition */
  onRetry: () => void;
  attempts?: number;
}

export interface Attempt<T> {
  value: T;
  /** readable, but not what a sound venue sends: worth asking again before it is believed */
  doubtful: boolean;
}

/** Tries of one call, the first included. */
export const ATTEMPTS = 6;
/** Doubtful replies to one call until the last of them is taken for what it is. */
const DOUBTFUL_REPLIES = 3;
/** The wait before a second try, doubled for each further one; a limit without a reset header waits longer. */
export const BACKOFF_MS = 200;
export const LIMIT_BACKOFF_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** `base × 2^(attempt − 1)`, half to one and a half of it, so that callers do not come back together. */
export const backoff = (baseMs: number, attempt: number, random: () => number): number =>
  Math.min(LONGEST_WAIT_MS, baseMs * 2 ** (attempt - 1) * (0.5 + random()));

/**
 * Makes a call until it succeeds, cannot succeed, or has failed `attempts` times. After a ban it is tried at most once
 * more: a ban that outlasts its ten minutes is not waited out six times.
 * @param name what was asked, for the error
 * @throws ExchangeError with the last refusal, or the signal's reason
 */
export async function persist<T>(
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
      options.hold(error, attempt);
      const verdict = classify(error, codes);
      const failure = (fix: string) => failureOf(name, error, {attempts: attempt, fix, code: codeOf(error, codes)});
      if (verdict.act === "fail") throw failure(verdict.fix);
      if (verdict.act === "ban" && ++bans > 1) {
        throw failure("wait until the ban has passed and run it again");
      }
      if (attempt >= attempts) throw failure("check the network and the venue's status page");
      if (verdict.act === "resync") await options.resync(signal);
      if (verdict.act === "retry") await clock.sleep(backoff(BACKOFF_MS, attempt, random), signal);
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
