import {Decimal} from "../money/decimal.js";
import {HOUR_MS} from "../time/grid.js";
import {firstAtOrAfter} from "../time/search.js";
import type {Settlement} from "./settlement.js";

const PERIOD_MS = 8 * HOUR_MS;
const LEAST_RUNS = 10;
const FALLBACK = new Decimal(30);

/**
 * How long past runs of `rate8h ≥ exitRate` have lasted, row after row (§5, `auto`). A run lasts from its first
 * row to the row that ended it; rows without a rate per 8 h neither end nor lengthen one.
 */
export class HoldRuns {
  readonly #exitRate: Decimal;
  readonly #lengths: number[] = [];
  #start: number | undefined;
  #median = FALLBACK;

  constructor(exitRate: Decimal) {
    this.#exitRate = exitRate;
  }

  /** Takes the next row in and gives the median run in periods of 8 h, or 30 while fewer than ten runs have ended. */
  push({t, rate8h}: Pick<Settlement, "t" | "rate8h">): Decimal {
    if (!rate8h) return this.#median;
    if (rate8h.gte(this.#exitRate)) this.#start ??= t;
    else if (this.#start !== undefined) {
      const length = t - this.#start;
      this.#lengths.splice(firstAtOrAfter(this.#lengths, length), 0, length);
      this.#start = undefined;
      if (this.#lengths.length >= LEAST_RUNS) this.#median = medianPeriods(this.#lengths);
    }
    return this.#median;
  }
}

/** {@link HoldRuns} over a whole history, with the answer as it was known at each settlement. */
export class HoldHistory {
  readonly #medians: readonly Decimal[];

  constructor(settlements: readonly Settlement[], exitRate: Decimal) {
    const runs = new HoldRuns(exitRate);
    this.#medians = settlements.map((settlement) => runs.push(settlement));
  }

  /** The median run in periods of 8 h after settlement `i`, or 30 while fewer than ten runs have ended. */
  at(i: number): Decimal {
    return this.#medians[i] ?? FALLBACK;
  }
}

function medianPeriods(sorted: readonly number[]): Decimal {
  const n = sorted.length;
  const doubled = sorted[Math.floor((n - 1) / 2)]! + sorted[Math.ceil((n - 1) / 2)]!;
  return new Decimal(doubled).div(2 * PERIOD_MS);
}
