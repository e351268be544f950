import {
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeSync,
  fsyncSync,
  linkSync,
  statSync,
  unlinkSync,
  utimesSync
} from "node:fs";
import {hostname} from "node:os";
import {dirname} from "node:path";
import {LockedError} from "../errors.js";

/** The process that holds a store's lock. */
export interface Holder {
  pid: number;
  host: string;
  command: string;
  sinceTs: number;
  /** start time of the process in kernel ticks; distinguishes the holder from a reused pid */
  bootTicks: string | undefined;
  /** id of the boot of its machine; undefined where unavailable, and in locks of earlier versions */
  bootId?: string | undefined;
  /** ms between two heartbeats, which renew the time of the file; undefined in locks of earlier versions */
  beatMs?: number | undefined;
}

/** Time between two heartbeats in ms, and the silence after which a holder elsewhere is taken for dead. */
export const BEAT_MS = 5_000;
const SILENT_BEATS = 12;

export interface LockOptions {
  /** how long to wait for a live holder, in ms */
  waitMs?: number;
  now?: () => number;
  sleep?: (ms: number) => Promise<void>;
  command?: string;
  onWait?: (holder: Holder) => void;
  /** called when the lock of a holder elsewhere, or of an earlier boot, is taken over */
  onTakeOver?: (holder: Holder) => void;
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
    onWait,
    onTakeOver
  }: LockOptions = {}
): Promise<() => void> {
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  const me: Holder = {
    pid: process.pid,
    host: hostname(),
    command,
    sinceTs: now(),
    bootTicks: bootTicks(process.pid),
    bootId: bootId(),
    beatMs: BEAT_MS
  };
  const deadline = now() + waitMs;
  let notified = false;
  for (;;) {
    if (tryCreate(path, me)) {
      const stop = beat(path, me);
      return () => {
        stop();
        release(path, me);
      };
    }
    const holder = readHolder(path);
    if (holder === undefined || !isAlive(holder, silenceMs(path))) {
      if (holder && (holder.host !== me.host || isOfEarlierBoot(holder))) onTakeOver?.(holder);
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
    {
      fix:
        holder.host === hostname()
          ? "wait for it to finish, stop it, or pass --wait SECONDS"
          : holder.beatMs === undefined
            ? `if ${holder.host} is gone, delete ${path}`
            : `stop it there; the lock of a host that is gone is taken over after ${(SILENT_BEATS * BEAT_MS) / 1_000} s`
    }
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

/** Renews the time of the lock file while it is this process's; returns what ends that. */
function beat(path: string, me: Holder): () => void {
  const timer = setInterval(() => {
    try {
      const holder = readHolder(path);
      const at = new Date();
      if (holder?.pid === me.pid && holder.sinceTs === me.sinceTs) utimesSync(path, at, at);
    } catch {
      // The folder may be gone; what matters then fails elsewhere, with a reason.
    }
  }, BEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Returns the time since the last heartbeat of a lock file, in ms; 0 where there is no file. */
export function silenceMs(path: string): number {
  try {
    return Math.max(0, Date.now() - statSync(path).mtimeMs);
  } catch {
    return 0;
  }
}

/** True where this machine, by its name, has been booted since the holder took the lock. */
function isOfEarlierBoot(holder: Holder): boolean {
  const own = bootId();
  return holder.host === hostname() && holder.bootId !== undefined && own !== undefined && holder.bootId !== own;
}

/** Returns the id of this machine's boot; undefined where unavailable. */
function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

/**
 * Returns true while the holder's process runs. One under another host name, e.g. a container's, cannot be looked up: it
 * is alive until its heartbeats have ceased. Locks of earlier versions have none, so their holder counts as alive.
 * @param silentMs time since its last heartbeat, in ms
 */
export function isAlive(holder: Holder, silentMs = 0): boolean {
  if (isOfEarlierBoot(holder)) return false;
  if (holder.host !== hostname()) return holder.beatMs === undefined || silentMs < SILENT_BEATS * holder.beatMs;
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
