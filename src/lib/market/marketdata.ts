import type {DecimalInput} from "../money/decimal.js";
import {Decimal} from "../money/decimal.js";
import {timeframeMs, type Timeframe} from "../time/grid.js";
import {firstAtOrAfter, indexOf} from "../time/search.js";

/** One settled funding rate as the venue published it. */
export interface FundingRow {
  /** the venue's stamp in UTC ms, including jitter */
  tsMs: number;
  /** the settled rate as a fraction of notional, as exact text if available */
  rate: DecimalInput;
  /** the interval in hours, if the venue reports it */
  reportedHours?: number | undefined;
  /** the next settlement in UTC ms, if the venue reports it */
  nextSettlementMs?: number | undefined;
}

/**
 * Closed candles of one series as parallel columns, ascending by open. A number stands for its shortest round-trip
 * decimal, which is exact for prices of up to 15 digits. NaN is a missing value.
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
  /** in the quote currency, if the venue reports it */
  turnover?: Float64Array | undefined;
}

/** The venue's specification of a pair's two markets: decimals as text, quantities in coins, prices in quote per coin. */
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
  /** maintenance rates by notional in quote, ascending; the first tier with `upTo` ≥ notional applies */
  maintenanceTiers?: readonly {upTo: string | undefined; rate: string}[] | undefined;
}

/** The input data of a backtest of one pair: plain data, which can be posted to a worker. */
export interface MarketData {
  /** `BTC/USDT` */
  pair: string;
  /** ccxt id; determines the accepted funding intervals */
  venue?: string | undefined;
  timeframe: Timeframe;
  funding: readonly FundingRow[];
  spot: Candles;
  perp: Candles;
  mark?: Candles | undefined;
  /** coins per unit of the perp's candles (1000 for 1000PEPE); runs convert them to coins first */
  perpMultiplier?: number | undefined;
  /** a finer series, used only by the liquidation check (§3, `liquidationTimeframe`) */
  finer?: {perp: Candles; mark?: Candles | undefined} | undefined;
  /** undefined for imported files: steps of 1e-8, no minimum */
  instrument?: Instrument | undefined;
}

const COLUMNS = ["open", "high", "low", "close", "volume", "turnover"] as const;

/** One candle as a row; units as in {@link Candles}. */
export interface Candle {
  ts: number;
  open: number;
  high?: number;
  low?: number;
  close?: number;
  volume?: number;
  turnover?: number;
}

/** Converts rows to columns; absent numbers become NaN. */
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
 * Returns the candles that open in the half-open range `[fromMs, toMs)`, as views on the same memory.
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
 * Checks that opens are strictly ascending on the timeframe's grid, columns have equal length and prices are above zero.
 * Spot and perp candles need an open, high and close; a mark candle may lack any of them (NaN).
 * @throws RangeError `invalid NAME candles: …`
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

/** Returns the exact decimal of a candle's number, or undefined if it is missing. */
export const priceOf = (value: number | undefined): Decimal | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : new Decimal(value);

/** Returns the open of the candle that opens exactly at `t`, else undefined. */
export function openAt(candles: Candles, t: number): Decimal | undefined {
  const i = indexOf(candles.ts, t);
  return i < 0 ? undefined : priceOf(candles.open[i]);
}
