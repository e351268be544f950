import type {RunResult, PairResult} from "./run.js";
import type {Trade} from "../ledger/trade.js";
import {toNumber} from "../money/decimal.js";
import {HOUR_MS, YEAR_MS} from "../time/grid.js";
import {dailyReturns, equityCurve, pairCurve, type EquityCurve} from "./curve.js";
import {maxDrawdown, moments, sharpe, sortino, type Statistic} from "../stats/ratios.js";

/** A run's statistics (§6). Shares and returns are fractions; returns are on the account's capital. */
export interface Metrics {
  /** final equity / capital − 1 */
  totalReturn: number;
  /** `totalReturn` per 365 days of elapsed time, not compounded */
  annualReturn: number;
  /** annualised from daily returns (× √365) */
  sharpe: Statistic;
  /** annualised from daily returns (× √365) */
  sortino: Statistic;
  /** number of daily returns */
  dailyReturns: number;
  /** fraction of the running peak of hourly equity */
  maxDrawdown: number;
  /** share of time with at least one open hedge */
  exposure: number;
  /** Σ |fill price × quantity| over capital */
  turnover: number;
  /** signed share of the sum of absolute parts, like the next three; fees include slippage and borrow */
  feeShare: number | undefined;
  fundingShare: number | undefined;
  basisShare: number | undefined;
  liquidationShare: number | undefined;
  /** share of trades with net > 0; undefined without trades */
  winRate: number | undefined;
  /** mean over trades of net / capital of the hedge */
  meanReturnOnCapital: number | undefined;
  meanHoldingHours: number | undefined;
}

/** Returns the statistics of a whole run. */
export const metricsOf = (result: RunResult): Metrics => summarise(result.trades, equityCurve(result), result);

/** Returns the statistics of one pair of a run, as if it had the account to itself. */
export const pairMetrics = (result: RunResult, pair: PairResult): Metrics =>
  summarise(pair.trades, pairCurve(result, pair), {...pair.window, config: result.config});

/** Returns the statistics of `trades` and their equity curve (§6). */
function summarise(
  trades: readonly Trade[],
  curve: EquityCurve,
  {config, startMs, endMs}: Pick<RunResult, "config" | "startMs" | "endMs">
): Metrics {
  const capital = toNumber(config.capital);
  const returns = moments(dailyReturns(curve));
  const sum = (read: (trade: Trade) => number) => trades.reduce((total, trade) => total + read(trade), 0);
  const parts = {
    fees: sum(({fees, slippage, borrow}) => toNumber(fees.plus(slippage).plus(borrow))),
    funding: sum(({funding}) => toNumber(funding)),
    basis: sum(({basis}) => toNumber(basis)),
    liquidation: sum(({liquidationDrift, liquidationLoss}) => toNumber(liquidationDrift.minus(liquidationLoss)))
  };
  const net = sum((trade) => toNumber(trade.net));
  const traded = trades.length > 0;
  return {
    totalReturn: net / capital,
    annualReturn: (net / capital) * (YEAR_MS / (endMs - startMs)),
    sharpe: sharpe(returns),
    sortino: sortino(returns),
    dailyReturns: returns.n,
    maxDrawdown: maxDrawdown(curve.equity),
    exposure: timeAtWork(trades) / (endMs - startMs),
    turnover:
      sum(({fills}) => fills.reduce((total, {price, quantity}) => total + toNumber(price.times(quantity)), 0)) /
      capital,
    ...sharesOf(parts),
    winRate: traded ? trades.filter((trade) => trade.net.gt(0)).length / trades.length : undefined,
    meanReturnOnCapital: traded ? sum((trade) => toNumber(trade.net.div(trade.capital))) / trades.length : undefined,
    meanHoldingHours: traded ? sum((trade) => trade.exitTs - trade.entryTs) / trades.length / HOUR_MS : undefined
  };
}

/**
 * Returns each part of the P&L, signed, as a share of the sum of their absolute values; undefined if that is zero.
 * @param money amounts in quote; fees are a positive cost
 */
export function sharesOf(money: {fees: number; funding: number; basis: number; liquidation: number}) {
  const moved = Math.abs(money.fees) + Math.abs(money.funding) + Math.abs(money.basis) + Math.abs(money.liquidation);
  const share = (amount: number) => (moved > 0 ? amount / moved : undefined);
  return {
    feeShare: share(money.fees),
    fundingShare: share(money.funding),
    basisShare: share(money.basis),
    liquidationShare: share(money.liquidation)
  };
}

/** Returns the time covered by at least one trade, in ms; overlaps count once. */
export function timeAtWork(trades: readonly {entryTs: number; exitTs: number}[]): number {
  let covered = 0;
  let until = -Infinity;
  for (const {entryTs, exitTs} of [...trades].sort((a, b) => a.entryTs - b.entryTs)) {
    covered += Math.max(0, exitTs - Math.max(entryTs, until));
    until = Math.max(until, exitTs);
  }
  return covered;
}
