import {ConfigError} from "../../loaders/errors.js";
import type {EngineSettings} from "../../src/lib/wire/trading.js";
import {text} from "../../src/lib/money/decimal.js";
import {parseConfig, strategyEntries, type StrategyConfig} from "../../src/lib/strategy/config.js";
import type {Config} from "./config.js";

/** Resolves the engine's strategy from the configuration, costs included. @throws ConfigError */
export function engineStrategy({engine, costs}: Config): {entries: Record<string, string>; strategy: StrategyConfig} {
  try {
    const entries = {...costs, ...strategyEntries(engine.strategy), ...engine.set};
    return {entries, strategy: parseConfig(entries)};
  } catch (error) {
    throw new ConfigError(`invalid engine: ${(error as Error).message}`, {fix: "run `npx carrybook config show`"});
  }
}

/** Returns the initial values of the settings that can change while the engine runs. @throws ConfigError */
export function startSettings(config: Config): EngineSettings {
  const {strategy} = engineStrategy(config);
  return {
    minRate: text(strategy.minRate),
    exitRate: text(strategy.exitRate),
    maxPositionUsd: text(strategy.maxPositionUsd),
    portfolioCapUsd: text(strategy.portfolioCapUsd),
    maxHedges: strategy.maxHedges,
    minTurnover24h: config.engine.minTurnover24h,
    intervalMs: config.engine.intervalMs
  };
}
