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

/** One parameter of a grid and its values, as text. */
export interface Axis {
  /** a config key, or `strategy`, whose values may be presets */
  key: string;
  values: readonly string[];
}

/** Maximum number of cells in a grid. */
const MAX_CELLS = 100_000;

/** Keys that select data. They cannot vary, because all cells share the same rows. */
const NOT_SWEPT = ["liquidationTimeframe"];

/**
 * Parses one axis: `key=from:to:step`, with `to` included if a step reaches it, or `key=a,b,c` for any values.
 * @throws SettingError for an unknown key (with a suggestion), an invalid range, a duplicate value or none
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
  if (count.gt(MAX_CELLS))
    throw new SettingError(`invalid grid: ${spec} has ${text(count)} values, at most ${MAX_CELLS}`);
  return Array.from({length: count.toNumber()}, (_, i) => text(from.plus(step.times(i))));
}

/** One combination of a grid: its parameters as text and the resulting config. */
export interface Cell {
  params: Readonly<Record<string, string>>;
  config: StrategyConfig;
}

export interface Grid {
  axes: readonly Axis[];
  cells: readonly Cell[];
  /** omitted combinations with contradictory settings, e.g. an exit above its entry */
  leftOut: readonly {params: Readonly<Record<string, string>>; why: string}[];
}

/**
 * Expands axes over base config entries to all combinations; the last axis changes fastest.
 * @throws SettingError for no cell, too many cells, a duplicate key or an invalid value
 */
export function gridOfCells(base: Readonly<Record<string, string>>, axes: readonly Axis[]): Grid {
  if (axes.length === 0) throw new SettingError("missing grid: give at least one --grid key=from:to:step");
  const duplicate = axes.find(({key}, i) => axes.findIndex((axis) => axis.key === key) < i);
  if (duplicate) throw new SettingError(`invalid grid: ${duplicate.key} twice`);
  const count = axes.reduce((n, {values}) => n * values.length, 1);
  if (count > MAX_CELLS)
    throw new SettingError(
      `invalid grid: ${count.toLocaleString("en-US")} combinations, at most ${MAX_CELLS.toLocaleString("en-US")}`
    );
  const shared = readFields(base);
  // parsed once: an invalid value throws here, and all cells share the same Decimal instances
  const read = axes.map(({key, values}) => new Map(values.map((value) => [value, readFields(entriesOf(key, value))])));
  const cells: Cell[] = [];
  const leftOut: Grid["leftOut"][number][] = [];
  for (let i = 0; i < count; ++i) {
    const params = paramsOf(axes, i);
    try {
      const fields = axes.map(({key}, axis) => read[axis]!.get(params[key]!)!);
      // a cell's own settings override those of a preset
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

/** Returns the config entries of one axis value; a preset expands to several. */
const entriesOf = (key: string, value: string): Record<string, string> =>
  key === "strategy" ? strategyEntries(value) : {[key]: value};
