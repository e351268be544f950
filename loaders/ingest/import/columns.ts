import {UsageError} from "../../errors.js";
import {FIELDS, type Field} from "../../rows.js";

/** Where each field stands in a record: the column's index. */
export type Columns = Partial<Record<Field, number>>;

/** Names files use for a field, lower case; the first is ours. */
const ALIASES: Record<Field, readonly string[]> = {
  ts: [
    "ts",
    "tsms",
    "timestamp",
    "time",
    "open_time",
    "opentime",
    "calc_time",
    "fundingtime",
    "funding_time",
    "fundingratetimestamp",
    "starttime",
    "start",
    "date",
    "datetime"
  ],
  rate: ["rate", "last_funding_rate", "fundingrate", "funding_rate", "realizedrate"],
  interval: ["interval", "funding_interval_hours", "fundingintervalhours", "intervalhours", "interval_hours"],
  intervalSource: ["interval_source"],
  open: ["open", "o", "open_price"],
  high: ["high", "h", "high_price"],
  low: ["low", "l", "low_price"],
  close: ["close", "c", "close_price"],
  volume: ["volume", "vol", "v", "base_volume"],
  turnover: ["turnover", "quote_volume", "quote_asset_volume", "quotevolume", "volume_quote"]
};

/** The exchange's public kline dump without a header: 12 columns in a fixed order. */
const KLINE_DUMP: Columns = {ts: 0, open: 1, high: 2, low: 3, close: 4, volume: 5, turnover: 7};
const FUNDING_DUMP: Columns = {ts: 0, interval: 1, rate: 2};

/** True when a record can be no row of numbers: its first cell is a name. */
export const looksLikeHeader = (record: readonly string[]): boolean => /^["']?[A-Za-z_]/.test(record[0]?.trim() ?? "");

/**
 * Reads `ts=open_time,rate=3` as a mapping of fields to column names or numbers (from 1).
 * @throws UsageError for an unknown field or a malformed entry
 */
export function parseMapping(text: string): Partial<Record<Field, string>> {
  const mapping: Partial<Record<Field, string>> = {};
  for (const entry of text.split(",")) {
    const [field, column, ...rest] = entry.split("=").map((part) => part.trim());
    if (!field || !column || rest.length > 0) {
      throw new UsageError(`invalid columns: ${entry}`, {fix: "write --columns ts=open_time,rate=funding_rate"});
    }
    if (!FIELDS.includes(field as Field)) {
      throw new UsageError(`invalid columns: ${field} is no field`, {fix: `fields are ${FIELDS.join(", ")}`});
    }
    mapping[field as Field] = column;
  }
  return mapping;
}

/**
 * Finds the fields of a record by its header, a mapping, or the known dump formats.
 * @param header the header record, or undefined where there is none
 * @param width columns of the first data record
 * @throws RangeError naming what is missing
 */
export function findColumns(
  header: readonly string[] | undefined,
  width: number,
  {funding, closeOnly, mapping = {}}: {funding: boolean; closeOnly: boolean; mapping?: Partial<Record<Field, string>>}
): Columns {
  const columns: Columns = {};
  const names = header?.map((name) =>
    name
      .trim()
      .replace(/^["']|["']$/g, "")
      .toLowerCase()
  );
  const given = Object.keys(mapping).length > 0;
  if (names) {
    for (const field of FIELDS) {
      const index = names.findIndex((name) => ALIASES[field].includes(name));
      if (index >= 0) columns[field] = index;
    }
  } else if (!given) {
    if (funding && width === 3) Object.assign(columns, FUNDING_DUMP);
    else if (funding && width === 2) Object.assign(columns, {ts: 0, rate: 1});
    else if (!funding && width === 12) Object.assign(columns, KLINE_DUMP);
    else if (!funding && width >= 5 && width <= 7) {
      Object.assign(columns, {
        ts: 0,
        open: 1,
        high: 2,
        low: 3,
        close: 4,
        ...(width > 5 && {volume: 5}),
        ...(width > 6 && {turnover: 6})
      });
    } else if (closeOnly && width === 2) Object.assign(columns, {ts: 0, close: 1});
    else throw new RangeError(`invalid file: no header and ${width} columns, which is no known format`);
  }
  for (const [field, column] of Object.entries(mapping)) {
    const byName = names?.indexOf(column.toLowerCase()) ?? -1;
    const byNumber = /^\d+$/.test(column) ? Number(column) - 1 : -1;
    const index = byName >= 0 ? byName : byNumber;
    if (index < 0 || index >= width) {
      throw new RangeError(
        `invalid columns: ${field}=${column} is no column (${names?.join(", ") ?? `1 to ${width}`})`
      );
    }
    columns[field as Field] = index;
  }
  const needed: Field[] = funding
    ? ["ts", "rate"]
    : closeOnly
      ? ["ts", "close"]
      : ["ts", "open", "high", "low", "close"];
  const missing = needed.filter((field) => columns[field] === undefined);
  if (missing.length > 0) {
    throw new RangeError(
      `missing ${missing.join(", ")}: columns are ${names?.join(", ") ?? `${width} without a header`}`
    );
  }
  return columns;
}
