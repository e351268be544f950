import {Decimal, decimal, text} from "../money/decimal.js";
import {
  assembleConfig,
  CONFIG_KEYS,
  SettingError,
  readFields,
  strategyEntries,
  type StrategyConfig
} from "../strategy/config.js";
import {didYouMean} from "../strategy/suggest.js";

/** One parameter of a grid with the values it takes, as text. */
export interface Axis {
  /** a config key, or `strategy`, whose values may be presets */
  key: string;
  values: readonly string[];
}

/** More cells than this are refused before anything runs. */
export const MOST_CELLS = 100_000;

/** Keys that choose data rather than steer a run: the same rows must serve every cell. */
const NOT_SWEPT = ["liquidationTimeframe"];

/**
 * Reads one axis: `key=a:b:step` (both ends included where the step meets them), or `key=a,b,c` for any values.
 * @throws SettingError for an unknown key (with a suggestion), a step that leads nowhere or no value
 */
export function parseAxis(spec: string): Axis {
  const at = spec.indexOf("=");
  if (at < 1) throw new SettingError(`invalid grid: ${spec} (write key=from:to:step or key=a,b,c)`);
  const key = spec.slice(0, at).trim();
  if (!CONFIG_KEYS.includes(key)) throw new SettingError(`invalid grid key: ${key}${didYouMean(key, CONFIG_KEYS)}`);
  if (NOT_SWEPT.includes(key)) throw new SettingError(`invalid grid key: ${key} (it chooses data and cannot vary)`);
  const body = spec.slice(at + 1).trim();
  const values = body.includes(":")
    ? steps(spec, body)
    : body
        .split(",")
        .map((value) => value.trim())
        .filter(Boolean);
  if (values.length === 0) throw new SettingError(`invalid grid: ${spec} (no value)`);
  if (new Set(values).size < values.length) throw new SettingError(`invalid grid: ${spec} (a value twice)`);
  return {key, values};
}

function steps(spec: string, body: string): string[] {
  const parts = body.split(":");
  if (parts.length !== 3) throw new SettingError(`invalid grid: ${spec} (write from:to:step)`);
  let from: Decimal, to: Decimal, step: Decimal;
  try {
    [from, to, step] = parts.map((part) => decimal(part)) as [Decimal, Decimal, Decimal];
  } catch {
    throw new SettingError(`invalid grid: ${spec} (not numbers)`);
  }
  if (!step.gt(0)) throw new SettingError(`invalid grid: ${spec} (the step must be above zero)`);
  if (to.lt(from)) throw new SettingError(`invalid grid: ${spec} (it ends before it starts)`);
  const count = to.minus(from).div(step).floor().plus(1);
  if (count.gt(MOST_CELLS))
    throw new SettingError(`invalid grid: ${spec} has ${text(count)} values, at most ${MOST_CELLS}`);
  return Array.from({length: count.toNumber()}, (_, i) => text(from.plus(step.times(i))));
}

/** One combination of a grid: what it sets, and the config it makes. */
export interface Cell {
  params: Readonly<Record<string, string>>;
  config: StrategyConfig;
}

export interface Grid {
  axes: readonly Axis[];
  cells: readonly Cell[];
  /** combinations that contradict themselves (an exit above its entry), which are left out */
  leftOut: readonly {params: Readonly<Record<string, string>>; why: string}[];
}

/**
 * Every combination of some axes over a base config, the last axis changing fastest.
 * @throws SettingError for no cell, too many of them, the same key twice, or a value no config may have
 */
export function gridOfCells(base: Readonly<Record<string, string>>, axes: readonly Axis[]): Grid {
  if (axes.length === 0) throw new SettingError("missing grid: give at least one --grid key=from:to:step");
  const twice = axes.find(({key}, i) => axes.findIndex((axis) => axis.key === key) < i);
  if (twice) throw new SettingError(`invalid grid: ${twice.key} twice`);
  const count = axes.reduce((n, {values}) => n * values.length, 1);
  if (count > MOST_CELLS)
    throw new SettingError(
      `invalid grid: ${count.toLocaleString("en-US")} combinations, at most ${MOST_CELLS.toLocaleString("en-US")}`
    );
  const shared = readFields(base);
  // read once: a value no config may have is refused here, and all cells share one decimal of each
  const read = axes.map(({key, values}) => new Map(values.map((value) => [value, readFields(entriesOf(key, value))])));
  const cells: Cell[] = [];
  const leftOut: Grid["leftOut"][number][] = [];
  for (let i = 0; i < count; ++i) {
    const params = paramsOf(axes, i);
    try {
      const fields = axes.map(({key}, axis) => read[axis]!.get(params[key]!)!);
      // what a cell sets itself outranks what a preset among its strategies brings
      fields.sort((x, y) => Number("strategy" in y) - Number("strategy" in x));
      cells.push({params, config: assembleConfig(Object.assign({}, shared, ...fields))});
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      leftOut.push({params, why: error.message});
    }
  }
  if (cells.length === 0) throw new SettingError(`invalid grid: no combination can run (${leftOut[0]!.why})`);
  return {axes, cells, leftOut};
}

function paramsOf(axes: readonly Axis[], index: number): Record<string, string> {
  const params: Record<string, string> = {};
  let rest = index;
  for (const {key, values} of axes.toReversed()) {
    params[key] = values[rest % values.length]!;
    rest = Math.floor(rest / values.length);
  }
  return Object.fromEntries(axes.map(({key}) => [key, params[key]!]));
}

/** What one value of an axis sets: a preset's name stands for several keys. */
const entriesOf = (key: string, value: string): Record<string, string> =>
  key === "strategy" ? strategyEntries(value) : {[key]: value};
