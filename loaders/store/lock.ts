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

/** Who holds a store. */
export interface Holder {
  pid: number;
  host: string;
  command: string;
  sinceTs: number;
  /** start time of the process as the kernel counts it; tells a reused pid from the holder */
  bootTicks: string | undefined;
}

export interface LockOptions {
  /** how long to wait for a living holder, in ms */
  waitMs?: number;
  now?: () => number;
  sleep?: (ms: number) => Promise<void>;
  command?: string;
  onWait?: (holder: Holder) => void;
}

/**
 * Takes the pid lock of a data directory, waiting for a living holder and taking over from a dead one. It stands beside
 * DuckDB's own lock, which cannot name its holder and which two handles in one process do not respect.
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
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  const me: Holder = {pid: process.pid, host: hostname(), command, sinceTs: now(), bootTicks: bootTicks(process.pid)};
  const deadline = now() + waitMs;
  let told = false;
  for (;;) {
    if (tryCreate(path, me)) return () => release(path, me);
    const holder = readHolder(path);
    if (holder === undefined || !isAlive(holder)) {
      stealDead(path, holder);
      continue;
    }
    if (!told) onWait?.(holder);
    told = true;
    if (now() >= deadline) throw locked(path, holder);
    await sleep(Math.min(100, Math.max(1, deadline - now())));
  }
}

const locked = (path: string, holder: Holder): LockedError =>
  new LockedError(
    `data directory is in use: ${dirname(path)} (pid ${holder.pid} on ${holder.host}, \`${holder.command}\`, since ${new Date(holder.sinceTs).toISOString()})`,
    {fix: "wait for it to finish, stop it, or pass --wait SECONDS"}
  );

/** The lock appears with its content in one step: written beside, then linked, which fails if another was first. */
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

/** The holder of a lock file, or undefined when there is none or it cannot be read. */
export function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

function stealDead(path: string, dead: Holder | undefined): void {
  const current = readHolder(path);
  if (current?.pid === dead?.pid && current?.sinceTs === dead?.sinceTs) rmSync(path, {force: true});
}

function release(path: string, me: Holder): void {
  const current = readHolder(path);
  if (current?.pid === me.pid && current.sinceTs === me.sinceTs) rmSync(path, {force: true});
}

/** True while the holder's process runs. A holder on another host is taken as alive: nobody here can tell. */
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

/** When a process started, as the kernel counts it; undefined where that cannot be told. */
export function bootTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
