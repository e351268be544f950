import ccxt, {type Exchange as Ccxt} from "ccxt";
import {describe, expect, it} from "vitest";
import {fundingHistory} from "../../../loaders/exchange/funding-history.js";
import {createExchange} from "../../../loaders/exchange/index.js";
import {requireFetched, VENUES} from "../../../loaders/exchange/venues.js";
import type {Series} from "../../../src/lib/market/pair.js";
import {UsageError} from "../../../loaders/errors.js";
import {SettlementPages} from "../../../loaders/exchange/settlement-pages.js";
import {TIMEFRAMES} from "../../../src/lib/time/grid.js";
import type {Absence} from "../../../loaders/exchange/venues.js";
import {cli} from "../../helpers/cli.js";
import {clientOf, collect} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const HOURS = Math.floor(NOW / HOUR) * HOUR;
const EIGHTS = Math.floor(NOW / (8 * HOUR)) * 8 * HOUR;
const headers = {date: new Date(NOW).toUTCString()};

describe("the records of venues", () => {
  it.each(VENUES.map((record) => [record.venue, record] as const))(
    "%s: promises what its client has",
    (venue, record) => {
      const client: Ccxt = new (Reflect.get(ccxt, venue))();
      const has = (method: string) => (client.has as Record<string, unknown>)[method] === true;
      const known = Object.keys((client.timeframes ?? {}) as object);
      expect(record.candles.timeframes).toEqual(TIMEFRAMES.filter((timeframe) => known.includes(timeframe)));
      expect(record.candles.series).toEqual([
        ...(has("spot") ? ["spot"] : []),
        "perp",
        ...(has("fetchMarkOHLCV") ? ["mark"] : []),
        ...(has("fetchIndexOHLCV") ? ["index"] : []),
        // of the others, ccxt's unified candles of the premium index are untried
        ...(["binance", "bybit"].includes(venue) && has("fetchPremiumIndexOHLCV") ? ["premium"] : [])
      ]);
      expect(record.clock).toBe(has("fetchTime") ? "endpoint" : "date");
      expect(record.borrow).toBe(has("fetchBorrowRateHistory") ? "files" : undefined);
      expect(record.openInterest !== undefined).toBe(has("fetchOpenInterestHistory"));
      expect(typeof record.openInterest === "object").toBe(["binance", "bybit", "okx"].includes(venue));
      expect(record.missing === undefined).toBe(record.funding !== undefined);
      if (record.funding) expect(has("fetchFundingRateHistory")).toBe(true);
    }
  );

  it("the native clients do what their records say", async () => {
    for (const record of VENUES.filter(({venue}) => ["bybit", "binance", "okx"].includes(venue))) {
      const exchange = await createExchange({venue: record.venue});
      expect(exchange.pageRows).toEqual({funding: record.funding!.rows, candles: record.candles.rows});
      expect(exchange.timeframes).toEqual(record.candles.timeframes);
      expect(exchange.candleSeries).toEqual(record.candles.series);
      expect(exchange.observed).toEqual({"open-interest": record.openInterest});
      expect(exchange.observations).toBeInstanceOf(Function);
      expect(exchange.fundingDepthMs).toBe(
        typeof record.funding!.depth === "number" ? record.funding!.depth * DAY : undefined
      );
    }
  });

  it("a venue that cannot serve a request is refused at the start with what is missing", async () => {
    await expect(createExchange({venue: "krakenfutures"})).rejects.toThrow("settle in USD");
    await expect(createExchange({venue: "bitfinex"})).rejects.toThrow("not settlements");
    await expect(createExchange({venue: "binancecoinm"})).rejects.toThrow("no record says how it is asked");
    await expect(createExchange({venue: "paradex"})).rejects.toBeInstanceOf(UsageError);
  });

  it("a series that is read from files alone is refused, and so is a step that a venue does not serve", () => {
    const asked =
      (venue: string, series: Series, timeframe = "1h") =>
      () =>
        requireFetched(venue, [series], [timeframe]);
    expect(asked("bybit", "borrow")).toThrow("without an account");
    expect(asked("gate", "open-interest")).toThrow("no record says how gate is asked");
    expect(asked("okx", "premium")).toThrow("okx serves none");
    expect(asked("binance", "open-interest", "1m")).toThrow("serves no open interest in it");
    expect(asked("sim", "open-interest", "5m")).not.toThrow();
    expect(asked("binance", "premium", "8h")).not.toThrow();
    expect(asked("gate", "mark")).not.toThrow();
  });

  it("`venues` prints them", async () => {
    const {code, stdout} = await cli(["venues", "--json"]);
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as {venue: string}[];
    expect(rows.map(({venue}) => venue)).toEqual(VENUES.map(({venue}) => venue));
    expect(rows.find(({venue}) => venue === "hyperliquid")).toMatchObject({
      funding: {paging: "window", rows: 500, depth: "all"},
      candles: {depth: 5_000},
      settles: ["USDC"],
      clock: "endpoint"
    });
  });
});

