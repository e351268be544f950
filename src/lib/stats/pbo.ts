import {INSUFFICIENT, MIN_DAYS, type Statistic} from "./ratios.js";

/** The result of combinatorially symmetric cross-validation. */
export interface Overfitting {
  /** share of splits in which the in-sample best ranks at or below the out-of-sample median */
  pbo: Statistic;
  /** share of splits in which the in-sample best loses out of sample */
  lossProbability: Statistic;
  /** logit of the out-of-sample rank, per split */
  logits: Float64Array;
  splits: number;
  blocks: number;
}

export interface CscvOptions {
  /** even number of blocks; by default 16, or fewer to keep splits × trials within the budget */
  blocks?: number;
  /** limit on splits × trials when `blocks` is not given */
  budget?: number;
}

/**
 * Estimates the probability of backtest overfitting by combinatorially symmetric cross-validation: Bailey, Borwein, López
 * de Prado and Zhu (2017), *The Probability of Backtest Overfitting*, section 2. Days are cut into an even number of
 * blocks. Every choice of half the blocks is in sample once, the rest out of sample. Trials rank by Sharpe ratio.
 * @param returns one series of daily returns per trial, all over the same days
 * @throws RangeError `invalid blocks: …`
 */
export function overfitting(
  returns: readonly ArrayLike<number>[],
  {budget = 2e7, blocks = blocksWithin(returns.length, budget)}: CscvOptions = {}
): Overfitting {
  const days = returns[0]?.length ?? 0;
  if (blocks < 2 || blocks % 2 !== 0) throw new RangeError(`invalid blocks: ${blocks}`);
  if (returns.length < 2 || days < Math.max(MIN_DAYS, 2 * blocks)) {
    return {pbo: INSUFFICIENT, lossProbability: INSUFFICIENT, logits: new Float64Array(), splits: 0, blocks};
  }
  const sums = blockSums(returns, blocks);
  const splits = halves(blocks);
  const logits = new Float64Array(splits.length);
  let losses = 0;
  const inside = new Float64Array(returns.length);
  const outside = new Float64Array(returns.length);
  splits.forEach((mask, i) => {
    measure(sums, mask, inside);
    measure(sums, ~mask, outside);
    const best = argMax(inside);
    logits[i] = logitOfRank(outside, best);
    if (outside[best]! < 0) ++losses;
  });
  return {
    pbo: logits.filter((logit) => logit <= 0).length / splits.length,
    lossProbability: losses / splits.length,
    logits,
    splits: splits.length,
    blocks
  };
}

function blocksWithin(trials: number, budget: number): number {
  let blocks = 16;
  while (blocks > 4 && choose(blocks) * trials > budget) blocks -= 2;
  return blocks;
}

const choose = (blocks: number): number => {
  let ways = 1;
  for (let i = 1; i <= blocks / 2; ++i) ways = (ways * (blocks / 2 + i)) / i;
  return Math.round(ways);
};

/** Returns all choices of half the blocks as bit masks: C(S, S/2) of them, 12,870 for S = 16. */
export function halves(blocks: number): number[] {
  const masks: number[] = [];
  for (let mask = 0; mask < 1 << blocks; ++mask) if (bits(mask) === blocks / 2) masks.push(mask);
  return masks;
}

function bits(mask: number): number {
  let n = 0;
  for (let rest = mask; rest; rest &= rest - 1) ++n;
  return n;
}

interface BlockSums {
  blocks: number;
  trials: number;
  /** row-major: one row per block, one column per trial */
  sum: Float64Array;
  squares: Float64Array;
  days: Float64Array;
}

/** Sums returns per block. Leading days that do not fill the blocks evenly are dropped, as in the paper. */
function blockSums(returns: readonly ArrayLike<number>[], blocks: number): BlockSums {
  const trials = returns.length;
  const total = returns[0]!.length;
  const each = Math.floor(total / blocks);
  const skip = total - each * blocks;
  const sum = new Float64Array(blocks * trials);
  const squares = new Float64Array(blocks * trials);
  returns.forEach((series, trial) => {
    for (let b = 0; b < blocks; ++b) {
      for (let d = skip + b * each; d < skip + (b + 1) * each; ++d) {
        const value = series[d]!;
        sum[b * trials + trial]! += value;
        squares[b * trials + trial]! += value * value;
      }
    }
  });
  return {blocks, trials, sum, squares, days: new Float64Array(blocks).fill(each)};
}

/** Writes every trial's Sharpe ratio over the blocks of a mask to `out`; a constant series has 0. */
function measure({blocks, trials, sum, squares, days}: BlockSums, mask: number, out: Float64Array): void {
  const total = new Float64Array(trials);
  const square = new Float64Array(trials);
  let n = 0;
  for (let b = 0; b < blocks; ++b) {
    if (!(mask & (1 << b))) continue;
    n += days[b]!;
    for (let i = 0, j = b * trials; i < trials; ++i, ++j) {
      total[i]! += sum[j]!;
      square[i]! += squares[j]!;
    }
  }
  for (let i = 0; i < trials; ++i) {
    const mean = total[i]! / n;
    const variance = (square[i]! - n * mean * mean) / (n - 1);
    out[i] = variance > 1e-30 ? mean / Math.sqrt(variance) : 0;
  }
}

function argMax(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; ++i) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Returns `ln(ω / (1 − ω))`, where ω is the ascending rank of one value over N + 1; ties share their mean rank. */
function logitOfRank(values: Float64Array, index: number): number {
  const own = values[index]!;
  let below = 0;
  let equal = 0;
  for (const value of values) {
    if (value < own) ++below;
    else if (value === own) ++equal;
  }
  const omega = (below + (equal + 1) / 2) / (values.length + 1);
  return Math.log(omega / (1 - omega));
}
