import type {Decimal} from "../money/decimal.js";
import type {Decision, EntryReason, ExitReason} from "../strategy/decide.js";
import type {Fill} from "./fills.js";
import type {BudgetLimit} from "./sizing.js";
import type {MarkSource} from "../market/marks.js";

/** One funding payment of the perp leg; positive amounts are received, in quote. */
export interface Payment {
  /** the settlement's boundary, UTC ms */
  t: number;
  rate: Decimal;
  mark: Decimal;
  markSource: MarkSource;
  amount: Decimal;
}

/** The liquidation of a perp leg; prices in quote. */
export interface Liquidation {
  /** open of the bar whose high reached P*, UTC ms */
  barTs: number;
  /** the series of that bar */
  source: "mark" | "perp";
  high: Decimal;
  /** P* */
  price: Decimal;
  bankruptcy: Decimal;
  /** S*, the spot reference at the instant of liquidation */
  spotReference: Decimal;
}

/** The parts of a trade's net, in quote (§3, the law of the ledger). */
export interface Components {
  funding: Decimal;
  basis: Decimal;
  fees: Decimal;
  slippage: Decimal;
  borrow: Decimal;
  liquidationLoss: Decimal;
  liquidationDrift: Decimal;
}

/** Returns `net = funding + basis − fees − slippage − borrow − liquidationLoss + liquidationDrift` (§3). */
export function netOf(c: Components): Decimal {
  return c.funding
    .plus(c.basis)
    .minus(c.fees)
    .minus(c.slippage)
    .minus(c.borrow)
    .minus(c.liquidationLoss)
    .plus(c.liquidationDrift);
}

/** One closed hedge with its fills, payments, decisions and components. */
export interface Trade extends Components {
  id: string;
  pair: string;
  entryTs: number;
  exitTs: number;
  /** end of the perp leg: `exitTs`, or the end of the bar that liquidated it */
  perpExitTs: number;
  entryReason: EntryReason;
  exitReason: ExitReason;
  decidedBy: {entry: Decision; exit: Decision | undefined};
  spotQty: Decimal;
  perpQty: Decimal;
  /** reference prices */
  spotEntry: Decimal;
  spotExit: Decimal;
  perpEntry: Decimal;
  perpExit: Decimal;
  payments: readonly Payment[];
  fills: readonly Fill[];
  net: Decimal;
  /** spot notional at entry, in quote */
  notional: Decimal;
  /** capital of the hedge: notional × (1 + 1/leverage) */
  capital: Decimal;
  budgetLimit: BudgetLimit;
  liquidation: Liquidation | undefined;
}
