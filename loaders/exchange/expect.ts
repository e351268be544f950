import {gridRows, type Span} from "../../src/lib/market/coverage.js";
import type {Series} from "../../src/lib/market/pair.js";
import {HOUR_MS, timeframeMs} from "../../src/lib/time/grid.js";
import type {Exchange} from "./types.js";

/**
 * Rows that a span is expected to hold, for progress and time left: candles by their grid, settlements by
 * `intervalHours` until a page has told the real pace.
 */
export const expectedRows = (series: Series, timeframe: string, span: Span, intervalHours = 8): number =>
  gridRows(span, series === "funding" || series === "predicted" ? intervalHours * HOUR_MS : timeframeMs(timeframe));

/** Whether a client has histories of a series; settlements are served by all. */
export function serves(exchange: Pick<Exchange, "candleSeries">, series: Series): boolean {
  const candles: readonly Series[] = exchange.candleSeries;
  return series === "funding" || candles.includes(series);
}

/** Requests that a span costs where nothing is missing and nothing fails. */
export function expectedRequests(
  {pageRows}: Pick<Exchange, "pageRows">,
  series: Series,
  timeframe: string,
  span: Span,
  intervalHours = 8
): number {
  const rows = expectedRows(series, timeframe, span, intervalHours);
  return Math.ceil(rows / (series === "funding" ? pageRows.funding : pageRows.candles));
}
