import type {MarketData} from "../market/marketdata.js";
import {runBacktest} from "../backtest/run.js";
import {totalsOf, type Totals} from "../backtest/totals.js";
import {bootstrapIntervals, type Interval} from "../stats/bootstrap.js";
import {equityCurve} from "../backtest/curve.js";
import {deflate, type Deflation} from "../stats/deflated.js";
import {metricsOf, type Metrics} from "../backtest/metrics.js";
import {overfitting} from "../stats/pbo.js";
import {generator} from "../stats/random.js";
import {INSUFFICIENT, type Statistic} from "../stats/ratios.js";
import {sensitivities, type Variation} from "../backtest/sensitivity.js";
import {splitByCalendar, splitByRegime, type Split} from "../backtest/splits.js";
import {walkForward, type Fold} from "./walkforward.js";
import {configEntries} from "../strategy/config.js";
import {DAY_MS} from "../time/grid.js";
import {baselines} from "./baselines.js";
import type {Outcome} from "./outcome.js";
import type {SweepRunner} from "./plan.js";
import type {RunTrial, Trial} from "./trials.js";

/** The criterion that selects the best trial of a pair. */
export type Ranking = "sharpe" | "net";

export interface WalkForwardReport {
  mode: "anchored" | "rolling";
  net: number;
  sharpe: Statistic;
  efficiency: Statistic;
  folds: {
    trainFromMs: number;
    trainToMs: number;
    testToMs: number;
    params: Readonly<Record<string, string>>;
    inSampleNet: number;
    outOfSampleNet: number;
  }[];
  /** compounded growth of 1 out of sample, daily */
  equity: number[];
}

/** The best trial of one pair with its overfitting statistics, baselines and sensitivities (§6). */
export interface BestReport {
  pair: string;
  best: Trial;
  config: Record<string, string>;
  /** the best trial run by the exact ledger */
  totals: Totals;
  metrics: Metrics;
  trials: number;
  deflation: Deflation;
  overfitting: {pbo: Statistic; lossProbability: Statistic; splits: number; blocks: number};
  intervals: {annualReturn: Interval; sharpe: Interval; resamples: number; meanBlockDays: number};
  baselines: {
    holdThrough: Outcome;
    randomEntry: {
      median: number | undefined;
      low: number | undefined;
      high: number | undefined;
      beaten: number | undefined;
      draws: number;
    };
  };
  sensitivities: Variation[];
  /** empty if the window is too short for test stretches of a week */
  walkForward: WalkForwardReport[];
  splits: {year: Split[]; month: Split[]; regime: Split[]};
}

export interface ReportOptions {
  by?: Ranking;
  seed?: number;
}

/** Returns a comparator, best first: by Sharpe ratio (insufficient last), then net; or by net alone. */
export function compareTrials(
  by: Ranking
): (a: {outcome: Outcome; index: number}, b: {outcome: Outcome; index: number}) => number {
  const sharpe = ({outcome}: {outcome: Outcome}) => (outcome.sharpe === INSUFFICIENT ? -Infinity : outcome.sharpe);
  return (a, b) => {
    const bySharpe = by === "sharpe" ? (sharpe(b) === sharpe(a) ? 0 : sharpe(b) - sharpe(a)) : 0;
    return bySharpe || b.outcome.net - a.outcome.net || a.index - b.index;
  };
}

/** Adds the pair and parameters to a worker's trial. */
export function nameTrial(runner: SweepRunner, {index, outcome, engine}: RunTrial): Trial {
  const {pair, cell} = runner.at(index);
  return {index, pair, params: cell.params, outcome, engine};
}

/**
 * Reports on one pair of a sweep from all of its trials (§6).
 * @throws RangeError `missing trials: …` if the pair has none
 */
export function reportPair(
  runner: SweepRunner,
  market: MarketData,
  trials: readonly RunTrial[],
  {by = "sharpe", seed = 7}: ReportOptions = {}
): BestReport {
  const own = trials.filter(({index}) => runner.at(index).pair === market.pair);
  const best = [...own].sort(compareTrials(by))[0];
  if (!best) throw new RangeError(`missing trials: ${market.pair}`);
  const {config} = runner.at(best.index).cell;
  const {range} = runner.plan;
  const result = runBacktest([market], config, range);
  const curve = equityCurve(result);
  const random = baselines(market, config, {...range, random: generator(seed)});
  const {pbo, lossProbability, splits, blocks} = overfitting(own.map(({returns}) => returns));
  const {nets, ...randomEntry} = random.randomEntry;
  return {
    pair: market.pair,
    best: nameTrial(runner, best),
    config: configEntries(config),
    totals: totalsOf(result.trades, config.capital),
    metrics: metricsOf(result),
    trials: own.length,
    deflation: deflate(
      own.map(({outcome}) => outcome.returns),
      own.indexOf(best)
    ),
    overfitting: {pbo, lossProbability, splits, blocks},
    intervals: bootstrapIntervals(best.returns, {random: generator(seed)}),
    baselines: {holdThrough: random.holdThrough, randomEntry: {...randomEntry, draws: nets.length}},
    sensitivities: sensitivities([market], config, range),
    walkForward: walkForwards(runner, market, result),
    splits: {
      year: splitByCalendar(curve, "year"),
      month: splitByCalendar(curve, "month"),
      regime: splitByRegime(result, curve, result.pairs[0]!.window.history)
    }
  };
}

/** Runs both walk-forward modes: half of the window trains, the rest is tested in four stretches (§6). */
function walkForwards(
  runner: SweepRunner,
  market: MarketData,
  {startMs, endMs}: {startMs: number; endMs: number}
): WalkForwardReport[] {
  const days = Math.floor((endMs - startMs) / DAY_MS);
  const testDays = Math.floor(days / 8);
  const trainDays = days - 4 * testDays;
  if (testDays < 7) return [];
  const configs = runner.grid.cells.map(({config}) => config);
  return (["anchored", "rolling"] as const).map((mode) => {
    const {folds, net, sharpe, efficiency, equity} = walkForward(market, configs, {
      fromMs: startMs,
      toMs: endMs,
      mode,
      trainDays,
      testDays
    });
    return {
      mode,
      net,
      sharpe,
      efficiency,
      folds: folds.map((fold) => foldReport(fold, runner)),
      equity: Array.from(equity)
    };
  });
}

const foldReport = ({trainFromMs, trainToMs, testToMs, chosen, inSample, outOfSample}: Fold, runner: SweepRunner) => ({
  trainFromMs,
  trainToMs,
  testToMs,
  params: runner.grid.cells[chosen]!.params,
  inSampleNet: inSample.net,
  outOfSampleNet: outOfSample.net
});
