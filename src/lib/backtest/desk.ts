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
export type ExitIntent = Extract<Intent, {type: "exit"}>;

/** An entry that waits for both markets. */
export interface WaitingEntry {
  intent: EnterIntent;
  /** the first instant at which it may fill */
  readyTs: number;
  /** the newest entry decision */
  renewedTs: number;
}

/** An exit that waits for both markets. */
export interface WaitingExit {
  intent: ExitIntent;
  readyTs: number;
}

/** A fill that was refused; the pair "cannot be opened" then. */
export interface RefusedFill {
  ts: number;
  reason: Refusal;
}

/** A bar that has ended, as the liquidation check reads it. */
export interface EndedBar {
  openTs: number;
  endTs: number;
  high: number;
  source: "mark" | "perp";
}

/** Two opens of one instant. */
export interface Opens {
  spot: Decimal;
  perp: Decimal;
}

/** How a hedge is left. */
export interface Exit {
  reason: ExitReason;
  decision: Decision | undefined;
  spotReference: Decimal;
  /** undefined for the coin of a liquidated hedge */
  perpReference: Decimal | undefined;
  /** what was really bought and sold; by default what the costs make of the references */
  fills?: readonly Fill[] | undefined;
}

/** What of the config a desk obeys. */
export type DeskConfig = Pick<StrategyConfig, "maxWaitBars" | "decisionDelayBars">;

/**
 * The trading state of one pair: its hedge, its one waiting intent, what was closed and refused. It reads no market: each
 * method is one phase of the order within an instant (§3) and is handed what that phase needs, so that
 * backtest, paper and live run the same one.
 */
export class PairDesk {
  readonly pair: string;
  rules: Rules;
  config: DeskConfig;
  readonly trades: Trade[] = [];
  readonly refusals: RefusedFill[] = [];
  /** entries that lapsed, settlements without a rate per 8 h, fills that were refused */
  noPrice = 0;
  ambiguous = 0;
  cannotOpen = 0;
  readonly #barMs: number;
  #hedge: Hedge | undefined;
  #entry: WaitingEntry | undefined;
  #exit: WaitingExit | undefined;
  #barred = false;
  #booked = 0;
  /** floats of the open hedge's P*: under the first no high can reach it */
  #safeHigh = 0;

  /** @param barMs length of the bars that waiting intents are counted in, in ms */
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

  /** True while something of the pair was liquidated, sold or closed at this very instant. */
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

  /** A new instant begins. */
  begin(): void {
    this.#barred = false;
  }

  /** Takes an opened hedge in, and a waiting entry with it. */
  hold(hedge: Hedge): void {
    this.#entry = undefined;
    this.#hedge = hedge;
    this.#safeHigh = toNumber(hedge.prices.liquidation) * (1 - 1e-15);
  }

  /** Puts waiting intents back, e.g. those of a journal's snapshot. */
  wait({entry, exit}: {entry?: WaitingEntry | undefined; exit?: WaitingExit | undefined}): void {
    this.#entry = entry;
    this.#exit = exit;
  }

  /**
   * Phase 1: a bar that has ended may liquidate. A bar that ended before the entry, or with it, cannot.
   * @param opens the two opens of the newest instant up to the bar's open at which both markets opened
   * @returns whether it did
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

  /** Phase 1: the coin of a liquidated hedge is sold when spot next opens. */
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

  /** Phase 2: a settlement at `t`, and what a real venue paid for it; a hedge opened exactly then receives nothing from it (§8.10). */
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

  /** Phase 3, before deciding: a waiting entry lapses once more than `maxWaitBars` bars have passed. */
  lapse(t: number): boolean {
    if (!this.#entry) return false;
    const since = Math.max(this.#entry.renewedTs, this.#entry.readyTs);
    if (t - since <= this.config.maxWaitBars * this.#barMs) return false;
    this.#entry = undefined;
    ++this.noPrice;
    return true;
  }

  /** Phase 3: takes one intent in. */
  take(intent: Intent, t: number): void {
    const readyTs = t + this.config.decisionDelayBars * this.#barMs;
    if (intent.type === "drop") this.#entry = undefined;
    else if (intent.type === "exit") this.#exit = {intent, readyTs};
    else this.#entry = {intent, readyTs: this.#entry?.readyTs ?? readyTs, renewedTs: t};
  }

  /** Phase 4: the exit that may fill at `t`, if both markets are there. */
  exitReady(t: number): ExitIntent | undefined {
    return this.#hedge && this.#exit && t >= this.#exit.readyTs ? this.#exit.intent : undefined;
  }

  /** Phase 4: leaves the hedge. */
  close(t: number, exit: Exit): Trade {
    const {fills, ...rest} = exit;
    const trade = this.#hedge!.close(t, {...rest, ...(fills && {fills})});
    this.trades.push(trade);
    this.#hedge = undefined;
    this.#exit = undefined;
    this.#barred = true;
    return trade;
  }

  /** Phase 5: whether the waiting entry may fill at `t`, if both markets are there. */
  entryReady(t: number): boolean {
    return this.#entry !== undefined && !this.#barred && t >= this.#entry.readyTs;
  }

  /** Phase 5: the waiting entry, consumed by asking. */
  claim(): EnterIntent {
    const {intent} = this.#entry!;
    this.#entry = undefined;
    return intent;
  }

  /** A fill was refused: the intent is consumed and counted. */
  refuse(ts: number, reason: Refusal): void {
    this.refusals.push({ts, reason});
    ++this.cannotOpen;
  }

  /** Lets go of closed trades and refusals, which a long run keeps elsewhere. */
  forgetClosed(): void {
    this.trades.length = 0;
    this.refusals.length = 0;
    this.#booked = 0;
  }

  /** The trades closed since this was last asked. */
  takeClosed(): readonly Trade[] {
    const closed = this.trades.slice(this.#booked);
    this.#booked = this.trades.length;
    return closed;
  }
}
