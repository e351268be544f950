import type {Components} from "../ledger/trade.js";
import {Decimal} from "../money/decimal.js";
import type {Account} from "../ledger/account.js";
import {priceAt} from "../market/marks.js";
import type {PairRun} from "./pairrun.js";

/** One open hedge after an instant, in quote. */
export interface StepHedge {
  pair: string;
  entryTs: number;
  hedged: boolean;
  spotQty: Decimal;
  perpQty: Decimal;
  /** reference price of the spot leg's mark to market */
  spotPrice: Decimal;
  perpPrice: Decimal;
  notional: Decimal;
  capital: Decimal;
  /** P&L at these prices: cash flows so far plus the value of both legs */
  marked: Decimal;
  components: Components;
  payments: number;
  /** a mark or perp high at or above it liquidates the short leg */
  liquidationPrice: Decimal;
}

/** The account after all events of one instant, for replay; money in quote. */
export interface Step {
  ts: number;
  equity: Decimal;
  free: Decimal;
  hedges: readonly StepHedge[];
  waiting: readonly {pair: string; intent: "entry" | "exit"}[];
  /** trades closed so far */
  closed: number;
}

/** Captures the state of an account and its pairs after an instant. */
export function stepOf(ts: number, runs: readonly PairRun[], account: Account): Step {
  const open = runs.flatMap(({hedge, window}) => {
    if (!hedge) return [];
    const spotPrice = priceAt(window.data.spot, ts)!;
    const perpPrice = priceAt(window.data.perp, ts)!;
    return [{hedge, spotPrice, perpPrice, marked: hedge.marked(spotPrice, perpPrice)}];
  });
  const equity = open.reduce((sum, {marked}) => sum.plus(marked), account.capital.plus(account.closedNet));
  return {
    ts,
    equity,
    free: account.free(open.map(({hedge}) => hedge)),
    hedges: open.map(({hedge, spotPrice, perpPrice, marked}) => ({
      pair: hedge.order.pair,
      entryTs: hedge.order.ts,
      hedged: hedge.hedged,
      spotQty: hedge.spotQty,
      perpQty: hedge.perpQty,
      spotPrice,
      perpPrice,
      notional: hedge.notional,
      capital: hedge.capital,
      marked,
      components: hedge.components(spotPrice, perpPrice),
      payments: hedge.payments.length,
      liquidationPrice: hedge.prices.liquidation
    })),
    waiting: runs.flatMap(({pair, book}) => (book.waiting ? [{pair, intent: book.waiting}] : [])),
    closed: runs.reduce((sum, {trades}) => sum + trades.length, 0)
  };
}
