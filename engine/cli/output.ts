import Table from "cli-table3";
import pc from "picocolors";
import type {Sink} from "./io.js";

/** One column of a table. */
export interface Column<T> {
  title: string;
  value: (row: T) => string;
  align?: "left" | "right";
}

/**
 * Writes a command's results to stdout: a table on a terminal, NDJSON in a pipe, one JSON document with `--json`.
 * Narration goes to stderr; `--quiet` suppresses it.
 */
export interface Output {
  json: boolean;
  /** true when stdout is a terminal */
  terminal: boolean;
  /** writes rows: a table on a terminal, NDJSON in a pipe, one JSON array with `--json` */
  table: <T extends object>(rows: readonly T[], columns: readonly Column<T>[]) => void;
  /** writes a document: `text` on a terminal, else JSON */
  document: (value: unknown, text: () => string) => void;
  /** writes a line to stderr, if its level is enabled */
  note: (line: string, level?: Level) => void;
  /** shows progress with an ETA, on one line of a terminal; undefined clears it */
  progress: (progress: Progress | undefined) => void;
}

/** Levels of narration; a note is shown at or above the configured level. */
const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

interface Progress {
  label: string;
  done: number;
  total: number;
  detail?: string;
  /** remaining time, ms, where it is known better than from the share done */
  etaMs?: number | null;
}

interface OutputOptions {
  json?: boolean | undefined;
  quiet?: boolean | undefined;
  level?: Level;
  stdout: Sink;
  stderr: Sink;
  now?: () => number;
}

/** Builds a command's output from its flags and sinks. */
export function createOutput({
  json = false,
  quiet = false,
  level: wanted = "info",
  stdout,
  stderr,
  now = Date.now
}: OutputOptions): Output {
  const terminal = Boolean(stdout.isTTY);
  let started: {label: string; ts: number; last: number} | undefined;
  const progress = (p: Progress | undefined) => {
    if (quiet || wanted === "warn" || wanted === "error") return;
    if (!p) {
      if (started && stderr.isTTY) stderr.write("\r\x1b[K");
      started = undefined;
      return;
    }
    const ts = now();
    if (started?.label !== p.label) started = {label: p.label, ts, last: 0};
    // A terminal is redrawn ten times a second; a log gets a line every five.
    if (ts - started.last < (stderr.isTTY ? 100 : 5_000) && p.done < p.total) return;
    if (!stderr.isTTY && started.last === 0 && p.done < p.total) {
      started.last = ts;
      return;
    }
    started.last = ts;
    const share = p.total > 0 ? p.done / p.total : 1;
    const left = p.etaMs ?? (share > 0 && share < 1 ? ((ts - started.ts) * (1 - share)) / share : 0);
    const line = `${p.label} ${(share * 100).toFixed(0)} %${p.detail ? ` · ${p.detail}` : ""}${left > 500 ? ` · ${duration(left)} left` : ""}`;
    stderr.write(stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  };
  return {
    json,
    terminal,
    progress,
    note: (line, level = "info") => {
      if (!quiet && LEVELS.indexOf(level) >= LEVELS.indexOf(wanted))
        stderr.write(`${stderr.isTTY ? "\r\x1b[K" : ""}${line}\n`);
    },
    document: (value, text) => {
      stdout.write(
        json || !terminal ? `${JSON.stringify(value, undefined, json && terminal ? 2 : undefined)}\n` : `${text()}\n`
      );
    },
    table: (rows, columns) => {
      if (json) stdout.write(`${JSON.stringify(rows, undefined, terminal ? 2 : undefined)}\n`);
      else if (!terminal) for (const row of rows) stdout.write(`${JSON.stringify(row)}\n`);
      else stdout.write(`${drawTable(rows, columns)}\n`);
    }
  };
}

/** Draws a table as text, without borders. */
export function drawTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const table = new Table({
    head: columns.map((column) => pc.dim(column.title)),
    colAligns: columns.map((column) => column.align ?? "left"),
    style: {head: [], border: [], compact: true},
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      mid: "",
      "mid-mid": "",
      right: "",
      "right-mid": "",
      middle: "  "
    }
  });
  for (const row of rows) table.push(columns.map((column) => column.value(row)));
  return table.toString();
}

/** Formats a duration: `3 s`, `4 min`, `2 h`, `5 d`. */
export function duration(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** Formats a count with commas between thousands. */
export const count = (n: number): string => n.toLocaleString("en-US");

/** Formats a share as a percentage, rounded down, so an incomplete share never shows as 100 %. */
export function percent(share: number, digits = 2): string {
  const scale = 10 ** (digits + 2);
  const floored = share < 1 ? Math.min(Math.floor(share * scale), scale - 1) : scale;
  return `${(floored / 10 ** digits).toFixed(digits)} %`;
}
