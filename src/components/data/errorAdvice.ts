/** An error of a job as it was said, and what a person can do about it. */
export interface ErrorAdvice {
  /** word for word, without the advice that came with it */
  exact: string;
  advice: string;
}

/** What is wrong, by words of the error; the first that fits decides. */
const KNOWN: readonly [RegExp, string][] = [
  [/ENOSPC|disk is full|no space left/i, "Free some space on this machine's disk; the work then goes on by itself."],
  [
    /country|region|restricted location|status 451/i,
    "The venue does not serve this address. Choose another venue, or pass another address of its API with --url."
  ],
  [
    /status 403|banned|access too frequent/i,
    "The venue has shut this address out; a ban passes in about ten minutes. Wait, set a smaller share of the rate limit, then retry."
  ],
  [
    /status 429|code 10006|too many/i,
    "The venue wants fewer requests. Set a smaller share of the rate limit, then retry."
  ],
  [
    /code 10002|timestamp|recv_window|clock/i,
    "The venue finds this machine's clock wrong. Set the clock right, then retry."
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|fetch failed|socket|cannot be reached|no answer|timed? ?out|deadline/i,
    "The venue could not be reached. Check this machine's network and the venue's status page, then retry."
  ],
  [
    /status 5\d\d|code 10016|Bad gateway|Internal server error/i,
    "The venue itself is out of order. Retry once its status page says that it is back; what was fetched is kept."
  ],
  [/lists no|missing market/i, "The venue does not trade this pair. Look at its name, or choose another venue."],
  [
    /JSON|cut short|unreadable|no readable row|no candle lies|empty (body|reply)|no list/i,
    "What the venue sent could not be read, so none of it was taken in. Retry later; if it stays so, the venue has changed its replies."
  ]
];

/** Takes an error apart: the engine writes what it suggests behind an arrow. */
export function errorAdvice(error: string): ErrorAdvice {
  const [exact, ...fix] = error.split(" → ");
  const known = KNOWN.find(([words]) => words.test(exact!))?.[1];
  const own = fix.join(" → ");
  const told = own && `${own.slice(0, 1).toUpperCase()}${own.slice(1)}.`;
  return {exact: exact!, advice: known ?? (told || "Look at the log below, then retry.")};
}
