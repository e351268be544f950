import type {MarketData} from "../market/marketdata.js";
import {runWindows} from "../backtest/run.js";
import {windowOf, type Range} from "../backtest/window.js";
import {toNumber} from "../money/decimal.js";
import type {StrategyConfig} from "../strategy/config.js";
import {DAY_MS, YEAR_MS} from "../time/grid.js";
import {equityCurve} from "../backtest/curve.js";
import {metricsOf, type Metrics} from "../backtest/metrics.js";
import type {Statistic} from "../stats/ratios.js";
import {sensitivities, type Variation} from "../backtest/sensitivity.js";
import {splitByCalendar} from "../backtest/splits.js";
import {walkForward} from "./walkforward.js";

/** One out-of-sample stretch: `[fromMs, toMs)` in UTC ms, net in quote. */
export interface TestStretch {
  fromMs: number;
  toMs: number;
  net: number;
  trades: number;
}

/** The results of one config on one pair: out of sample, and over the whole history. */
export interface Weighed {
  pair: string;
  /** undefined if the history is too short for stretches of a week */
  outOfSample:
    {net: number; annualReturn: number; sharpe: Statistic; trades: number; stretches: TestStretch[]} | undefined;
  startMs: number;
  endMs: number;
  metrics: Metrics;
  trades: number;
  liquidated: number;
  /** calendar months with a loss, without any P&L, and in total */
  months: {lost: number; idle: number; all: number};
  years: {lost: number; all: number};
  sensitivities: Variation[];
}

/**
 * Evaluates one config on one pair, over its whole history and out of sample (§7). Four stretches cover the second half;
 * earlier rows only warm up signals, and hedges are closed at the end of a stretch.
 * @throws DataError if the pair has no data in the range
 */
export function weigh(market: MarketData, config: StrategyConfig, range: Range = {}): Weighed {
  const window = windowOf(market, range, config.warmup);
  const result = runWindows([window], config);
  const curve = equityCurve(result);
  const months = splitByCalendar(curve, "month");
  const years = splitByCalendar(curve, "year");
  const lost = (splits: typeof months) => splits.filter(({net}) => net < 0).length;
  return {
    pair: market.pair,
    outOfSample: walk(market, config, window),
    startMs: result.startMs,
    endMs: result.endMs,
    metrics: metricsOf(result),
    trades: result.trades.length,
    liquidated: result.trades.filter(({exitReason}) => exitReason === "liquidated").length,
    months: {lost: lost(months), idle: months.filter(({net}) => net === 0).length, all: months.length},
    years: {lost: lost(years), all: years.length},
    sensitivities: sensitivities([market], config, range)
  };
}

function walk(
  market: MarketData,
  config: StrategyConfig,
  {startMs, endMs}: {startMs: number; endMs: number}
): Weighed["outOfSample"] {
  const days = Math.floor((endMs - startMs) / DAY_MS);
  const testDays = Math.floor(days / 8);
  if (testDays < 7) return undefined;
  const {folds, net, sharpe} = walkForward(market, [config], {
    fromMs: startMs,
    toMs: endMs,
    mode: "anchored",
    trainDays: days - 4 * testDays,
    testDays
  });
  const stretches = folds.map(({trainToMs, testToMs, outOfSample}) => ({
    fromMs: trainToMs,
    toMs: testToMs,
    net: outOfSample.net,
    trades: outOfSample.trades
  }));
  const spanMs = stretches.reduce((sum, {fromMs, toMs}) => sum + toMs - fromMs, 0);
  return {
    net,
    annualReturn: (net / toNumber(config.capital)) * (YEAR_MS / spanMs),
    sharpe,
    trades: stretches.reduce((sum, {trades}) => sum + trades, 0),
    stretches
  };
}
