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

/** One stretch on which a config was traded without having been chosen on it. */
export interface TestStretch {
  fromMs: number;
  toMs: number;
  net: number;
  trades: number;
}

/** What one config did on one pair: out of sample, and over the whole history with what speaks against it. */
export interface Weighed {
  pair: string;
  /** the walk-forward; undefined where the history is too short for stretches of a week */
  outOfSample:
    {net: number; annualReturn: number; sharpe: Statistic; trades: number; stretches: TestStretch[]} | undefined;
  startMs: number;
  endMs: number;
  metrics: Metrics;
  trades: number;
  liquidated: number;
  months: {lost: number; idle: number; all: number};
  years: {lost: number; all: number};
  sensitivities: Variation[];
}

/**
 * Weighs one config on one pair: the second half of its history is walked in four stretches, each traded with the rows
 * before it as warm-up alone and closed at its end; nothing of them was used to choose the config.
 * @throws DataError where the pair has nothing to run on
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
