/** Something that is done at times, all of them UTC. */
export interface Task {
  name: string;
  /** what it does, in words */
  says: string;
  /** five fields of cron, UTC */
  pattern: string;
  run: (signal: AbortSignal) => Promise<string | void>;
}
