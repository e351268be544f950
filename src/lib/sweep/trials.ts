import {runWindows} from "../backtest/run.js";
import {totalsOf} from "../backtest/totals.js";
import type {MarketData} from "../market/marketdata.js";
import {windowOf, type Range} from "../backtest/window.js";
import {dailyReturns, equityCurve} from "../backtest/curve.js";
import {metricsOf} from "../backtest/metrics.js";
import {moments} from "../stats/ratios.js";
import type {StrategyConfig} from "../strategy/config.js";
import {disagreements} from "./gate.js";
import {Kernel} from "./kernel.js";
import type {Outcome} from "./outcome.js";
import {prepare} from "./prepare.js";

/** The outcome of one grid cell on one pair. */
export interface Trial {
  /** index in the sweep, cells within pairs */
  index: number;
  pair: string;
  params: Readonly<Record<string, string>>;
  outcome: Outcome;
  /** which engine computed it: the float kernel, or the exact ledger where floats were not certain */
  engine: "float" | "exact";
}

/** A trial with its daily returns, as a worker returns it. */
export interface RunTrial {
  index: number;
  outcome: Outcome;
  engine: "float" | "exact";
  returns: Float64Array;
}

/** Runs trials on one pair and range, with one kernel per `warmup` setting, created on first use. */
export class PairSweep {
  readonly #data: MarketData;
  readonly #range: Range;
  readonly #kernels = new Map<boolean, Kernel>();

  constructor(data: MarketData, range: Range) {
    this.#data = data;
    this.#range = range;
  }

  /** Returns the kernel with or without warm-up. */
  kernel(warmup: boolean): Kernel {
    let kernel = this.#kernels.get(warmup);
    if (!kernel) this.#kernels.set(warmup, (kernel = new Kernel(prepare(windowOf(this.#data, this.#range, warmup)))));
    return kernel;
  }

  /** Runs one trial in the float kernel, or in the exact ledger where floats are not certain. */
  run(index: number, config: StrategyConfig): RunTrial {
    const kernel = this.kernel(config.warmup);
    const outcome = kernel.run(config);
    if (outcome) return {index, outcome, engine: "float", returns: kernel.returns.slice()};
    return {index, engine: "exact", ...this.#exact(config)};
  }

  /**
   * Checks one float trial against the exact ledger (1e-9 relative).
   * @throws Error `kernel disagrees: …`
   */
  check(config: StrategyConfig): void {
    const kernel = this.kernel(config.warmup);
    const outcome = kernel.run(config);
    if (!outcome) return;
    const [first] = disagreements(outcome, runWindows([kernel.p.window], config), {daily: kernel.daily});
    if (first) throw new Error(`kernel disagrees: ${first.name} is ${first.float}, exactly ${first.exact}`);
  }

  #exact(config: StrategyConfig): {outcome: Outcome; returns: Float64Array} {
    const result = runWindows([this.kernel(config.warmup).p.window], config);
    const totals = totalsOf(result.trades, config.capital);
    const metrics = metricsOf(result);
    const returns = dailyReturns(equityCurve(result));
    const outcome: Outcome = {
      ...result.pairs[0]!.counts,
      trades: totals.trades,
      payments: totals.payments,
      wins: totals.wins,
      liquidated: totals.liquidated,
      funding: Number(totals.funding),
      basis: Number(totals.basis),
      fees: Number(totals.fees),
      slippage: Number(totals.slippage),
      liquidationLoss: Number(totals.liquidationLoss),
      liquidationDrift: Number(totals.liquidationDrift),
      net: Number(totals.net),
      equity: Number(totals.equity),
      totalReturn: metrics.totalReturn,
      sharpe: metrics.sharpe,
      sortino: metrics.sortino,
      maxDrawdown: metrics.maxDrawdown,
      exposure: metrics.exposure,
      turnover: metrics.turnover,
      returns: moments(returns)
    };
    return {outcome, returns};
  }
}
