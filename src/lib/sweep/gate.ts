import type {RunResult} from "../backtest/run.js";
import {totalsOf} from "../backtest/totals.js";
import {equityCurve, midnights} from "../backtest/curve.js";
import {metricsOf} from "../backtest/metrics.js";
import type {Outcome} from "./outcome.js";

const COUNTS = ["trades", "payments", "wins", "liquidated"] as const;
const RUN_COUNTS = ["noPrice", "ambiguous", "cannotOpen"] as const;
const MONEY = ["funding", "basis", "fees", "slippage", "liquidationLoss", "liquidationDrift", "net", "equity"] as const;
const METRICS = ["totalReturn", "maxDrawdown", "exposure", "turnover"] as const;

/** The least size a difference is measured against: money in quote per 10,000 of capital, ratios as they are. */
const LEAST_MONEY = 1e-2;
const LEAST_RATIO = 1e-4;

/** Noise of a daily return: two equities of about one, each to a few units of the last place. */
const RETURN_NOISE = 1e-15;

/** What a float trial and its exact run differ in; counts must agree, numbers to the tolerance. */
export interface Disagreement {
  name: string;
  exact: number | string;
  float: number | string;
  relative: number;
}

/**
 * Holds a trial of the float kernel against the exact ledger's run of the same config and window.
 * @param daily the trial's equity at midnights, when it is to be held against the exact curve too
 * @returns every number that differs by more than `tolerance` relative; empty when the gate is passed
 */
export function disagreements(
  outcome: Outcome,
  exact: RunResult,
  {tolerance = 1e-9, daily}: {tolerance?: number; daily?: Float64Array} = {}
): Disagreement[] {
  const found: Disagreement[] = [];
  const hold = (name: string, a: number | string, b: number | string, least: number, most = tolerance) => {
    const relative =
      typeof a === "number" && typeof b === "number"
        ? Math.abs(a - b) / Math.max(Math.abs(a), least)
        : a === b
          ? 0
          : Infinity;
    if (!(relative === 0 || relative <= most)) found.push({name, exact: a, float: b, relative});
  };
  const totals = totalsOf(exact.trades, exact.config.capital);
  const counts = exact.pairs[0]!.counts;
  const metrics = metricsOf(exact);
  const scale = exact.config.capital.toNumber() / 10_000;
  for (const name of COUNTS) hold(name, totals[name], outcome[name], 1e-9);
  for (const name of RUN_COUNTS) hold(name, counts[name], outcome[name], 1e-9);
  for (const name of MONEY) hold(name, Number(totals[name]), outcome[name], LEAST_MONEY * scale);
  for (const name of METRICS) hold(name, metrics[name], outcome[name], LEAST_RATIO);
  // a ratio over a spread of 1e-9 a day magnifies the noise of either engine's own doubles
  const {sd, downside} = outcome.returns;
  const allowed = (spread: number) => Math.max(tolerance, Math.min(RETURN_NOISE / spread, 1e-3));
  hold("sharpe", metrics.sharpe, outcome.sharpe, LEAST_RATIO, allowed(sd));
  hold("sortino", metrics.sortino, outcome.sortino, LEAST_RATIO, allowed(downside));
  if (daily) midnights(equityCurve(exact)).values.forEach((value, d) => hold(`day ${d}`, value, daily[d]!, scale));
  return found;
}
