import type {FundingRow as SettledRate} from "../src/lib/market/marketdata.js";
import type {ObservationSeries} from "../src/lib/market/pair.js";
import {canonicalText} from "../src/lib/money/decimal.js";
import {boundaryTs, knownAt, onGrid} from "../src/lib/time/grid.js";
import {MAX_TS, MIN_TS} from "../src/lib/time/instant.js";
import {RowError} from "./errors.js";

/** One market in a venue's current listing. Decimals are canonical text; instants are UTC ms. */
export interface VenueInstrument {
  /** the name of this market's rows: `1000PEPE/USDT` for a perp counted in thousands, `PEPE/USDT` for its spot */
  pair: string;
  market: "spot" | "perp";
  /** the venue's own symbol, e.g. `1000PEPEUSDT` */
  symbol: string;
  /** the underlying coin, `PEPE` for `1000PEPE`, and how many coins one unit of the base holds */
  coin: string;
  multiplier: number;
  quote: string;
  /** true while it is tradable */
  active: boolean;
  /** the trading state as the venue spells it */
  status: string;
  launchTs?: number | undefined;
  delistTs?: number | undefined;
  /** units of the base in one contract; `1` on most linear perps */
  contractSize: string;
  /** price tick in quote; quantity step and minimum in units of the base */
  tick?: string | undefined;
  step?: string | undefined;
  minQty?: string | undefined;
  /** maximum quantity of one order in units of the base; undefined where the venue publishes none */
  maxQty?: string | undefined;
  minNotional?: string | undefined;
  fundingIntervalHours?: number | undefined;
}

/**
 * A closed candle. `tsMs` is its open, UTC ms; prices and volumes are canonical decimal text, undefined where unknown.
 */
export interface CandleRow {
  tsMs: number;
  open?: string | undefined;
  high?: string | undefined;
  low?: string | undefined;
  close: string;
  volume?: string | undefined;
  turnover?: string | undefined;
}

/** A settlement as a venue or a file tells it, its rate as canonical decimal text. */
export interface FundingRow extends SettledRate {
  rate: string;
}

/**
 * One value of a series of observations as a source tells it: of `borrow` an hour's share, of `open-interest` units of
 * the pair's base. Decimals are canonical text.
 */
export interface ObservationRow {
  /** the instant that the value is of, UTC ms */
  tsMs: number;
  /** the instant from which it is known, UTC ms; never before `tsMs` (§1) */
  knownMs: number;
  value: string;
  /** the same open interest in quote, where the source has it */
  notional?: string | undefined;
}

/** Two rates that a venue gave one settlement; `now` is its newest word. Decimals are canonical text. */
export interface Revision {
  boundaryTs: number;
  was: string;
  now: string;
}

/**
 * Keeps one settlement per boundary (§1): a venue's correction has a later stamp, and its newest word stands.
 * @param rows in any order
 * @returns rows ascending, and each settlement whose rates differed
 */
export function onePerBoundary(rows: readonly FundingRow[]): {rows: FundingRow[]; revised: Revision[]} {
  const byBoundary = new Map<number, FundingRow>();
  const revised: Revision[] = [];
  for (const row of [...rows].sort((a, b) => a.tsMs - b.tsMs)) {
    const boundary = boundaryTs(row.tsMs);
    const before = byBoundary.get(boundary);
    if (before && before.rate !== row.rate) revised.push({boundaryTs: boundary, was: before.rate, now: row.rate});
    byBoundary.set(boundary, row);
  }
  return {rows: [...byBoundary.values()], revised};
}

export type MarketRow = CandleRow | FundingRow | ObservationRow;

/** The fields of one row as text, as in its source; absent or empty where the source has none. */
export type RawRow = Partial<Record<Field, string | null>>;
export const FIELDS = [
  "ts",
  "rate",
  "interval",
  "intervalSource",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "turnover",
  "value",
  "notional",
  "known"
] as const;
export type Field = (typeof FIELDS)[number];

/**
 * Parses an instant of a file to UTC ms. Integers are seconds, milliseconds or microseconds by their number of digits:
 * Binance's spot dumps switched to microseconds in 2025. An ISO date-time without an offset is UTC.
 * @throws `invalid ts: VALUE`
 */
export function readTs(value: string | null | undefined): number {
  const text = value?.trim() ?? "";
  let ms = NaN;
  if (/^\d{9,10}$/.test(text)) ms = Number(text) * 1000;
  else if (/^\d{12,13}$/.test(text)) ms = Number(text);
  else if (/^\d{15,16}$/.test(text)) ms = Math.floor(Number(text) / 1000);
  else if (/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text)) {
    ms = Date.parse(/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text.replace(" ", "T") : text.replace(" ", "T") + "Z");
  } else if (/^\d{4}-\d{2}-\d{2}$/.test(text)) ms = Date.parse(text);
  if (!(ms >= MIN_TS && ms < MAX_TS)) throw new RowError("invalid", "ts", JSON.stringify(value ?? ""));
  return ms;
}

/**
 * Parses a candle of a file; returns undefined while it is in progress (§1).
 * @param stepMs length of the candle; its open must lie on this grid
 * @param closeOnly true for mark, index and premium history, which may have only the close
 * @param signed true for a premium index, a share that may be zero or negative, where others are prices
 * @throws RowError with the reason the row is invalid
 */
