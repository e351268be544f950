import {crc32} from "node:zlib";

/** Anything the engine writes down: a type, the instant it is about, and plain data. */
export interface JournalEvent {
  type: string;
  /** UTC ms */
  ts: number;
}

/** One line of the journal. */
export interface JournalLine<E extends JournalEvent = JournalEvent> {
  /** counts all lines of a journal from 1, over its files */
  seq: number;
  /** of this line and, through the line before, of all before it */
  checksum: string;
  event: E;
}

/** Where a line stands, for errors. */
interface Place {
  file: string;
  line: number;
}

/** What the first line of a journal follows. */
export const GENESIS = "00000000";

const LINE = /^\{"seq":(\d+),"crc":"([0-9a-f]{8})","event":(\{.*\})\}$/s;

/** Writes an event as a line, without its newline. The checksum covers the number, the line before and the event. */
export function writeLine(seq: number, previous: string, event: JournalEvent): {text: string; checksum: string} {
  const body = JSON.stringify(event);
  const checksum = checksumOf(seq, previous, body);
  return {text: `{"seq":${seq},"crc":"${checksum}","event":${body}}`, checksum};
}

/**
 * Reads a line that must follow another.
 * @throws `invalid journal: FILE:LINE …` for a line that is not what was written, or not the next one
 */
export function readLine(text: string, expected: {seq: number; previous: string}, {file, line}: Place): JournalLine {
  const refuse = (why: string): never => {
    throw new RangeError(`invalid journal: ${file}:${line} ${why}`);
  };
  const match = LINE.exec(text) ?? refuse("is no line of a journal");
  const [, seq = "", checksum = "", body = ""] = match;
  if (Number(seq) !== expected.seq) refuse(`is number ${seq}, not ${expected.seq}`);
  if (checksumOf(expected.seq, expected.previous, body) !== checksum) refuse("does not match its checksum");
  return {seq: expected.seq, checksum, event: JSON.parse(body) as JournalEvent};
}

const checksumOf = (seq: number, previous: string, body: string): string =>
  crc32(`${seq}|${previous}|${body}`).toString(16).padStart(8, "0");
