import type {Instrument} from "../../src/lib/market/marketdata.js";
import type {TradeReport} from "../../src/lib/wire/trade.js";
import type {Refusal} from "../../src/lib/ledger/sizing.js";
import type {MarkSource} from "../../src/lib/market/marks.js";
import type {VolumeCheck} from "../../src/lib/strategy/signals.js";
import type {JournalEvent} from "./line.js";

/**
 * Purpose of an order round: open or close a hedge, sell a liquidated hedge's coin, unwind an unhedged leg (`mend`).
 */
export type Act = "open" | "close" | "sell-coin" | "mend";

/**
 * Why an order was not filled, or only in part. Programs use the code, never the text beside it.
 * - `lost`: presumed lost, because unknown to the venue; it may still fill
 * - `not-sent`: shown by a dry run instead of sent
 * - `spread`, `maker`: a spread order or a resting leg did not fill; the legs can still be sent as takers
 * - `refused`: rejected by the venue, or by a check before sending
 * - `expired`: accepted by the venue, then ended before it was filled completely
 * - `cut`: reduced or skipped, because the resting leg filled less
 * - `withheld`: not sent, because of an emergency stop or a lost other leg
 */
export type UnfilledCode = "lost" | "not-sent" | "spread" | "maker" | "refused" | "expired" | "cut" | "withheld";

/** The account when the journal began; earlier balances belong to no hedge. */
export interface Baseline {
  /** UTC ms */
  ts: number;
  /** the venue's account id */
  account: string;
  /** wallet balances by coin, as text */
  balances: Record<string, string>;
}

/** Best bid, best ask and last price of a market, in quote per coin, as text. */
export interface Touch {
  bid: string;
  ask: string;
  last: string;
}

/** A newly known settlement. */
export interface SettlementInput {
  tsMs: number;
  rate: string;
  reportedHours?: number;
  nextSettlementMs?: number;
  /** mark price of the payment; absent when no hedge is open */
  mark?: {price: string; source: MarkSource};
  /** payment reported by a real venue, in quote; "0" when an expected payment is missing */
  paid?: string;
}

/** A fill that no step ordered, as the venue reports it. */
export interface ForeignRecord {
  /** the venue's execution id */
  id: string;
  /**
   * `late`: an order presumed lost has filled; `adl`: auto-deleveraging reduced the short; `liquidation`, `settlement`:
   * the venue closed the short; `outside`: a manual trade on the account
   */
  cause: "late" | "adl" | "liquidation" | "settlement" | "outside";
  fill: FillRecord;
}

/** An account change outside any hedge: a transfer, interest, a trade in another market. */
export interface AccountRecord {
  id: string;
  ts: number;
  what: string;
  amount: string;
  /** pair whose coin changed; `amount` is then in coins, else in quote */
  pair?: string;
}

/** New input of one pair since the previous step. */
export interface PairInput {
  pair: string;
  settlements?: SettlementInput[];
  /** ended bars for the liquidation check */
  bars?: {openTs: number; endTs: number; high: number; source: "mark" | "perp"}[];
  /** fills that no step ordered, and fills of orders presumed lost */
  foreign?: ForeignRecord[];
  spot?: Touch;
  perp?: Touch;
  volume?: VolumeCheck;
  /** closing prices at the end of a history, at which open hedges exit */
  end?: {spot: string; perp: string};
}

/** A serialised fill; decimals as text, `ts` in UTC ms. */
export interface FillRecord {
  leg: "spot" | "perp";
  side: "buy" | "sell";
  ts: number;
  reference: string;
  price: string;
  quantity: string;
  fee: string;
  slippage: string;
  /** the venue's execution id */
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

/** A serialised leg order. */
export interface LegRecord {
  clientId: string;
  market: "spot" | "perp";
  side: "buy" | "sell";
  quantity: string;
  reference: string;
  limit?: string;
  reduceOnly?: true | undefined;
}

/** A risk rule that fired for a pair. */
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
  /** settings of the configuration file; a changed file replaces those set at run time */
  file: Settings;
}
/** Settings of the trading loop. */
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
  /** differences of late or reversed payments, in quote */
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
  /** orders that were not filled, or only in part */
  unfilled?: [clientId: string, code: UnfilledCode, message: string][];
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
  /** text for a rejected order; the code for a sizing refusal */
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
  /** amount by rate and mark, when the venue paid a different one */
  expected?: string;
  /** true for a settlement known only after the exit */
  late?: true;
}
export interface LiquidatedEvent extends Of<"liquidated"> {
  pair: string;
  tradeId: string;
  price: string;
  high: number;
  source: "mark" | "perp";
}
/** A fill that no step ordered. */
export interface ForeignEvent extends Of<"foreign"> {
  pair: string;
  tradeId: string | null;
  cause: ForeignRecord["cause"];
  id: string;
}
/** An account change outside any hedge. */
export interface AccountEvent extends Of<"account"> {
  id: string;
  what: string;
  amount: string;
  /** pair whose coin changed; absent for a change of cash */
  for?: string;
}
export interface BaselineEvent extends Of<"baseline">, Baseline {}
/** A leg was unwound because the other did not fill; no entry before `untilTs`, UTC ms. */
export interface UnwoundEvent extends Of<"unwound"> {
  pair: string;
  tradeId: string;
  why: string;
  untilTs: number;
}
/** An unhedged leg, or unsellable coins; quantities in coins, negative for a short. */
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
/** A mode change requested by an operator or a rule: paused, resumed, halted, stopped. */
export interface ModeEvent extends Of<"paused" | "resumed" | "halted" | "stopped"> {
  why: string;
  /** with `halted`: no exits either, because ledger and venue disagree */
  frozen?: boolean;
}
export interface EmergencyEvent extends Of<"emergency"> {
  source: string;
  /** available prices of the open hedges */
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
