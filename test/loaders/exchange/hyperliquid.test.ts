import {describe, expect, it} from "vitest";
import {candleHistory} from "../../../loaders/exchange/grid-history.js";
import {fundingHistory} from "../../../loaders/exchange/funding-history.js";
import type {Absence} from "../../../loaders/exchange/venues.js";
import {normalise} from "../../../src/lib/market/coverage.js";
import {inferIntervals} from "../../../src/lib/market/funding.js";
import {clientOf, collect} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";
import {hyperliquidReply, rateAt} from "../../helpers/hyperliquid.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const HOURS = Math.floor(NOW / HOUR) * HOUR;

async function open(startTs: number) {
  const asked: Record<string, any>[] = [];
  const server = await serve((_, reply, request) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const body = JSON.parse(text || "{}") as Record<string, any>;
      asked.push(body);
      answer(reply, hyperliquidReply({now: NOW, startTs}, body), {headers: {date: new Date(NOW).toUTCString()}});
    });
  });
  const {exchange} = await clientOf(server.url, NOW, {venue: "hyperliquid"});
  return {exchange, asked, of: (type: string) => asked.filter((body) => body["type"] === type)};
}

describe("hyperliquid", () => {
  it("lists perps and spots in USDC, the case of kPEPE kept, its coin and multiplier read", async () => {
    const {exchange} = await open(HOURS - 30 * DAY);
    const markets = await exchange.instruments();
    const of = (pair: string, market: string) => markets.find((own) => own.pair === pair && own.market === market);
    expect(of("kPEPE/USDC", "perp")).toMatchObject({coin: "PEPE", multiplier: 1_000, quote: "USDC"});
    expect(of("PEPE/USDC", "spot")).toMatchObject({coin: "PEPE", multiplier: 1});
    expect(of("HYPE/USDC", "perp")).toMatchObject({coin: "HYPE", multiplier: 1});
    const tickers = await exchange.tickers("perp");
    expect(tickers.map(({pair}) => pair)).toContain("kPEPE/USDC");
    expect((await exchange.serverTime()).venueMs).toBe(NOW);
  });

  it("settlements of a year arrive whole from pages of 500 hours, both ends given", async () => {
    const startTs = HOURS - 120 * DAY;
    const {exchange, of} = await open(startTs);
    const span = {from: NOW - 365 * DAY, to: NOW};
    const stretches = await collect(fundingHistory(exchange, "kPEPE/USDC", span));
    const rows = stretches.flatMap((stretch) => stretch.rows).sort((a, b) => a.tsMs - b.tsMs);
    expect(rows).toHaveLength(120 * 24 + 1);
    expect(rows[0]).toMatchObject({tsMs: startTs + 37});
    expect(rows.every(({tsMs, rate}) => Number(rate) === Number(rateAt(tsMs - 37)))).toBe(true);
    expect(
      new Set(
        inferIntervals(rows)
          .intervals.slice(1)
          .map(({intervalHours}) => intervalHours)
      )
    ).toEqual(new Set([1]));
    // Every window was answered with both ends given, so that the empty ones are proven.
    expect(normalise(stretches.map(({proven}) => proven))[0]!.from).toBe(span.from);
    const asked = of("fundingHistory");
    expect(asked.every((body) => body["coin"] === "kPEPE" && body["startTime"] >= 0 && body["endTime"] > 0)).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(6 + 2 * 13);
  });

  it("candles older than the newest 5,000 are neither asked for nor believed to be absent", async () => {
    const {exchange, of} = await open(HOURS - 600 * DAY);
    const begins: Absence[] = [];
    const span = {from: HOURS - 400 * DAY, to: HOURS};
    const stretches = await collect(
      candleHistory(exchange, "BTC/USDC", "perp", "1h", span, {parallel: 1, onBegin: (own) => void begins.push(own)})
    );
    const proven = normalise(stretches.map((stretch) => stretch.proven));
    expect(stretches.flatMap(({rows}) => rows)).toHaveLength(4_999);
    expect(proven).toEqual([{from: HOURS - 4_999 * HOUR, to: HOURS}]);
    expect(begins[0]!.reason).toBe("hyperliquid serves the newest 5000 candles of a timeframe");
    expect(of("candleSnapshot").length).toBeLessThanOrEqual(12);
  });

  it("candles of a young market begin at its first row, and what is older is proven within the venue's depth", async () => {
    const startTs = HOURS - 50 * DAY;
    const {exchange} = await open(startTs);
    const span = {from: HOURS - 90 * DAY, to: HOURS};
    const stretches = await collect(candleHistory(exchange, "HYPE/USDC", "spot", "1h", span));
    expect(stretches.flatMap(({rows}) => rows)).toHaveLength(50 * 24);
    expect(normalise(stretches.map(({proven}) => proven))).toEqual([span]);
  });
});
