import {
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeSync,
  fsyncSync,
  linkSync,
  unlinkSync
} from "node:fs";
import {hostname} from "node:os";
import {dirname} from "node:path";
import {LockedError} from "../errors.js";

/** The process that holds a store's lock. */
interface Holder {
  pid: number;
  host: string;
  command: string;
  sinceTs: number;
  /** start time of the process in kernel ticks; distinguishes the holder from a reused pid */
  bootTicks: string | undefined;
}

export interface LockOptions {
  /** how long to wait for a live holder, in ms */
  waitMs?: number;
  now?: () => number;
  sleep?: (ms: number) => Promise<void>;
  command?: string;
  onWait?: (holder: Holder) => void;
}

/**
 * Takes the pid lock of a data directory, waiting for a live holder and replacing a dead one. It complements DuckDB's
 * own lock, which does not name its holder and does not exclude two handles in one process.
 * @returns a function that releases it
 * @throws LockedError that names the holder once `waitMs` has passed
 */
export async function acquireLock(
  path: string,
  {
    waitMs = 0,
    now = Date.now,
    sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    command = process.argv.slice(2).join(" ") || "node",
    onWait
  }: LockOptions = {}
): Promise<() => void> {
  mkdirSync(dirname(path), {recursive: true});
  const me: Holder = {pid: process.pid, host: hostname(), command, sinceTs: now(), bootTicks: bootTicks(process.pid)};
  const deadline = now() + waitMs;
  let notified = false;
  for (;;) {
    if (tryCreate(path, me)) return () => release(path, me);
    const holder = readHolder(path);
    if (holder === undefined || !isAlive(holder)) {
      removeStale(path, holder);
      continue;
    }
    if (!notified) onWait?.(holder);
    notified = true;
    if (now() >= deadline) throw locked(path, holder);
    await sleep(Math.min(100, Math.max(1, deadline - now())));
  }
}

const locked = (path: string, holder: Holder): LockedError =>
  new LockedError(
    `data directory is in use: ${dirname(path)} (pid ${holder.pid} on ${holder.host}, \`${holder.command}\`, since ${new Date(holder.sinceTs).toISOString()})`,
    {fix: "wait for it to finish, stop it, or pass --wait SECONDS"}
  );

/** Creates the lock with its content in one step: writes a draft, then links it, which fails if another was first. */
function tryCreate(path: string, me: Holder): boolean {
  const draft = `${path}.${me.pid}.${Math.trunc(me.sinceTs)}`;
  const fd = openSync(draft, "w");
  try {
    writeSync(fd, JSON.stringify(me));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

/** Returns the holder of a lock file; undefined when the file is absent or unreadable. */
export function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

function removeStale(path: string, dead: Holder | undefined): void {
  const current = readHolder(path);
  if (current?.pid === dead?.pid && current?.sinceTs === dead?.sinceTs) rmSync(path, {force: true});
}

function release(path: string, me: Holder): void {
  const current = readHolder(path);
  if (current?.pid === me.pid && current.sinceTs === me.sinceTs) rmSync(path, {force: true});
}

/**
 * Returns true while the holder's process runs. A holder on another host counts as alive, since it cannot be checked.
 */
export function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const ticks = bootTicks(holder.pid);
  return ticks === undefined || holder.bootTicks === undefined || ticks === holder.bootTicks;
}

/** Returns the start time of a process in kernel ticks; undefined where unavailable. */
export function bootTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
