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

/** How the journal touches the disk; tests put a crash or a full disk in between. */
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

/** The files of a journal, oldest first. */
export const journalFiles = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => NAME.test(name))
        .sort()
        .map((name) => join(dir, name))
    : [];

/** What reading a journal gives. */
interface JournalContent {
  /** the lines since the newest snapshot, itself first; all of them where there is none */
  recent: JournalLine[];
  /** how many lines there are in all */
  count: number;
  last: string;
  /** told when a last line was cut off while it was written */
  torn: string | undefined;
}

/**
 * Reads and verifies a whole journal; events of earlier versions are given as this one writes them. A last line without its newline was never acknowledged: it is left out and told.
 * @param visit hears every line, e.g. to gather closed trades
 * @throws DataError `invalid journal: FILE:LINE …` for any other line that is not what was written
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
 * An append-only journal: NDJSON files of one UTC day each, one event a line with a chained checksum, on the disk before
 * the act they describe. One process owns it.
 */
export class Journal {
  readonly dir: string;
  /** what was read when it was opened */
  readonly opened: JournalContent;
  readonly #disk: JournalDisk;
  #fd: number | undefined;
  #length = 0;
  #seq: number;
  #last: string;
  #day: number | undefined;

  /** Opens a journal for appending, having verified all of it. @throws DataError for one that cannot be trusted */
  constructor(dir: string, {disk = REAL_DISK, visit}: {disk?: JournalDisk; visit?: (line: JournalLine) => void} = {}) {
    this.dir = dir;
    this.#disk = disk;
    mkdirSync(dir, {recursive: true});
    this.opened = readJournal(dir, visit);
    this.#seq = this.opened.count;
    this.#last = this.opened.last;
    const newest = journalFiles(dir).at(-1);
    if (newest === undefined) return;
    this.#fd = openSync(newest, "r+");
    const text = readFileSync(newest);
    this.#length = text.lastIndexOf(0x0a) + 1;
    // What was never acknowledged must not stand before what is written next.
    if (this.#length < text.length) ftruncateSync(this.#fd, this.#length);
    closeSync(this.#fd);
    this.#fd = openSync(newest, "a");
    this.#day = this.opened.recent.at(-1) && floorTo(this.opened.recent.at(-1)!.event.ts, DAY_MS);
  }

  /** Number of the newest line. */
  get seq(): number {
    return this.#seq;
  }

  /** Whether an event at an instant would open a new day's file: the moment to write a snapshot. */
  turns(ts: number): boolean {
    return this.#day !== undefined && floorTo(ts, DAY_MS) > this.#day;
  }

  /**
   * Appends one event; it is on the disk when this returns.
   * @throws what the disk says; the journal is then as it was before
   */
  append<E extends JournalEvent>(event: E): JournalLine<E> {
    if (this.#fd === undefined || (event.type === "snapshot" && this.turns(event.ts))) this.#open();
    const {text, checksum} = writeLine(this.#seq + 1, this.#last, event);
    const line = `${text}\n`;
    try {
      this.#disk.write(this.#fd!, line);
      this.#disk.sync(this.#fd!);
    } catch (error) {
      // A part of a line must not stand before the next one. Where even this fails, reading cuts it off.
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
    this.#fd = openSync(path, "ax");
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
