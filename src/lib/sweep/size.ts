import type {Rules} from "../ledger/rules.js";
import {neededPerNotional, quantitiesOf, refusalOf, type Quantities} from "../ledger/sizing.js";
import {Decimal, ONE, toNumber} from "../money/decimal.js";
import type {StrategyConfig} from "../strategy/config.js";
import {dynamicShare} from "../strategy/decide.js";
import {exactEntry} from "./decisions.js";
import type {Prepared} from "./prepare.js";

/** Quantities of one hedge as floats. */
export interface Sized {
  ordered: number;
  spotQty: number;
  perpQty: number;
}

export interface SizeRequest {
  /** index of the instant of both opens */
  both: number;
  /** settlement whose decision fills */
  decision: number;
  score: number;
  /** free capital of a flat account */
  free: number;
}

/**
 * The quantities of a hedge of a flat account, as the exact ledger would take them. A whole number of steps is near an
 * edge once in thousands of fills: then decimals count them, or, where the budget itself is only known as a float, the
 * answer is "unsure".
 */
export function sizeInFloats(
  p: Prepared,
  config: StrategyConfig,
  rules: Rules,
  {both, decision, score, free}: SizeRequest
): Sized | "refused" | "unsure" {
  const dynamic = config.sizing === "dynamic";
  const wanted = toNumber(config.maxPositionUsd) * (dynamic ? 0.3 + 0.7 * score : 1);
  const limit = Math.min(wanted, toNumber(config.pairCapUsd), toNumber(config.portfolioCapUsd));
  const carried = free / toNumber(neededPerNotional(config));
  const bound = carried <= limit * (1 + 1e-9);
  const budget = bound ? Math.min(carried, limit) : limit;
  const steps = budget / p.bothSpot[both]! / toNumber(rules.step);
  const whole = Math.floor(steps);
  const noise = steps * (bound ? 1e-13 : 2e-15) + 1e-12;
  const sure = steps - whole > noise && steps - whole < 1 - noise;
  if (!sure && bound) return "unsure";
  if (!sure || !isPlain(config, rules)) {
    const spotReference = new Decimal(p.bothSpot[both]!);
    const quantities = sure
      ? quantitiesFrom(new Decimal(whole).times(rules.step), spotReference, rules, config)
      : quantitiesOf(exactBudget(p, config, decision), spotReference, rules, config);
    const refusal = refusalOf(quantities, {spotReference, perpReference: new Decimal(p.bothPerp[both]!)}, rules);
    return refusal ? "refused" : floatsOf(quantities);
  }
  if (whole <= 0) return "refused";
  const ordered = stepsToFloat(whole, rules.step);
  return {ordered, spotQty: ordered, perpQty: ordered};
}

/** No minimum to pass and no fee in the coin: a quantity above zero may be opened. */
const isPlain = (config: StrategyConfig, rules: Rules): boolean =>
  config.spotFeeIn === "quote" &&
  rules.spotMinQty.isZero() &&
  rules.perpMinQty.isZero() &&
  rules.spotMinNotional.isZero() &&
  rules.perpMinNotional.isZero();

/** Quantities of an order already counted: half a step more than it is the same whole number of steps. */
const quantitiesFrom = (ordered: Decimal, reference: Decimal, rules: Rules, config: StrategyConfig): Quantities =>
  quantitiesOf(ordered.plus(rules.step.div(2)).times(reference), reference, rules, config);

function exactBudget(p: Prepared, config: StrategyConfig, decision: number): Decimal {
  const share = config.sizing === "dynamic" ? dynamicShare(exactEntry(p, config, decision)!.score) : ONE;
  return Decimal.min(config.maxPositionUsd.times(share), config.pairCapUsd, config.portfolioCapUsd);
}

const floatsOf = ({ordered, spotQty, perpQty}: Quantities): Sized => ({
  ordered: toNumber(ordered),
  spotQty: toNumber(spotQty),
  perpQty: toNumber(perpQty)
});

/** The double nearest to a whole number of steps, where the step is one over a whole number; else within one rounding. */
function stepsToFloat(whole: number, step: Decimal): number {
  const inverse = 1 / toNumber(step);
  const perUnit = Math.round(inverse);
  return Math.abs(inverse - perUnit) < 1e-9 * inverse ? whole / perUnit : whole * toNumber(step);
}
