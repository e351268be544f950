import {Decimal} from "../money/decimal.js";
import {indexOf} from "../time/search.js";
import type {PairHistory, Signals} from "./history.js";
import type {Settlement} from "./settlement.js";
import type {VolumeCheck} from "./signals.js";

/** The data of one pair that a strategy may use at one instant. */
export interface PairView {
  readonly pair: string;
  /** the settlement at this instant, if any */
  readonly settled: Settlement | undefined;
  /** the newest settlement at or before this instant */
  readonly newest: Settlement | undefined;
  /** true if a perp candle opens at this instant */
  readonly perpOpens: boolean;
  /** the instant from which the next settlement is overdue, UTC ms */
  readonly missingFrom: number | undefined;
  /** Returns the signals at the newest settlement; undefined if it has no rate per 8 h. */
  signals(): Signals | undefined;
  volume(): VolumeCheck | undefined;
  autoHold(exitRate: Decimal): Decimal | undefined;
}

/** The data of several pairs known at one instant. */
export interface View {
  /** UTC ms */
  readonly ts: number;
  readonly pairs: readonly PairView[];
}

/**
 * A view of one pair's history at `ts`. It exposes no row after its index, so a strategy cannot look ahead (§1).
 */
class HistoryView implements PairView {
  readonly #history: PairHistory;
  readonly #index: number;
  readonly #ts: number;

  constructor(history: PairHistory, ts: number) {
    this.#history = history;
    this.#index = history.indexAt(ts);
    this.#ts = ts;
  }

  get pair() {
    return this.#history.pair;
  }

  get newest() {
    return this.#history.settlements[this.#index];
  }

  get settled() {
    const newest = this.newest;
    return newest?.t === this.#ts ? newest : undefined;
  }

  get perpOpens() {
    return indexOf(this.#history.data.perp.ts, this.#ts) >= 0;
  }

  get missingFrom() {
    return this.#index < 0 ? undefined : this.#history.missingFrom(this.#index);
  }

  signals() {
    return this.#index < 0 ? undefined : this.#history.signals(this.#index);
  }

  volume() {
    return this.#index < 0 ? undefined : this.#history.volume(this.#index);
  }

  autoHold(exitRate: Decimal) {
    return this.#index < 0 ? undefined : this.#history.autoHold(this.#index, exitRate);
  }
}

/** Returns the view of several pairs at one instant. */
export function viewAt(histories: readonly PairHistory[], ts: number): View {
  return {ts, pairs: histories.map((history) => new HistoryView(history, ts))};
}
