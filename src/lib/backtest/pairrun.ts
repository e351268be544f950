import type {Hedge} from "../ledger/hedge.js";
import type {Rules} from "../ledger/rules.js";
import type {Trade} from "../ledger/trade.js";
import type {StrategyConfig} from "../strategy/config.js";
import type {Intent, PairBook} from "../strategy/decide.js";
import {timeframeMs} from "../time/grid.js";
import {firstAtOrAfter, indexOf} from "../time/search.js";
import {PairDesk, type Opens} from "./desk.js";
import type {Claim} from "./entry.js";
import {markAt} from "../market/marks.js";
import {openAt, priceOf} from "../market/marketdata.js";
import {windowRules, type PairWindow} from "./window.js";

/**
 * One pair in a backtest: its desk and its cursors into the data. Each method is one phase of the order within an
 * instant (§3). The run calls each phase for all pairs before the next.
 */
export class PairRun {
  readonly window: PairWindow;
  readonly desk: PairDesk;
  #nextInstant = 0;
  #nextBar: number;
  #nextSettlement: number;
  #spot = 0;
  #perp = 0;
  #settledTs = -Infinity;

  constructor(window: PairWindow, config: StrategyConfig) {
    this.window = window;
    this.desk = new PairDesk(window.pair, windowRules(window, config), config, timeframeMs(window.data.timeframe));
    this.#nextBar = firstAtOrAfter(window.bars.end, window.startMs + 1);
    this.#nextSettlement = firstAtOrAfter(window.history.t, window.startMs);
  }

  get hedge(): Hedge | undefined {
    return this.desk.hedge;
  }

  get pair(): string {
    return this.window.pair;
  }

  get rules(): Rules {
    return this.desk.rules;
  }

  get trades(): readonly Trade[] {
    return this.desk.trades;
  }

  get book(): PairBook {
    return this.desk.book;
  }

  /** Advances to `t`; returns false if the pair has no event at that instant. */
  arrive(t: number): boolean {
    if (this.window.instants[this.#nextInstant] !== t) return false;
    ++this.#nextInstant;
    this.desk.begin();
    const {spot, perp} = this.window.data;
    while (this.#spot < spot.ts.length && spot.ts[this.#spot]! < t) ++this.#spot;
    while (this.#perp < perp.ts.length && perp.ts[this.#perp]! < t) ++this.#perp;
    return true;
  }

  #opens(t: number): Opens | undefined {
    const {spot, perp} = this.window.data;
    if (spot.ts[this.#spot] !== t || perp.ts[this.#perp] !== t) return undefined;
    return {spot: priceOf(spot.open[this.#spot])!, perp: priceOf(perp.open[this.#perp])!};
  }

  /** Phase 1: checks completed bars for a liquidation and sells the coin of a liquidated hedge if spot opens at `t`. */
  liquidate(t: number): void {
    const {open, end, high, fromMark} = this.window.bars;
    for (; this.#nextBar < end.length && end[this.#nextBar]! <= t; ++this.#nextBar) {
      if (!this.hedge) continue;
      const bar = this.#nextBar;
      const openTs = open[bar]!;
      const source = fromMark[bar] ? "mark" : "perp";
      this.desk.checkBar({openTs, endTs: end[bar]!, high: high[bar]!, source}, () => this.#newestOpens(openTs));
    }
    if (!this.hedge || this.hedge.hedged || t >= this.window.endMs) return;
    const spotReference = openAt(this.window.data.spot, t);
    if (spotReference) this.desk.sellCoin(t, spotReference);
  }

  /** Returns both opens of the newest instant up to `t` at which both markets opened. The entry was such an instant. */
  #newestOpens(t: number): Opens {
    const {spot, perp} = this.window.data;
    for (let i = firstAtOrAfter(spot.ts, t + 1) - 1; i >= 0; --i) {
      const j = indexOf(perp.ts, spot.ts[i]!);
      if (j >= 0) return {spot: priceOf(spot.open[i])!, perp: priceOf(perp.open[j])!};
    }
    throw new RangeError(`missing opens: ${this.pair} before ${t}`);
  }

  /** Phase 2: applies the settlement at `t`, if any; nothing settles at the end of the run (§3). */
  settle(t: number): void {
    const {history, data, endMs} = this.window;
    const settlement = history.settlements[this.#nextSettlement];
    if (settlement?.t !== t || t >= endMs) return;
    ++this.#nextSettlement;
    this.#settledTs = t;
    const {rate, intervalSource} = settlement;
    this.desk.settle(t, {rate, ambiguous: intervalSource === "ambiguous"}, () => markAt(data, t));
  }

  /** Returns true if a hedge is open and its next settlement is overdue at `t` (§5). */
  #overdue(t: number): boolean {
    const newest = this.#nextSettlement - 1;
    return this.hedge !== undefined && newest >= 0 && t >= this.window.history.missingFrom(newest);
  }

  /** Returns true if anything but a liquidation can happen at `t`; most bars only check the margin. */
  busy(t: number): boolean {
    const {barred, entry, exit} = this.desk;
    if (t >= this.window.endMs || barred || entry || exit) return true;
    return this.window.history.t[this.#nextSettlement] === t || this.#overdue(t);
  }

  /**
   * Phase 3: returns true if the strategy may decide: a settlement at `t`, or an overdue one with a hedge open. It only
   * avoids building a view at every bar.
   */
  mayDecide(t: number): boolean {
    return t < this.window.endMs && (this.#settledTs === t || this.#overdue(t));
  }

  /** Phase 3: records a decided intent. */
  take(intent: Intent, t: number): void {
    this.desk.take(intent, t);
  }

  /** Phase 4: fills a waiting exit, or ends the run. */
  close(t: number): void {
    if (!this.hedge) return;
    if (t >= this.window.endMs) return this.#end(t);
    const exit = this.desk.exitReady(t);
    const opens = exit && this.#opens(t);
    if (!opens) return;
    const {reason, decision} = exit;
    this.desk.close(t, {reason, decision, spotReference: opens.spot, perpReference: opens.perp});
  }

  #end(t: number): void {
    const {data, last} = this.window;
    this.desk.close(t, {
      reason: this.hedge!.hedged ? "backtest-end" : "liquidated",
      decision: undefined,
      spotReference: priceOf(data.spot.close[last.spot])!,
      perpReference: priceOf(data.perp.close[last.perp])!
    });
  }

  /** Phase 5: removes and returns the waiting entry, with both opens, if it may fill at `t`. */
  claimEntry(t: number): Claim | undefined {
    if (t >= this.window.endMs || !this.desk.entryReady(t)) return undefined;
    const opens = this.#opens(t);
    return opens && {intent: this.desk.claim(), spotReference: opens.spot, perpReference: opens.perp};
  }
}
