import {Decimal} from "../money/decimal.js";
import {PERIOD_MS} from "../time/grid.js";
import {firstAtOrAfter} from "../time/search.js";
import type {Settlement} from "./settlement.js";

const MIN_RUNS = 10;
const FALLBACK = new Decimal(30);

/**
 * The running median length of past runs of `rate8h ≥ exitRate` (§5, `auto`). A run lasts from its first row to the row
 * that ended it. Rows without a rate per 8 h neither end nor extend one.
 */
export class HoldRuns {
  readonly #exitRate: Decimal;
  readonly #lengths: number[] = [];
  #start: number | undefined;
  #median = FALLBACK;

  constructor(exitRate: Decimal) {
    this.#exitRate = exitRate;
  }

  /** Adds the next row and returns the median run in periods of 8 h, or 30 until ten runs have ended. */
  push({t, rate8h}: Pick<Settlement, "t" | "rate8h">): Decimal {
    if (!rate8h) return this.#median;
    if (rate8h.gte(this.#exitRate)) this.#start ??= t;
    else if (this.#start !== undefined) {
      const length = t - this.#start;
      this.#lengths.splice(firstAtOrAfter(this.#lengths, length), 0, length);
      this.#start = undefined;
      if (this.#lengths.length >= MIN_RUNS) this.#median = medianPeriods(this.#lengths);
    }
    return this.#median;
  }
}

/** {@link HoldRuns} over a whole history: the median as known at each settlement. */
export class HoldHistory {
  readonly #medians: readonly Decimal[];

  constructor(settlements: readonly Settlement[], exitRate: Decimal) {
    const runs = new HoldRuns(exitRate);
    this.#medians = settlements.map((settlement) => runs.push(settlement));
  }

  /** Returns the median run in periods of 8 h after settlement `i`, or 30 until ten runs have ended. */
  at(i: number): Decimal {
    return this.#medians[i] ?? FALLBACK;
  }
}

function medianPeriods(sorted: readonly number[]): Decimal {
  const n = sorted.length;
  const doubled = sorted[Math.floor((n - 1) / 2)]! + sorted[Math.ceil((n - 1) / 2)]!;
  return new Decimal(doubled).div(2 * PERIOD_MS);
}
