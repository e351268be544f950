import {text, ZERO, type Decimal} from "../money/decimal.js";
import type {StrategyConfig} from "./config.js";
import {netPerPeriod} from "./decide.js";
import type {PairView} from "./view.js";

/** One comparison a rule makes, with both sides as text; `met` says whether it speaks for what is asked. */
export interface Condition {
  name: "rate" | "rate above zero" | "score" | "net per period" | "volume" | "exit rate" | "exit score";
  /** of both sides: a share per 8 hours or per period, a score without a unit, or a verdict in words */
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
  limit: Decimal
): Condition => ({
  name,
  unit: name === "score" || name === "exit score" ? "score" : "rate",
  value: value && text(value),
  relation,
  limit: text(limit),
  met:
    value !== undefined && (relation === "≥" ? value.gte(limit) : relation === ">" ? value.gt(limit) : value.lt(limit))
});

/**
 * What an entry wants at the newest settlement (§5), taken apart for a reader: a flat pair is entered at a
 * settlement if and only if every condition is met. Empty where the row decides nothing.
 */
export function entryConditions(view: PairView, config: StrategyConfig): Condition[] {
  const signals = view.signals();
  if (!signals) return [];
  const {rate8h} = signals;
  const hold = config.expectedHoldPeriods === "auto" ? view.autoHold(config.exitRate)! : config.expectedHoldPeriods;
  const pays = compare("net per period", netPerPeriod(rate8h, hold, config), ">", ZERO);
  if (config.strategy === "simple") return [compare("rate", rate8h, "≥", config.minRate), pays];
  const volume = config.volumeFilter ? view.volume() : undefined;
  return [
    compare("rate above zero", rate8h, ">", ZERO),
    compare("score", signals.composite(config.weights), "≥", config.entry),
    pays,
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
 * What an exit wants at the newest settlement: simple leaves when its one condition is met; composite when the rate is
 * below zero, or when rate and score are both below their exits.
 */
export function exitConditions(view: PairView, config: StrategyConfig): Condition[] {
  const signals = view.signals();
  if (!signals) return [];
  const rate = compare("exit rate", signals.rate8h, "<", config.exitRate);
  if (config.strategy === "simple") return [rate];
  return [
    {...compare("exit rate", signals.rate8h, "<", ZERO), name: "rate above zero"},
    rate,
    compare("exit score", signals.composite(config.weights), "<", config.exit)
  ];
}
