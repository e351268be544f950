import {readFileSync, renameSync, writeFileSync} from "node:fs";
import type {Clock} from "../../loaders/exchange/types.js";
import type {TaskReport} from "../../src/lib/wire/data.js";
import type {Task} from "./tasks.js";
import {nextRun} from "../config/schedule.js";

interface SchedulerOptions {
  clock: Clock;
  /** where the last runs are saved, so a missed run is made up after a restart */
  file: string;
  log: {info: (text: string) => void; warn: (text: string) => void};
  onResult?: (report: TaskReport) => void;
  /** longest sleep, so a clock jump or a suspended machine is noticed soon */
  longestSleepMs?: number;
}

interface State {
  lastTs: number | null;
  lastMs: number | null;
  result: string | null;
  failed: boolean;
}

/**
 * Runs tasks on their schedules, one at a time. Runs missed while the engine was down are made up by a single run.
 * A failure is logged, and the task runs again at its next time.
 */
export class Scheduler {
  readonly #tasks: readonly Task[];
  readonly #options: SchedulerOptions;
  readonly #state = new Map<string, State>();
  readonly #nexts = new Map<string, {afterTs: number | null; ts: number | null}>();
  #running: string | undefined;

  constructor(tasks: readonly Task[], options: SchedulerOptions) {
    this.#tasks = tasks;
    this.#options = options;
    for (const {pattern} of tasks) nextRun(pattern, 0);
    const kept = readState(options.file);
    const now = options.clock.now();
    for (const {name} of tasks) {
      // A new task waits for its first time: it has missed none.
      this.#state.set(name, kept[name] ?? {lastTs: now, lastMs: null, result: null, failed: false});
    }
    this.#save();
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const {clock, longestSleepMs = 60_000} = this.#options;
    while (!signal.aborted) {
      for (const task of this.#tasks) {
        if (signal.aborted) return;
        if (this.#due(task)) await this.#runTask(task, signal);
      }
      const next = Math.min(...this.#tasks.map((task) => this.#next(task) ?? Infinity));
      const wait = Math.min(longestSleepMs, Math.max(1, next - clock.now()));
      await clock.sleep(wait, signal).catch(() => undefined);
    }
  }

  /** Runs a task now, regardless of its schedule. @throws `missing task: NAME` */
  async now(name: string, signal: AbortSignal): Promise<TaskReport> {
    const task = this.#tasks.find((own) => own.name === name);
    if (!task) throw new RangeError(`missing task: ${name}`);
    await this.#runTask(task, signal);
    return this.reports().find((report) => report.name === name)!;
  }

  reports(): TaskReport[] {
    return this.#tasks.map((task) => {
      const {name, says, pattern} = task;
      const {lastTs, lastMs, result, failed} = this.#state.get(name)!;
      return {
        name,
        says,
        pattern,
        lastTs: lastMs === null ? null : lastTs,
        lastMs,
        result,
        failed,
        running: this.#running === name,
        nextTs: this.#next(task)
      };
    });
  }

  /** Returns a task's next due time, UTC ms, computed once per run. */
  #next({name, pattern}: Task): number | null {
    const state = this.#state.get(name)!;
    const now = this.#options.clock.now();
    // A last run in the future means the machine's clock was set back: restart from now.
    if (state.lastTs !== null && state.lastTs > now) this.#state.set(name, {...state, lastTs: now});
    const {lastTs} = this.#state.get(name)!;
    const known = this.#nexts.get(name);
    if (known?.afterTs === lastTs) return known.ts;
    const ts = nextRun(pattern, lastTs ?? 0);
    this.#nexts.set(name, {afterTs: lastTs, ts});
    return ts;
  }

  #due(task: Task): boolean {
    const next = this.#next(task);
    return next !== null && next <= this.#options.clock.now();
  }

  async #runTask(task: Task, signal: AbortSignal): Promise<void> {
    const {clock, log, onResult} = this.#options;
    const began = clock.monotonic();
    this.#running = task.name;
    let result: string | null = null;
    let failed = false;
    try {
      result = (await task.run(signal)) ?? null;
      log.info(`${task.name}: ${result ?? "done"}`);
    } catch (error) {
      if (signal.aborted) return;
      failed = true;
      result = (error as Error).message.split("\n")[0]!;
      log.warn(`${task.name} failed: ${result}`);
    } finally {
      this.#running = undefined;
    }
    // Recorded as run now, not at its due time, so runs missed meanwhile are not made up again.
    this.#state.set(task.name, {lastTs: clock.now(), lastMs: Math.round(clock.monotonic() - began), result, failed});
    this.#save();
    onResult?.(this.reports().find(({name}) => name === task.name)!);
  }

  #save(): void {
    const {file, log} = this.#options;
    try {
      writeFileSync(`${file}.part`, JSON.stringify(Object.fromEntries(this.#state)));
      renameSync(`${file}.part`, file);
    } catch (error) {
      log.warn(`the schedule's state cannot be saved: ${(error as Error).message}`);
    }
  }
}

function readState(file: string): Record<string, State> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, State>;
  } catch {
    return {};
  }
}
