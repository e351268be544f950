import {Decimal, ONE} from "../money/decimal.js";
import {ceilToTick} from "./rules.js";

/** The two prices at which an isolated short ends. */
export interface MarginPrices {
  /** a high at or above it liquidates */
  liquidation: Decimal;
  /** the fill of a liquidation: the whole margin is lost */
  bankruptcy: Decimal;
}

/**
 * `P* = perpFill × (L + 1) / (L × (1 + maintenanceRate))` and the bankruptcy price `perpFill × (L + 1) / L`, both up to
 * the tick (§3, evaluated in this order).
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
