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
  /** `anchored`: every training stretch starts at `fromMs`; `rolling`: it keeps its length */
  mode: "anchored" | "rolling";
  trainDays: number;
  testDays: number;
  /** what the best in training is chosen by; highest wins, ties to the earlier config */
  score?: (outcome: Outcome) => number;
}

/** One step of a walk-forward: chosen on the past, judged on what came next. */
export interface Fold {
  trainFromMs: number;
  trainToMs: number;
  testToMs: number;
  /** index of the config that was best in training */
  chosen: number;
  inSample: Outcome;
  outOfSample: Outcome;
}

export interface WalkForward {
  folds: readonly Fold[];
  /** daily returns of all test stretches in a row, each stretch on the account's capital */
  returns: Float64Array;
  /** growth of 1 over those days */
  equity: Float64Array;
  /** Σ net of the test stretches, in quote */
  net: number;
  sharpe: Statistic;
  /** mean out-of-sample net per day over mean in-sample net per day; "insufficient" where the latter is not positive */
  efficiency: Statistic;
}

/** By net, because a Sharpe ratio rewards an account that hardly trades. */
const byNet = (outcome: Outcome): number => outcome.net;

/**
 * Walk-forward of some configs on one pair (§6): in every fold the best in training is traded on the stretch
 * after it, with earlier rows only warming its signals up. Hedges are closed at the end of a stretch and pay for it.
 * @throws DataError where not even one fold fits
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
  let grown = 1;
  const equity = Float64Array.from([1, ...returns.map((r) => (grown *= 1 + r))]);
  return {
    returns,
    equity,
    net,
    sharpe: sharpe(moments(returns)),
    efficiency: inSample > 0 ? net / (folds.length * testDays) / inSample : INSUFFICIENT
  };
}
