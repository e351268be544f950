import type {Instrument} from "../../src/lib/market/marketdata.js";
import type {TradeReport} from "../../src/lib/wire/trade.js";
import type {Refusal} from "../../src/lib/ledger/sizing.js";
import type {MarkSource} from "../../src/lib/market/marks.js";
import type {VolumeCheck} from "../../src/lib/strategy/signals.js";
import type {JournalEvent} from "./line.js";

/** What a round of orders is for: opening or leaving a hedge, selling a liquidated hedge's coin, mending a naked leg. */
export type Act = "open" | "close" | "sell-coin" | "mend";

/**
 * Why an order was not filled, or not to its end; programs decide by it, never by the words beside it.
 * - `lost`: the venue does not know it any more and it may still fill
 * - `not-sent`: a dry run shows it instead of sending it
 * - `spread`, `maker`: it was tried as part of one spread order, or with one leg resting, and can still be had leg by leg
 * - `refused`: by the venue, or by a check before it was sent
 * - `expired`: the venue has taken it and ended it short of its quantity
 * - `cut`: sent for less, or not at all, because the resting leg filled no more
 * - `withheld`: not sent, because of an emergency stop or a lost other leg
 */
export type UnfilledCode = "lost" | "not-sent" | "spread" | "maker" | "refused" | "expired" | "cut" | "withheld";

/** The account as it was when the journal began: what was there before belongs to no hedge. */
export interface Baseline {
  ts: number;
  /** the venue's number of the account */
  account: string;
  /** wallet balances by coin, as text */
  balances: Record<string, string>;
}

/** The best prices of a market and its newest trade, in quote per coin, as text. */
export interface Touch {
  bid: string;
  ask: string;
  last: string;
}

/** A settlement that has become known. */
export interface SettlementInput {
  tsMs: number;
  rate: string;
  reportedHours?: number;
  nextSettlementMs?: number;
  /** what an open hedge is paid on; absent where nothing is open */
  mark?: {price: string; source: MarkSource};
  /** what a real venue says it has paid, in quote; "0" where it says nothing although it should */
  paid?: string;
}

/** One fill that no step has ordered, as the venue tells it. */
export interface ForeignRecord {
  /** the venue's own number of it */
  id: string;
  /**
   * `late`: an order of ours that was given up for lost; `adl`: the venue took some of the short away; `liquidation`,
   * `settlement`: it ended the short; `outside`: somebody traded on the account
   */
  cause: "late" | "adl" | "liquidation" | "settlement" | "outside";
  fill: FillRecord;
}

/** A change of the account that belongs to no hedge: a transfer, interest, a trade elsewhere; in quote or coins. */
export interface AccountRecord {
  id: string;
  ts: number;
  what: string;
  amount: string;
  /** the coin of this pair changed, by so many, not the cash */
  pair?: string;
}

/** What has become known of one pair since the step before. */
export interface PairInput {
  pair: string;
  settlements?: SettlementInput[];
  /** bars that have ended, for the liquidation check */
  bars?: {openTs: number; endTs: number; high: number; source: "mark" | "perp"}[];
  /** what happened at the venue without an order of ours, or with one that was given up for lost */
  foreign?: ForeignRecord[];
  spot?: Touch;
  perp?: Touch;
  volume?: VolumeCheck;
  /** the end of a history: what is open is left at these closes */
  end?: {spot: string; perp: string};
}

/** One fill as the journal has it; decimals as text. */
export interface FillRecord {
  leg: "spot" | "perp";
  side: "buy" | "sell";
  ts: number;
  reference: string;
  price: string;
  quantity: string;
  fee: string;
  slippage: string;
  /** the venue's own number of it */
  id?: string;
}

/** A serialised intent of `decide`. */
export interface IntentRecord {
  type: "enter" | "exit" | "drop";
  pair: string;
  reason?: string;
  score?: string;
  netPerPeriod?: string;
  numbers: Record<string, string>;
}

/** One leg as it is sent. */
export interface LegRecord {
  clientId: string;
  market: "spot" | "perp";
  side: "buy" | "sell";
  quantity: string;
  reference: string;
  limit?: string;
  reduceOnly?: true | undefined;
}

/** A rule of the risk gate that fired. */
export interface RuleRecord {
  pair: string;
  rule: string;
  why: string;
}

interface Of<T extends string> extends JournalEvent {
  type: T;
}

