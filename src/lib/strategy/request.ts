import {parsePair} from "../market/pair.js";
import {DAY_MS, isTimeframe, TIMEFRAMES, type Timeframe} from "../time/grid.js";
import {formatDay, parseInstant} from "../time/instant.js";
import {CONFIG_KEYS, configEntries, parseConfig, readFields, SettingError, strategyEntries} from "./config.js";
import {didYouMean} from "./suggest.js";

/** A parsed request for a backtest or a sweep, from a command line, a page's address or an API body. */
export interface RunRequest {
  /** canonical names without duplicates */
  pairs: readonly string[];
  /** empty: the only venue that lists the pairs */
  venue: string;
  timeframe: Timeframe;
  /** simple, composite or a preset */
  strategy: string;
  /** settings that override those of the strategy or preset, as text */
  set: Readonly<Record<string, string>>;
  /** UTC ms; undefined: the start of the data */
  fromMs: number | undefined;
  /** UTC ms, exclusive; undefined: the end of the data */
  toMs: number | undefined;
}

/** An unparsed request; missing fields take their fallback. */
export interface RunEntries {
  /** a list, or comma-separated */
  pairs?: string | readonly string[] | undefined;
  venue?: string | undefined;
  timeframe?: string | undefined;
  strategy?: string | undefined;
  /** values by key, or a list of `key=value` */
  set?: Readonly<Record<string, string>> | readonly string[] | undefined;
  /** instant as text, or UTC ms */
  from?: string | number | undefined;
  to?: string | number | undefined;
}

const DEFAULT_REQUEST: RunRequest = {
  pairs: [],
  venue: "",
  timeframe: "1h",
  strategy: "simple",
  set: {},
  fromMs: undefined,
  toMs: undefined
};

/**
 * Parses a request and checks its config and range. The caller checks that it names a pair and that there is data.
 * @param options.fallback replaces missing and, with `onProblem`, invalid values
 * @param options.onProblem receives each error; without it the first error is thrown
 * @throws RangeError, mostly SettingError: `invalid NAME: VALUE`
 */
export function parseRunRequest(
  entries: RunEntries,
  {fallback = DEFAULT_REQUEST, onProblem}: {fallback?: RunRequest; onProblem?: (error: RangeError) => void} = {}
): RunRequest {
  const attempt = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch (error) {
      if (!onProblem || !(error instanceof RangeError)) throw error;
      onProblem(error);
      return otherwise;
    }
  };
  const passes = (check: () => unknown): boolean => attempt(() => (check(), true), false);
  const read = <V, T>(value: V | undefined, parse: (value: V) => T, otherwise: T): T =>
    value === undefined ? otherwise : attempt(() => parse(value), otherwise);

  const timeframe = read(entries.timeframe, readTimeframe, fallback.timeframe);
  const pairs = entries.pairs === undefined ? fallback.pairs : readPairs(entries.pairs, attempt);
  const strategy = read(entries.strategy, readStrategy, fallback.strategy);
  const settings = read(entries.set, readSettings, {});
  // keys are checked one by one first, so that an invalid value is distinguished from a contradiction
  const valid = Object.entries(settings).filter(([key, value]) => passes(() => readFields({[key]: value})));
  const set = {...(entries.strategy === undefined && fallback.set), ...Object.fromEntries(valid)};
  const canRun = passes(() => parseConfig(entriesOf({strategy, set})));
  const fromMs = read(entries.from, (value) => readInstant(value, "from"), fallback.fromMs);
  const toMs = read(entries.to, (value) => readInstant(value, "to"), fallback.toMs);
  const {fromMs: first, toMs: end} = attempt(() => readRange(fromMs, toMs, entries), fallback);
  return {
    pairs,
    venue: entries.venue ?? fallback.venue,
    timeframe,
    strategy,
    set: canRun ? set : {},
    fromMs: first,
    toMs: end
  };
}

function readTimeframe(value: string): Timeframe {
  if (isTimeframe(value)) return value;
  throw new SettingError(
    `invalid timeframe: ${value}${didYouMean(value, TIMEFRAMES)}`,
    `timeframes are ${TIMEFRAMES.join(", ")}`
  );
}

function readPairs(
  given: string | readonly string[],
  attempt: <T>(work: () => T, otherwise: T) => T
): readonly string[] {
  const pairs = (typeof given === "string" ? given.split(",").filter(Boolean) : given).flatMap((name) =>
    attempt(() => [parsePair(name)], [])
  );
  return pairs.filter((pair, i) =>
    attempt(() => {
      if (pairs.indexOf(pair) < i) throw new SettingError(`invalid pairs: ${pair} twice`);
      return true;
    }, false)
  );
}

function readStrategy(name: string): string {
  strategyEntries(name);
  return name;
}

/** Returns settings by key; the error for an unknown key suggests the nearest known one. */
function readSettings(given: NonNullable<RunEntries["set"]>): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [key, value] of isList(given) ? given.map(splitSetting) : Object.entries(given)) {
    if (!CONFIG_KEYS.includes(key)) {
      throw new SettingError(
        `invalid key: ${key}${didYouMean(key, CONFIG_KEYS)}`,
        `keys are ${CONFIG_KEYS.join(", ")}`
      );
    }
    if (key in settings) throw new SettingError(`invalid set: ${key} twice`);
    settings[key] = value;
  }
  return settings;
}

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);

