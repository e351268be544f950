import Table from "cli-table3";
import pc from "picocolors";
import type {Sink} from "./io.js";

/** One column of a table: its title, the value of a row as shown, and its side. */
export interface Column<T> {
  title: string;
  value: (row: T) => string;
  align?: "left" | "right";
}

/**
 * Where results go. stdout is for results alone: a table on a terminal, one JSON value a line in a pipe, one JSON document
 * with `--json`. Narration goes to stderr and not at all with `--quiet`.
 */
export interface Output {
  json: boolean;
  /** true when a person reads stdout */
  terminal: boolean;
  /** rows as a table, as NDJSON, or as one JSON array, whatever the reader is */
  table: <T extends object>(rows: readonly T[], columns: readonly Column<T>[]) => void;
  /** a document: pretty on a terminal by `text`, else JSON */
  document: (value: unknown, text: () => string) => void;
  /** a line about what happens, on stderr, if its level is asked for */
  note: (line: string, level?: Level) => void;
  /** progress of long work with an ETA; on a terminal it stays on one line */
  progress: (progress: Progress | undefined) => void;
}

/** How much narration is wanted; a note is shown when its level is at or above it. */
const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

interface Progress {
  label: string;
  done: number;
  total: number;
  detail?: string;
  /** time left where the work itself knows it better than the share done does */
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

/** Builds the output for a command from its flags and the sinks it was handed. */
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

/** A table in the terminal's own characters. */
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

/** `3 s`, `4 min`, `2 h`. */
export function duration(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 2 * 86_400_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** Thousands separated by commas. */
export const count = (n: number): string => n.toLocaleString("en-US");

/** A share as per cent with the digits asked for; never rounded up to a full hundred. */
export function percent(share: number, digits = 2): string {
  const scale = 10 ** (digits + 2);
  const floored = share < 1 ? Math.min(Math.floor(share * scale), scale - 1) : scale;
  return `${(floored / 10 ** digits).toFixed(digits)} %`;
}
