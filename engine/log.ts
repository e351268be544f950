import {closeSync, openSync, readdirSync, rmSync, writeSync} from "node:fs";
import {join} from "node:path";
import {pino, type Logger} from "pino";
import {formatDay} from "../src/lib/time/instant.js";

export type {Logger} from "pino";

/** Days of logs to keep. */
const KEPT_DAYS = 30;

export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

interface LogOptions {
  /** the engine's folder */
  dir: string;
  level: "debug" | "info" | "warn" | "error";
  /** texts redacted from every line */
  secrets?: readonly string[];
  now?: () => number;
  /** receives each line in human-readable form; undefined for none */
  stderr?: ((line: string, level: Level) => void) | undefined;
}

/** Keys whose values are redacted, at any of three levels. */
const SECRET_KEYS = ["token", "ticket", "authorization", "apiKey", "secret", "password", "signature"];

/**
 * Creates the engine's log: NDJSON in `log-YYYY-MM-DD.ndjson` (UTC days), and plain lines on stderr.
 * A line that cannot be written is dropped.
 */
export function createLog({dir, level, secrets = [], now = Date.now, stderr}: LogOptions): {
  log: Logger;
  close: () => void;
} {
  const file = new DayFile(dir, now);
  const clean = (line: string) =>
    secrets.reduce((text, secret) => (secret ? text.replaceAll(secret, "[redacted]") : text), line);
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const log = pino(
    {
      level,
      base: {pid: process.pid},
      timestamp: () => `,"ts":${Math.trunc(now())}`,
      formatters: {level: (label) => ({level: label})},
      redact: {paths, censor: "[redacted]"}
    },
    {
      write: (line: string) => {
        const text = clean(line);
        file.write(text);
        if (!stderr) return;
        const {words, level} = plain(text);
        stderr(words, level);
      }
    }
  );
  return {log, close: () => file.close()};
}

/** Formats a log line for people, and returns its level. */
function plain(line: string): {words: string; level: Level} {
  try {
    const {ts, level, msg, pid: _, ...rest} = JSON.parse(line) as Record<string, unknown> & {level: Level};
    const more = Object.entries(rest).map(
      ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`
    );
    const at = new Date(ts as number).toISOString().slice(11, 19);
    return {words: [at, level, msg, ...more].filter(Boolean).join(" "), level};
  } catch {
    return {words: line.trimEnd(), level: "info"};
  }
}

/** Writes one file per UTC day and deletes the oldest. */
class DayFile {
  private day = "";
  private fd: number | undefined;

  constructor(
    private readonly dir: string,
    private readonly now: () => number
  ) {}

  write(line: string): void {
    try {
      const day = formatDay(this.now());
      if (day !== this.day) this.turn(day);
      if (this.fd !== undefined) writeSync(this.fd, line);
    } catch {
      // A full disk must not stop the engine just because the log cannot be written.
    }
  }

  private turn(day: string): void {
    this.close();
    this.day = day;
    this.fd = openSync(join(this.dir, `log-${day}.ndjson`), "a", 0o600);
    const logs = readdirSync(this.dir).filter((name) => /^log-\d{4}-\d{2}-\d{2}\.ndjson$/.test(name));
    for (const old of logs.sort().slice(0, -KEPT_DAYS)) rmSync(join(this.dir, old), {force: true});
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
    this.day = "";
  }
}
