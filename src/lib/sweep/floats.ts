import {rulesOf, type Rules} from "../ledger/rules.js";
import {toNumber, type Decimal} from "../money/decimal.js";
import type {StrategyConfig} from "../strategy/config.js";
import type {Prepared} from "./prepare.js";

/** The numbers of a config and its pair's rules, as floats for the kernel. */
export interface Floats {
  rules: Rules;
  capital: number;
  spotFee: number;
  perpFee: number;
  slippage: number;
  leverage: number;
  /** highest rate of all tiers, which gives the lowest P* */
  maintenanceRate: number;
  /** true if one rate applies to every size */
  oneTier: boolean;
  perpTick: number;
  /** `2 × (spotFee + perpFee) + 4 × slippage` */
  roundTrip: number;
  /** `1 + 1/leverage + spotFee + perpFee + 2 × slippage` */
  needed: number;
  maxPositionUsd: number;
  /** the lower of the pair and portfolio caps, in quote */
  cap: number;
  step: number;
  /** steps per coin if that is a whole number, else undefined */
  stepsPerCoin: number | undefined;
  /** true without minimums and without a coin fee: any quantity above zero may be opened */
  plain: boolean;
  delayMs: number;
  maxWaitMs: number;
}

/** Trials share most of their decimals, so each is converted once. */
const numbers = new WeakMap<Decimal, number>();

/** Converts a decimal to a float, memoised by identity. */
export function asFloat(value: Decimal): number {
  let number = numbers.get(value);
  if (number === undefined) numbers.set(value, (number = toNumber(value)));
  return number;
}

/** The settings that determine a pair's rules. */
type RuleKeys = [
  Decimal | undefined,
  Decimal | undefined,
  Decimal | undefined,
  Decimal | undefined,
  Decimal | undefined
];

const newestRules = new WeakMap<Prepared, {keys: RuleKeys; rules: Rules}>();

/** Returns a pair's rules, reusing those of the previous trial if their settings are the same. */
function rulesFor(p: Prepared, config: StrategyConfig): Rules {
  const keys: RuleKeys = [config.spotStep, config.perpStep, config.minQty, config.minNotional, config.maintenanceRate];
  const newest = newestRules.get(p);
  if (newest && newest.keys.every((key, i) => key === keys[i])) return newest.rules;
  const rules = rulesOf(p.window.data.instrument, config);
  newestRules.set(p, {keys, rules});
  return rules;
}

/** Converts a config and its pair's rules to floats. */
export function floatsOf(p: Prepared, config: StrategyConfig): Floats {
  const rules = rulesFor(p, config);
  const spotFee = asFloat(config.spotFee);
  const perpFee = asFloat(config.perpFee);
  const slippage = asFloat(config.slippageBps) / 1e4;
  const leverage = asFloat(config.leverage);
  const step = asFloat(rules.step);
  const inverse = Math.round(1 / step);
  return {
    rules,
    capital: asFloat(config.capital),
    spotFee,
    perpFee,
    slippage,
    leverage,
    maintenanceRate: Math.max(...rules.maintenance.map(({rate}) => asFloat(rate))),
    oneTier: rules.maintenance.length === 1,
    perpTick: asFloat(rules.perpTick),
    roundTrip: 2 * (spotFee + perpFee) + 4 * slippage,
    needed: 1 + 1 / leverage + spotFee + perpFee + 2 * slippage,
    maxPositionUsd: asFloat(config.maxPositionUsd),
    cap: Math.min(asFloat(config.pairCapUsd), asFloat(config.portfolioCapUsd)),
    step,
    stepsPerCoin: Math.abs(1 / step - inverse) < 1e-9 * inverse ? inverse : undefined,
    plain:
      config.spotFeeIn === "quote" &&
      rules.spotMinQty.isZero() &&
      rules.perpMinQty.isZero() &&
      rules.spotMinNotional.isZero() &&
      rules.perpMinNotional.isZero(),
    delayMs: config.decisionDelayBars * p.barMs,
    maxWaitMs: config.maxWaitBars * p.barMs
  };
}
