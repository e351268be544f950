import {Decimal} from "../money/decimal.js";
import {indexOf} from "../time/search.js";
import type {PairHistory, Signals} from "./history.js";
import type {Settlement} from "./settlement.js";
import type {VolumeCheck} from "./signals.js";

/** What a strategy may ask of one pair at one instant. */
export interface PairView {
  readonly pair: string;
  /** the settlement at this very instant, or undefined */
  readonly settled: Settlement | undefined;
  /** the newest settlement at or before this instant */
  readonly newest: Settlement | undefined;
  /** whether a perp candle opens at this instant */
  readonly perpOpens: boolean;
  /** the instant from which the newest settlement counts as overdue */
  readonly missingFrom: number | undefined;
  /** the signals at the newest settlement, with their parts */
  signals(): Signals | undefined;
  volume(): VolumeCheck | undefined;
  autoHold(exitRate: Decimal): Decimal | undefined;
}

/** What is known at one instant. */
export interface View {
  /** UTC ms */
  readonly ts: number;
  readonly pairs: readonly PairView[];
}

/**
 * A view of one pair's history at `ts`. It holds an index found by binary search and no way past it, so that it cannot
 * answer with what is not yet known (§1).
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

/** The view of some pairs at one instant. */
export function viewAt(histories: readonly PairHistory[], ts: number): View {
  return {ts, pairs: histories.map((history) => new HistoryView(history, ts))};
}
