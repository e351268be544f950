import {expect, it} from "vitest";
import type {MarketData} from "../../src/lib/market/marketdata.js";
import {runWindows} from "../../src/lib/backtest/run.js";
import {windowOf} from "../../src/lib/backtest/window.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {disagreements} from "../../src/lib/sweep/gate.js";
import {Kernel} from "../../src/lib/sweep/kernel.js";
import {prepare} from "../../src/lib/sweep/prepare.js";
import {generator} from "../../src/lib/stats/random.js";
import {parseInstant} from "../../src/lib/time/instant.js";
import {marketDataFromCsv, realMarketData} from "./market-data.js";
import {referenceCases} from "./reference-cases.js";
import {fixture, realDataDir} from "./shared.js";

const cases = referenceCases();

/** Generates any key with any value, as a grid may have. */
function randomEntries(pick: <T>(values: readonly T[]) => T): Record<string, string> {
  const entries: Record<string, string> = {strategy: pick(["simple", "composite"])};
  const set = (key: string, values: readonly string[]) => {
    if (pick([true, false])) entries[key] = pick(values);
  };
  set("minRate", ["0", "0.0001", "0.0002", "0.0003", "0.00041"]);
  set("exitRate", ["-1", "-0.0001", "0", "0.00005"]);
  set("entry", ["0.3", "0.35", "0.4"]);
  set("exit", ["0.1", "0.2", "0.25"]);
  set("expectedHoldPeriods", ["auto", "7", "21", "60"]);
  set("volumeFilter", ["false"]);
  set("sizing", ["dynamic"]);
  set("slippageBps", ["0", "1", "7.5"]);
  set("spotFee", ["0", "0.0008"]);
  set("perpFee", ["0.0002"]);
  set("spotFeeIn", ["base"]);
  set("capital", ["900", "1500", "25000"]);
  set("maxPositionUsd", ["700", "1234.56", "4000"]);
  set("leverage", ["2", "3", "5", "8"]);
  set("maintenanceRate", ["0.01"]);
  set("maxWaitBars", ["0", "1", "6"]);
  set("decisionDelayBars", ["1", "2"]);
  set("spotStep", ["0.04", "0.001"]);
  set("perpStep", ["0.1", "0.001"]);
  set("minQty", ["5", "10"]);
  set("minNotional", ["500", "990"]);
  return entries;
}

interface Tally {
  trials: number;
  floats: number;
  trades: number;
}

function hold(
  data: MarketData,
  range: {fromMs?: number; toMs?: number},
  entries: Record<string, string>,
  kernels: Map<string, Kernel>,
  tally: Tally
) {
  const config = parseConfig(entries);
  let kernel = kernels.get(String(config.warmup));
  if (!kernel) kernels.set(String(config.warmup), (kernel = new Kernel(prepare(windowOf(data, range, config.warmup)))));
  const outcome = kernel.run(config);
  ++tally.trials;
  if (!outcome) return;
  ++tally.floats;
  const exact = runWindows([kernel.p.window], config);
  tally.trades += exact.trades.length;
  const found = disagreements(outcome, exact, {daily: kernel.daily});
  expect(found, JSON.stringify(entries)).toEqual([]);
}

/** Defines one test per reference case: its own config and several seeded ones, each compared with the exact ledger. */
export function gateTests(configs: number, seed: number): void {
  for (const reference of cases) {
    const missing = reference.symbol !== undefined && !realDataDir;
    if (missing) console.log(`skipped ${reference.name}: ../shared/data/binance is absent`);
    it.skipIf(missing)(`on ${reference.name}, its own config and ${configs} seeded ones over every key`, async () => {
      const data = reference.files
        ? marketDataFromCsv(fixture("reference", reference.files), "MADE/USDT", reference.timeframe)
        : await realMarketData(realDataDir!, reference.symbol!, reference.timeframe);
      const range = {
        ...(reference.from && {fromMs: parseInstant(reference.from)}),
        ...(reference.to && {toMs: parseInstant(reference.to)})
      };
      const random = generator(seed + cases.indexOf(reference));
      const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
      const kernels = new Map<string, Kernel>();
      const tally: Tally = {trials: 0, floats: 0, trades: 0};
      hold(data, range, {strategy: reference.strategy, ...reference.config}, kernels, tally);
      for (let i = 0; i < configs; ++i) {
        const entries = {warmup: reference.config["warmup"]!, ...randomEntries(pick)};
        if (isConfig(entries)) hold(data, range, entries, kernels, tally);
      }
      expect(tally.floats / tally.trials).toBeGreaterThan(0.8);
    });
  }
}

function isConfig(entries: Record<string, string>): boolean {
  try {
    parseConfig(entries);
    return true;
  } catch {
    return false;
  }
}
