import {afterAll, beforeAll, expect, it} from "vitest";
import {BybitAccount} from "../../engine/execution/live/account.js";
import {LiveVenue} from "../../engine/execution/live/live.js";
import {replayHistory} from "../helpers/replay-history.js";
import {Recorder} from "../../engine/journal/recorder.js";
import {startSim, type SteeredSim} from "../../engine/simulator/api/server.js";
import type {ClosedEvent} from "../../engine/journal/events.js";
import {instrumentFrom} from "../../loaders/snapshots/instrument.js";
import {fundingHistory} from "../../loaders/exchange/funding-history.js";
import {createExchange, type Exchange} from "../../loaders/exchange/index.js";
import {candlesOf, type MarketData} from "../../src/lib/market/marketdata.js";
import {tradeReport} from "../../src/lib/backtest/report.js";
import type {TradeReport} from "../../src/lib/wire/trade.js";
import {runBacktest} from "../../src/lib/backtest/run.js";
import {quoteOf} from "../../src/lib/market/pair.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {DAY_MS, HOUR_MS} from "../../src/lib/time/grid.js";
import {virtualClock} from "../helpers/clock.js";
import {exposureOf, venueFlow} from "../helpers/live.js";
import {LIVE_KEYS} from "../helpers/loop.js";

/**
 * Three months of the simulated market, hour by hour; fees are the account's, charged in the coin where the venue does
 * so.
 */
const FROM = Date.UTC(2026, 0, 5);
const TO = FROM + 90 * DAY_MS - 3 * HOUR_MS;
const PAIRS = ["BTC/USDT", "ETH/USDT"];
const config = parseConfig({
  minRate: "0.0001",
  exitRate: "0.0001",
  expectedHoldPeriods: "1000",
  spotFeeIn: "base",
  spotFee: "0.001",
  perpFee: "0.00055",
  slippageBps: "0",
  // a thousandth of it is a whole step of both spot markets, so the coin left after the fee can be sold completely
  spotStep: "0.1",
  maxPositionUsd: "10000",
  capital: "50000",
  portfolioCapUsd: "20000"
});

const clock = virtualClock(TO);
let sim: SteeredSim;
let exchange: Exchange;
let markets: MarketData[];

/** Returns a pair's history as the venue's public API serves it. */
async function historyOf(pair: string): Promise<MarketData> {
  const candles = async (series: "spot" | "perp" | "mark") => {
    const rows = [];
    for (let from = FROM; from < TO; from += 1_000 * HOUR_MS) {
      const page = await exchange.candles(pair, series, "1h", {from, to: Math.min(TO, from + 1_000 * HOUR_MS)});
      rows.push(...page.rows);
    }
    const number = (value: string | undefined) => (value === undefined ? NaN : Number(value));
    return candlesOf(
      "1h",
      rows.map(({tsMs, open, high, low, close, volume}) => ({
        ts: tsMs,
        open: number(open),
        high: number(high),
        low: number(low),
        close: number(close),
        volume: number(volume)
      }))
    );
  };
  const funding = [];
  for await (const {rows} of fundingHistory(exchange, pair, {from: FROM, to: TO})) funding.push(...rows);
  const instruments = await exchange.instruments();
  const perp = instruments.find((own) => own.market === "perp" && own.pair === pair)!;
  const spot = instruments.find((own) => own.market === "spot" && own.pair === `${perp.coin}/${quoteOf(pair)}`);
  return {
    pair,
    venue: "sim",
    timeframe: "1h",
    funding: funding.sort((a, b) => a.tsMs - b.tsMs).map(({tsMs, rate}) => ({tsMs, rate})),
    spot: await candles("spot"),
    perp: await candles("perp"),
    mark: await candles("mark"),
    instrument: instrumentFrom(perp, spot)
  };
}

beforeAll(async () => {
  sim = await startSim({nowMs: TO, clock: clock.monotonic, spreadTicks: 0});
  exchange = await createExchange({url: sim.url, simulated: true, clock, random: () => 0.5});
  markets = await Promise.all(PAIRS.map(historyOf));
});
afterAll(() => sim.close());

const closedBy = async (run: (recorder: Recorder) => Promise<unknown>): Promise<TradeReport[]> => {
  const trades: TradeReport[] = [];
  const onLine = ({event}: {event: {type: string}}) => {
    if (event.type === "closed") trades.push((event as ClosedEvent).trade);
  };
  await run(new Recorder(undefined, [], {onLine}));
  return trades;
};

it("live on a fault-free venue equals paper equals the backtest, to the last digit", async () => {
  const backtest = runBacktest(markets, config).trades.map(tradeReport);
  const paper = await closedBy((recorder) => replayHistory(markets, config, {recorder}));
  expect(paper).toEqual(backtest);
  expect(backtest.length).toBeGreaterThan(3);

  sim.steer.clock({now: FROM, speed: 0});
  sim.steer.openAccount({...LIVE_KEYS, balances: {USDT: "100000"}});
  const account = await BybitAccount.open({clock, random: () => 0.5, url: sim.url, keys: LIVE_KEYS, market: exchange});
  const signal = new AbortController().signal;
  const alarms: string[] = [];
  const alarm = (said: string) => void alarms.push(said);
  const venue = new LiveVenue({account, exchange, clock, signal, config, alarm});
  await account.syncClock();
  venue.begin(await venue.readBaseline());
  const onStep = async (ts: number) => {
    sim.steer.clock({now: ts, speed: 0});
    await account.syncClock();
  };
  const live = await closedBy((recorder) => replayHistory(markets, config, {recorder, venue, onStep}));
  expect(live).toEqual(backtest);
  expect(alarms).toEqual([]);

  // and the venue's own books agree on the money
  const ledger = sim.steer.ledger(LIVE_KEYS.apiKey);
  const net = backtest.reduce((sum, trade) => sum.plus(trade.net), new Decimal(0));
  expect(venueFlow(ledger, new Decimal(100_000)).minus(net).abs().lte("0.00000001"), text(net)).toBe(true);
  for (const pair of PAIRS) {
    const {coins, short} = exposureOf(ledger, pair);
    expect([text(coins), text(short)]).toEqual(["0", "0"]);
  }
});
