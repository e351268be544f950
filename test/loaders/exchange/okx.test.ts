import {describe, expect, it} from "vitest";
import {candleHistory, observationHistory} from "../../../loaders/exchange/grid-history.js";
import {fundingHistory} from "../../../loaders/exchange/funding-history.js";
import {clientOf, collect} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";
import {recorded, shape, wire} from "../../helpers/other-wire.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const HOURS = Math.floor(NOW / HOUR) * HOUR;

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
