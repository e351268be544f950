import {CarrybookError} from "../src/lib/errors.js";

export {CarrybookError, DataError} from "../src/lib/errors.js";

/** An invalid flag, argument or API body: exit code 2. */
export class UsageError extends CarrybookError {}

/** An invalid config file or environment value: exit code 3. */
export class ConfigError extends CarrybookError {}

/** Another process holds what is needed: exit code 6. */
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
