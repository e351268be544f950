import type {Series} from "../../src/lib/market/pair.js";
import {timeframeMs} from "../../src/lib/time/grid.js";
import {isCandleSeries} from "../../src/lib/market/pair.js";

/** Identity of one history: venue, series, pair and timeframe (§8.12). Funding has the timeframe `""`. */
export interface SeriesKey {
  venue: string;
  series: Series;
  pair: string;
  timeframe: string;
}

/** Returns the step of a candle series in ms; undefined for series without a grid. */
export const stepOf = (key: SeriesKey): number | undefined =>
  isCandleSeries(key.series) ? timeframeMs(key.timeframe) : undefined;

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
