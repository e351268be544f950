import type {RunResult, PairResult} from "./run.js";
import type {Trade} from "../ledger/trade.js";
import {toNumber} from "../money/decimal.js";
import {HOUR_MS, YEAR_MS} from "../time/grid.js";
import {dailyReturns, equityCurve, pairCurve, type EquityCurve} from "./curve.js";
import {maxDrawdown, moments, sharpe, sortino, type Statistic} from "../stats/ratios.js";

/** A run's statistics (§6). Shares are fractions; returns are on the account's capital. */
export interface Metrics {
  /** final equity / capital − 1 */
  totalReturn: number;
  /** the same a year, by elapsed time, not compounded */
  annualReturn: number;
  /** of daily returns × √365 */
  sharpe: Statistic;
  sortino: Statistic;
  dailyReturns: number;
  /** fraction of the running peak of hourly equity */
  maxDrawdown: number;
  /** share of time with capital at work */
  exposure: number;
  /** Σ |fill price × quantity| over capital */
  turnover: number;
  /** shares of all money moved, by size: fees with slippage and borrow, funding, basis, liquidation; undefined without trades */
  feeShare: number | undefined;
  fundingShare: number | undefined;
  basisShare: number | undefined;
  liquidationShare: number | undefined;
  /** share of trades with net > 0; undefined without trades */
  winRate: number | undefined;
  /** mean of net / capital of the hedge */
  meanReturnOnCapital: number | undefined;
  meanHoldingHours: number | undefined;
}

/** The statistics of a whole run. */
export const metricsOf = (result: RunResult): Metrics => summarise(result.trades, equityCurve(result), result);

/** The statistics of one pair of a run, as if it had the account for itself. */
export const pairMetrics = (result: RunResult, pair: PairResult): Metrics =>
  summarise(pair.trades, pairCurve(result, pair), {...pair.window, config: result.config});

/** The statistics of some trades and the equity they made. */
export function summarise(
  trades: readonly Trade[],
  curve: EquityCurve,
  {config, startMs, endMs}: Pick<RunResult, "config" | "startMs" | "endMs">
): Metrics {
  const capital = toNumber(config.capital);
  const returns = moments(dailyReturns(curve));
  const sum = (read: (trade: Trade) => number) => trades.reduce((total, trade) => total + read(trade), 0);
  const money = {
    fees: sum(({fees, slippage, borrow}) => toNumber(fees.plus(slippage).plus(borrow))),
    funding: sum(({funding}) => toNumber(funding)),
    basis: sum(({basis}) => toNumber(basis)),
    liquidation: sum(({liquidationDrift, liquidationLoss}) => toNumber(liquidationDrift.minus(liquidationLoss)))
  };
  const net = sum((trade) => toNumber(trade.net));
  const some = trades.length > 0;
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
    ...sharesOf(money),
    winRate: some ? trades.filter((trade) => trade.net.gt(0)).length / trades.length : undefined,
    meanReturnOnCapital: some ? sum((trade) => toNumber(trade.net.div(trade.capital))) / trades.length : undefined,
    meanHoldingHours: some ? sum((trade) => trade.exitTs - trade.entryTs) / trades.length / HOUR_MS : undefined
  };
}

/** How the money moved splits: each amount, with its sign, over the sum of their sizes; a cost counts as positive fees. */
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

/** Milliseconds covered by at least one open hedge. */
export function timeAtWork(trades: readonly {entryTs: number; exitTs: number}[]): number {
  let covered = 0;
  let until = -Infinity;
  for (const {entryTs, exitTs} of [...trades].sort((a, b) => a.entryTs - b.entryTs)) {
    covered += Math.max(0, exitTs - Math.max(entryTs, until));
    until = Math.max(until, exitTs);
  }
  return covered;
}
