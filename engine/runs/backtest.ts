import {dataHash, hashOf} from "../../loaders/snapshots/hash.js";
import {loadMarkets} from "../../loaders/snapshots/market-rows.js";
import {backtestReport, notShown} from "../../src/lib/backtest/report.js";
import {runBacktest} from "../../src/lib/backtest/run.js";
import {cutData} from "../../src/lib/backtest/window.js";
import {sensitivities} from "../../src/lib/backtest/sensitivity.js";
import {configEntries, parseConfig} from "../../src/lib/strategy/config.js";
import {entriesOf, type RunRequest} from "../../src/lib/strategy/request.js";
import {asUsage} from "./request.js";
import {VERSION} from "../version.js";

/** Everything needed to repeat a backtest and verify its result. */
export interface Manifest {
  version: 1;
  command: "backtest";
  pairs: readonly string[];
  venue: string | undefined;
  timeframe: string;
  config: Record<string, string>;
  fromMs: number | undefined;
  toMs: number;
  dataHash: string;
  resultHash: string;
  versions: {carrybook: string};
}

/**
 * Runs a strategy over the lake's history, for `carrybook backtest` and the API.
 * @throws UsageError, DataError
 */
export async function runRequest(dataDir: string, request: RunRequest) {
  const {pairs, timeframe, fromMs, toMs} = request;
  const venue = request.venue || undefined;
  const range = {fromMs, toMs};
  const config = asUsage(() => parseConfig(entriesOf(request)));
  const finerTimeframe = config.liquidationTimeframe;
  const markets = await loadMarkets(
    dataDir,
    pairs.map((pair) => ({pair, venue, timeframe, finerTimeframe}))
  );
  const result = asUsage(() => runBacktest(markets, config, range));
  const report = backtestReport(result);
  const used = result.pairs.map(({window}) => cutData(window.data, -Infinity, result.endMs));
  const manifest: Manifest = {
    version: 1,
    command: "backtest",
    pairs,
    venue,
    timeframe,
    config: configEntries(config),
    fromMs,
    toMs: result.endMs,
    dataHash: dataHash(used),
    resultHash: hashOf(report),
    versions: {carrybook: VERSION}
  };
  return {
    report: {...report, sensitivities: sensitivities(markets, config, range)},
    manifest,
    lastLine: notShown(result)
  };
}

/** Builds the document of `backtest --json` and `POST /backtests`. */
export const backtestDocument = ({report, manifest}: Awaited<ReturnType<typeof runRequest>>) => ({
  ...report,
  dataHash: manifest.dataHash,
  manifest
});
