import type {Decimal} from "../money/decimal.js";
import type {Decision, EntryReason, ExitReason} from "../strategy/decide.js";
import type {Fill} from "./fills.js";
import type {BudgetLimit} from "./sizing.js";
import type {MarkSource} from "../market/marks.js";

/** One settlement the perp leg took part in; positive amounts are received. */
export interface Payment {
  /** the boundary */
  t: number;
  rate: Decimal;
  mark: Decimal;
  markSource: MarkSource;
  amount: Decimal;
}

/** How a perp leg was lost. */
export interface Liquidation {
  /** open of the bar whose high reached the price */
  barTs: number;
  /** whose high it was */
  source: "mark" | "perp";
  high: Decimal;
  /** P* */
  price: Decimal;
  bankruptcy: Decimal;
  /** S*, the spot reference at the instant of liquidation */
  spotReference: Decimal;
}

/** The parts of a trade's net; the law of §3 binds them. */
export interface Components {
  funding: Decimal;
  basis: Decimal;
  fees: Decimal;
  slippage: Decimal;
  borrow: Decimal;
  liquidationLoss: Decimal;
  liquidationDrift: Decimal;
}

/** `net = funding + basis − fees − slippage − borrow − liquidationLoss + liquidationDrift` (§3). */
export function netOf(c: Components): Decimal {
  return c.funding
    .plus(c.basis)
    .minus(c.fees)
    .minus(c.slippage)
    .minus(c.borrow)
    .minus(c.liquidationLoss)
    .plus(c.liquidationDrift);
}

/** One closed hedge with everything that explains it. */
export interface Trade extends Components {
  id: string;
  pair: string;
  entryTs: number;
  exitTs: number;
  /** when the perp leg ended: `exitTs`, or the end of the bar that liquidated it */
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
