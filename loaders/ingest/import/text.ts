import {StringDecoder} from "node:string_decoder";
import type {Readable} from "node:stream";
import {DataError} from "../../errors.js";
import type {Table, TableRecord} from "./table.js";

/** Opens the bytes of a text once more from the beginning. */
export type OpenBytes = () => Promise<Readable>;

/** No line of a table of numbers comes near it. */
const MAX_LINE_CHARS = 1 << 20;
/** How much of a text is looked at to find its delimiter and its header. */
const HEAD_CHARS = 64 * 1024;
const DELIMITERS = [",", ";", "\t", "|"] as const;

type Encoding = "utf8" | "utf16le" | "utf16be";

/**
 * Reads a CSV text in any delimiter, UTF-8 or UTF-16, with lines above its header or without a header.
 * @throws DataError for an empty text or a line that has no end
 */
export async function csvTable(
  open: OpenBytes,
  place: Pick<Table, "where" | "path" | "member">
): Promise<Table | undefined> {
  const head = await readHead(await open(), place.where);
  const lines = head.text.split(/\r\n|\n|\r/).slice(0, head.whole ? undefined : -1);
  const filled = lines.flatMap((line, i) => (line.trim() === "" ? [] : [{cells: line, at: i}]));
  if (filled.length === 0 && head.whole) return undefined;
  if (filled.length === 0) throw new DataError(`invalid file: ${place.where} begins with blank lines alone`);
  const delimiter = delimiterOf(filled.map(({cells}) => cells));
  const split = (line: string) => cellsOf(line, delimiter);
  const width = commonWidth(filled.map(({cells}) => split(cells).length));
  // A URL, a title or a comment above the table has another width than the table.
  const regular = filled.findIndex(({cells}) => split(cells).length === width && !/^\s*(#|\/\/)/.test(cells));
  const first = Math.max(
    0,
    regular -
      (isNarrowHeader(
        filled.map(({cells}) => split(cells)),
        regular
      )
        ? 1
        : 0)
  );
  const top = filled[first]!;
  const names = [...split(top.cells), ...Array<string>(width).fill("")].slice(0, width);
  const header = isHeader(names) ? names : undefined;
  return {
    ...place,
    format: "csv",
    header,
    width,
    preamble: filled.slice(0, first).map(({cells}) => cells),
    delimiter,
    records: () => recordsOf(open, {delimiter, skip: top.at, header, encoding: head.encoding, where: place.where})
  };
}

/** Returns the cells of one line, trimmed and without their quotes. */
function cellsOf(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === '"') {
      // two quotes within a quoted cell are one
      if (quoted && line[i + 1] === '"') cell += line[i++];
      else quoted = !quoted;
    } else if (char === delimiter && !quoted) {
      cells.push(cell.trim());
      cell = "";
    } else cell += char;
  }
  cells.push(cell.trim());
  return cells;
}

/** True for a row of names: it has some, and none of its cells is a number or a stamp. */
function isHeader(cells: readonly string[]): boolean {
  const texts = cells.map((cell) => cell.replace(/^'|'$/g, "")).filter((cell) => cell !== "");
  return texts.length > 0 && texts.every((cell) => !/^[-+.\d]/.test(cell) && !/^(nan|null|true|false)$/i.test(cell));
}

/** True where the line above the first row is its header, and each row ends in empty cells that the header has not. */
function isNarrowHeader(lines: readonly (readonly string[])[], first: number): boolean {
  const above = lines[first - 1];
  if (!above || above.length < 2 || !isHeader(above) || isHeader(lines[first]!)) return false;
  return lines.slice(first).every((cells) => cells.slice(above.length).every((cell) => cell === ""));
}

/** Returns the delimiter by which most lines have the same number of cells, two at least. */
function delimiterOf(lines: readonly string[]): string {
  let best: {delimiter: string; score: number} = {delimiter: ",", score: 0};
  for (const delimiter of DELIMITERS) {
    const widths = lines.map((line) => cellsOf(line, delimiter).length);
    const width = commonWidth(widths);
    if (width < 2) continue;
    const score = widths.filter((n) => n === width).length;
    if (score > best.score) best = {delimiter, score};
  }
  return best.delimiter;
}

/** Returns the most frequent number of cells; of two the larger. */
export function commonWidth(widths: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 0;
}

interface Layout {
  delimiter: string;
  /** physical lines above the first record */
  skip: number;
  header: readonly string[] | undefined;
  encoding: Encoding;
  where: string;
}

