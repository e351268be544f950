import type {ErrorCode} from "./wire/error.js";

export interface ErrorOptions {
  /** what the reader can do next, in one sentence */
  fix?: string | undefined;
  cause?: unknown;
  /** machine-readable code; each class has its own default */
  code?: ErrorCode;
}

/** An error with a code for programs and a fix for its reader. Its class determines the exit code. */
export abstract class CarrybookError extends Error {
  /** what the reader can do next, in one sentence */
  readonly fix: string | undefined;
  /** machine-readable code */
  readonly code: ErrorCode;
  constructor(message: string, {fix, cause, code = "unexpected"}: ErrorOptions = {}) {
    super(message, cause === undefined ? undefined : {cause});
    this.name = new.target.name;
    this.fix = fix;
    this.code = code;
  }
}

/** Missing, stale, damaged or mislabelled data: exit code 4. */
export class DataError extends CarrybookError {
  // bundlers minify class names
  override readonly name = "DataError";
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, {code: "invalid-data", ...options});
  }
}
