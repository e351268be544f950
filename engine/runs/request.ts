import {DataError, UsageError} from "../../loaders/errors.js";
import {MissingDataError} from "../../src/lib/market/marketdata.js";
import type {Range} from "../../src/lib/backtest/window.js";
import {parsePair} from "../../src/lib/market/pair.js";
import {
  CONFIG_KEYS,
  configEntries,
  parseConfig,
  strategyEntries,
  type StrategyConfig
} from "../../src/lib/strategy/config.js";
import {didYouMean} from "../../src/lib/strategy/suggest.js";
import {isTimeframe, TIMEFRAMES, type Timeframe} from "../../src/lib/time/grid.js";
import {parseInstant} from "../../src/lib/time/instant.js";

/** What `backtest` and `sweep` are asked for, checked before any data is read. */
export interface RunRequest {
  pairs: string[];
  venue: string | undefined;
  timeframe: Timeframe;
  config: StrategyConfig;
  /** the config as canonical text, every default written out */
  entries: Record<string, string>;
  /** only what was asked for: the base of a grid, whose values outrank presets */
  given: Record<string, string>;
  range: Range;
}

export interface RequestFlags {
  pairs?: string | undefined;
  strategy?: string | undefined;
  set?: readonly string[] | undefined;
  /** a whole config, in place of strategy and set */
  entries?: Record<string, string> | undefined;
  from?: string | undefined;
  to?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
  timeframe?: string | undefined;
  venue?: string | undefined;
}

/** Turns the model's errors into the command line's: bad values are usage, missing rows are data. */
export function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MissingDataError) throw new DataError(error.message);
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Reads the flags that backtests and sweeps share. */
export function readRequest(flags: RequestFlags): RunRequest {
  if (!flags.pairs) throw new UsageError("missing pairs: --pairs", {fix: "for example --pairs BTC/USDT"});
  const timeframe = flags.timeframe ?? "1h";
  if (!isTimeframe(timeframe)) {
    throw new UsageError(`invalid timeframe: ${timeframe}${didYouMean(timeframe, TIMEFRAMES)}`, {
      fix: `timeframes are ${TIMEFRAMES.join(", ")}`
    });
  }
  return asUsage(() => {
    const pairs = flags.pairs!.split(",").filter(Boolean).map(parsePair);
    const twice = pairs.find((pair, i) => pairs.indexOf(pair) < i);
    if (twice) throw new RangeError(`invalid pairs: ${twice} twice`);
    const given = flags.entries ?? {...strategyEntries(flags.strategy ?? "simple"), ...readSettings(flags.set ?? [])};
    const config = parseConfig(given);
    const range = {
      fromMs: flags.fromMs ?? (flags.from === undefined ? undefined : parseInstant(flags.from, "from")),
      toMs: flags.toMs ?? (flags.to === undefined ? undefined : parseInstant(flags.to, "to"))
    };
    if (range.fromMs !== undefined && range.toMs !== undefined && range.fromMs >= range.toMs) {
      throw new RangeError(`invalid range: from ${flags.from} is not before to ${flags.to}`);
    }
    return {pairs, venue: flags.venue, timeframe, config, entries: configEntries(config), given, range};
  });
}

/** `key=value` settings; an unknown key is answered with the nearest known one. */
function readSettings(settings: readonly string[]): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const setting of settings) {
    const at = setting.indexOf("=");
    if (at < 1) throw new UsageError(`invalid set: ${setting}`, {fix: "write --set key=value"});
    const key = setting.slice(0, at).trim();
    if (!CONFIG_KEYS.includes(key)) {
      throw new UsageError(`invalid key: ${key}${didYouMean(key, CONFIG_KEYS)}`, {
        fix: `keys are ${CONFIG_KEYS.join(", ")}`
      });
    }
    if (key in entries) throw new UsageError(`invalid set: ${key} twice`);
    entries[key] = setting.slice(at + 1);
  }
  return entries;
}
