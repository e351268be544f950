import {createReadStream, lstatSync, realpathSync, statSync} from "node:fs";
import {open as openFile} from "node:fs/promises";
import {pipeline, Transform, type Readable} from "node:stream";
import {crc32, createGunzip} from "node:zlib";
import {promisify} from "node:util";
import yauzl, {type Entry, type ZipFile} from "yauzl";
import {DataError} from "../../errors.js";
import {openParquet} from "../../store/parquet-source.js";
import {arrowTable} from "./arrow.js";
import {jsonTable} from "./json.js";
import {damaged, namedBytes, readError, UnreadableError} from "./damage.js";
import type {Table, TableRecord} from "./table.js";
import {csvTable, type OpenBytes} from "./text.js";

type Kind = "gzip" | "zip" | "parquet" | "arrow" | "json" | "text" | "empty";

/** No public dump unpacks to it. */
const MAX_UNPACKED_BYTES = 8 * 2 ** 30;
/** A text of numbers packs ten to one, thirty to one where nothing but its stamps changes. */
const MAX_RATIO = 200;
/** Up to this size any ratio is harmless. */
const HARMLESS_BYTES = 1 << 20;
const MAX_MEMBERS = 10_000;

/**
 * Returns what a file is, by its first bytes and not by its name. Only a regular file is opened: a pipe would wait for
 * ever, and a device has no end.
 * @throws DataError for a pipe, a device or a file that may not be read
 */
async function sniff(path: string): Promise<Kind> {
  const stat = statSync(path, {throwIfNoEntry: false});
  if (!stat) throw new DataError(`invalid file: ${path} is gone, or a link to nothing`);
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
 * Returns the tables of a file: one, or those of the members of an archive. Members that are no tables (folders, resource
 * forks, read-me files) are passed over.
 * @returns the tables, and the names of members that are archives themselves, which are not read
 * @throws DataError that names the file where it is empty, damaged, unreadable, or no table
 */
export async function tablesOf(path: string): Promise<{tables: Table[]; nested: string[]}> {
  return readable(path, async () => {
    const kind = await sniff(path);
    if (kind !== "zip") return {tables: [await singleTable(path, kind)], nested: []};
    const {entries, nested} = await membersOf(path);
    const tables: Table[] = [];
    for (const entry of entries) tables.push(...((await memberTable(path, entry)) ?? []));
    if (tables.length + nested.length === 0) throw new DataError(`invalid zip: ${path} has no rows`);
    return {tables, nested};
  });
}

/**
 * Returns one table of a file again, without reading the others of its archive.
 * @param member the name within the archive; undefined for a file that is none
 * @throws DataError as `tablesOf`, and where the file has changed since
 */
export async function tableOf(path: string, member: string | undefined): Promise<Table> {
  return readable(path, async () => {
    const kind = await sniff(path);
    if (kind !== "zip" && member === undefined) return singleTable(path, kind);
    const entry =
      kind === "zip" ? (await membersOf(path)).entries.find(({fileName}) => fileName === member) : undefined;
    const [table] = (entry && (await memberTable(path, entry))) ?? [];
    if (!table) throw new DataError(`invalid file: ${path} has changed since it was planned`);
    return table;
  });
}

async function singleTable(path: string, kind: Exclude<Kind, "zip">): Promise<Table> {
  const place = {where: path, path, member: undefined};
  if (kind === "parquet") return parquetTable(path);
  if (kind === "arrow") return arrowTable(place);
  const bytes: OpenBytes =
    kind === "gzip"
      ? async () =>
          namedBytes(chained(createReadStream(path), createGunzip(), bounded(statSync(path).size, path)), path)
      : async () => createReadStream(path);
  const json = kind === "json" || (kind === "gzip" && /\.(json|jsonl|ndjson)\.gz$/i.test(path));
  const table = kind === "empty" ? undefined : await (json ? jsonTable(bytes, place) : csvTable(bytes, place));
  if (!table) throw new DataError(`invalid file: ${path} is empty`);
  return table;
}

/** Adds the file's name to what the system or a library reports about it. */
async function readable<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // a document nested too deep overflows its parser
    if (error instanceof RangeError) throw new UnreadableError(`invalid file: ${where} is nested too deep`);
    throw readError(error, where);
  }
}

/** Streams joined to one: an error or an early end of any of them ends all. */
function chained(first: Readable, ...rest: Transform[]): Readable {
  pipeline([first, ...rest], () => undefined);
  return rest.at(-1) ?? first;
}

const isTooMuch = (size: number, packed: number): boolean =>
  size > MAX_UNPACKED_BYTES || (size > HARMLESS_BYTES && size > packed * MAX_RATIO);

