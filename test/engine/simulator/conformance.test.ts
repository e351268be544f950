import {readFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {ROUTE_PATHS, startSim, type Sim} from "../../../engine/simulator/api/server.js";
import {sharedDir} from "../../helpers/shared.js";

const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const wireDir = sharedDir && join(sharedDir, "data/bybit-wire");
const recorded = wireDir !== undefined;
if (!recorded)
  console.warn("skipped: recorded exchange replies are not beside the repository (../shared/data/bybit-wire)");

interface Envelope {
  retCode: number;
  retMsg: string;
  result: Record<string, unknown> & {list?: unknown[]};
  retExtInfo: unknown;
  time: number;
}

let sim: Sim;
beforeAll(async () => {
  sim = await startSim({nowMs: NOW, speed: 0});
});
afterAll(() => sim.close());

const get = async (path: string): Promise<Envelope> => (await fetch(sim.url + path)).json() as Promise<Envelope>;

const wire = (name: string): Envelope =>
  (JSON.parse(readFileSync(join(wireDir!, "mainnet-2026-02", `${name}.json`), "utf8")) as {http_response: Envelope})
    .http_response;
const docs = (name: string): Envelope => {
  const text = readFileSync(join(wireDir!, "v5-docs", `${name}.txt`), "utf8");
  return JSON.parse(text.slice(text.indexOf("{"))) as Envelope;
};

/** Returns the shape of a value: keys and types; arrays of rows by their first row. */
function shape(value: unknown): unknown {
  if (Array.isArray(value))
    return value.every((v) => typeof v !== "object") ? (value as unknown[]).map((v) => typeof v) : [shape(value[0])];
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([k, v]) => [k, shape(v)])
    );
  }
  return typeof value;
}

describe.skipIf(!recorded)("replies have the recorded shape: the same keys, each text or number as recorded", () => {
  it.each([
    ["/v5/market/tickers?category=spot&symbol=BTCUSDT", () => wire("fetch_ticker_BTC_USDT")],
    ["/v5/market/tickers?category=spot", () => wire("fetch_tickers_BTC_ETH")],
    ["/v5/market/orderbook?category=spot&symbol=BTCUSDT&limit=5", () => wire("fetch_order_book_BTC_USDT")],
    ["/v5/market/recent-trade?category=spot&symbol=BTCUSDT&limit=5", () => wire("fetch_trades_BTC_USDT")],
    ["/v5/market/kline?category=spot&symbol=BTCUSDT&interval=60&limit=3", () => wire("fetch_ohlcv_BTC_USDT")],
    ["/v5/market/tickers?category=linear&symbol=BTCUSDT", () => docs("ExchangeData/GetLinearInverseTickers")],
    [
      "/v5/market/mark-price-kline?category=linear&symbol=BTCUSDT&interval=15&limit=1",
      () => docs("ExchangeData/GetMarkPriceKlines")
    ],
    [
      "/v5/market/index-price-kline?category=linear&symbol=BTCUSDT&interval=1&limit=2",
      () => docs("ExchangeData/GetIndexPriceKlines")
    ],
    [
      "/v5/market/premium-index-price-kline?category=linear&symbol=BTCUSDT&interval=D&limit=2",
      () => docs("ExchangeData/GetPremiumIndexPriceKlines")
    ],
    [
      "/v5/market/open-interest?category=linear&symbol=BTCUSDT&intervalTime=5min&limit=2",
      () => docs("ExchangeData/GetOpenInterest")
    ],
    ["/v5/market/instruments-info?category=linear&symbol=BTCUSDT", () => docs("ExchangeData/GetLinearInverseSymbols")],
    ["/v5/market/instruments-info?category=spot&symbol=BTCUSDT", () => docs("ExchangeData/GetSpotSymbols")],
    [
      "/v5/market/funding/history?category=linear&symbol=ETHUSDT&limit=1",
      () => docs("ExchangeData/GetFundingRateHistory")
    ]
  ])("%s", async (path, record) => {
    expect(shape(await get(path))).toEqual(shape(record()));
  });
});

