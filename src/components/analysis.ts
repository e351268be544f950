/**
 * The functions that a note needs, in one module: open the feed, load a pair, run a strategy, read the report. A note
 * imports it as `../components/analysis.js`.
 */
import type {MarketData} from "../lib/market/marketdata.js";
import {backtestReport, type BacktestReport} from "../lib/backtest/report.js";
import {runBacktest} from "../lib/backtest/run.js";
import {parseConfig, strategyEntries} from "../lib/strategy/config.js";
import {parseInstant} from "../lib/time/instant.js";
import type {FundingSeries} from "./feed/marketFeed.js";

/** Range of a run and any keys of its config; `strategy` may be a preset. */
export interface BacktestOptions {
  strategy?: string;
  /** UTC, the end exclusive */
  from?: string;
  to?: string;
  [key: string]: string | number | boolean | undefined;
}

/**
 * Runs one backtest in the exact ledger and returns the report that `carrybook backtest --json` prints.
 * @throws ConfigError for an invalid key or value, MissingDataError without rows in the range
 */
export function backtest(
  markets: MarketData | readonly MarketData[],
  {strategy = "simple", from, to, ...set}: BacktestOptions = {}
): BacktestReport {
  const list = (Array.isArray as (value: unknown) => value is readonly MarketData[])(markets) ? markets : [markets];
  return backtestReport(
    runBacktest(list, parseConfig({...strategyEntries(strategy), ...set}), {
      fromMs: from === undefined ? undefined : parseInstant(from, "from"),
      toMs: to === undefined ? undefined : parseInstant(to, "to")
    })
  );
}

/** Returns settlements as rows for Plot and tables: instants as Dates, rates as shares, missing as null. */
export function settlementRows({t, rate, rate8h}: FundingSeries): {date: Date; rate: number; rate8h: number | null}[] {
  return Array.from(t, (ms, i) => ({
    date: new Date(ms),
    rate: rate[i]!,
    rate8h: Number.isNaN(rate8h[i]!) ? null : rate8h[i]!
  }));
}

export {EquityChart} from "./charts/equityChart.js";
export {openFeed} from "./feed/marketFeed.js";
export {Waterfall} from "./charts/waterfall.js";
export * from "../lib/index.js";
