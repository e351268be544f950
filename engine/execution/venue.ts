import type {Fill} from "../../src/lib/ledger/fills.js";
import type {Decimal} from "../../src/lib/money/decimal.js";
import type {AccountRecord, Act, Baseline, ForeignRecord, UnfilledCode} from "../journal/events.js";

/** One leg of an order; decimals in coins and quote per coin. */
export interface LegOrder {
  /** a function of the trade, the act, the leg and the attempt, so that a repeat is recognised */
  clientId: string;
  market: "spot" | "perp";
  side: "buy" | "sell";
  quantity: Decimal;
  /** the touch at which it was decided */
  reference: Decimal;
  /** the worst price it may fill at; undefined takes any */
  limit?: Decimal | undefined;
  /** it may only make a position smaller */
  reduceOnly?: true | undefined;
}

/** The legs that are sent at once. */
export interface HedgeLegs {
  ts: number;
  pair: string;
  tradeId: string;
  act: Act;
  /** 1 for the first round of a trade */
  attempt: number;
  legs: readonly LegOrder[];
  /**
   * Nothing is lost if it takes a while or comes to nothing: a venue may send both legs as one order, or let one rest
   * first. Not part of what is written down: a round that is resumed is only looked for.
   */
  patient?: true | undefined;
}

/** Why an order was not filled, or not to its end. */
export interface Unfilled {
  code: UnfilledCode;
  /** for a person */
  why: string;
}

/** An order that was not filled, or not to its end, with the words that the journal keeps. */
export interface UnfilledOrder extends Unfilled {
  clientId: string;
}

/** What the words of a code begin with. */
const OPENINGS: Readonly<Partial<Record<UnfilledCode, string>>> = {
  lost: "lost",
  "not-sent": "dry run, not sent",
  spread: "as a spread",
  maker: "as a maker",
  withheld: "not sent"
};

/** Returns what a person reads of an order that was not filled. */
export const wordsOf = ({code, why}: Unfilled): string => {
  const opening = OPENINGS[code];
  return opening === undefined ? why : `${opening}: ${why}`;
};

/** True when a spread order or a resting leg left the round unfilled: the legs can still be had one by one. */
export const triedPatiently = ({unfilled = []}: Execution): boolean =>
  unfilled.some(({code}) => code === "spread" || code === "maker");

/** What became of a round of orders, once nothing of it is in flight any more. */
export interface Execution {
  fills: readonly Fill[];
  /** why an order was not filled, or not to its end, by client id */
  unfilled?: readonly UnfilledOrder[];
}

/** What the venue says one pair holds. */
interface Holding {
  pair: string;
  coins: Decimal;
  /** of the perp, positive when short */
  short: Decimal;
}

/** What the venue's own books say. */
export interface Holdings {
  /** what has flowed since the journal began, in quote: the change of the cash, with open shorts at what they were sold for */
  cash: Decimal;
  pairs: readonly Holding[];
  /** orders that are open and should not be, by client id */
  orders?: readonly string[];
}

/** What a venue did that no order of a step has caused. */
export interface VenueNews {
  /** funding as it was paid, in quote; negative when it was charged */
  payments: {pair: string; tsMs: number; amount: string}[];
  foreign: {pair: string; record: ForeignRecord}[];
  account: AccountRecord[];
}

/** What an emergency stop at the venue itself may sell. */
export interface StopScope {
  /** coins that are the engine's, at most, by pair */
  held: ReadonlyMap<string, Decimal>;
  /** wallet balances from before the engine, by coin */
  before: Readonly<Record<string, string>>;
  /** the venue's number of the account that is meant; undefined where that is sure */
  account?: string | undefined;
}

/** What an emergency stop at the venue itself has done. */
export interface StopReport {
  /** by pair: what was closed, in words, and what is left and why */
  pairs: {pair: string; closed: string[]; left: string | null}[];
  /** everything that is not closed, not cancelled or not known, in words */
  left: string[];
  /** nothing is left */
  flat: boolean;
  /** the venue's numbers of its executions */
  fills: string[];
}

/**
 * Where hedges are opened and closed: paper, or a real venue. The trading loop knows nothing else of it.
 */
export interface ExecutionVenue {
  /**
   * Real money: quantities go out in whole steps and what is under one stays as dust; payments, liquidations and fills are
   * what the venue says they are. On paper they are what the rules of §3 make of the market.
   */
  readonly real: boolean;
  /** how far the cash may differ before the books disagree, in quote */
  readonly cashTolerance: Decimal;
  /**
   * Sends all legs at once and waits until it knows what became of each: an order whose fate is unknown is in flight.
   * @param resumed these very orders may have been sent by a process that died: it is looked for what they have become, and
   *   nothing is sent
   */
  execute(order: HedgeLegs, options: {resumed: boolean}): Promise<Execution>;
  /** Takes in what an execution did; also called for what the journal says was done before a restart. */
  confirm(order: HedgeLegs, execution: Execution): void;
  /** Takes in what the venue did of its own accord or somebody else told it to, once it is in the ledger. */
  confirmForeign(pair: string, fill: Fill): void;
  /** A settlement was paid to the short leg (negative: by it). */
  paid(pair: string, amount: Decimal): void;
  /** The perp leg was liquidated at a fill. */
  liquidated(pair: string, fill: Fill): void;
  /** What is held and how the account's cash has changed, by the venue's own books. */
  holdings(): Promise<Holdings>;
  snapshot(): unknown;
  restore(state: unknown): void;
}

/** A venue with an account of its own, whose word counts. */
export interface RealVenue extends ExecutionVenue {
  readonly real: true;
  readonly baseline: Baseline | undefined;
  /** The account now, for a journal that begins. @throws ConfigError for one that is not flat */
  lookAtAccount(): Promise<Baseline>;
  /** The venue's number of the account that the keys belong to. */
  accountId(): Promise<string>;
  /** From here on the account is measured against how it was then. */
  begin(baseline: Baseline): void;
  /**
   * What has happened without an order of a step, as far as the ledger does not know it: since the newest step, and for a
   * day at least.
   */
  news(venueMs: number, sinceMs: number): Promise<VenueNews>;
  /** Whether an execution or a change of the account is in the ledger. */
  knows(id: string): boolean;
  /** A change of the account is in the ledger. */
  confirmAccount(id: string, ts: number): void;
  /** Takes every order of the account back, past every queue. */
  cancelAll(): Promise<void>;
  /**
   * Closes everything at the venue itself, by its word and past every queue, whatever a step waits for. From its beginning
   * until its fills are in the ledger, no step sends an order.
   * @param held coins of the ledger's hedges, by pair
   */
  stopAtVenue(held: ReadonlyMap<string, Decimal>): Promise<StopReport>;
}

export const isReal = (venue: ExecutionVenue): venue is RealVenue => venue.real;
