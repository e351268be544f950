import type {ObservationSeries, Series} from "../../../src/lib/market/pair.js";
import {UsageError} from "../../errors.js";
import {FIELDS, type Field} from "../../rows.js";
import {aliasesOf, FORECAST_NAMES, isPrice, NOTES, plainName, pricesOf, type Note} from "./column-names.js";
import {isClock, isDay} from "./dates.js";
import {readStamp} from "./stamp.js";

/** Where each field and note stands in a record: the column's index, counted from 0. */
type Columns = Partial<Record<Field | Note, number>>;

/** The columns that tell which market a row is of. */
export interface Market {
  /** what their cells name: a pair, or a coin whose quote must come from elsewhere */
  kind: "symbol" | "coin";
  /** one column, or those of base and quote; counted from 0 */
  columns: readonly number[];
}

/** A column of yes and no, or of such words. */
export interface Flag {
  /** counted from 0 */
  column: number;
  /** true where a yes means a forecast, false where a no means that a row is not settled or has not ended */
  saysForecast: boolean;
}

/** How a file's columns are read. */
export interface ColumnPlan {
  columns: Columns;
  /** the file's own names of the columns read, by field; a number counted from 1 where there is no header */
  used: Partial<Record<Field | Note | "forecast" | "confirmed", string>>;
  /** the other columns, by name or number */
  ignored: string[];
  /** true where `ts` is the end of a candle */
  endStamped: boolean;
  /** the unit that the rate's header states */
  rateUnit: "percent" | "bps" | undefined;
  /** the columns that tell a row's market; undefined where none does */
  market?: Market | undefined;
  /** other columns that name markets, and must name the same */
  rivals: readonly Market[];
  /** columns that say of each row whether it is a forecast or has not ended */
  flags: readonly Flag[];
  /** columns that must say the same in every row: of which customers or which term a borrow rate is */
  constant: readonly number[];
  /** columns that only a file of forecasts or of tickers has */
  forecastColumns: string[];
}

/**
 * Reads `ts=open_time,rate=3` as a mapping of fields to column names or numbers (from 1). A comma within a name is
 * written by the column's number.
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

export interface ColumnOptions {
  /** what rows are: settlements, candles, candles that may have nothing but a close, such without a volume, or observations */
  kind: "funding" | "candles" | "closes" | "premium" | ObservationSeries;
  /** whose prices are meant where a file has several, and which of OKX's volumes is in coins */
  series: Series;
  /** the ccxt id of the venue whose rows these are */
  venue: string;
  /** currencies of the pair, for `Volume BTC` and `Volume USDT` */
  pair: string | undefined;
  /** freqtrade keeps a funding rate in the column of the open */
  rateInOpen: boolean;
  mapping?: Partial<Record<Field, string>> | undefined;
}

/**
 * Finds the fields of a record: by the mapping, else by the header's names, else by the order of a known format.
 * @param header the header record, or undefined where there is none
 * @param sample the first records of data, at least one
 * @throws RangeError naming what is missing, or a file without a header that fits no known format
 */
