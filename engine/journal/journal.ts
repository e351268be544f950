import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync
} from "node:fs";
import {basename, join} from "node:path";
import {DataError} from "../../loaders/errors.js";
import {DAY_MS, floorTo} from "../../src/lib/time/grid.js";
import {currentEvent} from "./codec.js";
import {GENESIS, readLine, writeLine, type JournalEvent, type JournalLine} from "./line.js";

/** Disk access of the journal; tests replace it to simulate a crash or a full disk. */
export interface JournalDisk {
  write: (fd: number, text: string) => void;
  sync: (fd: number) => void;
}

export const REAL_DISK: JournalDisk = {
  write: (fd, text) => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  },
  sync: fsyncSync
};

const NAME = /^\d{6}\.ndjson$/;

/** Returns the paths of a journal's files, oldest first. */
export const journalFiles = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => NAME.test(name))
        .sort()
        .map((name) => join(dir, name))
    : [];

/** Result of reading a journal. */
interface JournalContent {
  /** lines from the newest snapshot on, or all lines when there is none */
  recent: JournalLine[];
  /** number of lines in all files */
  count: number;
  /** checksum of the newest line */
  last: string;
  /** description of a truncated last line */
  torn: string | undefined;
}

/**
 * Reads and verifies a whole journal, converting events of earlier versions. A last line without newline was never
 * acknowledged: it is skipped and reported.
 * @param visit called with every line
 * @throws DataError `invalid journal: FILE:LINE …` for any other damaged line
 */
export function readJournal(dir: string, visit: (line: JournalLine) => void = () => undefined): JournalContent {
  let recent: JournalLine[] = [];
  let seq = 0;
  let previous = GENESIS;
  let torn: string | undefined;
  const files = journalFiles(dir);
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    const end = text.lastIndexOf("\n") + 1;
    if (end < text.length) {
      if (file !== files.at(-1)) {
        throw damaged(`invalid journal: ${file} ends in the middle of a line and is not the newest`);
      }
      torn = `${basename(file)}: a last line of ${text.length - end} bytes was cut off while it was written`;
    }
    let line = 0;
    for (const row of text.slice(0, end).split("\n").slice(0, -1)) {
      let read: JournalLine;
      try {
        const written = readLine(row, {seq: seq + 1, previous}, {file, line: ++line});
        read = {...written, event: currentEvent(written.event)};
      } catch (error) {
        throw damaged((error as Error).message, error);
      }
      seq = read.seq;
      previous = read.checksum;
      if (read.event.type === "snapshot") recent = [];
      recent.push(read);
      visit(read);
    }
  }
  return {recent, count: seq, last: previous, torn};
}

const damaged = (message: string, cause?: unknown): DataError =>
  new DataError(message, {
    fix: "the engine does not trade on a journal it cannot trust: restore the file from a backup, or move the folder away to begin anew",
    cause
  });

/**
 * An append-only journal: one NDJSON file per UTC day, one event per line with a chained checksum. Each event is on
 * disk before the action it describes. One process owns it.
 */
export class Journal {
  readonly dir: string;
  /** content at opening */
  readonly opened: JournalContent;
  readonly #disk: JournalDisk;
  #fd: number | undefined;
  #length = 0;
  #seq: number;
  #last: string;
  #day: number | undefined;

  /** Verifies a journal and opens it for appending. @throws DataError for a damaged journal */
  constructor(dir: string, {disk = REAL_DISK, visit}: {disk?: JournalDisk; visit?: (line: JournalLine) => void} = {}) {
    this.dir = dir;
    this.#disk = disk;
    mkdirSync(dir, {recursive: true, mode: 0o700});
    this.opened = readJournal(dir, visit);
    this.#seq = this.opened.count;
    this.#last = this.opened.last;
    const newest = journalFiles(dir).at(-1);
    if (newest === undefined) return;
    this.#fd = openSync(newest, "r+");
    const text = readFileSync(newest);
    this.#length = text.lastIndexOf(0x0a) + 1;
    // An unacknowledged partial line must not precede the next line.
    if (this.#length < text.length) ftruncateSync(this.#fd, this.#length);
    closeSync(this.#fd);
    this.#fd = openSync(newest, "a");
    this.#day = this.opened.recent.at(-1) && floorTo(this.opened.recent.at(-1)!.event.ts, DAY_MS);
  }

  /** Number of the newest line. */
  get seq(): number {
    return this.#seq;
  }

  /** Returns true when an event at `ts` starts a new day's file, which begins with a snapshot. */
  startsNewDay(ts: number): boolean {
    return this.#day !== undefined && floorTo(ts, DAY_MS) > this.#day;
  }

  /**
   * Appends one event durably: it is synced to disk on return.
   * @throws the disk's error; the journal is then unchanged
   */
  append<E extends JournalEvent>(event: E): JournalLine<E> {
    if (this.#fd === undefined || (event.type === "snapshot" && this.startsNewDay(event.ts))) this.#open();
    const {text, checksum} = writeLine(this.#seq + 1, this.#last, event);
    const line = `${text}\n`;
    try {
      this.#disk.write(this.#fd!, line);
      this.#disk.sync(this.#fd!);
    } catch (error) {
      // A partial line must not precede the next one. If truncating fails too, the next reader drops it.
      try {
        ftruncateSync(this.#fd!, this.#length);
      } catch {
        this.close();
      }
      throw error;
    }
    this.#length += Buffer.byteLength(line);
    this.#seq++;
    this.#last = checksum;
    this.#day = Math.max(this.#day ?? -Infinity, floorTo(event.ts, DAY_MS));
    return {seq: this.#seq, checksum, event};
  }

  #open(): void {
    this.close();
    const number = Number(basename(journalFiles(this.dir).at(-1) ?? "000000").slice(0, 6)) + 1;
    const path = join(this.dir, `${String(number).padStart(6, "0")}.ndjson`);
    this.#fd = openSync(path, "ax", 0o600);
    this.#length = 0;
    const folder = openSync(this.dir, "r");
    fsyncSync(folder);
    closeSync(folder);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