export function readCandle(
  raw: RawRow,
  {stepMs, closeOnly, signed = false, nowMs}: {stepMs: number; closeOnly: boolean; signed?: boolean; nowMs: number}
): CandleRow | undefined {
  const tsMs = readTs(raw.ts);
  if (!onGrid(tsMs, stepMs))
    throw new RowError("invalid", "ts", `${raw.ts} is not on the grid of ${stepMs / 60_000} minutes`);
  const row = {
    tsMs,
    open: readPrice(raw.open, "open", {optional: closeOnly, signed}),
    high: readPrice(raw.high, "high", {optional: closeOnly, signed}),
    low: readPrice(raw.low, "low", {optional: closeOnly, signed}),
    close: readPrice(raw.close, "close", {optional: false, signed})!,
    volume: readAmount(raw.volume, "volume"),
    turnover: readAmount(raw.turnover, "turnover")
  };
  const {open, high, low, close} = row;
  if (high !== undefined && (Number(high) < Number(close) || Number(high) < Number(open ?? close))) {
    throw new RowError("invalid", "high", `${high} is under the open ${open} or the close ${close}`);
  }
  if (low !== undefined && (Number(low) > Number(close) || Number(low) > Number(open ?? close))) {
    throw new RowError("invalid", "low", `${low} is over the open ${open} or the close ${close}`);
  }
  return knownAt(tsMs, stepMs) > nowMs ? undefined : row;
}

function readPrice(
  raw: string | null | undefined,
  field: string,
  {optional, signed}: {optional: boolean; signed: boolean}
): string | undefined {
  const value = nonEmpty(raw);
  if (value === undefined) {
    if (optional) return undefined;
    throw new RowError("missing", field);
  }
  const text = decimalText(value, field);
  if (!signed && !(Number(text) > 0)) throw new RowError("invalid", field, value);
  return text;
}

function readAmount(raw: string | null | undefined, field: string): string | undefined {
  const value = nonEmpty(raw);
  if (value === undefined) return undefined;
  const text = decimalText(value, field);
  if (Number(text) < 0) throw new RowError("invalid", field, value);
  return text;
}

/**
 * Parses a settlement of a file; returns undefined for a stamp in the future.
 * @throws RowError with the reason the row is invalid
 */
export function readFunding(raw: RawRow, {nowMs}: {nowMs: number}): FundingRow | undefined {
  const tsMs = readTs(raw.ts);
  const value = nonEmpty(raw.rate);
  if (value === undefined) throw new RowError("missing", "rate");
  const rate = decimalText(value, "rate");
  if (Math.abs(Number(rate)) >= 1)
    throw new RowError("invalid", "rate", `${value} (a rate is a share: 0.0001 is 1 bp)`);
  // Exports of this program carry inferred intervals too; an import must not record them as reported.
  const source = nonEmpty(raw.intervalSource);
  const interval = source === undefined || source === "reported" ? nonEmpty(raw.interval) : undefined;
  const reportedHours = interval === undefined ? undefined : Number(interval);
  if (reportedHours !== undefined && !(reportedHours > 0 && reportedHours <= 24)) {
    throw new RowError("invalid", "interval", interval);
  }
  return tsMs > nowMs ? undefined : {tsMs, rate, reportedHours};
}

function decimalText(value: string, field: string): string {
  try {
    return canonicalText(value, field);
  } catch {
    throw new RowError("invalid", field, JSON.stringify(value));
  }
}

/**
 * Parses an observation of a file or a reply; returns undefined for one that is not known yet.
 * @param series `borrow` is an hour's share, `open-interest` and its notional are not negative
 * @param stepMs step of the series; its stamps may stray from the grid by half a minute. Undefined without a grid
 * @param lagMs time from a row's stamp until it is known, where the row does not say when; undefined where it must
 * @throws RowError with the reason the row is invalid
 */
export function readObservation(
  raw: RawRow,
  {
    series,
    stepMs,
    lagMs,
    nowMs
  }: {series: ObservationSeries; stepMs: number | undefined; lagMs: number | undefined; nowMs: number}
): ObservationRow | undefined {
  const stampMs = readTs(raw.ts);
  const tsMs = stepMs === undefined ? stampMs : boundaryTs(stampMs);
  if (stepMs !== undefined && !onGrid(tsMs, stepMs))
    throw new RowError("invalid", "ts", `${raw.ts} is not on the grid of ${stepMs / 60_000} minutes`);
  const told = nonEmpty(raw.known);
  if (told === undefined && lagMs === undefined) throw new RowError("missing", "known");
  const toldMs = told === undefined ? stampMs + lagMs! : readTs(told);
  if (toldMs < stampMs) throw new RowError("invalid", "known", `${told} is before its ts ${raw.ts}`);
  const knownMs = Math.max(toldMs, tsMs);
  const text = nonEmpty(raw.value);
  if (text === undefined) throw new RowError("missing", "value");
  const value = decimalText(text, "value");
  if (series === "borrow" && !(Number(value) >= 0 && Number(value) < 1))
    throw new RowError("invalid", "value", `${text} (a borrow rate is an hour's share)`);
  if (series === "open-interest" && Number(value) < 0) throw new RowError("invalid", "value", text);
  const notional = readAmount(raw.notional, "notional");
  return knownMs > nowMs ? undefined : {tsMs, knownMs, value, ...(notional !== undefined && {notional})};
}

const nonEmpty = (value: string | null | undefined): string | undefined => {
  const text = value?.trim();
  return text === undefined || text === "" ? undefined : text;
};
