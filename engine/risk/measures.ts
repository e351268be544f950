import type {Hedge} from "../../src/lib/ledger/hedge.js";
import {Decimal, toNumber} from "../../src/lib/money/decimal.js";

/**
 * Share of the way from the short's own price to its liquidation that the perp has risen: 0 at or under the entry, 1 at
 * P*. It is the share of the margin above maintenance that is used up.
 */
export function marginRatioOf(hedge: Hedge, perpPrice: string): number {
  const fill = hedge.perpPrice;
  const way = hedge.prices.liquidation.minus(fill);
  return Math.max(0, toNumber(new Decimal(perpPrice).minus(fill).div(way)));
}

/** How far the perp must rise to be liquidated, a share of its price. */
export const distanceOf = (hedge: Hedge, perpPrice: string): number =>
  toNumber(hedge.prices.liquidation.div(perpPrice).minus(1));

/** `|spot − perp|` of an open hedge's quantities, a share of the larger leg. */
export function driftOf(hedge: Hedge): number {
  const larger = hedge.hedged ? Decimal.max(hedge.spotQty, hedge.perpQty) : hedge.spotQty;
  return larger.isZero() ? 0 : toNumber(hedge.naked.div(larger).abs());
}
