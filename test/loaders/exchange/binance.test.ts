import {describe, expect, it} from "vitest";
import {observationHistory} from "../../../loaders/exchange/grid-history.js";
import {fundingHistory} from "../../../loaders/exchange/funding-history.js";
import type {Absence} from "../../../loaders/exchange/venues.js";
import {clientOf, collect} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";
import {recorded, shape, wire} from "../../helpers/other-wire.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const HOURS = Math.floor(NOW / HOUR) * HOUR;
const date = {headers: {date: new Date(NOW).toUTCString()}};

const hours = (query: URLSearchParams, from: string, to: string, limit: number) => {
  const [start, end] = [Number(query.get(from)), Math.min(Number(query.get(to) ?? NOW), NOW)];
  const opens: number[] = [];
  for (let ts = Math.ceil(start / HOUR) * HOUR; ts <= end; ts += HOUR) opens.push(ts);
  return opens.slice(0, Math.min(limit, Number(query.get("limit") ?? 500)));
};

/** Returns constructed replies in Binance's shape: 8 h settlements that jitter by milliseconds, hourly candles. */
const binanceStamps = Array.from(
  {length: 3_000},
  (_, i) => HOURS - (HOURS % (8 * HOUR)) - i * 8 * HOUR + (i % 9)
).reverse();
const binanceKline = (ts: number) => [
  ts,
  "100.00000000",
  "102.00000000",
  "99.50000000",
  "101.50000000",
  "7.10000000",
  ts + HOUR - 1,
  "710.55000000",
  42,
  "3.50000000",
  "350.00000000",
  "0"
];
const binanceDay = (symbol: string) => ({
  symbol,
  priceChange: "1",
  priceChangePercent: "1",
  weightedAvgPrice: "1",
  prevClosePrice: "1",
  lastPrice: "60000.00000000",
  lastQty: "1",
  bidPrice: "59999.90000000",
  bidQty: "1",
  askPrice: "60000.10000000",
  askQty: "1",
  openPrice: "1",
  highPrice: "1",
  lowPrice: "1",
  volume: "1000.00000000",
  quoteVolume: "60000000.10000000",
  openTime: 1,
  closeTime: 1,
  firstId: 1,
  lastId: 1,
  count: 1
});
const binanceSymbol = (baseAsset: string, rest: object = {}) => ({
  symbol: `${baseAsset}USDT`,
  baseAsset,
  quoteAsset: "USDT",
  status: "TRADING",
  filters: [
    {filterType: "PRICE_FILTER", minPrice: "0.10", maxPrice: "1000000", tickSize: "0.10000000"},
    {filterType: "LOT_SIZE", minQty: "0.00100000", maxQty: "1000", stepSize: "0.00100000"},
    {filterType: "MIN_NOTIONAL", notional: "5"}
  ],
  ...rest
});
function binanceReply({pathname, searchParams: query}: URL): unknown {
  switch (pathname) {
    case "/fapi/v1/time":
      return {serverTime: NOW};
    case "/fapi/v1/fundingRate": {
      const end = Number(query.get("endTime") ?? NOW);
      const rows = binanceStamps.filter((ts) => ts <= end && ts <= NOW).slice(-Number(query.get("limit") ?? 100));
      return rows.map((fundingTime) => ({
        symbol: query.get("symbol"),
        fundingTime,
        fundingRate: "0.00010000",
        markPrice: "1"
      }));
    }
    case "/fapi/v1/exchangeInfo":
      return {
        timezone: "UTC",
        serverTime: NOW,
        symbols: [
          binanceSymbol("BTC", {contractType: "PERPETUAL", onboardDate: 1569398400000, deliveryDate: 4133404800000}),
          binanceSymbol("1000PEPE", {
            contractType: "PERPETUAL",
            onboardDate: 1683244800000,
            deliveryDate: 4133404800000
          }),
          binanceSymbol("1000SATS", {contractType: "PERPETUAL", onboardDate: 1, deliveryDate: 4133404800000}),
          binanceSymbol("BTC", {contractType: "CURRENT_QUARTER", symbol: "BTCUSDT_261225", deliveryDate: 1798156800000})
        ]
      };
    case "/api/v3/exchangeInfo":
      return {
        timezone: "UTC",
        serverTime: NOW,
        symbols: [binanceSymbol("BTC"), binanceSymbol("PEPE"), binanceSymbol("1000SATS")]
      };
    case "/fapi/v1/fundingInfo":
      return [{symbol: "1000PEPEUSDT", fundingIntervalHours: 4, adjustedFundingRateCap: "0.02"}];
    case "/fapi/v1/ticker/24hr":
    case "/api/v3/ticker/24hr":
      return [binanceDay("BTCUSDT")];
    case "/fapi/v1/ticker/bookTicker":
      return [{symbol: "BTCUSDT", bidPrice: "59999.90", askPrice: "60000.10"}];
    case "/fapi/v1/premiumIndex":
      return [{symbol: "BTCUSDT", markPrice: "1", lastFundingRate: "0.00012000", nextFundingTime: HOURS + 4 * HOUR}];
    case "/futures/data/openInterestHist":
      return hours(query, "startTime", "endTime", 500).map((timestamp) => ({
        symbol: query.get("symbol"),
        sumOpenInterest: "80000.50000000",
        sumOpenInterestValue: "7500000000.00000000",
        timestamp
      }));
    case "/fapi/v1/premiumIndexKlines":
      return hours(query, "startTime", "endTime", 1_500).map((ts) =>
        binanceKline(ts).map((value, i) => (i >= 1 && i <= 4 ? ["-0.0001", "0.0002", "-0.0003", "0"][i - 1]! : value))
      );
    default:
      return hours(query, "startTime", "endTime", 1_500).map(binanceKline);
  }
}

