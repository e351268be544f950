import type {Hedge} from "../../src/lib/ledger/hedge.js";
import {Decimal, toNumber} from "../../src/lib/money/decimal.js";

/**
 * Share of the way from the short's own price to its liquidation that the perp has risen: 0 at or under the entry, 1 at
 * P*. It is the share of the margin above maintenance that is used up.
 */
export function marginRatioOf(hedge: Hedge, perpPrice: string): number {
  const fill = hedge.fills.find(({leg}) => leg === "perp")!.price;
  const way = hedge.prices.liquidation.minus(fill);
  return Math.max(0, toNumber(new Decimal(perpPrice).minus(fill).div(way)));
}

/** How far the perp must rise to be liquidated, a share of its price. */
export const distanceOf = (hedge: Hedge, perpPrice: string): number =>
  toNumber(hedge.prices.liquidation.div(perpPrice).minus(1));

/** `|spot − perp| / spot` of an open hedge's quantities. */
export const driftOf = (hedge: Hedge): number =>
  toNumber(
    hedge.spotQty
      .minus(hedge.hedged ? hedge.perpQty : 0)
      .div(hedge.spotQty)
      .abs()
  );
