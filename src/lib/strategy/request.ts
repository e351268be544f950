import {isTimeframe, type Timeframe} from "../time/grid.js";
import {formatDay, parseInstant} from "../time/instant.js";
import {
  CONFIG_KEYS,
  ConfigError,
  configEntries,
  parseConfig,
  readFields,
  strategyEntries,
  STRATEGY_NAMES
} from "./config.js";

/** A backtest as a person asks for it: what the address of a page holds and what the command line is given. */
export interface RunState {
  pairs: readonly string[];
  /** empty: the only venue that has the pairs */
  venue: string;
  timeframe: Timeframe;
  /** simple, composite or a preset */
  strategy: string;
  /** keys that differ from what the strategy's name stands for, as exact text */
  set: Readonly<Record<string, string>>;
  /** UTC days; the end is exclusive */
  fromMs: number | undefined;
  toMs: number | undefined;
}

/** The config entries of a state: the strategy's, then what was set on top. */
export const entriesOf = ({strategy, set}: Pick<RunState, "strategy" | "set">): Record<string, string> => ({
  ...strategyEntries(strategy),
  ...set
});

/** Every key of a config with the value a strategy's name gives it, as canonical text. */
export const defaultsOf = (strategy: string): Record<string, string> =>
  configEntries(parseConfig(strategyEntries(strategy)));

/**
 * A state with one key changed; a value that the strategy has anyway is dropped, so that an address says only what
 * differs.
 */
export function withKey<T extends Pick<RunState, "strategy" | "set">>(state: T, key: string, value: string): T {
  const {[key]: _, ...rest} = state.set;
  const isDefault = defaultsOf(state.strategy)[key] === value;
  return {...state, set: isDefault ? rest : {...rest, [key]: value}};
}

const quote = (text: string): string => (/^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/**
 * The command that runs a state outside the page and gives the same numbers.
 * @param verb `backtest`, or `sweep` with its grid in `grid`
 */
export function commandOf(
  {pairs, venue, timeframe, strategy, set, fromMs, toMs}: RunState,
  {verb = "backtest", grid = []}: {verb?: "backtest" | "sweep"; grid?: readonly string[]} = {}
): string {
  const settings = CONFIG_KEYS.filter((key) => Object.hasOwn(set, key)).map((key) => `${key}=${set[key]}`);
  const words = ["npx", "carrybook", verb, "--pairs", pairs.join(","), "--strategy", strategy];
  if (settings.length) words.push("--set", ...settings);
  if (grid.length) words.push("--grid", ...grid);
  if (fromMs !== undefined) words.push("--from", instantText(fromMs));
  if (toMs !== undefined) words.push("--to", instantText(toMs));
  words.push("--timeframe", timeframe);
  if (venue) words.push("--venue", venue);
  return words.map(quote).join(" ");
}

const instantText = (ms: number): string => (ms % 86_400_000 === 0 ? formatDay(ms) : new Date(ms).toISOString());

/** A state as a document: the whole config written out, with what it was run on. */
export function configDocument(state: RunState): Record<string, unknown> {
  const {pairs, venue, timeframe, fromMs, toMs} = state;
  return {
    pairs,
    ...(venue && {venue}),
    timeframe,
    ...(fromMs !== undefined && {from: instantText(fromMs)}),
    ...(toMs !== undefined && {to: instantText(toMs)}),
    config: configEntries(parseConfig(entriesOf(state)))
  };
}

/** Keys that pages cannot offer: the finer candles of the liquidation check stay in the lake. */
const NOT_IN_PAGES = ["liquidationTimeframe", "strategy"];

/** A state as parameters of an address; `null` where it says nothing. */
export function paramsOf({
  pairs,
  venue,
  timeframe,
  strategy,
  set,
  fromMs,
  toMs
}: RunState): Record<string, string | null> {
  return {
    pairs: pairs.join(","),
    venue: venue || null,
    timeframe,
    strategy,
    from: fromMs === undefined ? null : instantText(fromMs),
    to: toMs === undefined ? null : instantText(toMs),
    ...Object.fromEntries(
      CONFIG_KEYS.filter((key) => !NOT_IN_PAGES.includes(key)).map((key) => [key, set[key] ?? null])
    )
  };
}

/**
 * Reads a state from the parameters of an address. What cannot be read takes its fallback and is said in `problems`; a
 * value no config may have is kept out of the state, so that what is left can run.
 */
export function stateOf(
  get: (name: string) => string | null,
  fallback: RunState
): {state: RunState; problems: string[]} {
  const problems: string[] = [];
  const attempt = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch (error) {
      problems.push((error as Error).message);
      return otherwise;
    }
  };
  const known = <T extends string>(name: string, isKnown: (value: string) => value is T, otherwise: T): T => {
    const value = get(name);
    if (value === null || value === "") return otherwise;
    if (isKnown(value)) return value;
    problems.push(`invalid ${name}: ${value}`);
    return otherwise;
  };
  const strategy = known("strategy", (value): value is string => STRATEGY_NAMES.includes(value), fallback.strategy);
  const instant = (name: string, otherwise: number | undefined) => {
    const value = get(name);
    return value ? attempt(() => parseInstant(value, name), otherwise) : otherwise;
  };
  let state: RunState = {
    pairs: get("pairs")?.split(",").filter(Boolean) ?? fallback.pairs,
    venue: get("venue") ?? fallback.venue,
    timeframe: known("timeframe", isTimeframe, fallback.timeframe),
    strategy,
    set: strategy === fallback.strategy && get("strategy") === null ? fallback.set : {},
    fromMs: instant("from", fallback.fromMs),
    toMs: instant("to", fallback.toMs)
  };
  if (state.fromMs !== undefined && state.toMs !== undefined && state.fromMs >= state.toMs) {
    problems.push("invalid range: from is not before to");
    state = {...state, fromMs: fallback.fromMs, toMs: fallback.toMs};
  }
  for (const key of CONFIG_KEYS) {
    const value = NOT_IN_PAGES.includes(key) ? null : get(key);
    if (value === null || value === "") continue;
    state = attempt(() => {
      const next = withKey(state, key, value);
      // one key alone; thresholds are checked together below
      readFields({[key]: value});
      return next;
    }, state);
  }
  return {state: attempt(() => checked(state), {...state, set: {}}), problems};
}

function checked(state: RunState): RunState {
  parseConfig(entriesOf(state));
  return state;
}

/** Whether a state's config can run, and why not. */
export function whyInvalid(state: Pick<RunState, "strategy" | "set">): string | undefined {
  try {
    parseConfig(entriesOf(state));
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
