import {text, ZERO, type Decimal} from "../money/decimal.js";
import type {StrategyConfig} from "./config.js";
import {holdPeriods, netPerPeriodDecimal} from "./decide.js";
import type {PairView} from "./view.js";

/** One comparison of an entry or exit rule, with both sides as text; `met` is its result. */
export interface Condition {
  name:
    "rate" | "rate above zero" | "rate below zero" | "score" | "net per period" | "volume" | "exit rate" | "exit score";
  /** unit of `value` and `limit`: a fraction per 8 hours or per period, a dimensionless score, or a verdict as a word */
  unit: "rate" | "score" | "verdict";
  value: string | undefined;
  relation: "≥" | ">" | "<" | "is";
  limit: string;
  met: boolean;
}

const compare = (
  name: Condition["name"],
  value: Decimal | undefined,
  relation: "≥" | ">" | "<",
  limit: Decimal,
  unit: "rate" | "score" = "rate"
): Condition => ({
  name,
  unit,
  value: value && text(value),
  relation,
  limit: text(limit),
  met:
    value !== undefined && (relation === "≥" ? value.gte(limit) : relation === ">" ? value.gt(limit) : value.lt(limit))
});

/**
 * Returns the entry conditions at the newest settlement (§5). A flat pair is entered at a settlement if and only if there
 * are any and all are met. Empty if the row has no rate per 8 h.
 */
export function entryConditions(view: PairView, config: StrategyConfig): Condition[] {
  const signals = view.signals();
  if (!signals) return [];
  const {rate8h} = signals;
  const profitable = compare(
    "net per period",
    netPerPeriodDecimal(rate8h, holdPeriods(view, config), config),
    ">",
    ZERO
  );
  if (config.strategy === "simple") return [compare("rate", rate8h, "≥", config.minRate), profitable];
  const volume = config.volumeFilter ? view.volume() : undefined;
  return [
    compare("rate above zero", rate8h, ">", ZERO),
    compare("score", signals.composite(config.weights), "≥", config.entry, "score"),
    profitable,
    ...(volume
      ? [
          {
            name: "volume",
            unit: "verdict",
            value: volume.why,
            relation: "is",
            limit: "enough",
            met: volume.passes
          } satisfies Condition
        ]
      : [])
  ];
}

/**
 * Returns the exit conditions at the newest settlement (§5). Simple exits if its one condition is met. Composite exits if
 * the rate is below zero, or if rate and score are both below their exit thresholds.
 */
export function exitConditions(view: PairView, config: StrategyConfig): Condition[] {
  const signals = view.signals();
  if (!signals) return [];
  const rate = compare("exit rate", signals.rate8h, "<", config.exitRate);
  if (config.strategy === "simple") return [rate];
  return [
    {...compare("exit rate", signals.rate8h, "<", ZERO), name: "rate below zero"},
    rate,
    compare("exit score", signals.composite(config.weights), "<", config.exit, "score")
  ];
}
