import type {MarketData} from "../market/marketdata.js";
import type {Range} from "../backtest/window.js";
import {gridOfCells, type Axis, type Grid} from "./grid.js";
import {PairSweep, type RunTrial} from "./trials.js";

/** A sweep as plain data, which can be posted to a worker: every cell on every pair, each with its own capital. */
export interface SweepPlan {
  markets: readonly MarketData[];
  range: Range;
  /** config entries shared by all cells */
  base: Readonly<Record<string, string>>;
  axes: readonly Axis[];
}

/** Runs the trials of a sweep, in any order. Trial `i` is cell `i mod cells` on pair `⌊i / cells⌋`. */
export class SweepRunner {
  readonly plan: SweepPlan;
  readonly grid: Grid;
  readonly #sweeps: PairSweep[];

  constructor(plan: SweepPlan) {
    this.plan = plan;
    this.grid = gridOfCells(plan.base, plan.axes);
    this.#sweeps = plan.markets.map((market) => new PairSweep(market, plan.range));
  }

  get length(): number {
    return this.grid.cells.length * this.plan.markets.length;
  }

  /** Returns the pair and the cell of a trial. */
  at(index: number) {
    const cells = this.grid.cells.length;
    const pair = Math.floor(index / cells);
    return {pair: this.plan.markets[pair]!.pair, sweep: this.#sweeps[pair]!, cell: this.grid.cells[index % cells]!};
  }

  /** Runs the trials `[from, to)`. */
  run(from: number, to: number): RunTrial[] {
    const trials: RunTrial[] = [];
    for (let i = from; i < Math.min(to, this.length); ++i) {
      const {sweep, cell} = this.at(i);
      trials.push(sweep.run(i, cell.config));
    }
    return trials;
  }

  /**
   * Checks at least `count` evenly spaced trials against the exact ledger.
   * @throws Error `kernel disagrees: …`
   */
  check(count: number): void {
    const step = Math.max(1, Math.floor(this.length / count));
    for (let i = 0; i < this.length; i += step) {
      const {sweep, cell} = this.at(i);
      sweep.check(cell.config);
    }
  }
}

/** Splits `[0, length)` into chunks, small enough for responsive progress and cancellation. */
export function chunksOf(length: number, size = 64): {from: number; to: number}[] {
  return Array.from({length: Math.ceil(length / size)}, (_, i) => ({
    from: i * size,
    to: Math.min(length, (i + 1) * size)
  }));
}
