import {Hedge} from "../ledger/hedge.js";
import {roundToTick, type Rules} from "../ledger/rules.js";
import type {Refusal} from "../ledger/sizing.js";
import type {Trade} from "../ledger/trade.js";
import type {StrategyConfig} from "../strategy/config.js";
import type {Intent, PairBook} from "../strategy/decide.js";
import {Decimal, toNumber} from "../money/decimal.js";
import {timeframeMs} from "../time/grid.js";
import {firstAtOrAfter, indexOf} from "../time/search.js";
import {markAt} from "./marks.js";
import {openAt, priceOf} from "./marketdata.js";
import {windowRules, type PairWindow} from "./window.js";

export type EnterIntent = Extract<Intent, {type: "enter"}>;
export type ExitIntent = Extract<Intent, {type: "exit"}>;

interface WaitingEntry {
  intent: EnterIntent;
  /** the first instant at which it may fill */
  readyTs: number;
  /** the newest entry decision */
  renewedTs: number;
}

/** A fill that was refused; the pair "cannot be opened" then. */
export interface RefusedFill {
  ts: number;
  reason: Refusal;
}

/**
 * The state of one pair in a run: its hedge, its one waiting intent and its place in the data. Each method is one phase
 * of the order within an instant (SEMANTICS §3); the engine calls them for all pairs, phase by phase.
 */
export class PairRun {
  readonly window: PairWindow;
  readonly rules: Rules;
  readonly trades: Trade[] = [];
  readonly refusals: RefusedFill[] = [];
  noPrice = 0;
  ambiguous = 0;
  #hedge: Hedge | undefined;
  readonly #config: StrategyConfig;
  readonly #barMs: number;
  #entry: WaitingEntry | undefined;
  #exit: {intent: ExitIntent; readyTs: number} | undefined;
  #barred = false;
  #nextInstant = 0;
  #nextBar: number;
  #nextSettlement: number;
  #spot = 0;
  #perp = 0;
  #settledTs = -Infinity;
  #booked = 0;
  /** floats of the open hedge's P*: under the first no high can reach it */
  #safeHigh = 0;

  constructor(window: PairWindow, config: StrategyConfig) {
    this.window = window;
    this.rules = windowRules(window, config);
    this.#config = config;
    this.#barMs = timeframeMs(window.data.timeframe);
    this.#nextBar = firstAtOrAfter(window.bars.end, window.startMs + 1);
    this.#nextSettlement = firstAtOrAfter(window.history.t, window.startMs);
  }

  get hedge(): Hedge | undefined {
    return this.#hedge;
  }

  /** Takes an opened hedge in. */
  hold(hedge: Hedge): void {
    this.#hedge = hedge;
    this.#safeHigh = toNumber(hedge.prices.liquidation) * (1 - 1e-15);
  }

  get pair(): string {
    return this.window.pair;
  }

  get waitingEntry(): EnterIntent | undefined {
    return this.#entry?.intent;
  }

  get waitingExit(): ExitIntent | undefined {
    return this.#exit?.intent;
  }

  get finished(): boolean {
    return this.#nextInstant >= this.window.instants.length;
  }

