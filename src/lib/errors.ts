import type {ErrorCode} from "./wire/error.js";

export interface ErrorOptions {
  /** what the reader can do next, in one sentence */
  fix?: string | undefined;
  cause?: unknown;
  /** what it is, for programs; each class has its own by default */
  code?: ErrorCode;
}

/** An error that tells its reader what to do next. Its class says who must act, and thereby the exit code. */
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

/** Data that is missing, stale, damaged or not what it claims to be: exit code 4. */
export class DataError extends CarrybookError {
  // a page's bundle shortens the names of classes
  override readonly name = "DataError";
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, {code: "invalid-data", ...options});
  }
}
