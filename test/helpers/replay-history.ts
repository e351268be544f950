import type {MarketData} from "../../src/lib/market/marketdata.js";
import type {Range} from "../../src/lib/backtest/window.js";
import {configEntries, type StrategyConfig} from "../../src/lib/strategy/config.js";
import {timeframeMs} from "../../src/lib/time/grid.js";
import {PaperVenue} from "../../engine/execution/paper.js";
import type {ExecutionVenue} from "../../engine/execution/venue.js";
import {Recorder} from "../../engine/journal/recorder.js";
import {Trader} from "../../engine/trader/trader.js";
import {historyFeed} from "./history-feed.js";

interface ReplayOptions extends Range {
  /** journal of the events; one with a tail resumes an interrupted run */
  recorder?: Recorder;
  /** venue of the orders; on paper by default */
  venue?: ExecutionVenue;
  /** called before each step with its instant, UTC ms, to advance a venue with its own clock */
  onStep?: (ts: number) => Promise<void>;
}

/**
 * Runs a stored history through the trading loop on paper, by the conventions of a backtest. Decisions, trades and
 * ledger equal those of `runBacktest`, to the last digit.
 */
export async function replayHistory(
  markets: readonly MarketData[],
  config: StrategyConfig,
  {recorder = new Recorder(undefined), venue = new PaperVenue(config), onStep, ...range}: ReplayOptions = {}
): Promise<Trader> {
  const feed = historyFeed(markets, config, range);
  const {venue: venueName = "", timeframe} = markets[0]!;
  const trader = new Trader({
    recorder,
    venue,
    config,
    venueName,
    barMs: timeframeMs(timeframe)
  });
  await trader.recover();
  if (trader.file === undefined) {
    trader.start({
      type: "started",
      ts: Math.min(...feed.windows.map((window) => window.startMs)),
      version: "",
      mode: "history",
      venue: venueName,
      origin: "",
      simulated: false,
      file: {strategy: configEntries(config), minTurnover24h: "0", intervalMs: 60_000}
    });
  }
  feed.begin(trader);
  for (const input of feed.inputs(trader)) {
    if (input.ts <= trader.lastTs) continue;
    await onStep?.(input.ts);
    await trader.step(input);
  }
  return trader;
}
