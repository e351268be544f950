import type {Series} from "../../src/lib/market/pair.js";
import {timeframeMs} from "../../src/lib/time/grid.js";
import {isCandleSeries} from "../../src/lib/market/pair.js";

/** What one history is: venue + series + pair + timeframe (SEMANTICS §8.12). Funding has the timeframe `""`. */
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

/** The condition that selects a key's rows; funding tables have no series and timeframe columns. */
export function whereKey(key: SeriesKey, table: "funding" | "candles" | "ledger"): string {
  const parts = [`venue = ${literal(key.venue)}`, `pair = ${literal(key.pair)}`];
  if (table !== "funding") parts.push(`series = ${literal(key.series)}`, `timeframe = ${literal(key.timeframe)}`);
  return parts.join(" and ");
}
