import {createHash, randomBytes} from "node:crypto";
import {chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from "node:fs";
import {hostname} from "node:os";
import {join} from "node:path";
import {BEAT_MS, bootTicks, isAlive, silenceMs} from "../loaders/store/lock.js";
import type {EngineMode} from "../src/lib/wire/trading.js";

/** A running engine's record in `<data>/engine/engine.json`. */
export interface EngineInfo {
  pid: number;
  host: string;
  /** the process's start time in kernel ticks, to detect a reused pid */
  bootTicks: string | undefined;
  url: string;
  mode: EngineMode;
  /** true when it owns the store of its data directory */
  data: boolean;
  venue: string;
  startedTs: number;
}

/** Returns the engine's private folder: token, lock, logs, emergency flag. Readable by its user only. */
export const engineDir = (dataDir: string): string => join(dataDir, "engine");

const infoPath = (dataDir: string) => join(engineDir(dataDir), "engine.json");
const tokenPath = (dataDir: string) => join(engineDir(dataDir), "token");

/** Creates the engine's folder, accessible to its user only. */
export function makeEngineDir(dataDir: string): string {
  const dir = engineDir(dataDir);
  mkdirSync(dir, {recursive: true, mode: 0o700});
  chmodSync(dir, 0o700);
  return dir;
}

/** Registers this process as the engine of a data directory. */
export function writeEngineInfo(
  dataDir: string,
  info: Pick<EngineInfo, "url" | "mode" | "data" | "venue" | "startedTs">
): void {
  const me: EngineInfo = {pid: process.pid, host: hostname(), bootTicks: bootTicks(process.pid), ...info};
  const draft = `${infoPath(dataDir)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(me), {mode: 0o600});
  renameSync(draft, infoPath(dataDir));
}

/** Removes this process's record. */
export function removeEngineInfo(dataDir: string): void {
  if (parse(infoPath(dataDir))?.pid === process.pid) rmSync(infoPath(dataDir), {force: true});
}

/** Returns the engine running on a data directory; ignores the record of a dead process. */
export function runningEngine(dataDir: string): EngineInfo | undefined {
  const info = parse(infoPath(dataDir));
  if (!info || typeof info.pid !== "number" || !/^http:\/\/127\.0\.0\.1:\d+$/.test(info.url)) return undefined;
  // A record from another host, e.g. of a container that is gone, is as alive as the heartbeat of its lock.
  const holder = {...info, command: "", sinceTs: info.startedTs, beatMs: BEAT_MS};
  return isAlive(holder, silenceMs(join(engineDir(dataDir), "engine.lock"))) ? info : undefined;
}

function parse(path: string): EngineInfo | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as EngineInfo;
  } catch {
    return undefined;
  }
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Reads the token of a data directory's API; undefined before an engine has run there. */
export function readToken(dataDir: string): string | undefined {
  try {
    const token = readFileSync(tokenPath(dataDir), "utf8").trim();
    return TOKEN.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the API token, creating it on first use. It is kept, so open pages survive a restart.
 * Replaces a malformed file, or one that others could read.
 */
export function ensureToken(dataDir: string): string {
  const path = tokenPath(dataDir);
  const kept = readToken(dataDir);
  if (kept !== undefined) {
    const stat = lstatSync(path);
    if (stat.isFile() && (stat.mode & 0o077) === 0) return kept;
  }
  rmSync(path, {force: true});
  const token = randomBytes(32).toString("base64url");
  writeFileSync(path, `${token}\n`, {mode: 0o600, flag: "wx"});
  return token;
}

/** Hashes a secret to a fixed length, for comparison in constant time. */
export const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
