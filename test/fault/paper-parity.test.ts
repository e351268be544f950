import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {replayHistory} from "../helpers/replay-history.js";
import {Recorder} from "../../engine/journal/recorder.js";
import type {ClosedEvent, DecidedEvent, TradingEvent} from "../../engine/journal/events.js";
import type {MarketData} from "../../src/lib/market/marketdata.js";
import {tradeReport} from "../../src/lib/backtest/report.js";
import {runBacktest} from "../../src/lib/backtest/run.js";
import type {Range} from "../../src/lib/backtest/window.js";
import {text} from "../../src/lib/money/decimal.js";
import {parseConfig, type StrategyConfig} from "../../src/lib/strategy/config.js";
import {parseInstant} from "../../src/lib/time/instant.js";
import {arbitraryEntries, arbitraryPlan, planMarket} from "../helpers/market.js";
import {marketDataFromCsv, realMarketData} from "../helpers/market-data.js";
import {referenceCases} from "../helpers/reference-cases.js";
import {fixture, realDataDir} from "../helpers/shared.js";

const cases = referenceCases();

/** Compares the engine's run of a history, from its own events, with the backtest. */
async function expectParity(
  markets: readonly MarketData[],
  config: StrategyConfig,
  range: Range = {}
): Promise<{trades: number}> {
  const events: TradingEvent[] = [];
  const recorder = new Recorder(undefined, [], {onLine: ({event}) => void events.push(event as TradingEvent)});
  const trader = await replayHistory(markets, config, {...range, recorder});
  const result = runBacktest(markets, config, {...range, keepSteps: true});

  const closed = events.filter((event): event is ClosedEvent => event.type === "closed").map(({trade}) => trade);
  expect(closed).toEqual(result.trades.map(tradeReport));

  for (const {pair, counts} of result.pairs) {
    const {noPrice, ambiguous, cannotOpen} = trader.pair(pair).desk;
    expect({pair, noPrice, ambiguous, cannotOpen}).toEqual({pair, ...counts});
  }
  const last = result.steps!.at(-1)!;
  expect(text(trader.equity)).toBe(text(last.equity));
  expect(text(trader.account.free(trader.open))).toBe(text(last.free));
  const books = await trader.venue.holdings();
  expect(books.pairs).toEqual([]);
  expect(text(trader.account.capital.plus(books.cash))).toBe(text(trader.equity));

  // every entry and exit of a trade was decided by `decide`, with these numbers
  const decided = events
    .filter((event): event is DecidedEvent => event.type === "decided")
    .flatMap(({ts, intents}) => intents.map((intent) => ({ts, ...intent})));
  for (const trade of result.trades) {
    const {entry, exit} = trade.decidedBy;
    expect(decided).toContainEqual(expect.objectContaining({ts: entry.ts, pair: trade.pair, numbers: entry.numbers}));
    if (exit) {
      expect(decided).toContainEqual(expect.objectContaining({ts: exit.ts, pair: trade.pair, numbers: exit.numbers}));
    }
  }
  return {trades: result.trades.length};
}

describe("a history through the engine on paper equals the backtest, to the last digit", () => {
  for (const {name, symbol, files, timeframe, from, to, strategy, config} of cases) {
    const missing = symbol !== undefined && !realDataDir;
    if (missing) console.log(`skipped ${name}: ../shared/data/binance is absent`);
    it.skipIf(missing)(name, async () => {
      const data = files
        ? marketDataFromCsv(fixture("reference", files), "MADE/USDT", timeframe)
        : await realMarketData(realDataDir!, symbol!, timeframe);
      await expectParity([data], parseConfig({strategy, ...config}), {
        fromMs: from === undefined ? undefined : parseInstant(from),
        toMs: to === undefined ? undefined : parseInstant(to)
      });
    });
  }

  it("on random markets with holes, switches and liquidations, under random rules", async () => {
    let trades = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryPlan(), arbitraryEntries, async (plan, entries) => {
        trades += (await expectParity([planMarket(plan)], parseConfig(entries))).trades;
      }),
      {numRuns: 60, seed: 11}
    );
    expect(trades).toBeGreaterThan(60);
  });

  it("on several pairs that share one capital", async () => {
    let trades = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryPlan({timeframe: "1h", bars: 200}), {minLength: 2, maxLength: 4}),
        arbitraryEntries,
        async (plans, entries) => {
          const markets = plans.map((plan, i) => planMarket({...plan, pair: `M${i}/USDT`, delay: i * 7}));
          trades += (await expectParity(markets, parseConfig(entries))).trades;
        }
      ),
      {numRuns: 25, seed: 5}
    );
    expect(trades).toBeGreaterThan(50);
  });
});
