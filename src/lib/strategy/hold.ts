import {Decimal} from "../money/decimal.js";
import {HOUR_MS} from "../time/grid.js";
import {firstAtOrAfter} from "../time/search.js";
import type {Settlement} from "./history.js";

const PERIOD_MS = 8 * HOUR_MS;
const LEAST_RUNS = 10;
const FALLBACK = new Decimal(30);

/**
 * How long past runs of `rate8h ≥ exitRate` have lasted, as it was known at each settlement (SEMANTICS §5, `auto`).
 * A run lasts from its first row to the row that ended it; rows without a rate per 8 h neither end nor lengthen one.
 */
export class HoldHistory {
  readonly #medians: Decimal[] = [];

  constructor(settlements: readonly Settlement[], exitRate: Decimal) {
    const lengths: number[] = [];
    let start: number | undefined;
    let median = FALLBACK;
    for (const {t, rate8h} of settlements) {
      if (rate8h) {
        if (rate8h.gte(exitRate)) start ??= t;
        else if (start !== undefined) {
          lengths.splice(firstAtOrAfter(lengths, t - start), 0, t - start);
          start = undefined;
          if (lengths.length >= LEAST_RUNS) median = medianPeriods(lengths);
        }
      }
      this.#medians.push(median);
    }
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
