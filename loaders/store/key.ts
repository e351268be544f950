import type {Series} from "../../src/lib/market/pair.js";
import {timeframeMs} from "../../src/lib/time/grid.js";
import {isCandleSeries} from "../../src/lib/market/pair.js";

/** What one history is: venue + series + pair + timeframe (§8.12). Funding has the timeframe `""`. */
export interface SeriesKey {
  venue: string;
  series: Series;
  pair: string;
  timeframe: string;
}

/** The step of a candle series in ms; undefined for series that follow no grid. */
export const stepOf = (key: SeriesKey): number | undefined =>
  isCandleSeries(key.series) ? timeframeMs(key.timeframe) : undefined;

export const keyText = ({venue, series, pair, timeframe}: SeriesKey): string =>
  [venue, pair, series, timeframe].filter(Boolean).join(" ");

/** A literal for SQL text. Values reach SQL as literals only from validated names; rows never do. */
export const literal = (value: string | number): string =>
  typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;

/** A history that the store knows, with the number its rows carry. */
export interface StoredKey extends SeriesKey {
  id: number;
}

/** The condition that selects a key's rows, in every table. */
export const whereKey = ({id}: StoredKey): string => `key_id = ${id}`;
