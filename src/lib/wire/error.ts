/** What is wrong with a request, with the engine or with the data, for programs. */
type OwnCode =
  /** a flag, an argument, a query or a body that cannot be understood */
  | "invalid-request"
  /** what the engine as it runs cannot do, e.g. trade while it is halted */
  | "conflict"
  /** the engine runs without a trading loop (mode data) */
  | "no-trading-loop"
  /** the engine was started without a store */
  | "no-store"
  /** a config file, an environment value or an account that cannot be used */
  | "invalid-config"
  /** data that is missing, stale, damaged or not what it claims to be */
  | "invalid-data"
  /** no job has this id */
  | "missing-job"
  /** the venue lists no such market */
  | "missing-market"
  /** another process holds what is needed */
  | "locked"
  /** a failure that nobody foresaw; the engine's log says more */
  | "unexpected";

/** Why a call of a venue failed for good, or after its last attempt. */
export type VenueCode =
  /** nothing arrived: no connection, or no answer in time */
  | "network"
  /** what arrived could not be read */
  | "bad-response"
  /** the address is shut out for a while */
  | "banned"
  /** too many requests */
  | "rate-limited"
  /** the venue does not serve this country or network */
  | "region"
  /** the venue finds this machine's clock wrong */
  | "clock-skew"
  /** the venue itself is out of order */
  | "venue-down"
  /** the venue refuses the request; it would again */
  | "venue-refused";

/** Why a request was not let in, before anything of the engine was asked. */
type GateCode =
  | "invalid-target"
  | "invalid-host"
  | "invalid-origin"
  | "invalid-method"
  | "invalid-content-type"
  | "invalid-body"
  | "body-too-long"
  | "too-many-requests"
  /** as many streams, or as many backtests, as the engine serves at once */
  | "too-many-streams"
  | "busy"
  /** no token, a wrong one, or a ticket that is unknown, used or too old */
  | "unauthorized"
  | "missing-route"
  /** no site is built */
  | "no-site";

/** What an error is, for programs; its words are for people and may change. */
export type ErrorCode = OwnCode | VenueCode | GateCode;

/** What every error of the engine's API answers. */
export interface ErrorBody {
  /** what is wrong, in words */
  error: string;
  /** what to do about it, in words */
  fix: string | null;
  /** the class of the error, which decides a command's exit code */
  type: string;
  code: ErrorCode;
  /** the venue's own code, where it gave one */
  venueCode?: string;
}
