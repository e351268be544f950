import {readFileSync, statSync} from "node:fs";
import {setCompressionCodec, tableFromIPC, CompressionType, Type, type DataType} from "@uwdata/flechette";
import {decompress as unzstd} from "fzstd";
import lz4 from "lz4js";
import {DataError} from "../../errors.js";
import {damaged} from "./damage.js";
import type {Table, TableRecord} from "./table.js";

/** An Arrow file is read as a whole. */
const MAX_BYTES = 1 << 30;

// pandas and freqtrade write Feather compressed, with LZ4 unless told otherwise.
setCompressionCodec(CompressionType.LZ4_FRAME, {
  encode: (bytes) => lz4.compress(bytes),
  decode: (bytes) => lz4.decompress(bytes)
});
setCompressionCodec(CompressionType.ZSTD, {
  encode: () => {
    throw new Error("zstd is only read here");
  },
  decode: (bytes) => unzstd(bytes)
});

/**
 * Reads an Arrow IPC file or stream, Feather (version 2) included.
 * @throws DataError when it is damaged or too large
 */
export function arrowTable(place: Pick<Table, "where" | "path" | "member">): Table {
  const {path, where} = place;
  if (statSync(path).size > MAX_BYTES) {
    throw new DataError(`invalid file: ${where} is larger than ${MAX_BYTES >> 20} MB of Arrow`, {
      fix: "write it as Parquet or CSV, which are read row by row"
    });
  }
  const table = (() => {
    try {
      const bytes = readFileSync(path);
      if (isCutStream(bytes)) throw new RangeError("the stream has no end mark");
      return tableFromIPC(bytes, {useBigInt: true, useDate: false});
    } catch (error) {
      throw damaged("Arrow", where, error);
    }
  })();
  const fields = table.schema.fields;
  const read = fields.map(({type}) => readerOf(type));
  return {
    ...place,
    format: "arrow",
    header: fields.map(({name}) => name),
    width: fields.length,
    preamble: [],
    async *records(): AsyncGenerator<TableRecord> {
      const columns = fields.map((_, i) => table.getChildAt(i));
      for (let row = 0; row < table.numRows; row++) {
        let cells: (string | null)[];
        try {
          cells = columns.map((column, i) => read[i]!(column.at(row)));
        } catch (error) {
          throw damaged("Arrow", where, error);
        }
        yield {fields: cells, line: row + 1};
      }
    }
  };
}

/** True for a stream of batches without the mark that stands at its end: the last ones may be missing. */
const isCutStream = (bytes: Buffer): boolean =>
  bytes.readUInt32LE(0) === 0xffffffff &&
  !(
    bytes.length >= 8 &&
    bytes.readUInt32LE(bytes.length - 8) === 0xffffffff &&
    bytes.readUInt32LE(bytes.length - 4) === 0
  );

/**
 * Returns how values of a type become text: a stamp with a zone as milliseconds whatever its unit, one without as the date
 * and time of its clock (§9.4), floats as the shortest text that round-trips.
 */
function readerOf(type: DataType): (value: unknown) => string | null {
  if (type.typeId === Type.Dictionary) return readerOf(type.dictionary);
  if (type.typeId === Type.Date || (type.typeId === Type.Timestamp && !type.timezone))
    return (value) => (value === null || value === undefined ? null : wallText(Number(value)));
  if (type.typeId === Type.Timestamp)
    return (value) => (value === null || value === undefined ? null : String(Math.floor(Number(value))));
  if (type.typeId === Type.Float && type.precision === 1)
    // a float of 32 bits has its own shortest text
    return (value) => (value === null || value === undefined ? null : shortest(Math.fround(Number(value))));
  return (value) => (value === null || value === undefined ? null : String(value));
}

/**
 * Returns the date and time that a clock shows, from its fields read as UTC; a time that no calendar has stays a
 * number.
 */
function wallText(ms: number): string {
  const date = new Date(Math.floor(ms));
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().slice(0, -1);
}

function shortest(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}
