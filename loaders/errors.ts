/** Who must act decides the class of an error; the command line maps each to its exit code. */
export abstract class CarrybookError extends Error {
  /** what the reader can do next, in one sentence */
  readonly fix: string | undefined;
  constructor(message: string, {fix, cause}: {fix?: string; cause?: unknown} = {}) {
    super(message, cause === undefined ? undefined : {cause});
    this.name = new.target.name;
    this.fix = fix;
  }
}

/** A flag, an argument or an API body that cannot be understood: exit code 2. */
export class UsageError extends CarrybookError {}

/** A config file or environment value that cannot be understood: exit code 3. */
export class ConfigError extends CarrybookError {}

/** Data that is missing, stale, damaged or not what it claims to be: exit code 4. */
export class DataError extends CarrybookError {}

/** Another process holds what is needed: exit code 6. */
export class LockedError extends CarrybookError {}

/** The venue cannot be reached, refuses, or answers what cannot be trusted: exit code 5. */
export class ExchangeError extends CarrybookError {
  /** false where asking again can only give the same answer, e.g. a symbol the venue does not know */
  readonly retryable: boolean;
  constructor(
    message: string,
    {retryable = true, ...options}: {fix?: string; cause?: unknown; retryable?: boolean} = {}
  ) {
    super(message, options);
    this.retryable = retryable;
  }
}
