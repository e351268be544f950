import type {Rules} from "../ledger/rules.js";
import {quantitiesOf, refusalOf, type Quantities} from "../ledger/sizing.js";
import {Decimal, ONE, toNumber} from "../money/decimal.js";
import type {StrategyConfig} from "../strategy/config.js";
import {dynamicShare} from "../strategy/decide.js";
import {exactEntry} from "./decisions.js";
import type {Floats} from "./floats.js";
import type {Prepared} from "./prepare.js";

/** Quantities of one hedge as floats, in coins. */
export interface Sized {
  ordered: number;
  spotQty: number;
  perpQty: number;
}

interface SizeRequest {
  /** index of the instant of both opens */
  both: number;
  /** index of the settlement that decided the entry */
  decision: number;
  score: number;
  /** free capital of a flat account */
  free: number;
}

/**
 * Sizes a hedge on a flat account as the exact ledger would (§3). If the number of steps is within float error of a whole
 * number, decimals count them. If the budget itself is only known as a float, the result is "unsure".
 */
export function sizeInFloats(
  p: Prepared,
  config: StrategyConfig,
  floats: Floats,
  {both, decision, score, free}: SizeRequest
): Sized | "refused" | "unsure" {
  const {rules} = floats;
  const target = floats.maxPositionUsd * (config.sizing === "dynamic" ? 0.3 + 0.7 * score : 1);
  const limit = Math.min(target, floats.cap);
  const affordable = free / floats.needed;
  const bound = affordable <= limit * (1 + 1e-9);
  const budget = bound ? Math.min(affordable, limit) : limit;
  const steps = budget / p.bothSpot[both]! / floats.step;
  const whole = Math.floor(steps);
  const noise = steps * (bound ? 1e-13 : 2e-15) + 1e-12;
  const sure = steps - whole > noise && steps - whole < 1 - noise;
  if (sure && floats.plain) {
    if (whole <= 0) return "refused";
    const ordered = floats.stepsPerCoin ? whole / floats.stepsPerCoin : whole * floats.step;
    return {ordered, spotQty: ordered, perpQty: ordered};
  }
  if (!sure && (bound || (config.sizing === "dynamic" && !exactEntry(p, config, decision)))) return "unsure";
  const spotReference = new Decimal(p.bothSpot[both]!);
  const quantities = sure
    ? quantitiesFrom(new Decimal(whole).times(rules.step), spotReference, rules, config)
    : quantitiesOf(exactBudget(p, config, decision), spotReference, rules, config);
  const refusal = refusalOf(quantities, {spotReference, perpReference: new Decimal(p.bothPerp[both]!)}, rules);
  return refusal ? "refused" : toFloats(quantities);
}

/** Returns the quantities of a known order; half a step is added so that flooring gives the same number of steps. */
const quantitiesFrom = (ordered: Decimal, reference: Decimal, rules: Rules, config: StrategyConfig): Quantities =>
  quantitiesOf(ordered.plus(rules.step.div(2)).times(reference), reference, rules, config);

function exactBudget(p: Prepared, config: StrategyConfig, decision: number): Decimal {
  const share = config.sizing === "dynamic" ? dynamicShare(exactEntry(p, config, decision)!.score) : ONE;
  return Decimal.min(config.maxPositionUsd.times(share), config.pairCapUsd, config.portfolioCapUsd);
}

const toFloats = ({ordered, spotQty, perpQty}: Quantities): Sized => ({
  ordered: toNumber(ordered),
  spotQty: toNumber(spotQty),
  perpQty: toNumber(perpQty)
});
