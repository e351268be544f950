/**
 * Base of the expected errors. The subclass says who must act, and the command line maps it to an exit code
 * (INTERFACES).
 */
export abstract class CarrybookError extends Error {
  /** the operator's next step, in one sentence */
  readonly fix: string | undefined;
  constructor(message: string, {fix, cause}: {fix?: string; cause?: unknown} = {}) {
    super(message, cause === undefined ? undefined : {cause});
    this.name = new.target.name;
    this.fix = fix;
  }
}

/** An invalid flag, argument or API body: exit code 2. */
export class UsageError extends CarrybookError {}

/** An invalid config file or environment value: exit code 3. */
export class ConfigError extends CarrybookError {}

/** Data that is missing, stale, damaged or of the wrong kind: exit code 4. */
export class DataError extends CarrybookError {}

/** A resource that another process has locked: exit code 6. */
export class LockedError extends CarrybookError {}

/** A venue that is unreachable, rejects the request, or sends an unusable reply: exit code 5. */
export class ExchangeError extends CarrybookError {
  /** false where a retry would get the same reply, e.g. for a symbol the venue does not know */
  readonly retryable: boolean;
  constructor(
    message: string,
    {retryable = true, ...options}: {fix?: string; cause?: unknown; retryable?: boolean} = {}
  ) {
    super(message, options);
    this.retryable = retryable;
  }
}
