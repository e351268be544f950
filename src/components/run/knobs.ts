import {Decimal, text} from "../../lib/money/decimal.js";
import {bp, number} from "../ui/format.js";

/** One parameter of a strategy that has a slider. */
export interface Knob {
  key: string;
  label: string;
  /** meaning, shown on hover */
  title: string;
  /** ends and step of the slider, exact decimals; a value may lie outside */
  min: string;
  max: string;
  step: string;
  format: (value: string) => string;
}

const rate = (value: string) => `${bp(Number(value))} per 8 h`;
const plain = (value: string) => number(Number(value), 2);

export const KNOBS: Readonly<Record<string, Knob>> = {
  minRate: {
    key: "minRate",
    label: "Enter at a rate of at least",
    title: "a flat pair is entered when its settled rate per 8 h is at least this (minRate)",
    min: "0",
    max: "0.001",
    step: "0.00001",
    format: rate
  },
  exitRate: {
    key: "exitRate",
    label: "Exit below",
    title: "an open hedge is closed when the settled rate per 8 h falls below this (exitRate)",
    min: "-0.0005",
    max: "0.0005",
    step: "0.00001",
    format: rate
  },
  entry: {
    key: "entry",
    label: "Enter at a score of at least",
    title: "a flat pair is entered when its composite score, 0 to 1, is at least this (entry)",
    min: "0",
    max: "1",
    step: "0.01",
    format: plain
  },
  exit: {
    key: "exit",
    label: "Exit below a score of",
    title: "an open hedge may be closed when the composite score falls below this (exit)",
    min: "0",
    max: "1",
    step: "0.01",
    format: plain
  },
  expectedHoldPeriods: {
    key: "expectedHoldPeriods",
    label: "Spread the costs over",
    title:
      "periods of 8 h over which the round trip is spread; an entry needs a rate above that cost (expectedHoldPeriods)",
    min: "3",
    max: "180",
    step: "3",
    format: (value) =>
      value === "auto" ? "median of past runs" : `${value} periods (${number(Number(value) / 3, 0)} days)`
  },
  leverage: {
    key: "leverage",
    label: "Leverage of the short leg",
    title:
      "margin of the perpetual is its notional divided by this; more leverage needs less capital and brings liquidation closer",
    min: "1",
    max: "10",
    step: "0.5",
    format: (value) => `${number(Number(value), 1)} ×`
  },
  slippageBps: {
    key: "slippageBps",
    label: "Slippage per fill",
    title: "difference between reference price and fill price, paid four times per round trip (slippageBps)",
    min: "0",
    max: "30",
    step: "0.5",
    format: (value) => `${number(Number(value), 1)} bp`
  },
  decisionDelayBars: {
    key: "decisionDelayBars",
    label: "Decision delay",
    title: "bars between a decision and its fill; 0 fills at the open of the settlement time (decisionDelayBars)",
    min: "0",
    max: "6",
    step: "1",
    format: (value) => `${value} ${value === "1" ? "bar" : "bars"}`
  },
  weightLevel: weight("weightLevel", "level of the rate"),
  weightTrend: weight("weightTrend", "trend of the rate"),
  weightPersistence: weight("weightPersistence", "persistence of the rate"),
  weightBasis: weight("weightBasis", "basis")
};

function weight(key: string, of: string): Knob {
  return {
    key,
    label: `Weight of the ${of}`,
    title: `weight of the ${of} in the composite score (${key})`,
    min: "0",
    max: "1",
    step: "0.05",
    format: plain
  };
}

/** Parameters with a text field. */
export const TYPED: readonly {key: string; label: string; title: string}[] = [
  {key: "capital", label: "Capital, quote", title: "initial capital of the account (capital)"},
  {key: "maxPositionUsd", label: "Notional of one hedge", title: "maximum spot notional of one hedge (maxPositionUsd)"},
  {
    key: "portfolioCapUsd",
    label: "Notional of all hedges",
    title: "maximum spot notional of all open hedges (portfolioCapUsd)"
  },
  {key: "maxHedges", label: "Hedges at once", title: "maximum number of open hedges (maxHedges)"},
  {key: "spotFee", label: "Spot fee, share", title: "fee of a spot fill, 0.001 is 0.1 % (spotFee)"},
  {key: "perpFee", label: "Perp fee, share", title: "fee of a perpetual fill, 0.00055 is 0.055 % (perpFee)"}
];

/** Parameters with a few values. */
export const CHOICES: readonly {key: string; label: string; values: readonly {value: string; label: string}[]}[] = [
  {
    key: "sizing",
    label: "Size of a hedge",
    values: [
      {value: "fixed", label: "fixed"},
      {value: "dynamic", label: "by score"}
    ]
  },
  {
    key: "spotFeeIn",
    label: "Spot fee paid in",
    values: [
      {value: "quote", label: "quote"},
      {value: "base", label: "the coin"}
    ]
  },
  {
    key: "volumeFilter",
    label: "Volume filter",
    values: [
      {value: "true", label: "on"},
      {value: "false", label: "off"}
    ]
  },
  {
    key: "warmup",
    label: "Warm up signals on earlier rows",
    values: [
      {value: "true", label: "yes"},
      {value: "false", label: "no"}
    ]
  }
];

/** Returns the exact value at a slider's position: `min + position × step`. */
export const valueAt = (knob: Knob, position: number): string =>
  text(new Decimal(knob.min).plus(new Decimal(knob.step).times(position)));

/** Returns the number of steps of a slider. */
export const stepsOf = ({min, max, step}: Knob): number => new Decimal(max).minus(min).div(step).round().toNumber();

/** Returns the slider's position nearest to a value, within its ends. */
export function positionOf(knob: Knob, value: string): number {
  if (value === "auto") return 0;
  const position = new Decimal(value).minus(knob.min).div(knob.step).round().toNumber();
  return Math.min(stepsOf(knob), Math.max(0, position));
}

/** Returns the keys of a strategy's entry and exit threshold; the exit may not be above the entry. */
export const thresholdsOf = (strategy: string): readonly [string, string] =>
  strategy === "simple" || strategy === "conservative" ? ["minRate", "exitRate"] : ["entry", "exit"];

/** Returns the main sliders of a strategy. */
export const mainKnobs = (strategy: string): readonly Knob[] => {
  const [entry, exit] = thresholdsOf(strategy);
  const composite = entry === "entry";
  return [
    KNOBS[entry]!,
    KNOBS[exit]!,
    ...(composite ? [KNOBS["exitRate"]!] : []),
    KNOBS["expectedHoldPeriods"]!,
    KNOBS["decisionDelayBars"]!
  ];
};

/** Returns the sliders under “Costs, capital and margin”. */
export const moreKnobs = (strategy: string): readonly Knob[] => [
  KNOBS["leverage"]!,
  KNOBS["slippageBps"]!,
  ...(thresholdsOf(strategy)[0] === "entry"
    ? ["weightLevel", "weightTrend", "weightPersistence", "weightBasis"].map((key) => KNOBS[key]!)
    : [])
];

/** Returns the value and `reach` values on each side, 1/25 of the slider apart, for the sensitivity chart. */
export function valuesAround(knob: Knob, value: string, reach = 4): string[] {
  if (value === "auto") return [];
  const span = Math.max(1, Math.round(stepsOf(knob) / 25));
  const stride = new Decimal(knob.step).times(span);
  const values: string[] = [];
  for (let i = -reach; i <= reach; ++i) {
    const next = new Decimal(value).plus(stride.times(i));
    if (next.gte(knob.min) || i === 0) values.push(text(next));
  }
  return values;
}
