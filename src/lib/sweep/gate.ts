import type {RunResult} from "../backtest/run.js";
import {totalsOf} from "../backtest/totals.js";
import {equityCurve, midnights} from "../backtest/curve.js";
import {metricsOf} from "../backtest/metrics.js";
import type {Outcome} from "./outcome.js";

const COUNTS = ["trades", "payments", "wins", "liquidated"] as const;
const RUN_COUNTS = ["noPrice", "ambiguous", "cannotOpen"] as const;
const MONEY = ["funding", "basis", "fees", "slippage", "liquidationLoss", "liquidationDrift", "net", "equity"] as const;
const METRICS = ["totalReturn", "maxDrawdown", "exposure", "turnover"] as const;

/** Minimum denominators of a relative difference: money in quote per 10,000 of capital, and ratios. */
const MIN_MONEY = 1e-2;
const MIN_RATIO = 1e-4;

/** Float error of a daily return: two equities of about one, each off by a few ULPs. */
const RETURN_NOISE = 1e-15;

/** One number in which a float trial and its exact run differ. */
interface Disagreement {
  name: string;
  exact: number | string;
  float: number | string;
  relative: number;
}

/**
 * Compares a float kernel's trial with the exact ledger's run of the same config and window. Counts must be equal.
 * @param daily the trial's equity at midnights, if it is to be compared too
 * @returns every number with a relative difference above `tolerance`; empty if there is none
 */
export function disagreements(
  outcome: Outcome,
  exact: RunResult,
  {tolerance = 1e-9, daily}: {tolerance?: number; daily?: Float64Array} = {}
): Disagreement[] {
  const found: Disagreement[] = [];
  const compare = (name: string, a: number | string, b: number | string, least: number, most = tolerance) => {
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
  for (const name of COUNTS) compare(name, totals[name], outcome[name], 1e-9);
  for (const name of RUN_COUNTS) compare(name, counts[name], outcome[name], 1e-9);
  for (const name of MONEY) compare(name, Number(totals[name]), outcome[name], MIN_MONEY * scale);
  for (const name of METRICS) compare(name, metrics[name], outcome[name], MIN_RATIO);
  // dividing by a daily deviation of about 1e-9 magnifies both engines' float error
  const {sd, downside} = outcome.returns;
  const allowed = (spread: number) => Math.max(tolerance, Math.min(RETURN_NOISE / spread, 1e-3));
  compare("sharpe", metrics.sharpe, outcome.sharpe, MIN_RATIO, allowed(sd));
  compare("sortino", metrics.sortino, outcome.sortino, MIN_RATIO, allowed(downside));
  if (daily) midnights(equityCurve(exact)).values.forEach((value, d) => compare(`day ${d}`, value, daily[d]!, scale));
  return found;
}
