import {text, ZERO} from "../../src/lib/money/decimal.js";
import type {Trader} from "./trader.js";

/**
 * Holds the ledger against the venue's own books: coins and shorts of every pair, and the cash.
 * @returns what does not agree, in words; undefined when everything does
 */
export async function reconcile(trader: Trader): Promise<string | undefined> {
  const {cash, pairs} = await trader.venue.holdings();
  const held = new Map(pairs.map((holding) => [holding.pair, holding]));
  const differences: string[] = [];
  for (const pair of new Set([...held.keys(), ...trader.open.map(({order}) => order.pair)])) {
    const hedge = trader.pairs.get(pair)?.hedge;
    const traded = trader.pairs.get(pair);
    const coins = (hedge?.spotQty ?? ZERO).plus(traded?.dust ?? ZERO).plus(traded?.outside.coins ?? ZERO);
    const short = (hedge?.hedged ? hedge.perpQty : ZERO).plus(traded?.outside.short ?? ZERO);
    const there = held.get(pair);
    if (!coins.eq(there?.coins ?? ZERO)) {
      differences.push(`${pair}: the ledger has ${text(coins)} coins, the venue ${text(there?.coins ?? ZERO)}`);
    }
    if (!short.eq(there?.short ?? ZERO)) {
      differences.push(`${pair}: the ledger is short ${text(short)}, the venue ${text(there?.short ?? ZERO)}`);
    }
  }
  const known = trader.account.closedNet.plus(trader.outside);
  const booked = trader.open.reduce((sum, hedge) => sum.plus(hedge.flow), known);
  if (booked.minus(cash).abs().gt(trader.venue.cashTolerance)) {
    differences.push(`cash: the ledger has changed it by ${text(booked)}, the venue by ${text(cash)}`);
  }
  return differences.length > 0 ? differences.join("; ") : undefined;
}
