import type {Hedge} from "../../src/lib/ledger/hedge.js";
import {Decimal, toNumber} from "../../src/lib/money/decimal.js";
import type {RiskRule} from "../../src/lib/wire/trading.js";
import type {RiskLimits} from "../config/risk.js";
import type {PairQuote} from "../trader/quotes.js";
import type {TradedPair} from "../trader/pair.js";
import type {TraderState} from "../trader/state.js";

type Level = RiskRule["level"];

/** Returns how close a value is to its limits, which it reaches from below. */
export const levelOf = (value: number, alert: number, critical = Infinity): Level =>
  value >= critical ? "critical" : value >= alert ? "alert" : "ok";

/** Returns the level of a hedge's margin at a price of the perp; without a price it cannot be known and alerts. */
export const marginLevelOf = (
  hedge: Hedge,
  perpPrice: string | undefined,
  {marginAlert, marginCritical}: Pick<RiskLimits, "marginAlert" | "marginCritical">
): Level =>
  !hedge.hedged
    ? "critical"
    : perpPrice === undefined
      ? "alert"
      : levelOf(marginRatioOf(hedge, perpPrice), marginAlert, marginCritical);

/**
 * Returns the perp's rise from the short's entry price towards its liquidation price P* (§3), a share: 0 at or below
 * the entry, 1 at P*. Equals the used share of the margin above maintenance.
 */
export function marginRatioOf(hedge: Hedge, perpPrice: string): number {
  const fill = hedge.perpPrice;
  const way = hedge.prices.liquidation.minus(fill);
  return Math.max(0, toNumber(new Decimal(perpPrice).minus(fill).div(way)));
}

/** Returns the rise of the perp to its liquidation price, a share of the current price. */
export const distanceOf = (hedge: Hedge, perpPrice: string): number =>
  toNumber(hedge.prices.liquidation.div(perpPrice).minus(1));

/** Returns `|spot − perp|` of an open hedge's quantities, a share of the larger leg. */
export function driftOf(hedge: Hedge): number {
  const larger = hedge.hedged ? Decimal.max(hedge.spotQty, hedge.perpQty) : hedge.spotQty;
  return larger.isZero() ? 0 : toNumber(hedge.naked.div(larger).abs());
}

export type Quotes = ReadonlyMap<string, PairQuote>;

/** Returns the prices that mark a hedge: from the newest scan, else from the newest step. `ts` in UTC ms. */
export function marksOf(
  {pair, marks}: TradedPair,
  quotes: Quotes
): {ts: number; spot: Decimal; perp: Decimal} | undefined {
  const quote = quotes.get(pair);
  if (quote?.spot && quote.perp && quote.ts >= (marks?.ts ?? -Infinity)) {
    return {ts: quote.ts, spot: new Decimal(quote.spot.last), perp: new Decimal(quote.perp.last)};
  }
  return marks;
}

/** Returns the account's value with its legs at the newest prices, in quote. */
export function equityAt(trader: TraderState, quotes: Quotes): Decimal {
  const {account} = trader;
  let equity = account.capital.plus(account.closedNet);
  for (const traded of trader.pairs.values()) {
    const marks = traded.hedge && marksOf(traded, quotes);
    if (marks) equity = equity.plus(traded.hedge!.marked(marks.spot, marks.perp));
  }
  return equity;
}
