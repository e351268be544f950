import {isCandleSeries, isObservationSeries, type Series} from "../../src/lib/market/pair.js";
import {timeframeMs} from "../../src/lib/time/grid.js";

/**
 * Identity of one history: venue, series, pair and timeframe (§8.12). Funding has the timeframe `""`, as has a series of
 * a person's own whose instants are on no grid.
 */
export interface SeriesKey {
  venue: string;
  series: Series;
  pair: string;
  timeframe: string;
}

/** Returns the step of a series on a grid in ms; undefined for one without. */
export const stepOf = ({timeframe}: Pick<SeriesKey, "timeframe">): number | undefined =>
  timeframe === "" ? undefined : timeframeMs(timeframe);

/** A table of market rows. */
export type RowTable = "funding" | "candles" | "observations";

/** Where the rows of a series lie: their table, the column that tells two rows apart, and the columns of their values. */
export interface RowShape {
  table: RowTable;
  stamp: "ts" | "boundary_ts";
  values: readonly string[];
}

const SHAPES: Readonly<Record<RowTable, RowShape>> = {
  funding: {table: "funding", stamp: "boundary_ts", values: ["rate"]},
  candles: {table: "candles", stamp: "ts", values: ["open", "high", "low", "close", "volume", "turnover"]},
  observations: {table: "observations", stamp: "ts", values: ["known_ts", "value", "notional"]}
};

/** Returns where the rows of a series lie. */
export const shapeOf = (series: Series): RowShape =>
  SHAPES[isCandleSeries(series) ? "candles" : isObservationSeries(series) ? "observations" : "funding"];

/** Returns a history as text: `bybit BTC/USDT spot 1h`. */
export const keyText = ({venue, series, pair, timeframe}: SeriesKey): string =>
  [venue, pair, series, timeframe].filter(Boolean).join(" ");

/** Returns an SQL literal. Only validated names become literals; values of rows never do. */
export const literal = (value: string | number): string =>
  typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;

/** A history in the store, with the number that its rows carry. */
export interface StoredKey extends SeriesKey {
  id: number;
}

/** Returns the SQL condition that selects a key's rows, in every table. */
export const whereKey = ({id}: StoredKey): string => `key_id = ${id}`;
