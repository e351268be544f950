import type {Trade} from "../ledger/trade.js";
import {Decimal, text, ZERO} from "../money/decimal.js";

const MONEY = ["funding", "basis", "fees", "slippage", "borrow", "liquidationLoss", "liquidationDrift", "net"] as const;

/** Sums over trades: money as decimal text in quote, counts as numbers. */
export interface Totals extends Record<(typeof MONEY)[number], string> {
  trades: number;
  /** funding settlements paid or received */
  payments: number;
  /** trades with a net above zero */
  wins: number;
  liquidated: number;
  /** capital + net, in quote */
  equity: string;
}

/** Returns the totals of `trades` on an account of `capital`. */
export function totalsOf(trades: readonly Trade[], capital: Decimal): Totals {
  const sum = (name: (typeof MONEY)[number]) => trades.reduce((total, trade) => total.plus(trade[name]), ZERO);
  const money = Object.fromEntries(MONEY.map((name) => [name, text(sum(name))])) as Record<
    (typeof MONEY)[number],
    string
  >;
  return {
    trades: trades.length,
    payments: trades.reduce((n, trade) => n + trade.payments.length, 0),
    wins: trades.filter((trade) => trade.net.gt(0)).length,
    liquidated: trades.filter((trade) => trade.exitReason === "liquidated").length,
    ...money,
    equity: text(capital.plus(sum("net")))
  };
}
