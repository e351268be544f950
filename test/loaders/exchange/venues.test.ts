import {readFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {candleHistory, observationHistory} from "../../../loaders/exchange/grid-history.js";
import {fundingHistory} from "../../../loaders/exchange/funding-history.js";
import {createExchange} from "../../../loaders/exchange/index.js";
import type {Absence} from "../../../loaders/exchange/venues.js";
import {ExchangeError, UsageError} from "../../../loaders/errors.js";
import {clientOf, collect} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";
import {sharedDir} from "../../helpers/shared.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const HOURS = Math.floor(NOW / HOUR) * HOUR;
const date = {headers: {date: new Date(NOW).toUTCString()}};

const wireDir = sharedDir && join(sharedDir, "data/other-wire");
const recorded = wireDir !== undefined;
if (!recorded)
  console.warn("skipped: recorded exchange replies are not beside the repository (../shared/data/other-wire)");
const wire = (name: string): unknown =>
  (JSON.parse(readFileSync(join(wireDir!, `${name}.json`), "utf8")) as {http_response: unknown}).http_response;

/** Returns the keys and types of a value; of a list, those of its first element. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.every((v) => typeof v !== "object") ? (value as unknown[]).map((v) => typeof v) : [shape(value[0])];
  }
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([k, v]) => [k, shape(v)])
      .sort(([a], [b]) => (a! < b! ? -1 : 1))
  );
}

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

/**
 * Returns constructed replies in OKX's shape: newest first, swap volumes in contracts, a realised beside a forecast
 * rate.
 */
const okxStamps = Array.from({length: 270}, (_, i) => HOURS - (HOURS % (8 * HOUR)) - i * 8 * HOUR);
const okxCandle = (ts: number, swap: boolean) => [
  String(ts),
  "100",
  "102",
  "99.5",
  "101.5",
  swap ? "710" : "7.1",
  swap ? "7.1" : "710.55",
  "710.55",
  ts + HOUR > NOW ? "0" : "1"
];
const okxTicker = (instId: string) => ({
  instType: instId.endsWith("SWAP") ? "SWAP" : "SPOT",
  instId,
  last: "60000",
  lastSz: "1",
  askPx: "60000.1",
  askSz: "1",
  bidPx: "59999.9",
  bidSz: "1",
  open24h: "1",
  high24h: "1",
  low24h: "1",
  volCcy24h: instId.endsWith("SWAP") ? "1000.5" : "60030000",
  vol24h: "100050",
  ts: String(NOW),
  sodUtc0: "1",
  sodUtc8: "1"
});
function okxReply({pathname, searchParams: query}: URL): unknown {
  const instId = query.get("instId") ?? "";
  const ok = (data: unknown[]) => ({code: "0", msg: "", data});
  const swap = {
    state: "live",
    ctMult: "1",
    settleCcy: "USDT",
    lotSz: "0.01",
    minSz: "0.01",
    tickSz: "0.1",
    expTime: ""
  };
  switch (pathname.replace("/api/v5/", "")) {
    case "public/funding-rate-history": {
      const rows = okxStamps
        .filter((ts) => ts < Number(query.get("after")))
        .slice(0, Math.min(100, Number(query.get("limit"))));
      return ok(
        rows.map((ts) => ({
          instId,
          fundingRate: "0.0009",
          realizedRate: "0.00010",
          fundingTime: String(ts),
          method: "next_period"
        }))
      );
    }
    case "rubik/stat/contracts/open-interest-history": {
      const [begin, end] = [Number(query.get("begin")), Math.min(Number(query.get("end")), NOW)];
      const stamps = Array.from({length: 2_000}, (_, i) => HOURS - i * HOUR).slice(0, 1_440);
      const rows = stamps.filter((ts) => ts > begin && ts < end).slice(0, Math.min(100, Number(query.get("limit"))));
      return ok(rows.map((ts) => [String(ts), "3000000.00", "30000.5", "1260000000"]));
    }
    case "public/instruments":
      return ok(
        query.get("instType") === "SPOT"
          ? [
              {
                instId: "BTC-USDT",
                baseCcy: "BTC",
                quoteCcy: "USDT",
                state: "live",
                lotSz: "0.00000001",
                minSz: "0.00001",
                tickSz: "0.1"
              }
            ]
          : [
              {
                ...swap,
                instId: "BTC-USDT-SWAP",
                instFamily: "BTC-USDT",
                ctType: "linear",
                ctVal: "0.01",
                listTime: "1573557408000"
              },
              {
                ...swap,
                instId: "PEPE-USDT-SWAP",
                instFamily: "PEPE-USDT",
                ctType: "linear",
                ctVal: "10000000",
                lotSz: "1"
              },
              {...swap, instId: "BTC-USD-SWAP", instFamily: "BTC-USD", ctType: "inverse", ctVal: "100"}
            ]
      );
    case "market/tickers":
      return ok([okxTicker(query.get("instType") === "SPOT" ? "BTC-USDT" : "BTC-USDT-SWAP")]);
    case "public/funding-rate":
      return ok([{instId: "BTC-USDT-SWAP", fundingRate: "0.00013", fundingTime: String(HOURS + 4 * HOUR)}]);
    default: {
      const [after, before] = [Number(query.get("after")), Number(query.get("before"))];
      const opens: number[] = [];
      for (let ts = HOURS; ts > before; ts -= HOUR) if (ts < after) opens.push(ts);
      const rows = opens
        .slice(0, Math.min(100, Number(query.get("limit"))))
        .map((ts) => okxCandle(ts, instId.endsWith("SWAP")));
      // Mark and index candles have no volumes.
      return ok(/(mark-price|index)-candles/.test(pathname) ? rows.map((row) => [...row.slice(0, 5), row[8]!]) : rows);
    }
  }
}

describe("okx", () => {
  const open = async (aheadMs = 0) => {
    const headers = {date: new Date(NOW + aheadMs).toUTCString()};
    const server = await serve((url, reply) => answer(reply, okxReply(url), {headers}));
    return {...server, ...(await clientOf(server.url, NOW - 3 * HOUR, {venue: "okx"}))};
  };

  it("settlements are the realised rates, in pages that may be short, and depth ends proof", async () => {
    const {exchange, seen} = await open();
    const stretches = await collect(fundingHistory(exchange, "BTC/USDT", {from: NOW - 365 * DAY, to: NOW}));
    const rows = stretches.flatMap((stretch) => stretch.rows);
    expect(rows).toHaveLength(okxStamps.filter((ts) => ts >= stretches.at(-1)!.proven.from).length);
    expect(rows.length).toBeGreaterThan(265);
    expect(new Set(rows.map(({rate}) => rate))).toEqual(new Set(["0.0001"]));
    expect(NOW - stretches.at(-1)!.proven.from).toBeLessThanOrEqual(90 * DAY + 1_000);
    expect(seen.length).toBeLessThanOrEqual(5);
  });

  it("open interest is in coins, known a step after its stamp, and reaches back 1,440 rows", async () => {
    const {exchange, seen} = await open();
    const span = {from: NOW - 70 * DAY, to: NOW};
    const stretches = await collect(observationHistory(exchange, "BTC/USDT", "open-interest", "1h", span));
    const rows = stretches.flatMap((stretch) => stretch.rows).sort((a, b) => a.tsMs - b.tsMs);
    expect(rows.at(-1)).toEqual({tsMs: HOURS - HOUR, knownMs: HOURS, value: "30000.5"});
    expect(rows).toHaveLength(1_439);
    expect(Math.min(...stretches.map(({proven}) => proven.from))).toBeGreaterThanOrEqual(NOW - 1_440 * HOUR);
    expect(seen[0]!.searchParams.get("period")).toBe("1H");
    expect(seen.length).toBeLessThan(25);
  });

  it("candles exclude the unconfirmed one, give a swap's volume in the coin, and come from the history endpoint when old", async () => {
    const {exchange, seen} = await open(HOUR);
    const window = {from: HOURS - 3 * HOUR, to: HOURS + HOUR};
    const swap = await exchange.candles("BTC/USDT", "perp", "1h", window);
    const spot = await exchange.candles("BTC/USDT", "spot", "1h", window);
    expect(swap.rows).toEqual(spot.rows);
    expect(swap.rows).toHaveLength(3);
    expect(swap.rows[0]).toMatchObject({volume: "7.1", turnover: "710.55"});
    const old = await collect(
      candleHistory(exchange, "BTC/USDT", "perp", "1h", {from: HOURS - 70 * DAY, to: HOURS - 65 * DAY})
    );
    expect(old.flatMap((stretch) => stretch.rows)).toHaveLength(120);
    await exchange.candles("BTC/USDT", "mark", "1h", window);
    await exchange.candles("BTC/USDT", "index", "1d", {from: HOURS + DAY, to: HOURS + 2 * DAY});
    expect(
      seen.map(
        ({pathname, searchParams}) => `${pathname.slice(8)} ${searchParams.get("instId")} ${searchParams.get("bar")}`
      )
    ).toEqual([
      "market/candles BTC-USDT-SWAP 1H",
      "market/candles BTC-USDT 1H",
      "market/history-candles BTC-USDT-SWAP 1H",
      "market/history-candles BTC-USDT-SWAP 1H",
      "market/mark-price-candles BTC-USDT-SWAP 1H",
      "market/index-candles BTC-USDT 1Dutc"
    ]);
  });

  it("instruments give contract steps in the coin, and tickers turnover in quote", async () => {
    const {exchange} = await open();
    const all = await exchange.instruments();
    expect(all.map((i) => `${i.market} ${i.pair} ${i.contractSize} ${i.step} ${i.minQty}`)).toEqual([
      "spot BTC/USDT 1 0.00000001 0.00001",
      "perp BTC/USDT 0.01 0.0001 0.0001",
      "perp PEPE/USDT 10000000 10000000 100000"
    ]);
    expect((await exchange.tickers("perp"))[0]).toMatchObject({
      pair: "BTC/USDT",
      turnover24h: "60030000",
      predictedRate: "0.00013",
      nextFundingTs: HOURS + 4 * HOUR
    });
    expect((await exchange.tickers("spot"))[0]).toMatchObject({turnover24h: "60030000"});
  });

  it("50011 waits, 50001 is retried, 51001 is an error", async () => {
    const codes = ["50011", "50001", "51001"];
    const {url, seen} = await serve((_, reply) => answer(reply, {code: codes.shift(), msg: "no", data: []}));
    const {exchange} = await clientOf(url, NOW, {venue: "okx"});
    await expect(exchange.settlements("BTC/USDT", NOW)).rejects.toThrow("no, status 200, code 51001");
    expect(seen).toHaveLength(3);
  });

  it.skipIf(!recorded)("the constructed replies have the recorded shape", () => {
    const data = (name: string) => (wire(`okx-2026-02/${name}`) as {data: unknown[]}).data[0];
    expect(shape(okxCandle(NOW, false))).toEqual(shape(data("fetch_ohlcv_BTC_USDT")));
    expect(shape(okxTicker("BTC-USDT"))).toEqual(shape(data("fetch_ticker_BTC_USDT")));
  });
});

describe("any other venue", () => {
  it("an error says what a venue lacks, and which names are valid", async () => {
    await expect(createExchange({venue: "nowhere"})).rejects.toThrow("unknown venue: nowhere");
    await expect(createExchange({venue: "bitvavo"})).rejects.toThrow("bitvavo serves no settled funding rates");
    await expect(createExchange({venue: "bitvavo"})).rejects.toBeInstanceOf(UsageError);
    await expect(createExchange({simulated: true})).rejects.toThrow("missing url");
    await expect(createExchange({url: "localhost"})).rejects.toThrow("invalid url: localhost");
  });

  it("gate through ccxt's unified methods keeps every digit and reports its own errors", async () => {
    const contract = (name: string) => ({
      name,
      type: "direct",
      quanto_multiplier: "0.0001",
      order_price_round: "0.1",
      order_size_min: 1,
      order_size_max: 1000000,
      in_delisting: false,
      funding_interval: 28800,
      create_time: 1546905600,
      mark_price_round: "0.01"
    });
    let fail = false;
    const {url, seen} = await serve(({pathname, searchParams: query}, reply) => {
      if (fail) return answer(reply, {label: "INVALID_PARAM_VALUE", message: "bad contract"}, {status: 400, ...date});
      if (pathname.endsWith("/futures/usdt/contracts")) return answer(reply, [contract("BTC_USDT")], date);
      if (pathname.endsWith("/funding_rate")) {
        return answer(
          reply,
          [{t: Math.floor(HOURS / 1000), r: "0.000100000000000000012"}].filter(
            ({t}) => t <= Number(query.get("to") ?? Infinity)
          ),
          date
        );
      }
      if (pathname.endsWith("/candlesticks")) {
        return answer(
          reply,
          [{t: HOURS / 1000 - 3600, o: "100", h: "102.123456789012345678", l: "99", c: "101", v: 5, sum: "1"}],
          date
        );
      }
      answer(reply, [], date);
    });
    const {exchange} = await clientOf(url, NOW, {venue: "gate"});
    expect(exchange.timeframes).toContain("1h");
    const {rows} = await exchange.settlements("BTC/USDT", NOW);
    expect(rows).toEqual([{tsMs: HOURS, rate: "0.000100000000000000012", reportedHours: undefined}]);
    const candles = await exchange.candles("BTC/USDT", "perp", "1h", {from: HOURS - HOUR, to: HOURS});
    expect(candles.rows[0]).toMatchObject({tsMs: HOURS - HOUR, high: "102.123456789012345678", volume: undefined});
    expect(seen.every(({pathname}) => pathname.startsWith("/api/v4/"))).toBe(true);
    fail = true;
    await expect(exchange.settlements("BTC/USDT", NOW)).rejects.toBeInstanceOf(ExchangeError);
  });
});