describe("venue rules", () => {
  it("open interest is newest first, at most 200 rows, its stamps within the range", async () => {
    const path = "/v5/market/open-interest?category=linear&symbol=ETHUSDT&intervalTime=1h";
    const of = (reply: Envelope) =>
      (reply.result.list as unknown as {timestamp: string; openInterest: string}[]).map((row) => ({
        ts: Number(row.timestamp),
        value: Number(row.openInterest)
      }));
    const rows = of(await get(`${path}&limit=5000`));
    expect(rows).toHaveLength(200);
    expect(rows[0]!.ts).toBe(Math.floor(NOW / 3_600_000) * 3_600_000);
    expect(rows.every(({ts}, i) => i === 0 || rows[i - 1]!.ts - ts === 3_600_000)).toBe(true);
    expect(rows.every(({value}) => value > 0)).toBe(true);
    expect(of(await get(`${path}&startTime=${rows[10]!.ts}&endTime=${rows[3]!.ts}`))).toEqual(rows.slice(3, 11));
    expect((await get(path.replace("1h", "2h"))).retCode).toBe(10001);
  });

  const stamps = (reply: Envelope) => (reply.result.list as string[][]).map((row) => Number(row[0]));

  it("klines are newest first, at most 1,000, within the range, including the candle in progress", async () => {
    const rows = stamps(await get("/v5/market/kline?category=linear&symbol=ETHUSDT&interval=60&limit=5000"));
    expect(rows).toHaveLength(1_000);
    expect(rows[0]).toBe(Math.floor(NOW / 3_600_000) * 3_600_000);
    expect(rows.every((ts, i) => i === 0 || rows[i - 1]! - ts === 3_600_000)).toBe(true);
    const [start, end] = [rows[10]!, rows[3]!];
    expect(
      stamps(await get(`/v5/market/kline?category=linear&symbol=ETHUSDT&interval=60&start=${start}&end=${end}`))
    ).toEqual(rows.slice(3, 11));
  });

  it("every window returns the same bytes in any order, and coarse candles aggregate fine ones", async () => {
    const path = (interval: string, start: number, end: number) =>
      `/v5/market/kline?category=spot&symbol=SOLUSDT&interval=${interval}&start=${start}&end=${end}&limit=1000`;
    const day = Date.UTC(2024, 4, 5);
    const late = await get(path("60", day + 12 * 3_600_000, day + 23 * 3_600_000));
    const early = await get(path("60", day, day + 11 * 3_600_000));
    const whole = await get(path("60", day, day + 23 * 3_600_000));
    expect([...late.result.list!, ...early.result.list!]).toEqual(whole.result.list);
    const other = await startSim({nowMs: NOW, speed: 0});
    const again = (await (await fetch(other.url + path("60", day, day + 23 * 3_600_000))).json()) as Envelope;
    await other.close();
    expect(again).toEqual(whole);
    const [daily] = (await get(path("D", day, day))).result.list as string[][];
    const hours = whole.result.list as string[][];
    expect(daily![2]).toBe(hours.map((h) => h[2]!).sort((a, b) => Number(b) - Number(a))[0]);
    expect(Number(daily![5])).toBeCloseTo(
      hours.reduce((sum, h) => sum + Number(h[5]), 0),
      6
    );
    expect([daily![1], daily![4]]).toEqual([hours.at(-1)![1], hours[0]![4]]);
  });

  it("funding history: newest first, 200 a page, rows carry no interval; a start without an end is an error", async () => {
    const all: number[] = [];
    let end = NOW;
    for (let page = 0; page < 40; page++) {
      const list = (await get(`/v5/market/funding/history?category=linear&symbol=BTCUSDT&endTime=${end}`)).result
        .list as {fundingRateTimestamp: string}[];
      if (list.length === 0) break;
      expect(list.length).toBeLessThanOrEqual(200);
      all.push(...list.map((row) => Number(row.fundingRateTimestamp)));
      end = all.at(-1)! - 1;
    }
    expect(all.every((ts, i) => i === 0 || ts < all[i - 1]!)).toBe(true);
    const distances = new Set(all.slice(1).map((ts, i) => (all[i]! - ts) / 3_600_000));
    expect([...distances].sort()).toEqual([1, 8]);
    expect((await get("/v5/market/funding/history?category=linear&symbol=BTCUSDT&startTime=1")).retCode).toBe(10001);
  });

  it("delisted perp leaves the list and keeps its history; the outage is a hole in every series", async () => {
    const list = (await get("/v5/market/instruments-info?category=linear&limit=1000")).result.list as {
      symbol: string;
    }[];
    expect(list.map((i) => i.symbol)).not.toContain("LUNCUSDT");
    const old = await get(`/v5/market/kline?category=linear&symbol=LUNCUSDT&interval=D&limit=5`);
    expect(stamps(old)[0]).toBeLessThan(Date.UTC(2026, 8, 15, 8));
    const outage = Date.UTC(2026, 1, 10, 13);
    const hours = stamps(
      await get(
        `/v5/market/kline?category=spot&symbol=BTCUSDT&interval=60&start=${outage - 3_600_000}&end=${outage + 3_600_000}`
      )
    );
    expect(hours).toEqual([outage + 3_600_000, outage - 3_600_000]);
  });

  it("cursors visit every instrument once", async () => {
    const symbols: string[] = [];
    for (let cursor = ""; ;) {
      const {result} = await get(`/v5/market/instruments-info?category=linear&limit=10&cursor=${cursor}`);
      symbols.push(...(result.list as {symbol: string}[]).map((i) => i.symbol));
      if (!(cursor = result.nextPageCursor as string)) break;
    }
    expect(new Set(symbols).size).toBe(symbols.length);
    expect(symbols).toContain("1000PEPEUSDT");
    expect(symbols.length).toBeGreaterThan(25);
  });

  it.each([
    "/v5/market/kline?category=linear&symbol=NOPEUSDT&interval=60",
    "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=7",
    "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=480",
    "/v5/market/kline?category=option&symbol=BTCUSDT&interval=60",
    "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=60&limit=-1",
    "/v5/market/funding/history?category=spot&symbol=BTCUSDT"
  ])("%s is an error inside HTTP 200", async (path) => {
    const reply = await fetch(sim.url + path);
    expect(reply.status).toBe(200);
    expect(((await reply.json()) as Envelope).retCode).toBe(10001);
  });

  it("request over the limit is banned for ten minutes of the given clock; requests during the ban are counted", async () => {
    let real = 1_000_000;
    const strict = await startSim({nowMs: NOW, speed: 0, clock: () => real});
    const status = async () => (await fetch(`${strict.url}/v5/market/time`)).status;
    for (let i = 0; i < 600; i++) expect(await status()).toBe(200);
    expect(await status()).toBe(403);
    real += 599_999;
    expect(await status()).toBe(403);
    real += 1;
    expect(await status()).toBe(200);
    const seen = (await (await fetch(`${strict.url}/sim/requests`)).json()) as {
      duringBan: number;
      peakPerWindow: number;
    };
    expect(seen).toMatchObject({duringBan: 1, peakPerWindow: 601});
    await strict.close();
  });

  it("clock steps advance the market; invalid steering is rejected and echoed", async () => {
    const own = await startSim({nowMs: NOW, speed: 0});
    const post = (path: string, body: unknown) => fetch(own.url + path, {method: "POST", body: JSON.stringify(body)});
    await post("/sim/clock", {stepMs: 3_600_000});
    expect(own.now()).toBe(NOW + 3_600_000);
    const bad = await post("/sim/clock", {now: "tomorrow"});
    expect([bad.status, await bad.json()]).toEqual([400, {error: `invalid now: "tomorrow"`}]);
    expect((await post("/sim/faults", {kinds: ["explode"]})).status).toBe(400);
    expect((await post("/sim/clock", {speeed: 2})).status).toBe(400);
    await own.close();
  });

  it("faults follow the plan, and repeat for the same seed", async () => {
    const run = async () => {
      const own = await startSim({
        nowMs: NOW,
        speed: 0,
        faults: {rate: 0.3, kinds: ["truncate", "html", "500", "10016", "shuffle"], seed: 5}
      });
      const kinds: string[] = [];
      for (let i = 0; i < 40; i++) {
        const reply = await fetch(`${own.url}/v5/market/kline?category=spot&symbol=BTCUSDT&interval=D&limit=5`);
        kinds.push(`${reply.status} ${(await reply.text()).length}`);
      }
      const {faults} = (await (await fetch(`${own.url}/sim/requests`)).json()) as {faults: Record<string, number>};
      await own.close();
      return {kinds, faults};
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(Object.values(first.faults).reduce((a, b) => a + b, 0)).toBeGreaterThan(4);
  });

  it("conformance table lists every endpoint", () => {
    const table = readFileSync(join(import.meta.dirname, "../../../engine/simulator/CONFORMANCE.md"), "utf8");
    for (const path of ROUTE_PATHS) expect(table).toContain(`\`${path}\``);
  });
});
