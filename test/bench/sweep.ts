import {createRequire} from "node:module";
import {availableParallelism} from "node:os";
import {sweepInThreads} from "../../engine/runs/sweep-threads.js";
import {parseAxis} from "../../src/lib/sweep/grid.js";
import {SweepRunner, type SweepPlan} from "../../src/lib/sweep/plan.js";
import {median, paired, type BenchRow} from "./harness.js";
import {madeMarket} from "./market.js";

/** A pair-year of hourly bars and a grid of 1,024 cells, simple and composite. */
const market = madeMarket();

const PLANS: Record<string, SweepPlan> = {
  simple: {
    markets: [market],
    range: {},
    base: {strategy: "simple"},
    axes: [parseAxis("minRate=0.0002:0.00051:0.00001"), parseAxis("exitRate=0:0.000155:0.000005")]
  },
  composite: {
    markets: [market],
    range: {},
    base: {strategy: "composite"},
    axes: [parseAxis("entry=0.3:0.61:0.01"), parseAxis("exit=0.05:0.205:0.005")]
  }
};

/** Trials verified against the exact ledger before timing. */
const GATED = 24;

/** The simplest possible loop: one moving threshold over one column, equity and drawdown, no ledger. */
function plainLoop(trials: number): number {
  const {close} = market.perp;
  let sum = 0;
  for (let k = 0; k < trials; ++k) {
    let mean = close[0]!;
    let cash = 1;
    let entry = 0;
    let peak = 1;
    let worst = 0;
    for (let i = 1; i < close.length; ++i) {
      const price = close[i]!;
      mean += (price - mean) / (20 + k / 50);
      if (entry === 0 && price < mean) entry = price;
      else if (entry > 0 && price > mean) {
        cash *= price / entry;
        entry = 0;
      }
      const equity = entry > 0 ? (cash * price) / entry : cash;
      if (equity > peak) peak = equity;
      else if (1 - equity / peak > worst) worst = 1 - equity / peak;
    }
    sum += cash - worst;
  }
  return sum;
}

/** Runs another npm library over the same bars, if installed (`npm install --no-save grademark data-forge chai@4`). */
function rival(): (() => unknown) | undefined {
  const require = createRequire(import.meta.url);
  try {
    const {backtest, analyze, computeEquityCurve, computeDrawdown} = require("grademark");
    const {DataFrame} = require("data-forge");
    const {ts, open, high, low, close, volume} = market.perp;
    const rows = Array.from(ts, (time, i) => ({
      time: new Date(time),
      open: open[i],
      high: high[i],
      low: low[i],
      close: close[i],
      volume: volume[i]
    }));
    const frame = new DataFrame(rows).setIndex("time");
    type Rule = (act: () => void, args: {bar: {close: number; mean: number}}) => void;
    const entryRule: Rule = (enter, {bar}) => bar.close < bar.mean && enter();
    const exitRule: Rule = (exit, {bar}) => bar.close > bar.mean && exit();
    let trial = 0;
    return () => {
      // each trial has its own parameter, hence its own indicator
      const weight = 1 / (20 + trial++);
      let mean = close[0]!;
      const withMean = frame
        .generateSeries({mean: (bar: {close: number}) => (mean += (bar.close - mean) * weight)})
        .bake();
      const trades = backtest({entryRule, exitRule}, withMean);
      return [analyze(1000, trades), computeEquityCurve(1000, trades), computeDrawdown(1000, trades)];
    };
  } catch {
    return undefined;
  }
}

const perSecond = (trials: number, ms: number): string =>
  `${Math.round((trials / ms) * 1000).toLocaleString("en-US")} trials/s`;

/** Measures the sweeps; every plan passes its gate first. */
export async function sweepBench(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [name, plan] of Object.entries(PLANS)) {
    const runner = new SweepRunner(plan);
    runner.check(GATED);
    const n = runner.length;
    const against = await paired(
      () => runner.run(0, n),
      () => plainLoop(n),
      5
    );
    rows.push({
      work: `sweep with full statistics, ${name}, ${n} trials × 8,760 bars, one thread`,
      figure: perSecond(n, against.a),
      against: `a plain loop without a ledger: ${perSecond(n, against.b)}`,
      ratio: against.b / against.a
    });
    const other = rival();
    if (!other)
      rows.push({work: `the same, ${name}`, figure: perSecond(n, against.a), against: "grademark: not installed"});
    else {
      const pair = await paired(
        () => runner.run(0, n),
        () => Array.from({length: 5}, other),
        3
      );
      rows.push({
        work: `the same, ${name}`,
        figure: perSecond(n, pair.a),
        against: `grademark: ${perSecond(5, pair.b)}`,
        ratio: pair.b / 5 / (pair.a / n)
      });
    }
    if (availableParallelism() > 1) rows.push(await threadsRow(name, plan));
  }
  return rows;
}

/** Measures one thread against two on ten times the grid, from the first returned trial to the last. */
async function threadsRow(name: string, plan: SweepPlan): Promise<BenchRow> {
  const wide = {...plan, axes: [...plan.axes, parseAxis("maxPositionUsd=500:1400:100")]};
  const run = async (threads: number) => {
    let first = 0;
    let start = 0;
    let last = 0;
    await sweepInThreads(wide, {
      threads,
      onProgress: (done) => {
        last = performance.now();
        if (start === 0) [first, start] = [done, last];
      }
    });
    return (last - start) / (10_240 - first);
  };
  const ratios: number[] = [];
  let two = 0;
  for (let i = 0; i < 5; ++i) {
    const one = await run(1);
    two = await run(2);
    ratios.push(one / two);
  }
  return {
    work: `${name}, 10,240 trials, two threads once started`,
    figure: perSecond(1, two),
    against: "one thread",
    ratio: median(ratios)
  };
}
