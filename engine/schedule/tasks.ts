import {Cron} from "croner";

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

/**
 * The first instant after another at which a pattern is due.
 * @param pattern five fields of cron, read in UTC whatever this machine's zone is
 * @returns UTC ms, or null for a pattern that never comes
 * @throws `invalid schedule: PATTERN (why)`
 */
export function nextRun(pattern: string, afterMs: number): number | null {
  try {
    const cron = new Cron(pattern, {timezone: "UTC", paused: true, mode: "5-part"});
    const next = cron.nextRun(new Date(afterMs));
    cron.stop();
    return next?.getTime() ?? null;
  } catch (error) {
    throw new RangeError(`invalid schedule: ${pattern} (${(error as Error).message})`, {cause: error});
  }
}