describe("settlements by each way of paging", () => {
  const stamps = Array.from({length: 400}, (_, i) => EIGHTS - i * 8 * HOUR);
  const funding = {rows: 100, depth: "unknown"} as const;
  const walk = async (pages: SettlementPages, ask: Parameters<SettlementPages["read"]>[2], from: number) => {
    const found = new Set<number>();
    for (let until = NOW, n = 0; until >= from && n < 500; n++) {
      const {rows, fromMs} = await pages.read("X", until, ask);
      for (const {timestamp} of rows) found.add(Number(timestamp));
      const oldest = rows.length > 0 ? Math.min(...rows.map((row) => Number(row.timestamp))) : fromMs;
      if (oldest === undefined) break;
      until = oldest - 1;
    }
    return [...found].filter((ts) => ts >= from).sort((a, b) => b - a);
  };
  const row = (timestamp: number) => ({timestamp});

  it.each([
    ["oldest first", (rows: number[]) => rows.slice(-100)],
    ["newest first", (rows: number[]) => rows.slice(0, 100)]
  ] as const)("a window whose full page is cut, %s, is asked for the rest", async (_, cut) => {
    const hourly = Array.from({length: 1_000}, (__, i) => HOURS - i * HOUR);
    let n = 0;
    const pages = new SettlementPages({...funding, paging: "window"});
    const found = await walk(
      pages,
      async (since, __, {until}) => {
        n++;
        // Eight-hourly at first, hourly before: the window is sized for eight hours when the switch comes.
        const all = [...stamps.slice(0, 40), ...hourly.filter((ts) => ts < stamps[39]!)];
        return cut(all.filter((ts) => ts >= since! && ts <= Number(until))).map(row);
      },
      HOURS - 999 * HOUR
    );
    expect(found).toHaveLength(40 + hourly.filter((ts) => ts < stamps[39]!).length);
    expect(n).toBeLessThan(30);
  });

  it("numbered pages are walked once each, although a new settlement moves them", async () => {
    const asked: number[] = [];
    let all = stamps;
    const pages = new SettlementPages({...funding, paging: "pages", page: {name: "page_num", by: "number", first: 1}});
    const found = await walk(
      pages,
      async (since, limit, params) => {
        expect([since, params["until"]]).toEqual([undefined, undefined]);
        const page = Number(params["page_num"]);
        asked.push(page);
        if (page === 2) all = [EIGHTS + 8 * HOUR, ...stamps];
        return all.slice((page - 1) * limit, page * limit).map(row);
      },
      0
    );
    expect(found).toEqual(stamps);
    expect(asked).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("offsets count rows", async () => {
    const asked: unknown[] = [];
    const pages = new SettlementPages({...funding, paging: "pages", page: {name: "offset", by: "offset", first: 0}});
    const found = await walk(
      pages,
      async (_, limit, {offset}) => {
        asked.push(offset);
        return stamps.slice(Number(offset), Number(offset) + limit).map(row);
      },
      stamps[299]!
    );
    expect(found).toEqual(stamps.slice(0, 300));
    expect(asked).toEqual([0, 100, 200]);
  });
});

describe("a venue that ignores an end", () => {
  it("mexc: pages forward by number, and coverage begins at its first row, with the reason", async () => {
    const stamps = Array.from({length: 250}, (_, i) => EIGHTS - i * 8 * HOUR);
    const pages: (string | null)[] = [];
    const {url} = await serve(({pathname, searchParams: query}, reply) => {
      const ok = (data: unknown) => answer(reply, {success: true, code: 0, data}, {headers});
      if (pathname.endsWith("/contract/detail"))
        return ok([
          {
            symbol: "BTC_USDT",
            baseCoin: "BTC",
            quoteCoin: "USDT",
            settleCoin: "USDT",
            contractSize: 0.0001,
            minLeverage: 1,
            maxLeverage: 200,
            priceScale: 1,
            volScale: 0,
            priceUnit: 0.1,
            volUnit: 1,
            minVol: 1,
            maxVol: 1000000,
            takerFeeRate: 0.0002,
            makerFeeRate: 0,
            state: 0,
            isHidden: false
          }
        ]);
      if (pathname.endsWith("/funding_rate/history")) {
        const page = Number(query.get("page_num") ?? 1);
        pages.push(query.get("page_num"));
        const size = Number(query.get("page_size") ?? 20);
        const resultList = stamps
          .slice((page - 1) * size, page * size)
          .map((settleTime) => ({symbol: "BTC_USDT", fundingRate: 0.0001, settleTime}));
        return ok({pageSize: size, totalCount: 250, totalPage: 3, currentPage: page, resultList});
      }
      if (pathname.endsWith("/exchangeInfo")) return answer(reply, {timezone: "CST", symbols: []}, {headers});
      answer(reply, [], {headers});
    });
    const {exchange} = await clientOf(url, NOW, {venue: "mexc"});
    const begins: Absence[] = [];
    const span = {from: NOW - 365 * DAY, to: NOW};
    const stretches = await collect(
      fundingHistory(exchange, "BTC/USDT", span, {onBegin: (own) => void begins.push(own)})
    );
    expect(stretches.flatMap(({rows}) => rows)).toHaveLength(250);
    expect(stretches.at(-1)!.proven.from).toBe(stamps.at(-1));
    expect(begins).toEqual([{from: stamps.at(-1), reason: "mexc does not say how far back its settlements go"}]);
    expect(pages.slice(0, 3)).toEqual(["1", "2", "3"]);
    expect(pages.length).toBeLessThanOrEqual(6);
  });
});

describe("a venue without a time endpoint", () => {
  it("phemex: its time is the Date header's", async () => {
    const {url} = await serve((_, reply) => answer(reply, {code: 0, msg: "", data: {}}, {headers}));
    const {exchange} = await clientOf(url, NOW - 5 * HOUR, {venue: "phemex"});
    const {venueMs, skewMs} = await exchange.serverTime();
    expect(NOW - venueMs).toBeLessThan(1_000);
    expect(Math.round(skewMs / HOUR)).toBe(5);
  });
});