export function planColumns(
  header: readonly string[] | undefined,
  sample: readonly (readonly (string | null)[])[],
  options: ColumnOptions
): ColumnPlan {
  const width = Math.max(header?.length ?? 0, ...sample.slice(0, 50).map((record) => record.length));
  const {mapping = {}} = options;
  const given = Object.keys(mapping).length > 0;
  const found = header
    ? byName(header, options)
    : given
      ? {columns: {}, endStamped: false}
      : byOrderAfterStamp(width, sample, options);
  const {columns} = found;
  const isAmbiguous = (index: number) => header !== undefined && hasRival(index, header, sample);
  for (const [field, column] of Object.entries(mapping)) {
    const target = field === "rate" && options.kind === "borrow" ? "value" : (field as Field);
    const [first, second] = field === "ts" ? dayAndTime(column, header) : [column];
    if (second !== undefined) columns.clock = mapped(field, second, header, width);
    const index = mapped(field, first, header, width);
    const isExact = header?.filter((cell) => cell.trim() === first).length === 1;
    if (!isNumbered(first, header) && !isExact && isAmbiguous(index))
      throw new RangeError(`invalid columns: ${field}=${first} names two columns that differ; write its number`);
    columns[target] = index;
  }
  // A series that is named after its column of instants has no value in it.
  if (columns.value !== undefined && columns.value === columns.ts) delete columns.value;
  if (mapping.ts !== undefined) found.endStamped = false;
  if (columns.ts === undefined && header) {
    // pandas writes an index of dates under a blank header cell
    const index = header.findIndex((cell, i) => cell.trim() === "" && sample.every((record) => isStamp(record[i])));
    if (index >= 0) columns.ts = index;
  }
  for (const [field, index] of Object.entries(columns)) {
    if (field in mapping || (field === "value" && "rate" in mapping) || !isAmbiguous(index)) continue;
    const numbers = header!.flatMap((cell, i) => (plainName(cell) === plainName(header![index]!) ? [i + 1] : []));
    throw new RangeError(
      `invalid columns: ${header![index]!.trim()} names columns ${numbers.join(" and ")}, which differ; write ${field}=${numbers[0]} or another`
    );
  }
  const needed = neededOf(options.kind);
  const missing = needed.filter((field) => columns[field] === undefined);
  if (missing.length > 0) {
    throw new RangeError(
      `missing ${missing.join(", ")}: columns are ${header?.join(", ") ?? `${width} without a header`}`
    );
  }
  const nameOf = (index: number) => header?.[index]?.trim() || String(index + 1);
  const taken = new Set(Object.values(columns));
  const rateColumn = columns.rate ?? (options.kind === "borrow" ? columns.value : undefined);
  const rateName = header && rateColumn !== undefined ? header[rateColumn]! : "";
  return {
    columns,
    used: Object.fromEntries(Object.entries(columns).map(([field, index]) => [field, nameOf(index)])),
    ignored: Array.from({length: width}, (_, i) => i).flatMap((i) => (taken.has(i) ? [] : [nameOf(i)])),
    endStamped: found.endStamped,
    rivals: [],
    flags: [],
    constant: [],
    rateUnit: /%|per\s?cent|pct/i.test(rateName)
      ? "percent"
      : /(?:^|[^a-z])bps?(?:[^a-z]|$)|basis/i.test(rateName) || /[a-z]Bps?$/.test(rateName)
        ? "bps"
        : undefined,
    forecastColumns: (header ?? []).filter((cell) => FORECAST_NAMES.has(plainName(cell)))
  };
}

/** True where another column of the same name says something else. */
const hasRival = (index: number, header: readonly string[], sample: readonly (readonly (string | null)[])[]): boolean =>
  plainName(header[index]!) !== "" &&
  header.some(
    (cell, i) =>
      i !== index &&
      plainName(cell) === plainName(header[index]!) &&
      sample.some((record) => (record[i]?.trim() ?? "") !== (record[index]?.trim() ?? ""))
  );

/** True for a column that was given by its number, where no column has that name. */
const isNumbered = (column: string, header: readonly string[] | undefined): boolean =>
  /^\d+$/.test(column) && !(header ?? []).some((cell) => cell.trim() === column);

function isStamp(value: string | null | undefined): boolean {
  try {
    return readStamp(value).ms > 0;
  } catch {
    return false;
  }
}

const isCandles = (kind: ColumnOptions["kind"]): kind is "candles" | "closes" | "premium" =>
  kind === "candles" || kind === "closes" || kind === "premium";

const neededOf = (kind: ColumnOptions["kind"]): readonly Field[] =>
  kind === "funding"
    ? ["ts", "rate"]
    : kind === "candles"
      ? ["ts", "open", "high", "low", "close"]
      : isCandles(kind)
        ? ["ts", "close"]
        : ["ts", "value"];

const wanted = (kind: ColumnOptions["kind"]): readonly Field[] =>
  kind === "funding"
    ? ["ts", "rate", "interval", "intervalSource"]
    : isCandles(kind)
      ? ["ts", "open", "high", "low", "close", ...(kind === "premium" ? [] : (["volume", "turnover"] as const))]
      : kind === "open-interest"
        ? ["ts", "value", "notional", "known"]
        : ["ts", "value", "known"];

