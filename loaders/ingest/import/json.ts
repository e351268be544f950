import {StringDecoder} from "node:string_decoder";
import {DataError} from "../../errors.js";
import type {Table, TableRecord} from "./table.js";
import {commonWidth, type OpenBytes} from "./text.js";

/** A document that wraps its rows is read as a whole; a plain array and rows a line are not. */
const MAX_DOCUMENT_BYTES = 32 << 20;
/** No row of numbers comes near it. */
const MAX_ROW_CHARS = 1 << 20;
/** How much of a file is looked at to find its layout. */
const HEAD_CHARS = 64 * 1024;

type Row = Record<string, unknown> | unknown[];

/**
 * Opens a JSON array of rows, the reply of a venue that holds one (`data`, `result.list`, `rows`), or a row a line. Rows are
 * objects, or arrays in a fixed order.
 * @throws DataError for a document that is no such table
 */
export async function jsonTable(
  open: OpenBytes,
  place: Pick<Table, "where" | "path" | "member">
): Promise<Table | undefined> {
  const head = await headOf(open);
  if (head.trim() === "") return undefined;
  const rows = isLines(head)
    ? () => lineRows(open, place.where)
    : head.startsWith("[")
      ? () => elementRows(open, place.where)
      : await documentRows(open, place.where);
  const names = new Set<string>();
  const widths: number[] = [];
  let seen = 0;
  for await (const {row} of rows()) {
    if (Array.isArray(row)) widths.push(row.length);
    else for (const name of Object.keys(row)) names.add(name);
    if (++seen === 100) break;
  }
  if (seen === 0) return undefined;
  const header = names.size > 0 ? [...names] : undefined;
  return {
    ...place,
    format: "json",
    header,
    width: header?.length ?? commonWidth(widths),
    preamble: [],
    async *records(): AsyncGenerator<TableRecord> {
      for await (const {row, line} of rows()) {
        const cells = Array.isArray(row) ? row : (header ?? []).map((name) => row[name]);
        yield {fields: cells.map(textOf), line};
      }
    }
  };
}

const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : typeof value === "object" ? JSON.stringify(value) : String(value);

/** True for a row a line: the first is a row by itself, and something stands behind it. */
function isLines(head: string): boolean {
  const [first = "", ...rest] = head.split("\n");
  return rest.some((line) => line.trim() !== "") && isRowLine(first);
}

const isRowLine = (line: string): boolean => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !(Array.isArray(value) && value.every(isObject));
  } catch {
    return false;
  }
};
const isObject = (value: unknown): value is Row => typeof value === "object" && value !== null;

/** Decodes a file in pieces. */
async function* textOfBytes(open: OpenBytes): AsyncGenerator<string> {
  const input = await open();
  const decoder = new StringDecoder("utf8");
  let first = true;
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const text = decoder.write(chunk);
      yield first ? text.replace(/^\uFEFF/, "") : text;
      if (text !== "") first = false;
    }
    yield decoder.end();
  } finally {
    input.destroy();
  }
}

/** Returns the beginning of a file, from its first character that is no blank. */
async function headOf(open: OpenBytes): Promise<string> {
  let head = "";
  for await (const text of textOfBytes(open)) {
    head = (head + text).trimStart();
    if (head.length >= HEAD_CHARS) break;
  }
  return head;
}

async function* lineRows(open: OpenBytes, where: string): AsyncGenerator<{row: Row; line: number}> {
  let rest = "";
  let line = 0;
  for await (const text of textOfBytes(open)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    if (rest.length > MAX_ROW_CHARS) throw endless(where, line + 1);
    for (const each of lines) {
      line++;
      if (each.trim() !== "") yield {row: rowOf(each, `${where}:${line}`), line};
    }
  }
  if (rest.trim() !== "") yield {row: rowOf(rest, `${where}:${line + 1}`), line: line + 1};
}

const endless = (where: string, line: number): DataError =>
  new DataError(`invalid file: ${where}:${line} is a line without end`);

