import type {Decimal} from "../money/decimal.js";

/** One value of open interest, of a borrow rate or of a series of a person's own. Instants are UTC ms. */
export interface Observation {
  /** the instant that the value is of */
  ts: number;
  /** the instant from which it is known, never before `ts` (§1) */
  knownTs: number;
  value: Decimal;
}

/** Observations that answer only with what is known at an instant. */
export class Observations {
  /** ascending by the instant from which each is known */
  private readonly byKnown: readonly Observation[];
  /** the observation of the latest `ts` among the first ones, up to and with the same index */
  private readonly newest: readonly Observation[];

  /**
   * @param rows in any order; of two of one `ts` the one known later replaces the other from then on
   * @throws RangeError `invalid known: …` for a row that is known before its instant
   */
  constructor(rows: readonly Observation[]) {
    const early = rows.find(({ts, knownTs}) => !(knownTs >= ts));
    if (early) throw new RangeError(`invalid known: ${early.knownTs} is before its ts ${early.ts}`);
    this.byKnown = [...rows].sort((a, b) => a.knownTs - b.knownTs || a.ts - b.ts);
    let best: Observation | undefined;
    this.newest = this.byKnown.map((row) => (best = best === undefined || row.ts >= best.ts ? row : best));
  }

  /**
   * Returns the newest observation known at `t`; undefined where there is none.
   * @param maxAgeMs age of its `ts` above which it is none, e.g. 24 h for a borrow rate (§3a)
   */
  at(t: number, maxAgeMs = Infinity): Observation | undefined {
    let [low, high] = [0, this.byKnown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.byKnown[middle]!.knownTs <= t) low = middle + 1;
      else high = middle;
    }
    const found = this.newest[low - 1];
    return found === undefined || t - found.ts > maxAgeMs ? undefined : found;
  }
}