export interface StartedEvent extends Of<"started"> {
  version: string;
  mode: string;
  venue: string;
  origin: string;
  simulated: boolean;
  /** as the configuration file has it; a changed file replaces what was set at run time */
  file: Settings;
}
/** What the loop is steered by. */
export interface Settings {
  strategy: Record<string, string>;
  minTurnover24h: string;
  intervalMs: number;
}
export interface ConfiguredEvent extends Of<"configured">, Settings {}
export interface ListedEvent extends Of<"listed"> {
  pair: string;
  instrument: Instrument | null;
}
export interface WarmedEvent extends Of<"warmed"> {
  pair: string;
  rows: [tsMs: number, rate: string, reportedHours: number | null][];
}
export interface InputEvent extends Of<"input"> {
  pairs: PairInput[];
  account?: AccountRecord[];
  /** payments that a venue made after it should have, or took back */
  corrections?: {pair: string; settlementTs: number; amount: string}[];
}
export interface DecidedEvent extends Of<"decided"> {
  intents: IntentRecord[];
}
export interface GatedEvent extends Of<"gated"> {
  refused: RuleRecord[];
}
export interface RiskEvent extends Of<"risk"> {
  exits: RuleRecord[];
}
export interface OrderedEvent extends Of<"ordered"> {
  tradeId: string;
  pair: string;
  act: Act;
  attempt: number;
  legs: LegRecord[];
}
export interface FilledEvent extends Of<"filled"> {
  tradeId: string;
  fills: FillRecord[];
  /** orders that were not filled, or not to their end, by client id, and why */
  unfilled?: [clientId: string, code: UnfilledCode, why: string][];
}
export interface OpenedEvent extends Of<"opened"> {
  tradeId: string;
  pair: string;
  reason: string;
  notional: string;
  liquidationPrice: string;
}
export interface RefusedEvent extends Of<"refused"> {
  pair: string;
  /** in words where an order was refused; the code where the sizing refused */
  reason: string;
  code: UnfilledCode | Refusal;
}
export interface LapsedEvent extends Of<"lapsed"> {
  pair: string;
}
export interface SettledEvent extends Of<"settled"> {
  pair: string;
  tradeId: string;
  rate: string;
  mark: string;
  markSource: MarkSource;
  amount: string;
  /** by the rate and the mark, where a real venue paid something else */
  expected?: string;
  /** true for a settlement that became known after its hedge was left */
  late?: true;
}
export interface LiquidatedEvent extends Of<"liquidated"> {
  pair: string;
  tradeId: string;
  price: string;
  high: number;
  source: "mark" | "perp";
}
/** Something happened at the venue that no step has ordered. */
export interface ForeignEvent extends Of<"foreign"> {
  pair: string;
  tradeId: string | null;
  cause: ForeignRecord["cause"];
  id: string;
}
/** The account changed for a reason that is no hedge. */
export interface AccountEvent extends Of<"account"> {
  id: string;
  what: string;
  amount: string;
  /** the coin of this pair, not the cash */
  for?: string;
}
/** The account as it was when the journal began. */
export interface BaselineEvent extends Of<"baseline">, Baseline {}
/** A leg was taken back because the other could not be had; no entry before `untilTs`. */
export interface UnwoundEvent extends Of<"unwound"> {
  pair: string;
  tradeId: string;
  why: string;
  untilTs: number;
}
/** A leg stands alone, or coins that cannot be sold are left; quantities in coins, negative for a short. */
export interface NakedEvent extends Of<"naked"> {
  pair: string;
  tradeId: string;
  quantity: string;
  why: string;
}
export interface ClosedEvent extends Of<"closed"> {
  pair: string;
  trade: TradeReport;
}
export interface EquityEvent extends Of<"equity"> {
  equity: string;
  free: string;
  open: number;
}
/** A person's or a rule's word: the loop pauses, goes on, halts. */
export interface ModeEvent extends Of<"paused" | "resumed" | "halted" | "stopped"> {
  why: string;
  /** with `halted`: nothing is even left, because the books do not agree */
  frozen?: boolean;
}
export interface EmergencyEvent extends Of<"emergency"> {
  source: string;
  /** prices of what is open, as far as there are any */
  pairs: PairInput[];
}
export interface SnapshotEvent extends Of<"snapshot"> {
  state: unknown;
}

export type TradingEvent =
  | StartedEvent
  | ConfiguredEvent
  | ListedEvent
  | WarmedEvent
  | InputEvent
  | DecidedEvent
  | GatedEvent
  | RiskEvent
  | OrderedEvent
  | FilledEvent
  | OpenedEvent
  | RefusedEvent
  | LapsedEvent
  | SettledEvent
  | LiquidatedEvent
  | ForeignEvent
  | AccountEvent
  | BaselineEvent
  | UnwoundEvent
  | NakedEvent
  | ClosedEvent
  | EquityEvent
  | ModeEvent
  | EmergencyEvent
  | SnapshotEvent;
