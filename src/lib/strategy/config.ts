import {DEFAULT_COSTS_TEXT, EXPECTED_HOLD_PERIODS} from "../market/costs.js";
import {Decimal, decimal, ONE, text, type DecimalInput} from "../money/decimal.js";
import {isTimeframe, type Timeframe} from "../time/grid.js";
import {didYouMean} from "./suggest.js";

/** An invalid setting of a run: an unknown key, a value out of range, or two contradictory values. */
export class SettingError extends RangeError {
  override readonly name = "SettingError";
  constructor(
    message: string,
    /** what the reader can do next, in one sentence */
    readonly fix?: string
  ) {
    super(message);
  }
}

export type StrategyName = "simple" | "composite";

/** Weights of the composite score (§5); their sum is the maximum score and need not be one. */
export interface Weights {
  level: Decimal;
  trend: Decimal;
  persistence: Decimal;
  basis: Decimal;
}

/** The settings of a backtest, paper or live run. Rate thresholds are fractions per 8 hours (§§3–5). */
export interface StrategyConfig {
  strategy: StrategyName;
  /** simple: enter at `rate8h ≥ minRate` */
  minRate: Decimal;
  /** simple: exit at `rate8h < exitRate`; also the composite's second exit, and the threshold of runs for `auto` */
  exitRate: Decimal;
  /** composite: enter at a score ≥ `entry`, exit below `exit` */
  entry: Decimal;
  exit: Decimal;
  weights: Weights;
  /** 8-hour periods over which the round trip is amortised; `auto`: the median of past runs */
  expectedHoldPeriods: Decimal | "auto";
  volumeFilter: boolean;
  sizing: "fixed" | "dynamic";
  /** fraction of notional, like `perpFee` */
  spotFee: Decimal;
  perpFee: Decimal;
  slippageBps: Decimal;
  spotFeeIn: "quote" | "base";
  /** of the account, in quote */
  capital: Decimal;
  /** spot notional of one hedge, in quote */
  maxPositionUsd: Decimal;
  pairCapUsd: Decimal;
  portfolioCapUsd: Decimal;
  maxHedges: number;
  leverage: Decimal;
  /** undefined: the instrument's, else 0.005 */
  maintenanceRate: Decimal | undefined;
  liquidationTimeframe: Timeframe | undefined;
  maxWaitBars: number;
  decisionDelayBars: number;
  warmup: boolean;
  /** undefined: the instrument's; the same holds for the next three */
  spotStep: Decimal | undefined;
  perpStep: Decimal | undefined;
  minQty: Decimal | undefined;
  minNotional: Decimal | undefined;
}

/** The default of one key as text, and its parser. */
interface Field {
  fallback: string | undefined;
  read(value: string, name: string): unknown;
}

const refuse = (name: string, value: string, why: string): never => {
  throw new SettingError(`invalid ${name}: ${value} (${why})`);
};

interface Range {
  above?: DecimalInput;
  least?: DecimalInput;
  below?: DecimalInput;
  most?: DecimalInput;
}

function number(value: string, name: string, {above, least, below, most}: Range): Decimal {
  let d: Decimal;
  try {
    d = decimal(value, name);
  } catch {
    return refuse(name, value, "not a number");
  }
  if (above !== undefined && !d.gt(above)) refuse(name, value, `must be above ${above}`);
  if (least !== undefined && !d.gte(least)) refuse(name, value, `must be at least ${least}`);
  if (below !== undefined && !d.lt(below)) refuse(name, value, `must be below ${below}`);
  if (most !== undefined && !d.lte(most)) refuse(name, value, `must be at most ${most}`);
  return d;
}

const amount = (fallback: string | undefined, range: Range): Field => ({
  fallback,
  read: (value, name) => number(value, name, range)
});

const count = (fallback: string, least: number, most = 100_000): Field => ({
  fallback,
  read: (value, name) => {
    const d = number(value, name, {least, most});
    return d.isInteger() ? d.toNumber() : refuse(name, value, "must be a whole number");
  }
});

const choice = (fallback: string, values: readonly string[]): Field => ({
  fallback,
  read: (value, name) => (values.includes(value) ? value : refuse(name, value, `one of ${values.join(", ")}`))
});

const flag = (fallback: string): Field => ({
  fallback,
  read: (value, name) => (value === "true" ? true : value === "false" ? false : refuse(name, value, "true or false"))
});

const rate = (fallback: string) => amount(fallback, {above: -1, below: 1});
const fee = (fallback: string) => amount(fallback, {least: 0, below: "0.1"});
const weight = (fallback: string) => amount(fallback, {least: 0, most: 1});

/** All config keys with their defaults and parsers (§§3–5). */
const FIELDS: Record<string, Field> = {
  strategy: choice("simple", ["simple", "composite"]),
  minRate: rate("0.0003"),
  exitRate: {fallback: "0.0001", read: (value, name) => number(value, name, {least: -1, below: 1})},
  entry: amount("0.5", {least: 0, most: 1}),
  exit: amount("0.3", {least: 0, most: 1}),
  weightLevel: weight("0.35"),
  weightTrend: weight("0.25"),
  weightPersistence: weight("0.25"),
  weightBasis: weight("0.15"),
  expectedHoldPeriods: {
    fallback: String(EXPECTED_HOLD_PERIODS),
    read: (value, name) => (value === "auto" ? "auto" : number(value, name, {above: 0, most: 100_000}))
  },
  volumeFilter: flag("true"),
  sizing: choice("fixed", ["fixed", "dynamic"]),
  spotFee: fee(DEFAULT_COSTS_TEXT.spotFee),
  perpFee: fee(DEFAULT_COSTS_TEXT.perpFee),
  slippageBps: amount(DEFAULT_COSTS_TEXT.slippageBps, {least: 0, below: 10_000}),
  spotFeeIn: choice("quote", ["quote", "base"]),
  capital: amount("10000", {above: 0, most: "1e12"}),
  maxPositionUsd: amount("1000", {above: 0, most: "1e12"}),
  pairCapUsd: amount(undefined, {above: 0, most: "1e12"}),
  portfolioCapUsd: amount("5000", {above: 0, most: "1e12"}),
  maxHedges: count("5", 1),
  leverage: amount("1", {above: 0, most: 200}),
  maintenanceRate: amount(undefined, {least: 0, below: 1}),
  liquidationTimeframe: {
    fallback: undefined,
    read: (value, name) => (isTimeframe(value) ? value : refuse(name, value, "not a timeframe"))
  },
  maxWaitBars: count("3", 0),
  decisionDelayBars: count("0", 0),
  warmup: flag("true"),
  spotStep: amount(undefined, {above: 0}),
  perpStep: amount(undefined, {above: 0}),
  minQty: amount(undefined, {least: 0}),
  minNotional: amount(undefined, {least: 0})
};

