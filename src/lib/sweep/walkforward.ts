import type {MarketData} from "../market/marketdata.js";
import {DataError} from "../errors.js";
import {DAY_MS} from "../time/grid.js";
import type {StrategyConfig} from "../strategy/config.js";
import type {Outcome} from "./outcome.js";
import {PairSweep, type RunTrial} from "./trials.js";
import {INSUFFICIENT, moments, sharpe, type Statistic} from "../stats/ratios.js";

export interface WalkForwardOptions {
  fromMs: number;
  toMs: number;
  /** `anchored`: training always starts at `fromMs`; `rolling`: training keeps its length */
  mode: "anchored" | "rolling";
  trainDays: number;
  testDays: number;
  /** training criterion, by default the net; the highest wins, ties go to the earlier config */
  score?: (outcome: Outcome) => number;
}

/** One fold of a walk-forward: a config chosen in training and tested on the following stretch. */
export interface Fold {
  trainFromMs: number;
  trainToMs: number;
  testToMs: number;
  /** index of the best config in training */
  chosen: number;
  inSample: Outcome;
  outOfSample: Outcome;
}

export interface WalkForward {
  folds: readonly Fold[];
  /** concatenated daily returns of all test stretches; each stretch starts with the account's capital */
  returns: Float64Array;
  /** compounded growth of 1 over those days, starting with 1 */
  equity: Float64Array;
  /** Σ net of the test stretches, in quote */
  net: number;
  sharpe: Statistic;
  /** mean out-of-sample net per day over mean in-sample net per day; "insufficient" unless the latter is positive */
  efficiency: Statistic;
}

/** The net, because a Sharpe ratio rewards an account that rarely trades. */
const byNet = (outcome: Outcome): number => outcome.net;

/**
 * Runs a walk-forward of several configs on one pair (§6). Each fold trades the best config in training on the following
 * stretch; earlier rows only warm up signals. Hedges are closed, with costs, at the end of a stretch.
 * @throws DataError if the range is shorter than one fold
 * @throws RangeError `invalid walk-forward: …`, `missing configs: …`
 */
export function walkForward(
  data: MarketData,
  configs: readonly StrategyConfig[],
  {fromMs, toMs, mode, trainDays, testDays, score = byNet}: WalkForwardOptions
): WalkForward {
  const trainMs = trainDays * DAY_MS;
  const testMs = testDays * DAY_MS;
  if (!(trainMs > 0 && testMs > 0)) throw new RangeError(`invalid walk-forward: ${trainDays} and ${testDays} days`);
  const folds: Fold[] = [];
  const returns: number[] = [];
  for (let trainToMs = fromMs + trainMs; trainToMs + testMs <= toMs; trainToMs += testMs) {
    const trainFromMs = mode === "anchored" ? fromMs : trainToMs - trainMs;
    const training = trainBest(new PairSweep(data, {fromMs: trainFromMs, toMs: trainToMs}), configs, score);
    const test = new PairSweep(data, {fromMs: trainToMs, toMs: trainToMs + testMs}).run(0, configs[training.index]!);
    returns.push(...test.returns);
    folds.push({
      trainFromMs,
      trainToMs,
      testToMs: trainToMs + testMs,
      chosen: training.index,
      inSample: training.outcome,
      outOfSample: test.outcome
    });
  }
  if (folds.length === 0) throw new DataError("missing data: the window is shorter than one fold");
  return {folds, ...summary(folds, Float64Array.from(returns), {trainDays, testDays, mode})};
}

function trainBest(
  sweep: PairSweep,
  configs: readonly StrategyConfig[],
  score: (outcome: Outcome) => number
): RunTrial {
  let best: RunTrial | undefined;
  configs.forEach((config, index) => {
    const trial = sweep.run(index, config);
    if (!best || score(trial.outcome) > score(best.outcome)) best = trial;
  });
  if (!best) throw new RangeError("missing configs: none given");
  return best;
}

function summary(
  folds: readonly Fold[],
  returns: Float64Array,
  {testDays}: {trainDays: number; testDays: number; mode: string}
): Omit<WalkForward, "folds"> {
  const net = folds.reduce((sum, {outOfSample}) => sum + outOfSample.net, 0);
  const inSample = folds.reduce((sum, fold) => {
    const days = (fold.trainToMs - fold.trainFromMs) / DAY_MS;
    return sum + fold.inSample.net / days / folds.length;
  }, 0);
  let growth = 1;
  const equity = Float64Array.from([1, ...returns.map((r) => (growth *= 1 + r))]);
  return {
    returns,
    equity,
    net,
    sharpe: sharpe(moments(returns)),
    efficiency: inSample > 0 ? net / (folds.length * testDays) / inSample : INSUFFICIENT
  };
}
