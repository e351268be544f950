import {gridRows, type Span} from "../../src/lib/market/coverage.js";
import {isObservationSeries, type Series} from "../../src/lib/market/pair.js";
import {HOUR_MS, timeframeMs} from "../../src/lib/time/grid.js";
import type {Exchange} from "./types.js";

/**
 * Returns the number of rows expected in a span, for progress and ETA. Candles follow their grid; settlements follow
 * `intervalHours` until a page shows the real interval.
 */
export const expectedRows = (series: Series, timeframe: string, span: Span, intervalHours = 8): number =>
  gridRows(span, series === "funding" || series === "predicted" ? intervalHours * HOUR_MS : timeframeMs(timeframe));

/** Returns true if a client has histories of a series; settlements are served by all. */
export function serves(exchange: Pick<Exchange, "candleSeries" | "observed">, series: Series): boolean {
  const candles: readonly Series[] = exchange.candleSeries;
  if (isObservationSeries(series)) return exchange.observed?.[series] !== undefined;
  return series === "funding" || candles.includes(series);
}

/** Returns the number of rows in a full page of a series. */
export const rowsOfPage = ({pageRows, observed}: Pick<Exchange, "pageRows" | "observed">, series: Series): number =>
  series === "funding"
    ? pageRows.funding
    : isObservationSeries(series)
      ? (observed?.[series]?.rows ?? pageRows.candles)
      : pageRows.candles;

/** Requests that a span costs where nothing is missing and nothing fails. */
export function expectedRequests(
  exchange: Pick<Exchange, "pageRows" | "observed">,
  series: Series,
  timeframe: string,
  span: Span,
  intervalHours = 8
): number {
  const rows = expectedRows(series, timeframe, span, intervalHours);
  return Math.ceil(rows / rowsOfPage(exchange, series));
}
