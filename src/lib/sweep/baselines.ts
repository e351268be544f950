import type {MarketData} from "../market/marketdata.js";
import type {Range} from "../backtest/window.js";
import {quantile} from "../stats/quantile.js";
import type {Random} from "../stats/random.js";
import {configEntries, parseConfig, type StrategyConfig} from "../strategy/config.js";
import type {Decisions} from "./decisions.js";
import type {Kernel} from "./kernel.js";
import type {Outcome} from "./outcome.js";
import {PairSweep} from "./trials.js";

/**
 * Returns the hold-through baseline of a config (§6): enter at the first rate above zero and never exit. Costs, capital
 * and margin are unchanged.
 */
export function holdThroughConfig(config: StrategyConfig): StrategyConfig {
  return parseConfig({
    ...configEntries(config),
    strategy: "simple",
    minRate: "0",
    exitRate: "-1",
    expectedHoldPeriods: "100000",
    sizing: "fixed"
  });
}

/** Results of random entries with the strategy's number of trades and holding lengths. */
export interface RandomEntries {
  /** nets in quote, ascending */
  nets: Float64Array;
  median: number | undefined;
  /** 5th percentile */
  low: number | undefined;
  /** 95th percentile */
  high: number | undefined;
  /** share of random draws with a lower net than the strategy */
  beaten: number | undefined;
}

/** Baselines of one config on one pair (§6). */
export interface Baselines {
  holdThrough: Outcome;
  randomEntry: RandomEntries;
}

/** Runs both baselines of a config on one pair; the result depends only on the data and the seed of `random`. */
export function baselines(
  data: MarketData,
  config: StrategyConfig,
  {random, draws = 200, ...range}: Range & {random: Random; draws?: number}
): Baselines {
  const sweep = new PairSweep(data, range);
  const kernel = sweep.kernel(config.warmup);
  const own = sweep.run(0, config).outcome;
  const lengths = heldSettlements(kernel, config);
  const nets: number[] = [];
  for (let i = 0; i < draws && lengths.length > 0; ++i) {
    scatter(kernel.decisions, lengths, random);
    const outcome = kernel.follow(config);
    if (outcome) nets.push(outcome.net);
  }
  const sorted = Float64Array.from(nets).sort();
  return {
    holdThrough: sweep.run(0, holdThroughConfig(config)).outcome,
    randomEntry: {
      nets: sorted,
      median: quantile(sorted, 0.5),
      low: quantile(sorted, 0.05),
      high: quantile(sorted, 0.95),
      beaten: nets.length > 0 ? nets.filter((net) => net < own.net).length / nets.length : undefined
    }
  };
}

/** Returns the length in settlements of each holding period implied by the strategy's decisions. */
function heldSettlements(kernel: Kernel, config: StrategyConfig): number[] {
  kernel.run(config);
  const {enter, exit} = kernel.decisions;
  const lengths: number[] = [];
  let since = -1;
  for (let k = 0; k < enter.length; ++k) {
    if (since < 0 && enter[k]) since = k;
    else if (since >= 0 && exit[k]) {
      lengths.push(k - since);
      since = -1;
    }
  }
  if (since >= 0 && since < enter.length - 1) lengths.push(enter.length - 1 - since);
  return lengths;
}

/** Overwrites `decisions` with holding periods of the given lengths, in random order with random gaps, not overlapping. */
function scatter(decisions: Decisions, lengths: readonly number[], random: Random): void {
  const {enter, exit} = decisions;
  enter.fill(0);
  exit.fill(0);
  const order = [...lengths];
  for (let i = order.length - 1; i > 0; --i) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const free = Math.max(0, enter.length - 1 - order.reduce((sum, length) => sum + length + 1, 0));
  const cuts = Float64Array.from(order, () => Math.floor(random() * (free + 1))).sort();
  let used = 0;
  order.forEach((length, i) => {
    const start = cuts[i]! + used;
    if (start >= enter.length) return;
    enter[start] = 1;
    if (start + length < exit.length) exit[start + length] = 1;
    used += length + 1;
  });
}
