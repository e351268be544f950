import {parse} from "csv-parse";
import {createReadStream, readFileSync} from "node:fs";
import {open} from "node:fs/promises";
import {Readable} from "node:stream";
import {crc32, createGunzip} from "node:zlib";
import {unzipSync} from "fflate";
import {DataError} from "../../errors.js";

/** A record of a text file with the line it stands on, counted from 1 within its file or zip member. */
interface TextRecord {
  fields: string[];
  line: number;
  /** the member of a zip archive */
  member?: string | undefined;
}

const ZIP_MAGIC = 0x04034b50;

/** The kind of a file by its first bytes, whatever its name says. */
export async function sniff(path: string): Promise<"gzip" | "zip" | "parquet" | "text" | "empty"> {
  const file = await open(path, "r");
  try {
    const {buffer, bytesRead} = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead === 0) return "empty";
    if (bytesRead >= 2 && buffer[0] === 0x1f && buffer[1] === 0x8b) return "gzip";
    if (bytesRead === 4 && buffer.readUInt32LE(0) === ZIP_MAGIC) return "zip";
    if (buffer.toString("latin1") === "PAR1") return "parquet";
    return "text";
  } finally {
    await file.close();
  }
}

/**
 * The records of a CSV file, plain, gzipped or zipped; every CSV member of an archive in turn.
 * @throws DataError for a damaged archive or malformed CSV, with the line where it is known
 */
export async function* textRecords(path: string, kind: "gzip" | "zip" | "text"): AsyncGenerator<TextRecord> {
  try {
    if (kind === "zip") yield* zipRecords(path);
    else yield* csvRecords(kind === "gzip" ? createReadStream(path).pipe(createGunzip()) : createReadStream(path));
  } catch (error) {
    if (error instanceof DataError) throw error;
    const {code, lines, message} = error as Error & {code?: string; lines?: number};
    if (code === "ENOENT" || code === "EACCES" || code === "EISDIR") throw error;
    throw new DataError(`invalid file: ${path}${lines ? `:${lines}` : ""} (${message})`, {cause: error});
  }
}

async function* csvRecords(input: Readable, member?: string): AsyncGenerator<TextRecord> {
  const parser = parse({info: true, bom: true, relax_column_count: true, skip_empty_lines: true, trim: true});
  input.on("error", (error) => parser.destroy(error));
  input.pipe(parser);
  for await (const {record, info} of parser as AsyncIterable<{record: string[]; info: {lines: number}}>) {
    yield {fields: record, line: info.lines, member};
  }
}

/** No public dump comes near it; what does is no dump. */
const MAX_MEMBER_BYTES = 1 << 30;

async function* zipRecords(path: string): AsyncGenerator<TextRecord> {
  const archive = readFileSync(path);
  const checks = memberChecks(archive);
  const names = [...checks.keys()].filter((name) => /\.csv$/i.test(name));
  if (names.length === 0) throw new DataError(`invalid zip: ${path} has no .csv member`);
  for (const name of names) {
    const members = unzipSync(archive, {
      filter: (file) => {
        if (file.name !== name) return false;
        if (file.originalSize > MAX_MEMBER_BYTES)
          throw new DataError(`invalid zip: ${path} holds ${name} of ${file.originalSize} bytes`);
        return true;
      }
    });
    const content = members[name];
    // fflate leaves the checksum unread, and a flipped bit can still inflate to digits.
    if (!content || crc32(content) !== checks.get(name))
      throw new DataError(`invalid zip: ${path} (${name} is damaged)`);
    yield* csvRecords(Readable.from([content]), name);
  }
}

/** CRC-32 by member, from the archive's central directory (PKWARE APPNOTE 4.3.12). */
function memberChecks(archive: Buffer): Map<string, number> {
  const checks = new Map<string, number>();
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + 20 > archive.length)
    throw new DataError("invalid zip: no central directory, the file is cut short");
  let at = archive.readUInt32LE(end + 16);
  for (let i = archive.readUInt16LE(end + 10); i > 0; i--) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== 0x02014b50)
      throw new DataError("invalid zip: damaged central directory");
    const [nameLength, extraLength, noteLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    checks.set(archive.toString("utf8", at + 46, at + 46 + nameLength!), archive.readUInt32LE(at + 16));
    at += 46 + nameLength! + extraLength! + noteLength!;
  }
  return checks;
}