/** Checks the size of an archive. @throws DataError for more bytes than an archive of numbers of its size could hold */
function requireHonest(size: number, packed: number, where: string): void {
  if (isTooMuch(size, packed)) throw new DataError(`invalid file: ${where} unpacks to more than its size can hold`);
}

/** Passes bytes on and holds them to the same limit, since what an archive states may be untrue. */
function bounded(packed: number, where: string): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length;
      try {
        requireHonest(size, packed, where);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    }
  });
}

const TABLE_NAME = /\.(csv|tsv|txt|json|jsonl|ndjson)$/i;
const FOREIGN = /(^|\/)(__MACOSX\/|\._|\.DS_Store$|readme|license|checksum)/i;

/** Members that hold tables in a container of their own. */
const NESTED = /\.(zip|gz|tgz|tar|7z|rar|bz2|xz|zst|parquet|feather|arrow)$/i;

/** Returns the members of an archive that may be tables, and the names of those that are archives. */
async function membersOf(path: string): Promise<{entries: Entry[]; nested: string[]}> {
  const zip = await openZip(path);
  const entries: Entry[] = [];
  const nested: string[] = [];
  await new Promise<void>((resolve, reject) => {
    zip.on("entry", (entry: Entry) => {
      if (TABLE_NAME.test(entry.fileName) && !FOREIGN.test(entry.fileName)) entries.push(entry);
      else if (NESTED.test(entry.fileName) && !FOREIGN.test(entry.fileName)) nested.push(entry.fileName);
      if (entries.length > MAX_MEMBERS) reject(new DataError(`invalid zip: ${path} has over ${MAX_MEMBERS} members`));
      else zip.readEntry();
    });
    zip.on("end", resolve);
    zip.on("error", (error: Error) => reject(damagedZip(path, error)));
    zip.readEntry();
  }).finally(() => zip.close());
  if (entries.length + nested.length === 0) throw new DataError(`invalid zip: ${path} has no .csv member`);
  return {entries, nested};
}

/** Returns the table of one member; none where it is empty. */
async function memberTable(path: string, entry: Entry): Promise<[Table] | undefined> {
  const {fileName, compressedSize, uncompressedSize} = entry;
  const where = `${path}/${fileName}`;
  const place = {where, path, member: fileName};
  requireHonest(uncompressedSize, compressedSize, where);
  const bytes: OpenBytes = async () =>
    namedBytes(chained(await openMember(path, entry), bounded(compressedSize, where), checked(path, entry)), where);
  const json = /\.(json|jsonl|ndjson)$/i.test(fileName);
  const table = await readable(where, () => (json ? jsonTable(bytes, place) : csvTable(bytes, place)));
  return table && [table];
}

const fromPath = promisify<string, yauzl.Options, ZipFile>(yauzl.open);

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await fromPath(path, {lazyEntries: true, autoClose: false});
  } catch (error) {
    throw damagedZip(path, error as Error);
  }
}

/** The system's errors keep their words; what the archive itself says of its bytes is damage. */
const damagedZip = (path: string, error: Error): DataError =>
  "code" in error
    ? readError(error, path)
    : new UnreadableError(`invalid zip: ${path} is cut short or damaged (${error.message})`, {
        fix: "download or write it again",
        cause: error
      });

/** Returns the bytes of a member; the archive is closed with them. */
async function openMember(path: string, entry: Entry): Promise<Readable> {
  const zip = await openZip(path);
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        zip.close();
        reject(damagedZip(`${path}/${entry.fileName}`, error));
        return;
      }
      stream.on("close", () => zip.close());
      resolve(stream);
    });
  });
}

/** Passes a member's bytes on and holds them to its checksum. */
function checked(path: string, {fileName, crc32: told}: Entry): Transform {
  let sum = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
    flush(done) {
      if (sum === told) done();
      else done(new UnreadableError(`invalid zip: ${path} (${fileName} is damaged)`));
    }
  });
}

async function parquetTable(path: string): Promise<Table> {
  const {names, close} = await openParquet(path).catch((error: unknown) => {
    throw damaged("Parquet", path, error);
  });
  close();
  return {
    where: path,
    path,
    member: undefined,
    format: "parquet",
    header: names,
    width: names.length,
    preamble: [],
    async *records(): AsyncGenerator<TableRecord> {
      const source = await openParquet(path);
      try {
        let line = 0;
        for await (const fields of source.records()) yield {fields, line: ++line};
      } catch (error) {
        throw error instanceof DataError ? error : damaged("Parquet", path, error);
      } finally {
        source.close();
      }
    }
  };
}