/** Reads records line by line: a quoted cell may span lines, blank lines are none. */
async function* recordsOf(
  open: OpenBytes,
  {delimiter, skip, header, encoding, where}: Layout
): AsyncGenerator<TableRecord> {
  let line = 0;
  let names = header !== undefined;
  /** a record whose quotes are still open, and the line it began at */
  let pending = "";
  let begun = 0;
  for await (const {lines, unended} of linesOf(open, encoding, where)) {
    for (const text of lines) {
      line++;
      if (line <= skip) continue;
      if (pending === "" && text.trim() === "") continue;
      const record = pending === "" ? text : `${pending}\n${text}`;
      if (pending === "") begun = line;
      if (record.includes('"') && hasOpenQuote(record)) {
        if (record.length > MAX_LINE_CHARS) throw endless(where, begun);
        pending = record;
        continue;
      }
      pending = "";
      if (names) {
        names = false;
        continue;
      }
      yield {fields: cellsOf(record, delimiter), line: begun, ...(unended && {unended})};
    }
  }
  if (pending !== "") throw new DataError(`invalid file: ${where}:${begun} opens a quote that nothing closes`);
}

const endless = (where: string, line: number): DataError =>
  new DataError(`invalid file: ${where}:${line} is a line without end`);

function hasOpenQuote(record: string): boolean {
  let open = false;
  for (let at = record.indexOf('"'); at >= 0; at = record.indexOf('"', at + 1)) open = !open;
  return open;
}

/** Returns the lines of a text, many at a time; the last comes alone where no line end follows it. */
async function* linesOf(
  open: OpenBytes,
  encoding: Encoding,
  where: string
): AsyncGenerator<{lines: string[]; unended: boolean}> {
  const input = await open();
  const decode = decoderOf(encoding);
  let rest = "";
  let count = 0;
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      let text = rest + decode(chunk);
      if (count === 0) text = text.replace(/^\uFEFF/, "");
      // A carriage return at the edge may be half of a line's end.
      const held = text.endsWith("\r") ? 1 : 0;
      const lines = splitLines(text.slice(0, text.length - held));
      rest = lines.pop()! + "\r".repeat(held);
      if (rest.length > MAX_LINE_CHARS) throw endless(where, count + 1);
      count += lines.length;
      if (lines.length > 0) yield {lines, unended: false};
    }
    const last = splitLines(rest);
    yield {lines: last, unended: last.length === 1};
  } finally {
    input.destroy();
  }
}

const splitLines = (text: string): string[] => (text.includes("\r") ? text.split(/\r\n|\n|\r/) : text.split("\n"));

/** Decodes bytes to text in pieces; a character that two pieces share is held until it is whole. */
function decoderOf(encoding: Encoding): (chunk: Buffer) => string {
  const decoder = new StringDecoder(encoding === "utf8" ? "utf8" : "utf16le");
  if (encoding !== "utf16be") return (chunk) => decoder.write(chunk);
  let odd: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = Buffer.concat([odd, chunk]);
    const whole = bytes.length - (bytes.length % 2);
    odd = bytes.subarray(whole);
    return decoder.write(Buffer.from(bytes.subarray(0, whole)).swap16());
  };
}

async function readHead(input: Readable, where: string): Promise<{text: string; encoding: Encoding; whole: boolean}> {
  const chunks: Buffer[] = [];
  let size = 0;
  let whole = true;
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= HEAD_CHARS) {
        whole = false;
        break;
      }
    }
  } finally {
    input.destroy();
  }
  const bytes = Buffer.concat(chunks);
  const encoding = encodingOf(bytes);
  const even = bytes.subarray(0, bytes.length - (bytes.length % 2));
  const text =
    encoding === "utf8"
      ? bytes.toString("utf8")
      : (encoding === "utf16le" ? even : Buffer.from(even).swap16()).toString("utf16le");
  if (text.includes("\0")) throw new DataError(`invalid file: ${where} holds no text`);
  if (!whole && !/[\r\n]/.test(text)) throw new DataError(`invalid file: ${where} has a line without end`);
  return {text: text.replace(/^\uFEFF/, ""), encoding, whole};
}

/** Returns the encoding by its byte-order mark, else by where its zero bytes stand. */
function encodingOf(bytes: Buffer): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf16be";
  const head = bytes.subarray(0, 200);
  const zeros = (parity: number) => head.filter((byte, i) => i % 2 === parity && byte === 0).length;
  if (head.length >= 8 && zeros(1) > head.length / 3) return "utf16le";
  if (head.length >= 8 && zeros(0) > head.length / 3) return "utf16be";
  return "utf8";
}
