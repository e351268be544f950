/**
 * Everything a note may import, from one place: the feed, the charts, a backtest in one call, and the whole public
 * model. A note imports it as `../components/analysis.js`.
 */
import type {MarketData} from "../lib/market/marketdata.js";
import {backtestReport, type BacktestReport} from "../lib/backtest/report.js";
import {runBacktest} from "../lib/backtest/run.js";
import {parseConfig, strategyEntries} from "../lib/strategy/config.js";
import {parseInstant} from "../lib/time/instant.js";
import type {FundingSeries} from "./feed/marketFeed.js";

/** Any key of a config beside the range; `strategy` may be a preset. */
export interface BacktestOptions {
  strategy?: string;
  /** UTC, the end exclusive */
  from?: string;
  to?: string;
  [key: string]: string | number | boolean | undefined;
}

/**
 * One run in the exact ledger, as `carrybook backtest --json` reports it.
 * @throws SettingError for a key or value no config may have, DataError where there is nothing to run on
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

/** Settlements as rows for Plot and tables: the instant as a Date, rates as shares; missing as null. */
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
