import {Decimal, ONE} from "../money/decimal.js";
import {ceilToTick} from "./rules.js";

/** The liquidation and bankruptcy prices of an isolated short, in quote. */
export interface MarginPrices {
  /** P*: a high at or above it liquidates the short */
  liquidation: Decimal;
  /** fill price of a liquidation, at which the whole margin is lost */
  bankruptcy: Decimal;
}

/**
 * Returns `P* = perpFill × (L + 1) / (L × (1 + maintenanceRate))` and the bankruptcy price `perpFill × (L + 1) / L`, both
 * rounded up to the tick (§3). The order of evaluation matters for the last digit.
 */
export function marginPrices(
  perpFill: Decimal,
  {leverage, maintenanceRate, tick}: {leverage: Decimal; maintenanceRate: Decimal; tick: Decimal}
): MarginPrices {
  const scaled = perpFill.times(leverage.plus(1));
  return {
    liquidation: ceilToTick(scaled.div(leverage.times(ONE.plus(maintenanceRate))), tick),
    bankruptcy: ceilToTick(scaled.div(leverage), tick)
  };
}