  /** Moves to `t` and tells whether anything of the pair happens then. */
  arrive(t: number): boolean {
    if (this.window.instants[this.#nextInstant] !== t) return false;
    ++this.#nextInstant;
    this.#barred = false;
    const {spot, perp} = this.window.data;
    while (this.#spot < spot.ts.length && spot.ts[this.#spot]! < t) ++this.#spot;
    while (this.#perp < perp.ts.length && perp.ts[this.#perp]! < t) ++this.#perp;
    return true;
  }

  #opens(t: number): {spot: Decimal; perp: Decimal} | undefined {
    const {spot, perp} = this.window.data;
    if (spot.ts[this.#spot] !== t || perp.ts[this.#perp] !== t) return undefined;
    return {spot: priceOf(spot.open[this.#spot])!, perp: priceOf(perp.open[this.#perp])!};
  }

  get book(): PairBook {
    return {
      position: this.hedge ? (this.hedge.hedged ? "open" : "unhedged") : "flat",
      waiting: this.#entry ? "entry" : this.#exit ? "exit" : undefined,
      barred: this.#barred
    };
  }

  /** Phase 1: bars that have ended may liquidate; the coin of a liquidated hedge is sold when spot next opens. */
  liquidate(t: number): void {
    const {bars} = this.window;
    while (this.#nextBar < bars.end.length && bars.end[this.#nextBar]! <= t) this.#check(this.#nextBar++);
    if (!this.hedge || this.hedge.hedged || t >= this.window.endMs) return;
    const spotReference = openAt(this.window.data.spot, t);
    if (spotReference) this.#close(t, {reason: "liquidated", decision: undefined, spotReference});
  }

  #check(bar: number): void {
    const {hedge} = this;
    const {bars} = this.window;
    const high = bars.high[bar]!;
    if (!hedge?.hedged || high < this.#safeHigh || bars.open[bar]! < hedge.order.ts) return;
    const price = hedge.prices.liquidation;
    if (new Decimal(high).lt(price)) return;
    const {spot, perp} = this.#newestOpens(bars.open[bar]!);
    hedge.liquidate(bars.end[bar]!, {
      barTs: bars.open[bar]!,
      source: bars.fromMark[bar] ? "mark" : "perp",
      high: new Decimal(high),
      spotReference: roundToTick(price.times(spot).div(perp), this.rules.spotTick)
    });
    this.#exit = undefined;
    this.#barred = true;
  }

  /** The two opens of the newest instant up to `t` at which both markets opened; the entry was one. */
  #newestOpens(t: number): {spot: Decimal; perp: Decimal} {
    const {spot, perp} = this.window.data;
    for (let i = firstAtOrAfter(spot.ts, t + 1) - 1; i >= 0; --i) {
      const j = indexOf(perp.ts, spot.ts[i]!);
      if (j >= 0) return {spot: priceOf(spot.open[i])!, perp: priceOf(perp.open[j])!};
    }
    throw new RangeError(`missing opens: ${this.pair} before ${t}`);
  }

  /** Phase 2: the settlement at `t`, if there is one; after the end there is none. */
  settle(t: number): void {
    const {history, data, endMs} = this.window;
    const settlement = history.settlements[this.#nextSettlement];
    if (settlement?.t !== t || t >= endMs) return;
    ++this.#nextSettlement;
    this.#settledTs = t;
    if (settlement.intervalSource === "ambiguous") ++this.ambiguous;
    if (!this.hedge?.hedged || t <= this.hedge.order.ts) return;
    const mark = markAt(data, t);
    if (mark) this.hedge.settle({ts: t, rate: settlement.rate, ...mark});
  }

  /** Phase 3, before deciding: a waiting entry lapses once more than `maxWaitBars` bars have passed. */
  lapse(t: number): void {
    if (!this.#entry) return;
    const since = Math.max(this.#entry.renewedTs, this.#entry.readyTs);
    if (t - since <= this.#config.maxWaitBars * this.#barMs) return;
    this.#entry = undefined;
    ++this.noPrice;
  }

  /** Whether the newest settlement is overdue at `t` with a hedge open. */
  #overdue(t: number): boolean {
    const newest = this.#nextSettlement - 1;
    return this.#hedge !== undefined && newest >= 0 && t >= this.window.history.missingFrom(newest);
  }

  /** Whether anything but a liquidation can happen at `t`: most bars only check the margin. */
  busy(t: number): boolean {
    if (t >= this.window.endMs || this.#barred || this.#entry || this.#exit) return true;
    return this.window.history.t[this.#nextSettlement] === t || this.#overdue(t);
  }

  /**
   * Phase 3: whether there is anything to ask the strategy: a settlement at this instant, or one overdue with a hedge
   * open. It spares a view at every bar and decides nothing.
   */
  mayDecide(t: number): boolean {
    return t < this.window.endMs && (this.#settledTs === t || this.#overdue(t));
  }

  /** The trades closed since this was last asked. */
  takeClosed(): readonly Trade[] {
    const closed = this.trades.slice(this.#booked);
    this.#booked = this.trades.length;
    return closed;
  }

  /** Phase 3: takes one intent in. */
  take(intent: Intent, t: number): void {
    const readyTs = t + this.#config.decisionDelayBars * this.#barMs;
    if (intent.type === "drop") this.#entry = undefined;
    else if (intent.type === "exit") this.#exit = {intent, readyTs};
    else this.#entry = {intent, readyTs: this.#entry?.readyTs ?? readyTs, renewedTs: t};
  }

  /** Phase 4: fills a waiting exit, or ends the run. */
  close(t: number): void {
    if (!this.hedge) return;
    if (t >= this.window.endMs) return this.#end(t);
    if (!this.#exit || t < this.#exit.readyTs) return;
    const opens = this.#opens(t);
    if (!opens) return;
    const {reason, decision} = this.#exit.intent;
    this.#close(t, {reason, decision, spotReference: opens.spot, perpReference: opens.perp});
  }

  #end(t: number): void {
    const {data, last} = this.window;
    const lost = !this.hedge!.hedged;
    this.#close(t, {
      reason: lost ? "liquidated" : "backtest-end",
      decision: undefined,
      spotReference: priceOf(data.spot.close[last.spot])!,
      perpReference: priceOf(data.perp.close[last.perp])!
    });
  }

  #close(t: number, exit: Omit<Parameters<Hedge["close"]>[1], "perpReference"> & {perpReference?: Decimal}): void {
    const {perpReference} = exit;
    this.trades.push(this.hedge!.close(t, {...exit, perpReference}));
    this.#hedge = undefined;
    this.#exit = undefined;
    this.#barred = true;
  }

  /** Phase 5: the waiting entry that may fill at `t`, with both opens; the intent is consumed by asking. */
  claimEntry(t: number): {intent: EnterIntent; spotReference: Decimal; perpReference: Decimal} | undefined {
    if (!this.#entry || this.#barred || t < this.#entry.readyTs || t >= this.window.endMs) return undefined;
    const opens = this.#opens(t);
    if (!opens) return undefined;
    const {intent} = this.#entry;
    this.#entry = undefined;
    return {intent, spotReference: opens.spot, perpReference: opens.perp};
  }
}