function byName(header: readonly string[], options: ColumnOptions): {columns: Columns; endStamped: boolean} {
  const names = header.map(plainName);
  const at = (field: Parameters<typeof aliasesOf>[0]): number => {
    const aliases = aliasesOf(field, options.kind);
    for (const alias of isPrice(field) ? pricesOf(field, aliases, options.series) : aliases) {
      const index = names.indexOf(alias);
      if (index >= 0) return index;
    }
    return -1;
  };
  const columns: Columns = {};
  const put = (field: Field | Note, index: number) => {
    if (index >= 0) columns[field] = index;
  };
  for (const field of wanted(options.kind)) if (field !== "intervalSource") put(field, at(field));
  for (const note of NOTES) if (note !== "coin" || options.kind === "borrow") put(note, at(note));
  put("intervalSource", options.kind === "funding" ? names.indexOf("intervalsource") : -1);
  if (options.kind === "funding" && options.rateInOpen) put("rate", at("open"));
  if (isCandles(options.kind) && options.kind !== "premium") volumes(header, names, columns, options);
  const end = isCandles(options.kind) && columns.ts === undefined ? at("closeTs") : -1;
  if (end >= 0) columns.ts = end;
  return {columns, endStamped: end >= 0};
}

/**
 * Finds volume in coins and turnover in quote, where their names tell them apart by currency or by the venue's habit.
 */
