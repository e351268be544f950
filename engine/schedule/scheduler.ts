import {readFileSync, renameSync, writeFileSync} from "node:fs";
import type {Clock} from "../../loaders/exchange/types.js";
import type {TaskReport} from "../../src/lib/wire/data.js";
import type {Task} from "./tasks.js";
import {nextRun} from "../config/schedule.js";

interface SchedulerOptions {
  clock: Clock;
  /** where the last runs are kept, so that a missed one is caught up after a restart */
  file: string;
  log: {info: (text: string) => void; warn: (text: string) => void};
  onResult?: (report: TaskReport) => void;
  /** no sleep is longer, so that a clock that jumps or a machine that slept is noticed soon */
  longestSleepMs?: number;
}

interface State {
  lastTs: number | null;
  lastMs: number | null;
  result: string | null;
  failed: boolean;
}

/**
 * Runs tasks at their times. A time that was missed, because the machine slept or the engine was down, is caught up once,
 * however many were missed; tasks run one after another, so that none disturbs another; one that fails is told and comes
 * again at its next time.
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
      // A task that is new waits for its first time: there was none to miss.
      this.#state.set(name, kept[name] ?? {lastTs: now, lastMs: null, result: null, failed: false});
    }
    this.#keep();
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const {clock, longestSleepMs = 60_000} = this.#options;
    while (!signal.aborted) {
      for (const task of this.#tasks) {
        if (signal.aborted) return;
        if (this.#due(task)) await this.#do(task, signal);
      }
      const next = Math.min(...this.#tasks.map((task) => this.#next(task) ?? Infinity));
      const wait = Math.min(longestSleepMs, Math.max(1, next - clock.now()));
      await clock.sleep(wait, signal).catch(() => undefined);
    }
  }

  /** Does a task now, whatever its time. @throws `missing task: NAME` */
  async now(name: string, signal: AbortSignal): Promise<TaskReport> {
    const task = this.#tasks.find((own) => own.name === name);
    if (!task) throw new RangeError(`missing task: ${name}`);
    await this.#do(task, signal);
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

  /** The next instant of a task, worked out once for each of its runs. */
  #next({name, pattern}: Task): number | null {
    const state = this.#state.get(name)!;
    const now = this.#options.clock.now();
    // A last run in the future was kept before this machine's clock went back: count anew from here.
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

  async #do(task: Task, signal: AbortSignal): Promise<void> {
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
    // Told as done now and not at its time: what was missed meanwhile is not made up for again.
    this.#state.set(task.name, {lastTs: clock.now(), lastMs: Math.round(clock.monotonic() - began), result, failed});
    this.#keep();
    onResult?.(this.reports().find(({name}) => name === task.name)!);
  }

  #keep(): void {
    const {file, log} = this.#options;
    try {
      writeFileSync(`${file}.part`, JSON.stringify(Object.fromEntries(this.#state)));
      renameSync(`${file}.part`, file);
    } catch (error) {
      log.warn(`the schedule's state cannot be kept: ${(error as Error).message}`);
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
