import {Decimal, ONE} from "../money/decimal.js";
import {slippageShare} from "../market/costs.js";
import {capitalPerNotional, type StrategyConfig} from "../strategy/config.js";
import {floorToStep, type Rules} from "./rules.js";

/** The reason for a refused entry fill; each is counted (§3). */
export type Refusal = "too-many-hedges" | "nothing-to-buy" | "under-minimum-quantity" | "under-minimum-notional";

export type BudgetLimit = "maxPositionUsd" | "pairCapUsd" | "portfolioCapUsd" | "freeCapital";

export interface Budget {
  /** spot notional in quote; may be ≤ 0 */
  amount: Decimal;
  /** the binding limit */
  limit: BudgetLimit;
}

/** Returns the free capital needed per unit of spot notional: `1 + 1/leverage + spotFee + perpFee + 2 × slippage` (§3). */
function neededPerNotional(config: StrategyConfig): Decimal {
  return capitalPerNotional(config).plus(config.spotFee).plus(config.perpFee).plus(slippageShare(config).times(2));
}

/**
 * Returns the spot notional of one hedge (§3): the lowest of the position limit, the pair cap, the rest of the portfolio
 * cap, and the notional that the free capital supports.
 * @param share fraction of `maxPositionUsd` for a dynamic size; the caps are not scaled
 */
export function budgetOf(
  config: StrategyConfig,
  {free, openNotional, share}: {free: Decimal; openNotional: Decimal; share: Decimal}
): Budget {
  const limits: Budget[] = [
    {limit: "maxPositionUsd", amount: config.maxPositionUsd.times(share)},
    {limit: "pairCapUsd", amount: config.pairCapUsd},
    {limit: "portfolioCapUsd", amount: config.portfolioCapUsd.minus(openNotional)},
    {limit: "freeCapital", amount: free.div(neededPerNotional(config))}
  ];
  return limits.reduce((least, limit) => (limit.amount.lt(least.amount) ? limit : least));
}

/** The quantities of a hedge in coins: ordered on spot, received on spot, and sold on the perp. */
export interface Quantities {
  ordered: Decimal;
  spotQty: Decimal;
  perpQty: Decimal;
}

/**
 * Returns `Q = floor(budget / spotReference / step) × step` (§3). With a coin fee the perp is sized on the coins received.
 */
export function quantitiesOf(
  budget: Decimal,
  spotReference: Decimal,
  rules: Rules,
  {spotFeeIn, spotFee}: Pick<StrategyConfig, "spotFeeIn" | "spotFee">
): Quantities {
  const ordered = floorToStep(budget.div(spotReference), rules.step);
  if (spotFeeIn === "quote") return {ordered, spotQty: ordered, perpQty: ordered};
  const spotQty = ordered.times(ONE.minus(spotFee));
  return {ordered, spotQty, perpQty: floorToStep(spotQty, rules.perpStep)};
}

/** Checks both legs against zero and their minimums at reference prices (§3); undefined if they may be opened. */
export function refusalOf(
  {ordered, perpQty}: Quantities,
  {spotReference, perpReference}: {spotReference: Decimal; perpReference: Decimal},
  rules: Rules
): Refusal | undefined {
  if (ordered.lte(0) || perpQty.lte(0)) return "nothing-to-buy";
  if (ordered.lt(rules.spotMinQty) || perpQty.lt(rules.perpMinQty)) return "under-minimum-quantity";
  if (ordered.times(spotReference).lt(rules.spotMinNotional)) return "under-minimum-notional";
  if (perpQty.times(perpReference).lt(rules.perpMinNotional)) return "under-minimum-notional";
  return undefined;
}
