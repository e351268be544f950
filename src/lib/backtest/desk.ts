import type {Hedge} from "../ledger/hedge.js";
import type {Fill} from "../ledger/fills.js";
import {roundToTick, type Rules} from "../ledger/rules.js";
import type {Refusal} from "../ledger/sizing.js";
import type {Payment, Trade} from "../ledger/trade.js";
import type {MarkSource} from "../market/marks.js";
import type {StrategyConfig} from "../strategy/config.js";
import type {Decision, ExitReason, Intent, PairBook} from "../strategy/decide.js";
import {Decimal, toNumber} from "../money/decimal.js";

export type EnterIntent = Extract<Intent, {type: "enter"}>;
type ExitIntent = Extract<Intent, {type: "exit"}>;

/** An entry that waits until both markets open a candle (§3). */
interface WaitingEntry {
  intent: EnterIntent;
  /** the earliest instant at which it may fill, UTC ms */
  readyTs: number;
  /** the instant of the newest entry decision, UTC ms */
  renewedTs: number;
}

/** An exit that waits until both markets open a candle (§3). */
interface WaitingExit {
  intent: ExitIntent;
  readyTs: number;
}

/** An entry fill refused by the sizing rules, counted as `cannotOpen` (§3). */
export interface RefusedFill {
  ts: number;
  reason: Refusal;
}

/** A completed bar for the liquidation check. */
interface EndedBar {
  openTs: number;
  endTs: number;
  high: number;
  source: "mark" | "perp";
}

/** Both markets' opens at one instant, in quote. */
export interface Opens {
  spot: Decimal;
  perp: Decimal;
}

/** The terms on which a hedge is closed. */
export interface Exit {
  reason: ExitReason;
  decision: Decision | undefined;
  spotReference: Decimal;
  /** undefined if the perp leg was already liquidated */
  perpReference: Decimal | undefined;
  /** the venue's actual fills; by default the references with slippage and fees applied */
  fills?: readonly Fill[] | undefined;
}

/** The config settings that a desk uses. */
type DeskConfig = Pick<StrategyConfig, "maxWaitBars" | "decisionDelayBars">;

/**
 * The trading state of one pair: its hedge, its waiting intent, its closed trades and refused fills. Each method is one
 * phase of the order within an instant (§3). The caller passes all market data, so backtest, paper and live share it.
 */
export class PairDesk {
  readonly pair: string;
  rules: Rules;
  config: DeskConfig;
  readonly trades: Trade[] = [];
  readonly refusals: RefusedFill[] = [];
  /** entries that lapsed */
  noPrice = 0;
  /** settlements without a rate per 8 h */
  ambiguous = 0;
  /** refused fills */
  cannotOpen = 0;
  readonly #barMs: number;
  #hedge: Hedge | undefined;
  #entry: WaitingEntry | undefined;
  #exit: WaitingExit | undefined;
  #barred = false;
  #booked = 0;
  /** float just below the open hedge's P*: a lower high cannot liquidate, so the Decimal comparison is skipped */
  #safeHigh = 0;

  /** @param barMs length of the bars that delays and waits are counted in, in ms */
  constructor(pair: string, rules: Rules, config: DeskConfig, barMs: number) {
    this.pair = pair;
    this.rules = rules;
    this.config = config;
    this.#barMs = barMs;
  }

  get hedge(): Hedge | undefined {
    return this.#hedge;
  }

  get entry(): WaitingEntry | undefined {
    return this.#entry;
  }

  get exit(): WaitingExit | undefined {
    return this.#exit;
  }

  /** True if the pair was liquidated, sold or closed at the current instant, which bars entries (§3). */
  get barred(): boolean {
    return this.#barred;
  }

  get book(): PairBook {
    return {
      position: this.#hedge ? (this.#hedge.hedged ? "open" : "unhedged") : "flat",
      waiting: this.#entry ? "entry" : this.#exit ? "exit" : undefined,
      barred: this.#barred
    };
  }

  /** Starts a new instant: lifts the bar on entries. */
  begin(): void {
    this.#barred = false;
  }

  /** Sets the open hedge and clears the waiting entry. */
  hold(hedge: Hedge): void {
    this.#entry = undefined;
    this.#hedge = hedge;
    this.#safeHigh = toNumber(hedge.prices.liquidation) * (1 - 1e-15);
  }

  /** Restores waiting intents, e.g. from a journal snapshot. */
  wait({entry, exit}: {entry?: WaitingEntry | undefined; exit?: WaitingExit | undefined}): void {
    this.#entry = entry;
    this.#exit = exit;
  }

