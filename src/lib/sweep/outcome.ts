import {moments, sharpe, sortino, type Moments, type Statistic} from "../stats/ratios.js";
import type {Prepared} from "./prepare.js";

/** A trial's running sums: counts, and money in quote. */
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

/** One trial's totals and statistics as floats, with the names and units of a backtest's `Totals` and `Metrics`. */
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

/** Computes an outcome from sums and daily returns. */
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
