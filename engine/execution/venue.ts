import type {Fill} from "../../src/lib/ledger/fills.js";
import type {Decimal} from "../../src/lib/money/decimal.js";

/** One leg of an order; decimals in coins and quote per coin. */
export interface LegOrder {
  /** a function of the intent, so that a repeat is recognised */
  clientId: string;
  market: "spot" | "perp";
  side: "buy" | "sell";
  quantity: Decimal;
  /** the touch at which it was decided */
  reference: Decimal;
}

/** Both legs of a hedge's opening or closing, or the one leg of selling a liquidated hedge's coin. */
export interface HedgeLegs {
  ts: number;
  pair: string;
  tradeId: string;
  act: "open" | "close" | "sell-coin";
  legs: readonly LegOrder[];
}

/** What the venue made of an order. */
export type Execution = {fills: readonly Fill[]} | {refused: string};

/** What the venue says one pair holds. */
export interface Holding {
  pair: string;
  coins: Decimal;
  /** of the perp, positive when short */
  short: Decimal;
}

/**
 * Where hedges are opened and closed: the paper venue, later a live one. The trading loop knows nothing else of it.
 */
export interface ExecutionVenue {
  /**
   * Sends both legs and waits for what became of them. Called again with the same client ids after a crash: it must then
   * look for what it has already done before it does anything.
   */
  execute(order: HedgeLegs): Promise<Execution>;
  /** Takes in what an execution did; also called for what the journal says was done before a restart. */
  confirm(order: HedgeLegs, fills: readonly Fill[]): void;
  /** A settlement was paid to the short leg (negative: by it). */
  paid(pair: string, amount: Decimal): void;
  /** The perp leg was liquidated at a fill. */
  liquidated(pair: string, fill: Fill): void;
  /** What is held and how the account's cash has changed, by the venue's own books. */
  holdings(): Promise<{cash: Decimal; pairs: readonly Holding[]}>;
  snapshot(): unknown;
  restore(state: unknown): void;
}
