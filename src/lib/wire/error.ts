/** Errors in a request, the engine or the data. */
type OwnCode =
  /** a flag, argument, query or body that cannot be parsed */
  | "invalid-request"
  /** not possible in the engine's current state, e.g. trading while halted */
  | "conflict"
  /** the engine runs without a trading loop (mode data) */
  | "no-trading-loop"
  /** the engine was started without a store */
  | "no-store"
  /** a config file, an environment value or an account that cannot be used */
  | "invalid-config"
  /** missing, stale, damaged or mislabelled data */
  | "invalid-data"
  /** no job has this id */
  | "missing-job"
  /** the venue lists no such market */
  | "missing-market"
  /** another process holds the lock */
  | "locked"
  /** an unexpected failure; see the engine's log */
  | "unexpected";

/** Why a request to a venue failed permanently or after its last attempt. */
export type VenueCode =
  /** no connection, or no response in time */
  | "network"
  /** the response could not be parsed */
  | "bad-response"
  /** this address is banned temporarily */
  | "banned"
  /** too many requests */
  | "rate-limited"
  /** the venue does not serve this country or network */
  | "region"
  /** the venue rejects this machine's clock */
  | "clock-skew"
  /** the venue is down */
  | "venue-down"
  /** the venue rejects the request; a retry would not help */
  | "venue-refused";

/** Why the API rejected a request before passing it to the engine. */
type GateCode =
  | "invalid-target"
  | "invalid-host"
  | "invalid-origin"
  | "invalid-method"
  | "invalid-content-type"
  | "invalid-body"
  | "body-too-long"
  | "too-many-requests"
  /** the maximum of concurrent event streams is reached */
  | "too-many-streams"
  /** the maximum of concurrent backtests is reached */
  | "busy"
  /** a missing or wrong token, or a ticket that is unknown, used or expired */
  | "unauthorized"
  | "missing-route"
  /** the site has not been built */
  | "no-site";

/** Machine-readable error code; the text of an error may change, its code does not. */
export type ErrorCode = OwnCode | VenueCode | GateCode;

/** The response body of every API error. */
export interface ErrorBody {
  /** the message */
  error: string;
  /** what to do about it, as a sentence */
  fix: string | null;
  /** the error's class, which determines a command's exit code */
  type: string;
  code: ErrorCode;
  /** the venue's own error code, if any */
  venueCode?: string;
}
