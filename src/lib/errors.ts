/** An error that tells its reader what to do next. Its class says who must act, and thereby the exit code. */
export abstract class CarrybookError extends Error {
  /** what the reader can do next, in one sentence */
  readonly fix: string | undefined;
  constructor(message: string, {fix, cause}: {fix?: string; cause?: unknown} = {}) {
    super(message, cause === undefined ? undefined : {cause});
    this.name = new.target.name;
    this.fix = fix;
  }
}

/** Data that is missing, stale, damaged or not what it claims to be: exit code 4. */
export class DataError extends CarrybookError {
  // a page's bundle shortens the names of classes
  override readonly name = "DataError";
}