function volumes(header: readonly string[], names: readonly string[], columns: Columns, options: ColumnOptions): void {
  const [base, quote] = options.pair?.split("/") ?? [];
  const ofCoin = (coin: string | undefined) =>
    coin === undefined
      ? -1
      : header.findIndex((cell) => new RegExp(`^vol(ume)?[ _]${escaped(coin)}$`, "i").test(cell.trim()));
  const [inBase, inQuote] = [ofCoin(base), ofCoin(quote)];
  if (inBase >= 0 || inQuote >= 0) {
    delete columns.volume;
    delete columns.turnover;
    if (inBase >= 0) columns.volume = inBase;
    if (inQuote >= 0) columns.turnover = inQuote;
  }
  // OKX: of a swap `vol` counts contracts and `vol_ccy` coins; of spot `vol` counts coins and `vol_ccy` the quote.
  if (names.includes("volccy") && options.series === "spot") {
    const vol = names.indexOf("vol");
    if (vol >= 0) columns.volume = vol;
    columns.turnover = names.includes("volquote") ? names.indexOf("volquote") : names.indexOf("volccy");
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** `DAY+TIME` names two columns where none has that name. */
function dayAndTime(column: string, header: readonly string[] | undefined): [string, string?] {
  const parts = column.split("+").map((part) => part.trim());
  const isOne = (header ?? []).some((cell) => cell.trim() === column);
  return parts.length === 2 && parts.every((part) => part !== "") && !isOne ? [parts[0]!, parts[1]] : [column];
}

/** Formats without a header whose stamp is one column, or a day and a time of the day as MetaTrader writes them. */
function byOrderAfterStamp(
  width: number,
  sample: readonly (readonly (string | null)[])[],
  options: ColumnOptions
): ReturnType<typeof byOrder> {
  const splits = sample.every(([day, time]) => isDay(day ?? "") && isClock(time ?? "", false));
  if (!splits) return byOrder(width, sample, options);
  const {columns, ...rest} = byOrder(
    width - 1,
    sample.map(([day, , ...cells]) => [day!, ...cells]),
    options
  );
  const behind = Object.entries(columns).map(([field, i]) => [field, i === 0 ? 0 : i + 1]);
  return {...rest, columns: {...(Object.fromEntries(behind) as Columns), clock: 1}};
}

/** Formats without a header, told by their width and checked against what their columns must be. */
function byOrder(
  width: number,
  sample: readonly (readonly (string | null)[])[],
  {kind, rateInOpen, series, venue}: ColumnOptions
): {columns: Columns; endStamped: boolean} {
  const plain = {endStamped: false};
  if (kind === "funding") {
    if (rateInOpen && width === 6) return {...plain, columns: {ts: 0, rate: 1}};
    if (width === 3 && sample.every(([, hours]) => /^(1|2|4|6|8)$/.test(hours ?? "")))
      return {...plain, columns: {ts: 0, interval: 1, rate: 2}};
    if (width === 2) return {...plain, columns: {ts: 0, rate: 1}};
  } else if (!isCandles(kind)) {
    if (width === 2) return {...plain, columns: {ts: 0, value: 1}};
  } else if (kind === "premium") {
    if (width === 2) return {...plain, columns: {ts: 0, close: 1}};
    if (width >= 5 && width <= 12) return {...plain, columns: {ts: 0, open: 1, high: 2, low: 3, close: 4}};
  } else if (width === 12 && isTurnover(sample, 7, 5)) {
    return {...plain, columns: {ts: 0, open: 1, high: 2, low: 3, close: 4, volume: 5, turnover: 7}};
  } else if (width >= 5 && width <= 12) {
    const columns: Columns = {ts: 0, open: 1, high: 2, low: 3, close: 4};
    if (width > 5) columns.volume = 5;
    // Behind the volume stand a turnover, a closing time or a count: only what passes its own check is taken.
    for (let i = 6; i < width && columns.turnover === undefined; i++)
      if (isTurnover(sample, i, 5)) columns.turnover = i;
    // OKX's rows of a swap: contracts, coins and quote, where they are whole the quote proves which of them are coins
    if (width > 6 && columns.turnover === undefined && series !== "spot") {
      if (width > 7 && hasTrades(sample, 6) && isTurnover(sample, 7, 6))
        Object.assign(columns, {volume: 6, turnover: 7});
      else if (venue === "okx" && isMultiple(sample, 6, 5)) columns.volume = 6;
    }
    return {...plain, columns};
  } else if (kind === "closes" && width === 2) return {...plain, columns: {ts: 0, close: 1}};
  throw new RangeError(`invalid file: no header and ${width} columns, which is no known format`);
}

/**
 * Returns true if the turnover is volume × price within the bar's own range, give or take a tenth; zeros on both sides
 * agree.
 */
function isTurnover(sample: readonly (readonly (string | null)[])[], turnover: number, volume: number): boolean {
  return sample.every((record) => {
    const [high, low, v, t] = [2, 3, volume, turnover].map((i) => Number(record[i]));
    if (v === 0) return t === 0;
    const price = t! / v!;
    return price >= low! * 0.9 && price <= high! * 1.1;
  });
}

const hasTrades = (sample: readonly (readonly (string | null)[])[], volume: number): boolean =>
  sample.some((record) => Number(record[volume]) > 0);

/** True where a column is another one times a constant, as coins are contracts times their size, give or take rounding. */
function isMultiple(sample: readonly (readonly (string | null)[])[], column: number, of: number): boolean {
  const ratios = sample.flatMap((record) => {
    const [value, base] = [Number(record[column]), Number(record[of])];
    return base > 0 ? [value / base] : [];
  });
  return ratios.length > 1 && ratios[0]! > 0 && ratios.every((ratio) => Math.abs(ratio / ratios[0]! - 1) < 0.001);
}

function mapped(field: string, column: string, header: readonly string[] | undefined, width: number): number {
  const names = header?.map((cell) =>
    cell
      .trim()
      .replace(/^["']|["']$/g, "")
      .toLowerCase()
  );
  const byNumber = /^\d+$/.test(column) ? Number(column) - 1 : -1;
  const index = [
    names?.indexOf(column.toLowerCase()) ?? -1,
    byNumber,
    names?.map(plainName).indexOf(plainName(column)) ?? -1
  ].find((i) => i >= 0);
  if (index === undefined || index >= width) {
    throw new RangeError(`invalid columns: ${field}=${column} is no column (${names?.join(", ") ?? `1 to ${width}`})`);
  }
  return index;
}
