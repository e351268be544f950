import {createInterface} from "node:readline";
import {DataError} from "../../errors.js";
import type {Table, TableRecord} from "./table.js";
import type {OpenBytes} from "./text.js";

/** A JSON document is read as a whole; what is larger is better written a row a line. */
const MAX_DOCUMENT_BYTES = 128 << 20;
const MAX_LINE_CHARS = 1 << 20;

type Row = Record<string, unknown> | unknown[];

/**
 * A JSON array of rows, the reply of a venue that holds one (`data`, `result.list`, `rows`), or a row a line. Rows are
 * objects, or arrays in a fixed order.
 * @throws DataError for a document that is no such table
 */
export async function jsonTable(
  open: OpenBytes,
  place: Pick<Table, "where" | "path" | "member">
): Promise<Table | undefined> {
  const first = await firstLine(open);
  if (first === "") return undefined;
  const byLine = isRowLine(first) && !(await isOneDocument(open));
  const rows = byLine ? () => lineRows(open, place.where) : await documentRows(open, place.where);
  const names = new Set<string>();
  let seen = 0;
  for await (const {row} of rows()) {
    if (!Array.isArray(row)) for (const name of Object.keys(row)) names.add(name);
    if (++seen === 100) break;
  }
  if (seen === 0) return undefined;
  const header = names.size > 0 ? [...names] : undefined;
  return {
    ...place,
    format: "json",
    header,
    preamble: [],
    decimalComma: false,
    typedInstants: false,
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

const isRowLine = (line: string): boolean => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !(Array.isArray(value) && value.every(isObject));
  } catch {
    return false;
  }
};
const isObject = (value: unknown): value is Row => typeof value === "object" && value !== null;

async function firstLine(open: OpenBytes): Promise<string> {
  const input = await open();
  try {
    for await (const line of createInterface({input, crlfDelay: Infinity})) if (line.trim() !== "") return line.trim();
    return "";
  } finally {
    input.destroy();
  }
}

/** True where nothing stands behind the first line: it is a document, not the first of many rows. */
async function isOneDocument(open: OpenBytes): Promise<boolean> {
  const input = await open();
  let lines = 0;
  try {
    for await (const line of createInterface({input, crlfDelay: Infinity}))
      if (line.trim() !== "" && ++lines === 2) return false;
    return true;
  } finally {
    input.destroy();
  }
}

async function* lineRows(open: OpenBytes, where: string): AsyncGenerator<{row: Row; line: number}> {
  const input = await open();
  let line = 0;
  try {
    for await (const text of createInterface({input, crlfDelay: Infinity})) {
      line++;
      if (text.trim() === "") continue;
      if (text.length > MAX_LINE_CHARS) throw new DataError(`invalid file: ${where}:${line} is a line without end`);
      let row: unknown;
      try {
        row = JSON.parse(text);
      } catch (error) {
        throw new DataError(`invalid file: ${where}:${line} (${(error as Error).message})`, {cause: error});
      }
      if (!isObject(row)) throw new DataError(`invalid file: ${where}:${line} is no row`);
      yield {row, line};
    }
  } finally {
    input.destroy();
  }
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
    throw new DataError(`invalid file: ${where} (${(error as Error).message})`, {cause: error});
  }
  const rows = rowsIn(document);
  if (!rows) throw new DataError(`invalid file: ${where} holds no list of rows`);
  return async function* () {
    for (const [i, row] of rows.entries()) yield {row, line: i + 1};
  };
}

/** The one list of rows in a document: the document itself, or what stands under the names that venues use. */
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
