import type {Fill} from "../../src/lib/ledger/fills.js";
import type {Decimal} from "../../src/lib/money/decimal.js";
import type {Remainder} from "../../src/lib/wire/emergency.js";
import type {AccountRecord, Act, Baseline, ForeignRecord, UnfilledCode} from "../journal/events.js";

/** One leg of an order; decimals in coins and quote per coin. */
export interface LegOrder {
  /** derived from the trade, act, leg and attempt, so the venue rejects a duplicate */
  clientId: string;
  market: "spot" | "perp";
  side: "buy" | "sell";
  quantity: Decimal;
  /** the touch at the decision, quote per coin */
  reference: Decimal;
  /** worst acceptable price, quote per coin; undefined for a market order */
  limit?: Decimal | undefined;
  /** true when the order may only reduce a position */
  reduceOnly?: true | undefined;
}

/** One round: the leg orders that are sent simultaneously. */
export interface HedgeLegs {
  ts: number;
  pair: string;
  tradeId: string;
  act: Act;
  /** 1 for the first round of a trade */
  attempt: number;
  legs: readonly LegOrder[];
  /**
   * True when the round may take time or stay unfilled: the venue may send one spread order, or rest one leg first. Not
   * journalled, because a resumed round is only queried, never sent.
   */
  patient?: true | undefined;
}

/** Why an order was not filled, or only in part. */
export interface Unfilled {
  code: UnfilledCode;
  /** for display only */
  message: string;
}

/** An order that was not filled, or only in part; `message` is the text written to the journal. */
export interface UnfilledOrder extends Unfilled {
  clientId: string;
}

/** Prefix of the text of each code. */
const OPENINGS: Readonly<Partial<Record<UnfilledCode, string>>> = {
  lost: "lost",
  "not-sent": "dry run, not sent",
  spread: "as a spread",
  maker: "as a maker",
  withheld: "not sent"
};

/** Returns the displayed message of an unfilled order. */
export const messageOf = ({code, message}: Unfilled): string => {
  const opening = OPENINGS[code];
  return opening === undefined ? message : `${opening}: ${message}`;
};

/** Returns true when a spread or maker order left the round unfilled: the legs can still be sent as takers. */
export const triedPatiently = ({unfilled = []}: Execution): boolean =>
  unfilled.some(({code}) => code === "spread" || code === "maker");

/** Final result of a round; none of its orders is in flight. */
export interface Execution {
  fills: readonly Fill[];
  /** orders that were not filled, or only in part */
  unfilled?: readonly UnfilledOrder[];
}

/** One pair's position as the venue reports it, in coins. */
interface Holding {
  pair: string;
  coins: Decimal;
  /** size of the perp position, positive when short */
  short: Decimal;
}

/** Positions, cash and open orders as the venue reports them. */
export interface Holdings {
  /** change of cash since the journal began, plus the entry value of open shorts; in quote */
  cash: Decimal;
  pairs: readonly Holding[];
  /** client ids of unexpected open orders */
  orders?: readonly string[];
}

/** Events at the venue that no order of a step caused. */
export interface VenueNews {
  /** funding payments in quote; negative when charged */
  payments: {pair: string; tsMs: number; amount: string}[];
  foreign: {pair: string; record: ForeignRecord}[];
  account: AccountRecord[];
}

/** Limits what an emergency stop at the venue may sell. */
export interface StopScope {
  /** the most coins the engine may own, by pair */
  held: ReadonlyMap<string, Decimal>;
  /** wallet balances before the engine's first order, by coin */
  before: Readonly<Record<string, string>>;
  /** expected account id at the venue; undefined skips the check */
  account?: string | undefined;
}

/** One closing order that filled; the quantity in the venue's unit. */
export interface ClosedLeg {
  side: "buy" | "sell";
  quantity: string;
  symbol: string;
}

/** Returns a closed leg as text, e.g. `sold 0.5 BTCUSDT`. */
export const closedText = ({side, quantity, symbol}: ClosedLeg): string =>
  `${side === "sell" ? "sold" : "bought back"} ${quantity} ${symbol}`;

/** Result of an emergency stop at the venue. */
export interface StopReport {
  /** by pair, or by the venue's symbol where the pair is not known: what was closed; ascending */
  pairs: {pair: string; closed: ClosedLeg[]}[];
  /** everything not closed, not cancelled or unknown */
  remaining: Remainder[];
  /** true when nothing remains */
  flat: boolean;
  /** the venue's execution ids */
  fills: string[];
}

/**
 * Executes orders and reports holdings, on paper or at a real venue. The trading loop depends on nothing else.
 */
export interface ExecutionVenue {
  /**
   * True for a real account: orders are sized in whole steps and remainders stay as dust; payments, liquidations and
   * fills come from the venue. On paper they follow from market data by the rules of §3.
   */
  readonly real: boolean;
  /** largest accepted cash difference at reconciliation, in quote */
  readonly cashTolerance: Decimal;
  /**
   * Sends all legs at once and waits for each order's final status; an order of unknown status counts as in flight.
   * @param resumed an earlier process may have sent these orders: the venue is queried for their status; nothing is
   *   sent
   */
  execute(order: HedgeLegs, options: {resumed: boolean}): Promise<Execution>;
  /** Records an execution; recovery also calls it for executions in the journal. */
  confirm(order: HedgeLegs, execution: Execution): void;
  /** Records a fill the engine did not order (ADL, liquidation, manual trade), once the ledger has it. */
  confirmForeign(pair: string, fill: Fill): void;
  /** Records a funding payment to the short leg, in quote; negative when the short paid. */
  paid(pair: string, amount: Decimal): void;
  /** Records the liquidation of the perp leg. */
  liquidated(pair: string, fill: Fill): void;
  /** Returns the venue's own record of positions, cash change and open orders. */
  holdings(): Promise<Holdings>;
  snapshot(): unknown;
  restore(state: unknown): void;
}

/** A venue with a real account, whose reports override the engine's arithmetic. */
export interface RealVenue extends ExecutionVenue {
  readonly real: true;
  readonly baseline: Baseline | undefined;
  /** Returns the account's current state as the baseline of a new journal. @throws ConfigError unless it is flat */
  readBaseline(): Promise<Baseline>;
  /** Returns the venue's id of the keys' account. */
  accountId(): Promise<string>;
  /** Sets the baseline that later balances are compared with. */
  begin(baseline: Baseline): void;
  /**
   * Returns events that no step ordered and the ledger lacks, since the newest step and for at least a day.
   * @param venueMs the venue's current time, UTC ms
   * @param sinceMs time of the newest step, UTC ms
   */
  news(venueMs: number, sinceMs: number): Promise<VenueNews>;
  /** Returns true when the ledger has this execution or account change. */
  knows(id: string): boolean;
  /** Records that the ledger has this account change; `ts` in UTC ms. */
  confirmAccount(id: string, ts: number): void;
  /** Cancels every open order on the account, bypassing all request queues. */
  cancelAll(): Promise<void>;
  /**
   * Flattens the account from the venue's own reports, bypassing all queues and any step in progress. Steps send no
   * orders from this call until the ledger has its fills.
   * @param held coins of the ledger's hedges, by pair
   */
  stopAtVenue(held: ReadonlyMap<string, Decimal>): Promise<StopReport>;
}

/** Returns true for a venue with a real account. */
export const isReal = (venue: ExecutionVenue): venue is RealVenue => venue.real;
