import {crc32} from "node:zlib";

/** A journal event: its type, its time, and plain data. */
export interface JournalEvent {
  type: string;
  /** UTC ms */
  ts: number;
}

/** One line of the journal. */
export interface JournalLine<E extends JournalEvent = JournalEvent> {
  /** line number from 1, across all files */
  seq: number;
  /** CRC-32 chained over this and all previous lines, 8 hex digits */
  checksum: string;
  event: E;
}

/** Position of a line, for errors. */
interface Place {
  file: string;
  line: number;
}

/** Checksum before the first line. */
export const GENESIS = "00000000";

const LINE = /^\{"seq":(\d+),"crc":"([0-9a-f]{8})","event":(\{.*\})\}$/s;

/**
 * Serialises an event as a line without newline. The checksum covers the number, the previous checksum and the event.
 */
export function writeLine(seq: number, previous: string, event: JournalEvent): {text: string; checksum: string} {
  const body = JSON.stringify(event);
  const checksum = checksumOf(seq, previous, body);
  return {text: `{"seq":${seq},"crc":"${checksum}","event":${body}}`, checksum};
}

/**
 * Parses a line and verifies that it is the next one.
 * @throws RangeError `invalid journal: FILE:LINE …` for a damaged or misplaced line
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
