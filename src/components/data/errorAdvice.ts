import type {ErrorCode} from "../../lib/wire/error.js";
import type {Job} from "../../lib/wire/job.js";

/** What to do, by the error's code; the others have no advice but their own. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  region: "The venue does not serve this address. Choose another venue, or pass another address of its API with --url.",
  banned:
    "The venue has banned this address; a ban passes in about ten minutes. Wait, set a smaller share of the rate limit, then retry.",
  "rate-limited": "The rate limit of the venue was exceeded. Set a smaller share of the rate limit, then retry.",
  "clock-skew": "The venue finds this machine's clock wrong. Set the clock right, then retry.",
  network:
    "The venue could not be reached. Check this machine's network and the venue's status page, then retry.",
  "venue-down":
    "The venue is down. Retry once its status page says that it is back; what was fetched is kept.",
  "missing-market": "The venue does not trade this pair. Look at its name, or choose another venue.",
  "bad-response":
    "What the venue sent could not be read, so none of it was taken in. Retry later; if it stays so, the venue has changed its replies."
};

/** Returns what to do about a job's error: by its code, else its own fix as a sentence. */
export function errorAdvice({errorCode, errorFix}: Pick<Job, "errorCode" | "errorFix">): string {
  const known = errorCode === null ? undefined : ADVICE[errorCode];
  if (known !== undefined) return known;
  return errorFix ? `${errorFix.slice(0, 1).toUpperCase()}${errorFix.slice(1)}.` : "Look at the log below, then retry.";
}
