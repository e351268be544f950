import type {ErrorCode, VenueCode} from "../src/lib/wire/error.js";

export interface ErrorOptions {
  /** what the reader can do next, in one sentence */
  fix?: string;
  cause?: unknown;
  /** what it is, for programs; each class has its own by default */
  code?: ErrorCode;
}

/** Who must act decides the class of an error; the command line maps each to its exit code (INTERFACES). */
export abstract class CarrybookError extends Error {
  /** what the reader can do next, in one sentence */
  readonly fix: string | undefined;
  /** what it is, for programs */
  readonly code: ErrorCode;
  constructor(message: string, {fix, cause, code = "unexpected"}: ErrorOptions = {}) {
    super(message, cause === undefined ? undefined : {cause});
    this.name = new.target.name;
    this.fix = fix;
    this.code = code;
  }
}

/** A flag, an argument or an API body that cannot be understood: exit code 2. */
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

/** Data that is missing, stale, damaged or not what it claims to be: exit code 4. */
export class DataError extends CarrybookError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, {code: "invalid-data", ...options});
  }
}

/** Another process holds what is needed: exit code 6. */
export class LockedError extends CarrybookError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, {code: "locked", ...options});
  }
}

export interface ExchangeErrorOptions extends ErrorOptions {
  code: VenueCode;
  /** the venue's own code inside its reply */
  venueCode?: string | undefined;
  retryable?: boolean;
}

/** The venue cannot be reached, refuses, or answers what cannot be trusted: exit code 5. */
export class ExchangeError extends CarrybookError {
  /** false where asking again can only give the same answer, e.g. a symbol the venue does not know */
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
