/** Something that is done at times, all of them UTC. */
export interface Task {
  name: string;
  /** what it does, in words */
  says: string;
  /** five fields of cron, UTC */
  pattern: string;
  run: (signal: AbortSignal) => Promise<string | void>;
}

/** What became of a task, as pages and `status` show it. */
export interface TaskReport {
  name: string;
  says: string;
  pattern: string;
  lastTs: number | null;
  lastMs: number | null;
  /** what it said, or why it failed */
  result: string | null;
  failed: boolean;
  running: boolean;
  nextTs: number | null;
}