/** The config keys in display order. */
export const CONFIG_KEYS: readonly string[] = Object.keys(FIELDS);

/** The settings of each preset (§5). */
export const PRESETS: Record<string, Record<string, string>> = {
  conservative: {strategy: "simple", minRate: "0.0005", exitRate: "0.0002"},
  balanced: {strategy: "composite", entry: "0.35", exit: "0.2"},
  aggressive: {
    strategy: "composite",
    entry: "0.25",
    exit: "0.15",
    weightLevel: "0.40",
    weightTrend: "0.20",
    weightPersistence: "0.25",
    weightBasis: "0.15"
  }
};

/** The names of strategies and presets that `--strategy` accepts. */
export const STRATEGY_NAMES: readonly string[] = ["simple", "composite", ...Object.keys(PRESETS)];

/**
 * Returns the config entries of a strategy or preset.
 * @throws SettingError `invalid strategy: NAME`
 */
export function strategyEntries(name: string): Record<string, string> {
  if (name === "simple" || name === "composite") return {strategy: name};
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name]!;
  throw new SettingError(`invalid strategy: ${name}${didYouMean(name, STRATEGY_NAMES)}`);
}

/** Parsed values by config key, the input of {@link assembleConfig}. */
type ConfigFields = Readonly<Record<string, unknown>>;

/**
 * Parses the given entries (text, numbers or booleans) without adding defaults.
 * @throws SettingError `invalid key: NAME (did you mean …?)` or `invalid NAME: VALUE (why)`
 */
export function readFields(entries: Readonly<Record<string, unknown>>): ConfigFields {
  const fields: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(entries)) {
    if (!Object.hasOwn(FIELDS, key)) throw new SettingError(`invalid key: ${key}${didYouMean(key, CONFIG_KEYS)}`);
    if (given !== undefined) fields[key] = FIELDS[key]!.read(textOf(given, key), key);
  }
  return fields;
}

/** Parsed defaults; all configs share these Decimal instances. */
const DEFAULTS: ConfigFields = Object.fromEntries(
  Object.entries(FIELDS).map(([key, {fallback, read}]) => [
    key,
    fallback === undefined ? undefined : read(fallback, key)
  ])
);

/**
 * Completes parsed fields with defaults to a config.
 * @throws SettingError if an exit threshold is above its entry threshold
 */
export function assembleConfig(fields: ConfigFields): StrategyConfig {
  const {weightLevel, weightTrend, weightPersistence, weightBasis, ...rest} = {...DEFAULTS, ...fields};
  const config = {
    ...rest,
    weights: {level: weightLevel, trend: weightTrend, persistence: weightPersistence, basis: weightBasis},
    pairCapUsd: rest["pairCapUsd"] ?? rest["maxPositionUsd"]
  } as Record<keyof StrategyConfig, unknown> as StrategyConfig;
  checkTogether(config);
  return config;
}

/**
 * Parses a config from entries (text, numbers or booleans); missing keys take their defaults.
 * @throws SettingError `invalid key: NAME (did you mean …?)`, `invalid NAME: VALUE (why)`, or an exit above its entry
 */
export const parseConfig = (entries: Readonly<Record<string, unknown>> = {}): StrategyConfig =>
  assembleConfig(readFields(entries));

function textOf(value: unknown, key: string): string {
  if (value instanceof Decimal) return text(value);
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return refuse(key, String(value), "not a value");
}

function checkTogether(config: StrategyConfig): void {
  if (config.strategy === "simple" && config.exitRate.gt(config.minRate)) {
    throw new SettingError(`invalid exitRate: ${text(config.exitRate)} is above minRate ${text(config.minRate)}`);
  }
  if (config.strategy === "composite" && config.exit.gt(config.entry)) {
    throw new SettingError(`invalid exit: ${text(config.exit)} is above entry ${text(config.entry)}`);
  }
}

/**
 * Formats a config as canonical text entries, including defaults. Equal configs give equal entries, and `parseConfig`
 * restores the config from them.
 */
export function configEntries(config: StrategyConfig): Record<string, string> {
  const {weights, ...rest} = config;
  const flat: Record<string, unknown> = {
    ...rest,
    weightLevel: weights.level,
    weightTrend: weights.trend,
    weightPersistence: weights.persistence,
    weightBasis: weights.basis
  };
  const entries: Record<string, string> = {};
  for (const key of CONFIG_KEYS) if (flat[key] !== undefined) entries[key] = textOf(flat[key], key);
  return entries;
}

/** Returns the capital per unit of spot notional: `1 + 1/leverage` (§3). */
export const capitalPerNotional = (config: StrategyConfig): Decimal => ONE.plus(ONE.div(config.leverage));
