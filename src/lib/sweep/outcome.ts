import {toNumber} from "../money/decimal.js";
import {maxDrawdown, moments, sharpe, sortino, type Moments, type Statistic} from "../stats/ratios.js";
import type {StrategyConfig} from "../strategy/config.js";
import type {Prepared} from "./prepare.js";

/** What a trial adds up as it runs, in quote. */
export interface Sums {
  trades: number;
  payments: number;
  wins: number;
  liquidated: number;
  noPrice: number;
  ambiguous: number;
  cannotOpen: number;
  funding: number;
  basis: number;
  fees: number;
  slippage: number;
  liquidationLoss: number;
  liquidationDrift: number;
  net: number;
  turnover: number;
  heldMs: number;
}

/** One trial's totals and statistics as floats; names and units as in `totals` and `metrics` of a backtest. */
export interface Outcome extends Omit<Sums, "heldMs"> {
  equity: number;
  totalReturn: number;
  sharpe: Statistic;
  sortino: Statistic;
  maxDrawdown: number;
  exposure: number;
  /** moments of the daily returns, for statistics over all trials */
  returns: Moments;
}

/** Turns sums and the hourly equity into an outcome; fills `daily` with the equity at midnights. */
export function outcomeOf(
  {heldMs, turnover, ...sums}: Sums,
  p: Prepared,
  config: StrategyConfig,
  equity: Float64Array,
  daily: Float64Array
): Outcome {
  const capital = toNumber(config.capital);
  for (let d = 0; d < daily.length; ++d) daily[d] = equity[p.firstMidnight + d * 24]!;
  const returns = new Float64Array(Math.max(0, daily.length - 1));
  for (let d = 0; d < returns.length; ++d) returns[d] = daily[d + 1]! / daily[d]! - 1;
  const m = moments(returns);
  return {
    ...sums,
    turnover: turnover / capital,
    equity: capital + sums.net,
    totalReturn: sums.net / capital,
    sharpe: sharpe(m),
    sortino: sortino(m),
    maxDrawdown: maxDrawdown(equity),
    exposure: heldMs / (p.endMs - p.startMs),
    returns: m
  };
}
