import type {ErrorCode} from "../../lib/wire/error.js";

/** An error of a job as it was said, and what a person can do about it. */
interface ErrorAdvice {
  /** word for word, without the advice that came with it */
  exact: string;
  advice: string;
}

/** What to do, by the error's code; the others have no advice but their own. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  region: "The venue does not serve this address. Choose another venue, or pass another address of its API with --url.",
  banned:
    "The venue has shut this address out; a ban passes in about ten minutes. Wait, set a smaller share of the rate limit, then retry.",
  "rate-limited": "The venue wants fewer requests. Set a smaller share of the rate limit, then retry.",
  "clock-skew": "The venue finds this machine's clock wrong. Set the clock right, then retry.",
  network:
    "The venue could not be reached. Check this machine's network and the venue's status page, then retry.",
  "venue-down":
    "The venue itself is out of order. Retry once its status page says that it is back; what was fetched is kept.",
  "missing-market": "The venue does not trade this pair. Look at its name, or choose another venue.",
  "bad-response":
    "What the venue sent could not be read, so none of it was taken in. Retry later; if it stays so, the venue has changed its replies."
};

/**
 * Takes an error apart: the engine writes what it suggests behind an arrow.
 * @param code null for a job of a version that kept none, whose own suggestion has to do
 */
export function errorAdvice(error: string, code: string | null): ErrorAdvice {
  const [exact, ...fix] = error.split(" → ");
  const own = fix.join(" → ");
  const told = own && `${own.slice(0, 1).toUpperCase()}${own.slice(1)}.`;
  const known = code === null ? undefined : ADVICE[code as ErrorCode];
  return {exact: exact!, advice: known ?? (told || "Look at the log below, then retry.")};
}
