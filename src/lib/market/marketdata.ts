import type {DecimalInput} from "../money/decimal.js";
import {Decimal} from "../money/decimal.js";
import {timeframeMs, type Timeframe} from "../time/grid.js";
import {firstAtOrAfter, indexOf} from "../time/search.js";

/** One settled funding rate as the venue published it. */
export interface FundingRow {
  /** the venue's stamp in UTC ms, jitter and all */
  tsMs: number;
  /** the settled rate as a share of notional, exact text where there is any */
  rate: DecimalInput;
  /** the interval in hours where the venue says it */
  reportedHours?: number | undefined;
  /** the next settlement in UTC ms where the venue says it */
  nextSettlementMs?: number | undefined;
}

/**
 * Closed candles of one series in columns, ascending by open. A number stands for the shortest decimal that round-trips
 * to it, which is exact for every price of up to 15 digits; NaN is "missing", never zero.
 */
export interface Candles {
  timeframe: Timeframe;
  /** opens in UTC ms, strictly ascending */
  ts: Float64Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  /** in the base coin */
  volume: Float64Array;
  /** in the quote currency, where the venue gives it */
  turnover?: Float64Array | undefined;
}

/** What a venue says of a pair's two markets; decimals as text. Quantities in coins, prices in quote per coin. */
export interface Instrument {
  spotStep: string;
  perpStep: string;
  spotTick?: string | undefined;
  perpTick?: string | undefined;
  spotMinQty?: string | undefined;
  perpMinQty?: string | undefined;
  spotMinNotional?: string | undefined;
  perpMinNotional?: string | undefined;
  maintenanceRate?: string | undefined;
  /** by position size in quote, ascending: the first tier whose `upTo` holds the perp's notional; the last may be open */
  maintenanceTiers?: readonly {upTo: string | undefined; rate: string}[] | undefined;
}

/** Everything a backtest may know of one pair. Plain data, so that it can be posted to a worker. */
export interface MarketData {
  /** `BTC/USDT` */
  pair: string;
  /** ccxt id; decides which funding intervals inference accepts */
  venue?: string | undefined;
  timeframe: Timeframe;
  funding: readonly FundingRow[];
  spot: Candles;
  perp: Candles;
  mark?: Candles | undefined;
  /** coins in one unit of the perp's candles (1000 for 1000PEPE); runs convert them to coins first */
  perpMultiplier?: number | undefined;
  /** a finer series for the liquidation check alone (§3, `liquidationTimeframe`) */
  finer?: {perp: Candles; mark?: Candles | undefined} | undefined;
  /** undefined for imported files: steps of 1e-8, no minimum */
  instrument?: Instrument | undefined;
}

const COLUMNS = ["open", "high", "low", "close", "volume", "turnover"] as const;

/** One candle in row form, as tests and importers write it. */
export interface Candle {
  ts: number;
  open: number;
  high?: number;
  low?: number;
  close?: number;
  volume?: number;
  turnover?: number;
}

/** Rows to columns; absent numbers become NaN ("missing"). */
export function candlesOf(timeframe: Timeframe, rows: readonly Candle[]): Candles {
  const column = (name: (typeof COLUMNS)[number]) => Float64Array.from(rows, (row) => row[name] ?? NaN);
  const turnover = rows.some((row) => row.turnover !== undefined) ? column("turnover") : undefined;
  return {
    timeframe,
    ts: Float64Array.from(rows, (row) => row.ts),
    open: column("open"),
    high: column("high"),
    low: column("low"),
    close: column("close"),
    volume: column("volume"),
    turnover
  };
}

/**
 * The candles that open in the half-open range `[fromMs, toMs)`, as views on the same memory.
 */
export function cutCandles(candles: Candles, fromMs: number, toMs: number): Candles {
  const start = firstAtOrAfter(candles.ts, fromMs);
  const end = firstAtOrAfter(candles.ts, toMs);
  const cut = {...candles, ts: candles.ts.subarray(start, end)};
  for (const name of COLUMNS) {
    const column = candles[name];
    if (column) cut[name] = column.subarray(start, end);
  }
  return cut;
}

const REQUIRED = ["open", "high", "close"] as const;

/**
 * Checks what the engine relies on: strictly ascending opens on the timeframe's grid, columns of one length, prices
 * above zero. Traded candles must have their open, high and close; a mark candle may lack any (NaN).
 * @throws `invalid NAME candles: …`
 */
export function checkCandles(candles: Candles, name: "spot" | "perp" | "mark"): void {
  const {ts} = candles;
  const stepMs = timeframeMs(candles.timeframe);
  const refuse = (why: string): never => {
    throw new RangeError(`invalid ${name} candles: ${why}`);
  };
  for (let i = 0; i < ts.length; ++i) {
    if (i > 0 && !(ts[i]! > ts[i - 1]!)) refuse(`${ts[i]} is not after the row before`);
    if (ts[i]! % stepMs !== 0) refuse(`${ts[i]} is not on the ${candles.timeframe} grid`);
  }
  for (const column of COLUMNS) {
    const values = candles[column];
    if (!values) continue;
    if (values.length !== ts.length) refuse(`${column} has ${values.length} rows of ${ts.length}`);
    const isPrice = column !== "volume" && column !== "turnover";
    for (const value of values)
      if (value < 0 || (isPrice && value === 0) || value === Infinity) refuse(`${column} ${value}`);
  }
  if (name === "mark") return;
  for (const column of REQUIRED) {
    const at = candles[column].findIndex(Number.isNaN);
    if (at >= 0) refuse(`missing ${column} at ${ts[at]}`);
  }
}

/** The exact decimal of a candle's number, or undefined where it is missing. */
export const priceOf = (value: number | undefined): Decimal | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : new Decimal(value);

/** The open of the candle that opens exactly at `t`, else undefined. */
export function openAt(candles: Candles, t: number): Decimal | undefined {
  const i = indexOf(candles.ts, t);
  return i < 0 ? undefined : priceOf(candles.open[i]);
}
