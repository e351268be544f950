import type {MarketData} from "../../src/lib/backtest/marketdata.js";
import type {Range} from "../../src/lib/backtest/window.js";
import {configEntries, type StrategyConfig} from "../../src/lib/strategy/config.js";
import {timeframeMs} from "../../src/lib/time/grid.js";
import {PaperVenue} from "../execution/paper.js";
import {Recorder} from "../journal/recorder.js";
import {Trader} from "../trading/trader.js";
import {historyFeed} from "./history.js";

/**
 * Runs a stored history through the trading loop on paper, by the conventions of a backtest: the same decisions, trades
 * and ledger as `runBacktest` gives, to the last digit.
 * @param recorder where its events go; hand in one with a tail to go on with a run that was cut off
 */
export async function replayHistory(
  markets: readonly MarketData[],
  config: StrategyConfig,
  {recorder = new Recorder(undefined), ...range}: Range & {recorder?: Recorder} = {}
): Promise<Trader> {
  const feed = historyFeed(markets, config, range);
  const {venue: venueName = "", timeframe} = markets[0]!;
  const trader = new Trader({
    recorder,
    venue: new PaperVenue(config),
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
  for (const input of feed.inputs(trader)) if (input.ts > trader.lastTs) await trader.step(input);
  return trader;
}
