import {moments, sharpe, sortino, type Moments, type Statistic} from "../stats/ratios.js";
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

/** Turns sums and daily returns into an outcome. */
export function outcomeOf(
  {heldMs, turnover, ...sums}: Sums,
  p: Prepared,
  {capital, returns, maxDrawdown}: {capital: number; returns: Float64Array; maxDrawdown: number}
): Outcome {
  const m = moments(returns);
  return {
    ...sums,
    turnover: turnover / capital,
    equity: capital + sums.net,
    totalReturn: sums.net / capital,
    sharpe: sharpe(m),
    sortino: sortino(m),
    maxDrawdown,
    exposure: heldMs / (p.endMs - p.startMs),
    returns: m
  };
}