  /**
   * Phase 1: liquidates the perp leg if the bar's high reached P*. Bars that ended at or before the entry are ignored.
   * @param opens returns both opens of the newest instant, up to the bar's open, at which both markets opened
   * @returns true if the hedge was liquidated
   */
  checkBar(bar: EndedBar, opens: () => Opens): boolean {
    const hedge = this.#hedge;
    if (!hedge?.hedged || bar.high < this.#safeHigh || bar.endTs <= hedge.order.ts) return false;
    const price = hedge.prices.liquidation;
    const high = new Decimal(bar.high);
    if (high.lt(price)) return false;
    const {spot, perp} = opens();
    hedge.liquidate(bar.endTs, {
      barTs: bar.openTs,
      source: bar.source,
      high,
      spotReference: roundToTick(price.times(spot).div(perp), this.rules.spotTick)
    });
    this.#exit = undefined;
    this.#barred = true;
    return true;
  }

  /** Phase 1: sells the coin of a liquidated hedge; undefined if there is none. */
  sellCoin(ts: number, spotReference: Decimal, fills?: Exit["fills"]): Trade | undefined {
    if (!this.#hedge || this.#hedge.hedged) return undefined;
    return this.close(ts, {
      reason: "liquidated",
      decision: undefined,
      spotReference,
      perpReference: undefined,
      fills
    });
  }

  /**
   * Phase 2: settles funding at `t`. A hedge opened at exactly `t` receives nothing (§8.10).
   * @param settlement `paid` is the amount the venue reported, in quote; by default it is computed (§2)
   * @param mark returns the mark price at `t`; without one nothing is paid
   * @returns the payment, or undefined if there is none
   */
  settle(
    t: number,
    settlement: {rate: Decimal; ambiguous: boolean; paid?: Decimal | undefined},
    mark: () => {mark: Decimal; markSource: MarkSource} | undefined
  ): Payment | undefined {
    if (settlement.ambiguous) ++this.ambiguous;
    if (!this.#hedge?.hedged || t <= this.#hedge.order.ts) return undefined;
    const price = mark();
    return price && this.#hedge.settle({t, rate: settlement.rate, ...price, amount: settlement.paid});
  }

  /** Phase 3, before deciding: drops a waiting entry once more than `maxWaitBars` bars have passed. True if it lapsed. */
  lapse(t: number): boolean {
    if (!this.#entry) return false;
    const since = Math.max(this.#entry.renewedTs, this.#entry.readyTs);
    if (t - since <= this.config.maxWaitBars * this.#barMs) return false;
    this.#entry = undefined;
    ++this.noPrice;
    return true;
  }

  /** Phase 3: records a decided intent. A repeated entry renews the wait but does not restart the delay. */
  take(intent: Intent, t: number): void {
    const readyTs = t + this.config.decisionDelayBars * this.#barMs;
    if (intent.type === "drop") this.#entry = undefined;
    else if (intent.type === "exit") this.#exit = {intent, readyTs};
    else this.#entry = {intent, readyTs: this.#entry?.readyTs ?? readyTs, renewedTs: t};
  }

  /** Phase 4: returns the exit that may fill at `t` if both markets are open. */
  exitReady(t: number): ExitIntent | undefined {
    return this.#hedge && this.#exit && t >= this.#exit.readyTs ? this.#exit.intent : undefined;
  }

  /** Phase 4: closes the hedge and returns its trade. */
  close(t: number, exit: Exit): Trade {
    const {fills, ...rest} = exit;
    const trade = this.#hedge!.close(t, {...rest, ...(fills && {fills})});
    this.trades.push(trade);
    this.#hedge = undefined;
    this.#exit = undefined;
    this.#barred = true;
    return trade;
  }

  /** Phase 5: true if the waiting entry may fill at `t`, provided both markets are open. */
  entryReady(t: number): boolean {
    return this.#entry !== undefined && !this.#barred && t >= this.#entry.readyTs;
  }

  /** Phase 5: removes and returns the waiting entry. */
  claim(): EnterIntent {
    const {intent} = this.#entry!;
    this.#entry = undefined;
    return intent;
  }

  /** Phase 5: counts a refused fill with its reason. */
  refuse(ts: number, reason: Refusal): void {
    this.refusals.push({ts, reason});
    ++this.cannotOpen;
  }

  /** Discards closed trades and refusals, which a long run stores elsewhere. */
  forgetClosed(): void {
    this.trades.length = 0;
    this.refusals.length = 0;
    this.#booked = 0;
  }

  /** Returns the trades closed since the last call. */
  takeClosed(): readonly Trade[] {
    const closed = this.trades.slice(this.#booked);
    this.#booked = this.trades.length;
    return closed;
  }
}
