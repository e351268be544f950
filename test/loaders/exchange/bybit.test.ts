import {describe, expect, it} from "vitest";
import {startSim} from "../../../engine/simulator/api/server.js";
import {fundingHistory} from "../../../loaders/exchange/funding-history.js";
import {ExchangeError, UsageError} from "../../../loaders/errors.js";
import {bybitReply, envelope, type MadeVenue} from "../../helpers/bybit-venue.js";
import {clientOf, collect} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const HOURS = Math.floor(NOW / HOUR) * HOUR;
const PAIR = "BTC/USDT";

const kline = (ts: number, close = "101.50") => [String(ts), "100", "102", "99.9", close, "7.000", "710.5"];
const klines = (count: number, newest = HOURS) => Array.from({length: count}, (_, i) => kline(newest - i * HOUR));
const venue = (rest: Partial<MadeVenue> = {}): MadeVenue => ({now: () => NOW, ...rest});
const window = {from: HOURS - 5 * HOUR, to: HOURS + HOUR};
const opens = ({rows}: {rows: {tsMs: number}[]}) => rows.map(({tsMs}) => (tsMs - HOURS) / HOUR);

describe("bybit: one page", () => {
  it("trap 3: candles are ascending, inside the window, and without the one in progress", async () => {
    const {url, seen} = await serve((request, reply) =>
      answer(reply, bybitReply(venue({klines: () => klines(20)}), request))
    );
    const {exchange} = await clientOf(url, NOW);
    const page = await exchange.candles(PAIR, "perp", "1h", window);
    expect(opens(page)).toEqual([-5, -4, -3, -2, -1]);
    expect(page).toMatchObject({rejected: [], repeats: 0, outside: 0, asOfMs: NOW});
    expect(Object.fromEntries(seen[0]!.searchParams)).toEqual({
      category: "linear",
      symbol: "BTCUSDT",
      interval: "60",
      start: String(window.from),
      end: String(window.to - 1),
      limit: "1000"
    });
  });

  it("trap 4: the interval of an instrument is fetched on every call", async () => {
    let minutes = 480;
    const {url} = await serve((request, reply) =>
      answer(reply, bybitReply(venue({fundingIntervalMinutes: () => minutes}), request))
    );
    const {exchange} = await clientOf(url, NOW);
    const interval = async () => (await exchange.instruments()).find((i) => i.market === "perp")!.fundingIntervalHours;
    expect(await interval()).toBe(8);
    minutes = 60;
    expect(await interval()).toBe(1);
  });

  it("trap 5: prices, turnovers and rates keep every digit", async () => {
    const row = [
      "1790859600000",
      "0.0000123456789012345",
      "98765432109876.54321098765",
      "0.000001",
      "0.10",
      "0",
      "0.1"
    ];
    const made = venue({
      now: () => 1790859600000 + 2 * HOUR,
      klines: () => [row],
      settlements: [{ts: 1790841600000, rate: "-0.000012345678901234567"}]
    });
    const {url} = await serve((request, reply) => answer(reply, bybitReply(made, request)));
    const {exchange} = await clientOf(url, NOW);
    const page = await exchange.candles(PAIR, "spot", "1h", {from: 1790859600000, to: 1790859600000 + HOUR});
    expect(page.rows).toEqual([
      {
        tsMs: 1790859600000,
        open: "0.0000123456789012345",
        high: "98765432109876.54321098765",
        low: "0.000001",
        close: "0.1",
        volume: "0",
        turnover: "0.1"
      }
    ]);
    const {rows} = await exchange.settlements(PAIR, 1790859600000);
    expect(rows).toEqual([{tsMs: 1790841600000, rate: "-0.000012345678901234567", reportedHours: undefined}]);
  });

  it("trap 6: a ticker's turnover is in quote, and an empty field is missing, not zero", async () => {
    const made = venue({
      tickers: (category) => [
        {
          symbol: "BTCUSDT",
          lastPrice: "60000",
          bid1Price: "",
          ask1Price: "60000.10",
          volume24h: "1000",
          turnover24h: "60000000.50",
          ...(category === "linear" && {fundingRate: "0.00010", nextFundingTime: "1790870400000"})
        },
        {symbol: "BTC-26DEC26", lastPrice: "1", turnover24h: "5", fundingRate: "", nextFundingTime: "0"},
        {symbol: "ETHPERP", lastPrice: "2000", turnover24h: "7", fundingRate: "0", nextFundingTime: "0"}
      ]
    });
    const {url} = await serve((request, reply) => answer(reply, bybitReply(made, request)));
    const {exchange} = await clientOf(url, NOW);
    expect(await exchange.tickers("perp")).toEqual([
      {
        pair: PAIR,
        market: "perp",
        turnover24h: "60000000.5",
        last: "60000",
        bid: undefined,
        ask: "60000.1",
        predictedRate: "0.0001",
        nextFundingTs: 1790870400000
      },
      {
        pair: "ETH/USDC",
        market: "perp",
        turnover24h: "7",
        last: "2000",
        bid: undefined,
        ask: undefined,
        predictedRate: "0",
        nextFundingTs: undefined
      }
    ]);
    expect((await exchange.tickers("spot"))[0]).not.toHaveProperty("predictedRate");
  });

  it("trap 14: the history of a delisted perp is read to its last settlement, although it is no longer listed", async () => {
    const sim = await startSim({nowMs: NOW, speed: 0});
    const {exchange} = await clientOf(sim.url, NOW);
    const instruments = await exchange.instruments();
    expect(instruments.some(({pair, market}) => pair === "LUNC/USDT" && market === "perp")).toBe(false);
    const from = Date.UTC(2026, 8, 1);
    const stretches = await collect(fundingHistory(exchange, "LUNC/USDT", {from, to: NOW}));
    const rows = stretches.flatMap((stretch) => stretch.rows);
    expect(Math.max(...rows.map(({tsMs}) => tsMs))).toBe(Date.UTC(2026, 8, 15, 8));
    expect(rows.length).toBeGreaterThan(40);
    expect(stretches[0]!.proven.to).toBe(NOW - 300_000);
    await sim.close();
  });

  it("instruments cover spot and linear perps over every cursor, with the coins behind multiplied bases", async () => {
    const sim = await startSim({nowMs: NOW, speed: 0});
    const {exchange} = await clientOf(sim.url, NOW);
    const all = await exchange.instruments();
    await sim.close();
    const found = (pair: string, market: string) => all.find((i) => i.pair === pair && i.market === market);
    expect(found("1000PEPE/USDT", "perp")).toMatchObject({coin: "PEPE", multiplier: 1000, symbol: "1000PEPEUSDT"});
    expect(found("PEPE/USDT", "spot")).toMatchObject({coin: "PEPE", multiplier: 1});
    expect(found("1000PEPE/USDT", "spot")).toBeUndefined();
    expect(found("JELLY/USDT", "spot")).toBeUndefined();
    expect(found("BTC/USDT", "perp")).toMatchObject({active: true, minNotional: "5", step: "0.001", contractSize: "1"});
    // the maximum of a limit order; a market order's is lower
    for (const market of ["perp", "spot"]) expect(found("BTC/USDT", market)).toMatchObject({maxQty: "1000000"});
    expect(new Set(all.map(({market, symbol}) => `${market} ${symbol}`)).size).toBe(all.length);
  });

  it("instruments follow cursors and exclude dated futures; a base that begins with digits is a coin", async () => {
    const row = (baseCoin: string, rest = {}) => ({
      symbol: `${baseCoin}USDT`,
      baseCoin,
      quoteCoin: "USDT",
      status: "Trading",
      contractType: "LinearPerpetual",
      launchTime: "0",
      deliveryTime: "0",
      fundingInterval: 240,
      ...rest
    });
    const pages: Record<string, object> = {
      "": {
        list: [row("1INCH"), row("1000SATS"), row("10000LADYS"), row("SHIB1000")],
        nextPageCursor: "a%2Cb"
      },
      "a,b": {
        list: [
          row("BTC", {contractType: "LinearFutures", symbol: "BTC-26DEC26"}),
          row("BTC", {quoteCoin: "USDC", symbol: "BTCPERP", status: "PreLaunch", deliveryTime: "1790870400000"})
        ],
        nextPageCursor: ""
      }
    };
    const {url} = await serve((request, reply) => {
      const {searchParams: query} = request;
      const list = [row("1000SATS"), row("SHIB"), row("币安人生"), row("BTC", {quoteCoin: "EUR", symbol: "BTCEUR"})];
      answer(
        reply,
        envelope(NOW, query.get("category") === "spot" ? {category: "spot", list} : pages[query.get("cursor") ?? ""])
      );
    });
    const {exchange} = await clientOf(url, NOW);
    const all = await exchange.instruments();
    const short = all.map((i) => `${i.market} ${i.pair} = ${i.multiplier} ${i.coin} ${i.symbol}`);
    expect(short).toEqual([
      "spot 1000SATS/USDT = 1 1000SATS 1000SATSUSDT",
      "spot SHIB/USDT = 1 SHIB SHIBUSDT",
      "spot 币安人生/USDT = 1 币安人生 币安人生USDT",
      "perp 1INCH/USDT = 1 1INCH 1INCHUSDT",
      "perp 1000SATS/USDT = 1 1000SATS 1000SATSUSDT",
      "perp 10000LADYS/USDT = 10000 LADYS 10000LADYSUSDT",
      "perp SHIB1000/USDT = 1000 SHIB SHIB1000USDT",
      "perp BTC/USDC = 1 BTC BTCPERP"
    ]);
    expect(all.at(-1)).toMatchObject({
      active: false,
      status: "PreLaunch",
      delistTs: 1790870400000,
      launchTs: undefined
    });
  });

  it.each([
    ["an hour ahead", HOUR],
    ["an hour behind", -HOUR],
    ["a day behind", -24 * HOUR]
  ])("trap 17: the venue's clock decides which candles are closed while this machine's is %s", async (_, skew) => {
    const {url} = await serve((request, reply) =>
      answer(reply, bybitReply(venue({klines: () => klines(20)}), request))
    );
    const {exchange} = await clientOf(url, NOW + skew);
    expect(opens(await exchange.candles(PAIR, "perp", "1h", window))).toEqual([-5, -4, -3, -2, -1]);
    const {venueMs, skewMs} = await exchange.serverTime();
    expect(venueMs).toBe(NOW);
    expect(Math.abs(skewMs + skew)).toBeLessThan(100);
  });

  it("a timeframe the venue does not serve is a usage error that lists the others", async () => {
    const {exchange} = await clientOf("http://127.0.0.1:9", NOW);
    const error = await exchange.candles(PAIR, "perp", "8h", window).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).fix).toBe("use one of 1m, 5m, 15m, 1h, 4h, 1d");
  });
});

