import type {Account} from "../ledger/account.js";
import type {Hedge, HedgeOrder} from "../ledger/hedge.js";
import type {Rules} from "../ledger/rules.js";
import {budgetOf, quantitiesOf, refusalOf, type Refusal} from "../ledger/sizing.js";
import {pairSlug} from "../market/pair.js";
import {ONE, type Decimal} from "../money/decimal.js";
import type {StrategyConfig} from "../strategy/config.js";
import {dynamicShare} from "../strategy/decide.js";
import type {EnterIntent} from "./desk.js";

/** An entry ready to fill, with both reference prices in quote. */
export interface Claim {
  intent: EnterIntent;
  spotReference: Decimal;
  perpReference: Decimal;
}

/**
 * Sizes an entry at its fill (§3): hedge count, budget, lot steps and minimums.
 * @returns the order, or the reason for the refusal
 */
export function sizeEntry(
  ts: number,
  {intent, spotReference, perpReference}: Claim,
  {open, account, rules}: {open: readonly Hedge[]; account: Account; rules: Rules},
  config: StrategyConfig
): HedgeOrder | Refusal {
  if (open.length >= config.maxHedges) return "too-many-hedges";
  const budget = budgetOf(config, {
    free: account.free(open),
    openNotional: account.openNotional(open),
    share: config.sizing === "dynamic" ? dynamicShare(intent.score) : ONE
  });
  const quantities = quantitiesOf(budget.amount, spotReference, rules, config);
  const refusal = refusalOf(quantities, {spotReference, perpReference}, rules);
  if (refusal) return refusal;
  const {pair, reason, decision} = intent;
  const id = `${pairSlug(pair)}-${ts}`;
  return {id, pair, ts, reason, decision, quantities, spotReference, perpReference, budgetLimit: budget.limit};
}
