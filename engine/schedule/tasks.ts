/** A scheduled task. */
export interface Task {
  name: string;
  /** what it does, in words */
  says: string;
  /** five cron fields, UTC */
  pattern: string;
  run: (signal: AbortSignal) => Promise<string | void>;
}