describe("binance", () => {
  const open = async () => {
    const server = await serve((url, reply) => answer(reply, binanceReply(url), date));
    return {...server, ...(await clientOf(server.url, NOW + 5 * HOUR, {venue: "binance"}))};
  };
  const span = {from: NOW - 700 * DAY, to: NOW};

  it("settlements whose stamps jitter by milliseconds arrive once each, in pages of a thousand", async () => {
    const {exchange, seen} = await open();
    const rows = (await collect(fundingHistory(exchange, "BTC/USDT", span))).flatMap((stretch) => stretch.rows);
    const expected = binanceStamps.filter((ts) => ts >= span.from && ts < span.to);
    expect(rows.map(({tsMs}) => tsMs).sort((a, b) => a - b)).toEqual(expected);
    expect(new Set(rows.map(({tsMs}) => tsMs % 8)).size).toBeGreaterThan(3);
    expect(seen).toHaveLength(3);
  });

  it("candles have the quote volume as turnover, mark and index neither, and the one in progress is dropped by the date header", async () => {
    const {exchange, seen} = await open();
    const window = {from: HOURS - 3 * HOUR, to: HOURS + 2 * HOUR};
    const page = await exchange.candles("BTC/USDT", "perp", "1h", window);
    expect(page.rows.map(({tsMs}) => tsMs)).toEqual([HOURS - 3 * HOUR, HOURS - 2 * HOUR, HOURS - HOUR]);
    expect(page.rows[0]).toMatchObject({open: "100", volume: "7.1", turnover: "710.55"});
    expect((await exchange.candles("BTC/USDT", "mark", "1h", window)).rows[0]).toMatchObject({
      close: "101.5",
      volume: undefined,
      turnover: undefined
    });
    await exchange.candles("BTC/USDT", "spot", "1h", window);
    await exchange.candles("BTC/USDT", "index", "1h", window);
    expect(
      seen.map(({pathname, searchParams}) => `${pathname} ${searchParams.get("symbol") ?? searchParams.get("pair")}`)
    ).toEqual([
      "/fapi/v1/klines BTCUSDT",
      "/fapi/v1/markPriceKlines BTCUSDT",
      "/api/v3/klines BTCUSDT",
      "/fapi/v1/indexPriceKlines BTCUSDT"
    ]);
  });

  it("open interest reaches back 29 days, and nothing older is asked for or believed to be absent", async () => {
    const {exchange, seen} = await open();
    const begins: Absence[] = [];
    const stretches = await collect(
      observationHistory(
        exchange,
        "BTC/USDT",
        "open-interest",
        "1h",
        {from: NOW - 60 * DAY, to: NOW},
        {
          onBegin: (absence) => void begins.push(absence)
        }
      )
    );
    const rows = stretches.flatMap((stretch) => stretch.rows).sort((a, b) => a.tsMs - b.tsMs);
    const oldest = Math.ceil((NOW - 29 * DAY) / HOUR) * HOUR;
    expect(rows).toHaveLength(Math.floor((HOURS - oldest) / HOUR) + 1);
    expect(rows[0]).toEqual({tsMs: oldest, knownMs: oldest, value: "80000.5", notional: "7500000000"});
    expect(Math.min(...stretches.map(({proven}) => proven.from))).toBe(oldest);
    expect(begins.at(-1)?.reason).toContain("29 days");
    expect(new Set(seen.map(({pathname}) => pathname))).toEqual(new Set(["/futures/data/openInterestHist"]));
    expect(seen.length).toBeLessThanOrEqual(3);
    expect(Math.min(...seen.map(({searchParams}) => Number(searchParams.get("startTime"))))).toBe(oldest);
  });

  it("the premium index has signs and no volume", async () => {
    const {exchange, seen} = await open();
    const page = await exchange.candles("BTC/USDT", "premium", "1h", {from: HOURS - 2 * HOUR, to: HOURS});
    expect(page.rows[0]).toMatchObject({open: "-0.0001", close: "0", volume: undefined});
    expect(seen[0]!.pathname).toBe("/fapi/v1/premiumIndexKlines");
  });

  it("instruments and tickers", async () => {
    const {exchange} = await open();
    const all = await exchange.instruments();
    expect(all.map((i) => `${i.market} ${i.pair} ${i.multiplier} ${i.coin} ${i.fundingIntervalHours}`)).toEqual([
      "spot BTC/USDT 1 BTC undefined",
      "spot PEPE/USDT 1 PEPE undefined",
      "spot 1000SATS/USDT 1 1000SATS undefined",
      "perp BTC/USDT 1 BTC 8",
      "perp 1000PEPE/USDT 1000 PEPE 4",
      "perp 1000SATS/USDT 1 1000SATS 8"
    ]);
    expect(all[3]).toMatchObject({
      launchTs: 1569398400000,
      delistTs: undefined,
      tick: "0.1",
      step: "0.001",
      minNotional: "5"
    });
    expect(await exchange.tickers("perp")).toEqual([
      {
        pair: "BTC/USDT",
        market: "perp",
        turnover24h: "60000000.1",
        last: "60000",
        bid: "59999.9",
        ask: "60000.1",
        predictedRate: "0.00012",
        nextFundingTs: HOURS + 4 * HOUR
      }
    ]);
    expect((await exchange.tickers("spot"))[0]).toMatchObject({bid: "59999.9", turnover24h: "60000000.1"});
  });

  it("418 is a ban of the length the venue names; -1003 and -1001 are retried; -1121 is not", async () => {
    const replies = [
      {status: 418, body: {msg: "Way too many requests"}, headers: {"retry-after": "120"}},
      {status: 429, body: {code: -1003, msg: "Too many requests"}, headers: {"retry-after": "2"}},
      {status: 400, body: {code: -1001, msg: "Internal error"}, headers: {}},
      {status: 400, body: {code: -1121, msg: "Invalid symbol."}, headers: {}}
    ];
    const {url, seen} = await serve((_, reply) => {
      const {status, body, headers} = replies.shift()!;
      answer(reply, body, {status, headers: headers as Record<string, string>});
    });
    const {exchange, clock} = await clientOf(url, NOW, {venue: "binance"});
    await expect(exchange.settlements("BTC/USDT", NOW)).rejects.toThrow("Invalid symbol., status 400, code -1121");
    expect(seen).toHaveLength(4);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(122_000);
  });

  it.skipIf(!recorded)("the constructed replies have the recorded shape", () => {
    expect(shape(binanceKline(NOW))).toEqual(shape((wire("binance-2026-02/fetch_ohlcv_BTC_USDT") as unknown[])[0]));
    expect(shape(binanceDay("BTCUSDT"))).toEqual(shape(wire("binance-2026-02/fetch_ticker_BTC_USDT")));
  });
});