function splitSetting(setting: string): [key: string, value: string] {
  const at = setting.indexOf("=");
  if (at < 1) throw new SettingError(`invalid set: ${setting}`, "write --set key=value");
  return [setting.slice(0, at).trim(), setting.slice(at + 1)];
}

const readInstant = (value: string | number, name: string): number =>
  typeof value === "number" ? value : parseInstant(value, name);

function readRange(
  fromMs: number | undefined,
  toMs: number | undefined,
  {from, to}: RunEntries
): Pick<RunRequest, "fromMs" | "toMs"> {
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    const written = (given: string | number | undefined, ms: number) =>
      typeof given === "string" ? given : instantText(ms);
    throw new SettingError(`invalid range: from ${written(from, fromMs)} is not before to ${written(to, toMs)}`);
  }
  return {fromMs, toMs};
}

/** Returns the config entries of a run: those of its strategy, overridden by `set`. */
export const entriesOf = ({strategy, set}: Pick<RunRequest, "strategy" | "set">): Record<string, string> => ({
  ...strategyEntries(strategy),
  ...set
});

/** Returns all config entries of a strategy or preset, as canonical text. */
export const defaultsOf = (strategy: string): Record<string, string> =>
  configEntries(parseConfig(strategyEntries(strategy)));

/**
 * Returns a run with one key changed. A value equal to the strategy's own is removed from `set`, so that an address
 * contains only the differences.
 */
export function withKey<T extends Pick<RunRequest, "strategy" | "set">>(state: T, key: string, value: string): T {
  const {[key]: _, ...rest} = state.set;
  const isDefault = defaultsOf(state.strategy)[key] === value;
  return {...state, set: isDefault ? rest : {...rest, [key]: value}};
}

const quote = (text: string): string => (/^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/**
 * Returns the shell command that reproduces a run.
 * @param options.verb `backtest`, or `sweep` with its axes in `grid`
 */
export function commandOf(
  {pairs, venue, timeframe, strategy, set, fromMs, toMs}: RunRequest,
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

const instantText = (ms: number): string => (ms % DAY_MS === 0 ? formatDay(ms) : new Date(ms).toISOString());

/** Returns a run as a JSON document: pairs, venue, timeframe, range and the complete config. */
export function configDocument(request: RunRequest): Record<string, unknown> {
  const {pairs, venue, timeframe, fromMs, toMs} = request;
  return {
    pairs,
    ...(venue && {venue}),
    timeframe,
    ...(fromMs !== undefined && {from: instantText(fromMs)}),
    ...(toMs !== undefined && {to: instantText(toMs)}),
    config: configEntries(parseConfig(entriesOf(request)))
  };
}

/** Config keys allowed in an address: pages have no finer candles for the liquidation check; the strategy is separate. */
const ADDRESS_KEYS = CONFIG_KEYS.filter((key) => key !== "liquidationTimeframe" && key !== "strategy");

/** Returns a run as URL parameters; `null` removes a parameter. */
export function paramsOf({
  pairs,
  venue,
  timeframe,
  strategy,
  set,
  fromMs,
  toMs
}: RunRequest): Record<string, string | null> {
  return {
    pairs: pairs.join(","),
    venue: venue || null,
    timeframe,
    strategy,
    from: fromMs === undefined ? null : instantText(fromMs),
    to: toMs === undefined ? null : instantText(toMs),
    ...Object.fromEntries(ADDRESS_KEYS.map((key) => [key, set[key] ?? null]))
  };
}

/**
 * Parses a run from URL parameters. An invalid value takes its fallback and is reported in `problems`, so the request can
 * always run. A value equal to the strategy's own is removed from `set`.
 */
export function readAddress(
  get: (name: string) => string | null,
  fallback: RunRequest
): {request: RunRequest; problems: string[]} {
  const problems: string[] = [];
  const given = (name: string) => get(name) || undefined;
  const settings = ADDRESS_KEYS.flatMap((key) => {
    const value = given(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const request = parseRunRequest(
    {
      pairs: get("pairs") ?? undefined,
      venue: get("venue") ?? undefined,
      timeframe: given("timeframe"),
      strategy: given("strategy"),
      set: Object.fromEntries(settings),
      from: given("from"),
      to: given("to")
    },
    {fallback, onProblem: ({message}) => problems.push(message)}
  );
  const defaults = defaultsOf(request.strategy);
  const set = Object.fromEntries(Object.entries(request.set).filter(([key, value]) => value !== defaults[key]));
  return {request: {...request, set}, problems};
}

/** Returns why a run's config is invalid, or undefined if it is valid. */
export function whyInvalid(request: Pick<RunRequest, "strategy" | "set">): string | undefined {
  try {
    parseConfig(entriesOf(request));
    return undefined;
  } catch (error) {
    if (error instanceof SettingError) return error.message;
    throw error;
  }
}
