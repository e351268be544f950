import type {FundingRow} from "../market/marketdata.js";
import {allowedIntervalHours, initialIntervalState, stepInterval, type IntervalState} from "../market/funding.js";
import {Decimal, decimal, text, toNumber} from "../money/decimal.js";
import {boundaryTs} from "../time/grid.js";
import {missingFrom, settlementOf, Signals} from "./history.js";
import type {Settlement} from "./settlement.js";
import {HoldRuns} from "./hold.js";
import {PERSISTENCE_RATE, TREND_WINDOW, trendDifferenceFloat, trendFromFloat, type VolumeCheck} from "./signals.js";
import type {PairView} from "./view.js";

/** {@link RateState} as plain data. */
export interface RateSnapshot {
  interval: IntervalState;
  newest: {
    row: [tsMs: number, rate: string, nextMs: number | null];
    hours: number | null;
    source: string | null;
  } | null;
  knownHours: number | null;
  recent: string[];
  streak: number;
  /** boundaries and rates per 8 h of all rows; null unless `keepRuns` is set */
  runs: [t: number, rate8h: string | null][] | null;
}

/** Market data at the instant of a decision. */
interface Surroundings {
  ts: number;
  /** true if the newest settlement is at this instant */
  settled: boolean;
  /** true if a perp candle opens at this instant */
  perpOpens: boolean;
  opens: {spot: Decimal | undefined; perp: Decimal | undefined};
  volume: VolumeCheck | undefined;
}

/**
 * The incremental counterpart of {@link PairHistory}: settlements of one pair arrive one by one, and the signals are the
 * same. Its memory is bounded unless `keepRuns` is set.
 */
export class RateState {
  readonly pair: string;
  readonly #allowedHours: readonly number[];
  readonly #keepRuns: boolean;
  #interval: IntervalState = initialIntervalState;
  #newest: Settlement | undefined;
  #knownHours: number | undefined;
  #recent: Decimal[] = [];
  #recentFloats: number[] = [];
  #streak = 0;
  #runs: {t: number; rate8h: Decimal | undefined}[] = [];
  readonly #holds = new Map<string, {runs: HoldRuns; median: Decimal}>();

  /** @param keepRuns keeps every row for `expectedHoldPeriods: "auto"` */
  constructor(pair: string, {venue, keepRuns}: {venue?: string | undefined; keepRuns: boolean}) {
    this.pair = pair;
    this.#allowedHours = allowedIntervalHours(venue);
    this.#keepRuns = keepRuns;
  }

  get newest(): Settlement | undefined {
    return this.#newest;
  }

  /**
   * Adds the next settlement.
   * @throws RangeError `invalid order: …` if it is not after the newest
   */
  push(row: FundingRow): Settlement {
    const {interval, state} = stepInterval(this.#interval, row, this.#allowedHours);
    this.#interval = state;
    const settlement = settlementOf(row, interval, this.#knownHours);
    this.#newest = settlement;
    this.#knownHours = settlement.knownHours;
    const {t, rate8h} = settlement;
    if (rate8h) {
      this.#recent.push(rate8h);
      this.#recentFloats.push(toNumber(rate8h));
      if (this.#recent.length > TREND_WINDOW) {
        this.#recent.shift();
        this.#recentFloats.shift();
      }
      this.#streak = rate8h.gte(PERSISTENCE_RATE) ? this.#streak + 1 : 0;
    }
    if (this.#keepRuns) {
      this.#runs.push({t, rate8h});
      for (const hold of this.#holds.values()) hold.median = hold.runs.push({t, rate8h});
    }
    return settlement;
  }

  /** Returns the strategy's view of the newest settlement. */
  view(at: Surroundings): PairView {
    const newest = this.#newest;
    let signals: Signals | undefined;
    return {
      pair: this.pair,
      newest,
      settled: at.settled ? newest : undefined,
      perpOpens: at.perpOpens,
      missingFrom: newest && missingFrom(newest),
      signals: () => {
        if (!newest?.rate8h) return undefined;
        const direction = trendFromFloat(trendDifferenceFloat(this.#recentFloats, this.#recentFloats.length));
        return (signals ??= new Signals(newest.rate8h, this.#streak, direction, {
          opens: () => at.opens,
          recent: [...this.#recent]
        }));
      },
      volume: () => at.volume,
      autoHold: (exitRate) => this.#autoHold(exitRate)
    };
  }

  #autoHold(exitRate: Decimal): Decimal | undefined {
    if (!this.#keepRuns || !this.#newest) return undefined;
    const key = text(exitRate);
    let hold = this.#holds.get(key);
    if (!hold) {
      const runs = new HoldRuns(exitRate);
      hold = {runs, median: this.#runs.map((row) => runs.push(row)).at(-1)!};
      this.#holds.set(key, hold);
    }
    return hold.median;
  }

  /** Returns the state as plain data. */
  snapshot(): RateSnapshot {
    const newest = this.#newest;
    return {
      interval: this.#interval,
      newest: newest
        ? {
            row: [newest.tsMs, text(newest.rate), newest.nextSettlementMs ?? null],
            hours: newest.intervalHours ?? null,
            source: newest.intervalSource ?? null
          }
        : null,
      knownHours: this.#knownHours ?? null,
      recent: this.#recent.map(text),
      streak: this.#streak,
      runs: this.#keepRuns ? this.#runs.map(({t, rate8h}) => [t, rate8h ? text(rate8h) : null]) : null
    };
  }

  /** Replaces the state by a snapshot. */
  restore({interval, newest, knownHours, recent, streak, runs}: RateSnapshot): void {
    this.#interval = {
      lastBoundaryTs: interval.lastBoundaryTs,
      knownHours: interval.knownHours,
      lastDistanceHours: interval.lastDistanceHours
    };
    this.#knownHours = knownHours ?? undefined;
    this.#newest = undefined;
    if (newest) {
      const [tsMs, rate, nextMs] = newest.row;
      const source = (newest.source ?? undefined) as Settlement["intervalSource"];
      const row = {tsMs, rate, nextSettlementMs: nextMs ?? undefined};
      this.#newest = settlementOf(
        row,
        {intervalHours: newest.hours ?? undefined, intervalSource: source},
        this.#knownHours
      );
    }
    this.#recent = recent.map((rate) => decimal(rate));
    this.#recentFloats = this.#recent.map(toNumber);
    this.#streak = streak;
    this.#runs = (runs ?? []).map(([t, rate8h]) => ({t, rate8h: rate8h === null ? undefined : decimal(rate8h)}));
    this.#holds.clear();
  }

  /** The boundary of the newest settlement; −∞ before the first. */
  get newestTs(): number {
    return this.#newest?.t ?? -Infinity;
  }

  /** Returns true if a row is newer than the newest settlement. */
  isNew(row: Pick<FundingRow, "tsMs">): boolean {
    return boundaryTs(row.tsMs) > this.newestTs;
  }
}