describe("bybit: trap 16, spoiled replies", () => {
  type Spoil = (list: unknown[]) => unknown[];
  const at =
    (i: number, change: (row: string[]) => unknown): Spoil =>
    (list) =>
      list.map((row, k) => (k === i ? change(row as string[]) : row));
  const spoils: Record<string, Spoil> = {
    "a repeated row": (list) => [list[1], ...list],
    "a row outside the range": (list) => [...list, kline(HOURS - 50 * HOUR)],
    "a row of long ago": (list) => [...list, kline(HOURS - 200_000 * HOUR)],
    "an empty price": at(2, (row) => row.with(4, "")),
    "a NaN": at(2, (row) => row.with(2, "NaN")),
    "a null": at(2, (row) => (row as unknown[]).with(4, null)),
    "a negative price": at(2, (row) => row.with(3, "-5")),
    "a high under the close": at(2, (row) => row.with(2, "101")),
    "an open off the grid": at(2, (row) => row.with(0, String(Number(row[0]) + 1))),
    "a row that is none": at(2, () => "oops"),
    "two different rows of one instant": (list) => [...list, kline(HOURS - 2 * HOUR, "100.5")]
  };

  it.each(Object.entries(spoils))("%s once: the request is retried and the page is complete", async (_, spoil) => {
    let n = 0;
    const made = venue({klines: () => klines(20)});
    const {url, seen} = await serve((request, reply) => {
      const body = bybitReply(made, request) as {result: {list: unknown[]}};
      if (n++ === 0) body.result.list = spoil(body.result.list);
      answer(reply, body);
    });
    const {exchange} = await clientOf(url, NOW);
    const page = await exchange.candles(PAIR, "perp", "1h", window);
    expect(opens(page)).toEqual([-5, -4, -3, -2, -1]);
    expect(page).toMatchObject({rejected: [], repeats: 0, outside: 0});
    expect(seen).toHaveLength(2);
    expect(exchange.usage()).toMatchObject({requests: 2, retries: 1});
  });

  it.each(Object.entries(spoils))(
    "%s in every reply: the page is accepted without the row, which is counted",
    async (name, spoil) => {
      const made = venue({klines: () => klines(20)});
      const {url, seen} = await serve((request, reply) => {
        const body = bybitReply(made, request) as {result: {list: unknown[]}};
        answer(reply, {...body, result: {...body.result, list: spoil(body.result.list)}});
      });
      const {exchange} = await clientOf(url, NOW);
      const page = await exchange.candles(PAIR, "perp", "1h", window);
      expect(page.rejected.length + page.repeats + page.outside).toBe(1);
      expect(page.rows.length).toBe(page.rejected.some(({tsMs}) => tsMs === undefined || tsMs > window.from) ? 4 : 5);
      expect(seen).toHaveLength(3);
      if (name === "an empty price") expect(page.rejected).toEqual([{tsMs: HOURS - 2 * HOUR, reason: "missing close"}]);
    }
  );

  it("rows out of order are sorted", async () => {
    const made = venue({klines: () => klines(20)});
    const {url, seen} = await serve((request, reply) => {
      const body = bybitReply(made, request) as {result: {list: unknown[]}};
      body.result.list.push(...body.result.list.splice(0, 3));
      answer(reply, body);
    });
    const {exchange} = await clientOf(url, NOW);
    expect(opens(await exchange.candles(PAIR, "perp", "1h", window))).toEqual([-5, -4, -3, -2, -1]);
    expect(seen).toHaveLength(1);
  });

  it("a settlement of another symbol, without a rate or with a rate of 1 or more is rejected", async () => {
    const good = {symbol: "BTCUSDT", fundingRate: "0.0001", fundingRateTimestamp: String(HOURS)};
    const list = [
      good,
      {...good, symbol: "ETHUSDT", fundingRateTimestamp: String(HOURS - 8 * HOUR)},
      {...good, fundingRate: "", fundingRateTimestamp: String(HOURS - 16 * HOUR)},
      {...good, fundingRate: "1.5", fundingRateTimestamp: String(HOURS - 24 * HOUR)},
      {...good, fundingRateTimestamp: ""},
      null
    ];
    const {url} = await serve((_, reply) => answer(reply, envelope(NOW, {category: "linear", list})));
    const {exchange} = await clientOf(url, NOW);
    const page = await exchange.settlements(PAIR, NOW);
    expect(page.rows).toHaveLength(1);
    expect(page.rejected).toHaveLength(5);
  });

  it("an empty list is valid; a reply without a list, with a wrong symbol or without its time is not", async () => {
    const bodies: unknown[] = [
      envelope(NOW, {category: "linear", symbol: "BTCUSDT"}),
      envelope(NOW, {category: "linear", symbol: "ETHUSDT", list: klines(5)}),
      envelope(NOW, null),
      {...envelope(NOW, {list: klines(5)}), time: undefined},
      envelope(NOW, {category: "linear", symbol: "BTCUSDT", list: []})
    ];
    const {url, seen} = await serve((_, reply) => answer(reply, bodies.shift()));
    const {exchange} = await clientOf(url, NOW);
    expect((await exchange.candles(PAIR, "perp", "1h", window)).rows).toEqual([]);
    expect(seen).toHaveLength(5);
  });

  it("an error names the endpoint, the reply, the number of attempts and a fix", async () => {
    const {url} = await serve((_, reply) => answer(reply, "<html>\n  <body>gone fishing</body></html>", {status: 502}));
    const {exchange} = await clientOf(url, NOW);
    const error = await exchange.settlements(PAIR, NOW).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ExchangeError);
    expect((error as ExchangeError).message).toBe(
      'sim funding/history BTCUSDT failed: Bad Gateway, status 502, "<html> <body>gone fishing</body></html>", 6 attempts'
    );
    expect((error as ExchangeError).fix).toMatch(/network/);
  });
});
