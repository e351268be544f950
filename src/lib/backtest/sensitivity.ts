import type {MarketData} from "../market/marketdata.js";
import {runBacktest, type RunResult} from "./run.js";
import type {Range} from "./window.js";
import type {StrategyConfig} from "../strategy/config.js";
import {metricsOf, type Metrics} from "./metrics.js";

/** The metrics of a run under one changed assumption. */
export interface Variation {
  code: "delayed" | "doubled-costs";
  /** for display only */
  name: string;
  metrics: Metrics;
  trades: number;
}

/**
 * Runs the two sensitivities reported with every result (§3): every decision acted on one bar later, and fees and
 * slippage doubled.
 */
export function sensitivities(data: readonly MarketData[], config: StrategyConfig, range: Range = {}): Variation[] {
  const vary = (code: Variation["code"], name: string, changed: StrategyConfig): Variation => {
    const result: RunResult = runBacktest(data, changed, range);
    return {code, name, metrics: metricsOf(result), trades: result.trades.length};
  };
  return [
    vary("delayed", "decision one bar later", delayed(config)),
    vary("doubled-costs", "costs doubled", doubled(config))
  ];
}

const delayed = (config: StrategyConfig): StrategyConfig => ({
  ...config,
  decisionDelayBars: config.decisionDelayBars + 1
});

const doubled = (config: StrategyConfig): StrategyConfig => ({
  ...config,
  spotFee: config.spotFee.times(2),
  perpFee: config.perpFee.times(2),
  slippageBps: config.slippageBps.times(2)
});
