import {Decimal, ONE} from "../money/decimal.js";
import {slippageShare} from "../market/costs.js";
import {capitalPerNotional, type StrategyConfig} from "../strategy/config.js";
import {floorToStep, type Rules} from "./rules.js";

/** Why a fill was refused; each is counted (§3). */
export type Refusal = "too-many-hedges" | "nothing-to-buy" | "under-minimum-quantity" | "under-minimum-notional";

export type BudgetLimit = "maxPositionUsd" | "pairCapUsd" | "portfolioCapUsd" | "freeCapital";

export interface Budget {
  /** spot notional in quote; may be ≤ 0 */
  amount: Decimal;
  /** the limit that bound */
  limit: BudgetLimit;
}

/** What one unit of spot notional needs to be free: `1 + 1/leverage + spotFee + perpFee + 2 × slippage`. */
export function neededPerNotional(config: StrategyConfig): Decimal {
  return capitalPerNotional(config).plus(config.spotFee).plus(config.perpFee).plus(slippageShare(config).times(2));
}

/**
 * The spot notional one hedge may take (§3): the least of the position's size, the pair's cap, what is left
 * of the portfolio's cap, and what the free capital carries with its entry costs.
 * @param share of `maxPositionUsd` a dynamic size takes; the caps are not scaled
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

/** The quantities of a hedge: what is ordered on spot, what arrives, and what is sold on the perp. */
export interface Quantities {
  ordered: Decimal;
  spotQty: Decimal;
  perpQty: Decimal;
}

/**
 * `Q = floor(budget / spotReference / step) × step`; with a coin fee the perp leg is sized on the coin received.
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

/** Checks both legs against zero and their own minimums at reference prices; undefined when they may be opened. */
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