function rowOf(text: string, where: string): Row {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (error) {
    throw new DataError(`invalid file: ${where} is no JSON`, {cause: error});
  }
  if (!isObject(row)) throw new DataError(`invalid file: ${where} is no row`);
  return row;
}

/** Returns the rows of an array, each parsed by itself, so that memory does not grow with the file. */
async function* elementRows(open: OpenBytes, where: string): AsyncGenerator<{row: Row; line: number}> {
  const noList = () => new DataError(`invalid file: ${where} holds no list of rows`);
  const marks = /["[\]{}]/g;
  let text = "";
  /** what is before it has been read */
  let at = 0;
  /** where the row begins that is being read; -1 between rows */
  let start = -1;
  let depth = 0;
  let quoted = false;
  let count = 0;
  for await (const piece of textOfBytes(open)) {
    const kept = start < 0 ? at : start;
    text = text.slice(kept) + piece;
    at -= kept;
    if (start > 0) start = 0;
    if (text.length > MAX_ROW_CHARS + piece.length) throw endless(where, count + 1);
    while (at < text.length) {
      if (quoted) {
        const end = closingQuote(text, at);
        if (end < 0) break;
        at = end + 1;
        quoted = false;
        continue;
      }
      marks.lastIndex = at;
      const match = marks.exec(text);
      const index = match ? match.index : text.length;
      if (start < 0 && !(count === 0 || depth === 0 ? /^\s*$/ : /^[\s,]*$/).test(text.slice(at, index))) throw noList();
      at = index + 1;
      if (!match) break;
      const opens = match[0] === "[" || match[0] === "{";
      if (match[0] === '"') {
        if (depth < 2) throw noList();
        quoted = true;
      } else if (opens) {
        if (depth === 0 && count > 0) throw noList();
        if (++depth === 2) start = index;
      } else if (--depth === 1) {
        count++;
        yield {row: rowOf(text.slice(start, at), `${where}:${count}`), line: count};
        start = -1;
      }
    }
    at = Math.min(at, text.length);
  }
  if (depth > 0) throw new DataError(`invalid file: ${where} ends within its list of rows`);
}

/** Returns where a string that is open at `from` ends; -1 where the text ends before it. */
function closingQuote(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (end - 1 - slashes >= 0 && text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}

async function documentRows(open: OpenBytes, where: string): Promise<() => AsyncGenerator<{row: Row; line: number}>> {
  const chunks: Buffer[] = [];
  let size = 0;
  const input = await open();
  for await (const chunk of input as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES) {
      input.destroy();
      throw new DataError(`invalid file: ${where} is larger than ${MAX_DOCUMENT_BYTES >> 20} MB of JSON`, {
        fix: "write it with a row a line (NDJSON), as CSV or as Parquet"
      });
    }
    chunks.push(chunk);
  }
  let document: unknown;
  try {
    document = JSON.parse(
      Buffer.concat(chunks)
        .toString("utf8")
        .replace(/^\uFEFF/, "")
    );
  } catch (error) {
    throw new DataError(`invalid file: ${where} is no JSON`, {cause: error});
  }
  const rows = rowsIn(document);
  if (!rows) throw new DataError(`invalid file: ${where} holds no list of rows`);
  return async function* () {
    for (const [i, row] of rows.entries()) yield {row, line: i + 1};
  };
}

/** Returns the one list of rows in a document: the document itself, or what stands under the names that venues use. */
function rowsIn(document: unknown): Row[] | undefined {
  if (Array.isArray(document)) return document.every(isObject) ? document : undefined;
  if (!isObject(document)) return undefined;
  for (const name of ["data", "result", "list", "rows", "candles", "rates"]) {
    const inner = (document as Record<string, unknown>)[name];
    const rows = inner === undefined ? undefined : rowsIn(inner);
    if (rows) return rows;
  }
  return Object.values(document).every((value) => !isObject(value)) ? [document] : undefined;
}
