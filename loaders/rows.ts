import type {FundingRow as SettledRate} from "../src/lib/market/marketdata.js";
import {canonicalText} from "../src/lib/money/decimal.js";
import {knownAt, onGrid} from "../src/lib/time/grid.js";
import {MAX_TS, MIN_TS} from "../src/lib/time/instant.js";

/** One market of a venue as it is listed today. Decimals are canonical text; instants UTC ms. */
export interface VenueInstrument {
  /** the name this market's rows are kept under: `1000PEPE/USDT` for a perp counted in thousands, `PEPE/USDT` for its spot */
  pair: string;
  market: "spot" | "perp";
  /** the venue's own symbol, e.g. `1000PEPEUSDT` */
  symbol: string;
  /** the coin behind the base, `PEPE` for `1000PEPE`, and how many of it one unit of the base is */
  coin: string;
  multiplier: number;
  quote: string;
  /** true while it can be traded */
  active: boolean;
  /** the venue's own word for its state */
  status: string;
  launchTs?: number | undefined;
  delistTs?: number | undefined;
  /** units of the base in one contract; `1` on most linear perps */
  contractSize: string;
  /** the price's step in quote; the quantity's step and its least, in units of the base */
  tick?: string | undefined;
  step?: string | undefined;
  minQty?: string | undefined;
  /** the most of one order, in units of the base; undefined where the venue does not say */
  maxQty?: string | undefined;
  minNotional?: string | undefined;
  fundingIntervalHours?: number | undefined;
}

/** A closed candle: `tsMs` is its open; prices and volumes are canonical decimal text, absent where unknown. */
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

export type MarketRow = CandleRow | FundingRow;

/** The text of one row's fields as its source has them; what the source lacks is absent or empty. */
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
  "turnover"
] as const;
export type Field = (typeof FIELDS)[number];

/**
 * Reads an instant of a file: integer seconds, milliseconds or microseconds by the count of digits (Binance's spot dumps
 * turned to microseconds in 2025), or an ISO date-time, which is UTC unless it says otherwise.
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
  if (!(ms >= MIN_TS && ms < MAX_TS)) throw new RangeError(`invalid ts: ${JSON.stringify(value ?? "")}`);
  return ms;
}

/**
 * A closed candle of a file, or undefined when it is still in progress (§1).
 * @param stepMs length of the candle; its open must lie on that grid
 * @param closeOnly mark and index history may carry nothing but the close
 * @throws RangeError with the reason a row is not a candle
 */
export function readCandle(
  raw: RawRow,
  {stepMs, closeOnly, nowMs}: {stepMs: number; closeOnly: boolean; nowMs: number}
): CandleRow | undefined {
  const tsMs = readTs(raw.ts);
  if (!onGrid(tsMs, stepMs))
    throw new RangeError(`invalid ts: ${raw.ts} is not on the grid of ${stepMs / 60_000} minutes`);
  const row = {
    tsMs,
    open: readPrice(raw.open, "open", closeOnly),
    high: readPrice(raw.high, "high", closeOnly),
    low: readPrice(raw.low, "low", closeOnly),
    close: readPrice(raw.close, "close", false)!,
    volume: readAmount(raw.volume, "volume"),
    turnover: readAmount(raw.turnover, "turnover")
  };
  const {open, high, low, close} = row;
  if (high !== undefined && (Number(high) < Number(close) || Number(high) < Number(open ?? close))) {
    throw new RangeError(`invalid high: ${high} is under the open ${open} or the close ${close}`);
  }
  if (low !== undefined && (Number(low) > Number(close) || Number(low) > Number(open ?? close))) {
    throw new RangeError(`invalid low: ${low} is over the open ${open} or the close ${close}`);
  }
  return knownAt(tsMs, stepMs) > nowMs ? undefined : row;
}

function readPrice(raw: string | null | undefined, field: string, optional: boolean): string | undefined {
  const value = maybe(raw);
  if (value === undefined) {
    if (optional) return undefined;
    throw new RangeError(`missing ${field}`);
  }
  const text = canonicalText(value, field);
  if (!(Number(text) > 0)) throw new RangeError(`invalid ${field}: ${value}`);
  return text;
}

function readAmount(raw: string | null | undefined, field: string): string | undefined {
  const value = maybe(raw);
  if (value === undefined) return undefined;
  const text = canonicalText(value, field);
  if (Number(text) < 0) throw new RangeError(`invalid ${field}: ${value}`);
  return text;
}

/**
 * A settlement of a file, or undefined when it lies in the future and so cannot have settled.
 * @throws RangeError with the reason a row is not a settlement
 */
export function readFunding(raw: RawRow, {nowMs}: {nowMs: number}): FundingRow | undefined {
  const tsMs = readTs(raw.ts);
  const value = maybe(raw.rate);
  if (value === undefined) throw new RangeError("missing rate");
  const rate = canonicalText(value, "rate");
  if (Math.abs(Number(rate)) >= 1) throw new RangeError(`invalid rate: ${value} (a rate is a share: 0.0001 is 1 bp)`);
  // Our own exports carry inferred intervals too; taken back, they must not turn into the venue's word.
  const told = maybe(raw.intervalSource);
  const interval = told === undefined || told === "reported" ? maybe(raw.interval) : undefined;
  const reportedHours = interval === undefined ? undefined : Number(interval);
  if (reportedHours !== undefined && !(reportedHours > 0 && reportedHours <= 24)) {
    throw new RangeError(`invalid interval: ${interval}`);
  }
  return tsMs > nowMs ? undefined : {tsMs, rate, reportedHours};
}

const maybe = (value: string | null | undefined): string | undefined => {
  const text = value?.trim();
  return text === undefined || text === "" ? undefined : text;
};
