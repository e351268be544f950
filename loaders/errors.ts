import {CarrybookError, DataError, type ErrorOptions} from "../src/lib/errors.js";
import type {VenueCode} from "../src/lib/wire/error.js";

export {CarrybookError, DataError, type ErrorOptions};

/** An invalid flag, argument or API body: exit code 2. */
export class UsageError extends CarrybookError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, {code: "invalid-request", ...options});
  }
}

/** A config file or environment value that cannot be understood: exit code 3. */
export class ConfigError extends CarrybookError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, {code: "invalid-config", ...options});
  }
}

/** Another process holds what is needed: exit code 6. */
export class LockedError extends CarrybookError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, {code: "locked", ...options});
  }
}

/** A row that its history cannot hold. */
export class RowError extends DataError {
  /** what is wrong without the value, e.g. `invalid ts`: skipped rows are counted by it */
  readonly reason: string;
  /** @param detail the value and what is wrong with it; its text decides nothing */
  constructor(problem: "invalid" | "missing", field: string, detail?: string) {
    const reason = `${problem} ${field}`;
    super(detail === undefined ? reason : `${reason}: ${detail}`);
    this.reason = reason;
  }
}

interface ExchangeErrorOptions extends ErrorOptions {
  code: VenueCode;
  /** the venue's own code inside its reply */
  venueCode?: string | undefined;
  retryable?: boolean;
}

/** A venue that is unreachable, rejects the request, or sends an unusable reply: exit code 5. */
export class ExchangeError extends CarrybookError {
  /** false where a retry would get the same reply, e.g. for a symbol the venue does not know */
  readonly retryable: boolean;
  /** the venue's own code inside its reply */
  readonly venueCode: string | undefined;
  constructor(message: string, {retryable = true, venueCode, ...options}: ExchangeErrorOptions) {
    super(message, options);
    this.retryable = retryable;
    this.venueCode = venueCode;
  }
}

/**
 * True when the disk is full. Node gives a code; DuckDB gives none, so its words (the system's own) are read here and
 * nowhere else.
 */
export const isDiskFull = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === "ENOSPC" ||
  /no space left|disk full|File too large/i.test((error as Error).message);

/** True when another process has a database file open. DuckDB gives no code, so its words are read here and nowhere else. */
export const isLockConflict = (error: unknown): boolean => {
  const {message} = error as Error;
  return /lock/i.test(message) && /conflicting|could not set lock/i.test(message);
};
