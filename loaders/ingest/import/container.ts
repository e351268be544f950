import {createReadStream, lstatSync, realpathSync, statSync} from "node:fs";
import {open as openFile} from "node:fs/promises";
import {PassThrough, type Readable} from "node:stream";
import {createGunzip} from "node:zlib";
import {promisify} from "node:util";
import yauzl, {type Entry, type ZipFile} from "yauzl";
import {DataError} from "../../errors.js";
import {openParquet} from "../../store/parquet-source.js";
import {arrowTable} from "./arrow.js";
import {jsonTable} from "./json.js";
import type {Table, TableRecord} from "./table.js";
import {csvTable, type OpenBytes} from "./text.js";

type Kind = "gzip" | "zip" | "parquet" | "arrow" | "json" | "text" | "empty";

/** No public dump unpacks to it; what does is no dump. */
const MAX_UNPACKED_BYTES = 8 * 2 ** 30;
/** A text of numbers packs ten to one; a thousand to one is a bomb. */
const MAX_RATIO = 1_000;

/** What a file is, by its first bytes and not by its name. @throws DataError for a device, a pipe or a folder */
export async function sniff(path: string): Promise<Kind> {
  const stat = statSync(path);
  if (!stat.isFile()) {
    const real = lstatSync(path).isSymbolicLink() ? ` (a link to ${realpathSync(path)})` : "";
    throw new DataError(`invalid file: ${path}${real} is no regular file`);
  }
  const file = await openFile(path, "r");
  try {
    const {buffer, bytesRead} = await file.read(Buffer.alloc(64), 0, 64, 0);
    return kindOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function kindOf(head: Buffer): Kind {
  if (head.length === 0) return "empty";
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head.length >= 4 && head.readUInt32LE(0) === 0x04034b50) return "zip";
  const magic = head.toString("latin1", 0, 6);
  if (magic.startsWith("PAR1")) return "parquet";
  if (magic === "ARROW1" || (head.length >= 4 && head.readUInt32LE(0) === 0xffffffff)) return "arrow";
  if (magic.startsWith("FEA1"))
    throw new DataError("invalid file: Feather version 1", {fix: "write it again with a pandas of today"});
  return /^\uFEFF?\s*[[{]/.test(head.toString("utf8")) ? "json" : "text";
}

/**
 * The tables of a file: one, or those of the members of an archive. Members that are no tables (folders, resource forks,
 * read-me files) are passed over.
 * @throws DataError that names the file where it is empty, damaged, or no table
 */
export async function tablesOf(path: string): Promise<Table[]> {
  const place = {where: path, path, member: undefined};
  const kind = await sniff(path);
  if (kind === "empty") throw new DataError(`invalid file: ${path} is empty`);
  if (kind === "zip") return zipTables(path);
  if (kind === "parquet") return [await parquetTable(path)];
  if (kind === "arrow") return [arrowTable(place)];
  const bytes: OpenBytes =
    kind === "gzip"
      ? async () => bounded(createReadStream(path).pipe(createGunzip()), statSync(path).size, path)
      : async () => createReadStream(path);
  const json = kind === "json" || (kind === "gzip" && /\.(json|jsonl|ndjson)\.gz$/i.test(path));
  const table = await readable(path, () => (json ? jsonTable(bytes, place) : csvTable(bytes, place)));
  if (!table) throw new DataError(`invalid file: ${path} is empty`);
  return [table];
}

/** What a stream's own libraries say of damage, with the file's name. */
async function readable<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DataError) throw error;
    const {code, message} = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES" || code === "EISDIR") throw error;
    throw new DataError(`invalid file: ${where} (${message})`, {cause: error});
  }
}

/** Passes bytes on until they are more than their archive could honestly hold. */
function bounded(input: Readable, packed: number, where: string): Readable {
  let size = 0;
  const output = new PassThrough();
  input.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_UNPACKED_BYTES || (size > 1 << 24 && size > packed * MAX_RATIO))
      input.destroy(new DataError(`invalid file: ${where} unpacks to more than its size can hold`));
  });
  input.on("error", (error) => output.destroy(error));
  return input.pipe(output);
}

const TABLE_NAME = /\.(csv|tsv|txt|json|jsonl|ndjson)$/i;
const FOREIGN = /(^|\/)(__MACOSX\/|\._|\.DS_Store$|readme|license|checksum)/i;

async function zipTables(path: string): Promise<Table[]> {
  const zip = await openZip(path);
  const entries: Entry[] = [];
  await new Promise<void>((resolve, reject) => {
    zip.on("entry", (entry: Entry) => {
      if (TABLE_NAME.test(entry.fileName) && !FOREIGN.test(entry.fileName)) entries.push(entry);
      zip.readEntry();
    });
    zip.on("end", resolve);
    zip.on("error", (error: Error) => reject(damaged(path, error)));
    zip.readEntry();
  }).finally(() => zip.close());
  if (entries.length === 0) throw new DataError(`invalid zip: ${path} has no .csv member`);
  const tables: Table[] = [];
  for (const entry of entries) {
    const where = `${path}/${entry.fileName}`;
    const place = {where, path, member: entry.fileName};
    if (entry.uncompressedSize > MAX_UNPACKED_BYTES)
      throw new DataError(`invalid zip: ${path} holds ${entry.fileName} of ${entry.uncompressedSize} bytes`);
    const bytes: OpenBytes = async () => bounded(await member(path, entry), entry.compressedSize, where);
    const json = /\.(json|jsonl|ndjson)$/i.test(entry.fileName);
    const table = await readable(where, () => (json ? jsonTable(bytes, place) : csvTable(bytes, place)));
    if (table) tables.push(table);
  }
  if (tables.length === 0) throw new DataError(`invalid zip: ${path} has no rows`);
  return tables;
}

const fromPath = promisify<string, yauzl.Options, ZipFile>(yauzl.open);

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await fromPath(path, {lazyEntries: true, autoClose: false});
  } catch (error) {
    throw damaged(path, error as Error);
  }
}

const damaged = (path: string, error: Error): DataError =>
  new DataError(`invalid zip: ${path} (${error.message})`, {cause: error});

/** The bytes of a member, checked against its checksum; the archive is closed with them. */
async function member(path: string, entry: Entry): Promise<Readable> {
  const zip = await openZip(path);
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        zip.close();
        reject(damaged(`${path} (${entry.fileName} is damaged)`, error));
        return;
      }
      stream.on("close", () => zip.close());
      const output = new PassThrough();
      stream.on("error", (cause) =>
        output.destroy(new DataError(`invalid zip: ${path} (${entry.fileName} is damaged)`, {cause}))
      );
      output.on("close", () => stream.destroy());
      resolve(stream.pipe(output));
    });
  });
}

async function parquetTable(path: string): Promise<Table> {
  const {names, typedInstants, close} = await openParquet(path);
  close();
  return {
    where: path,
    path,
    member: undefined,
    format: "parquet",
    header: names,
    preamble: [],
    decimalComma: false,
    typedInstants,
    async *records(): AsyncGenerator<TableRecord> {
      const source = await openParquet(path);
      try {
        let line = 0;
        for await (const fields of source.records()) yield {fields, line: ++line};
      } finally {
        source.close();
      }
    }
  };
}
