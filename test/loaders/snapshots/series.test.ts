import {mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {dataHash} from "../../../loaders/snapshots/hash.js";
import {decisionRows} from "../../../loaders/snapshots/decision.js";
import {loadMarkets} from "../../../loaders/snapshots/market-rows.js";
import {catalogueOf, seriesFiles, seriesPaths} from "../../../loaders/snapshots/series.js";
import {folderOf, marketFeed} from "../../../src/components/feed/marketFeed.js";
import type {Catalogue} from "../../../src/lib/market/catalogue.js";
import {DEFAULT_COSTS} from "../../../src/lib/market/costs.js";
import {publish} from "../../../loaders/lake/publish.js";
import {openDatabase} from "../../../loaders/store/database.js";
import {saveInstruments} from "../../../loaders/store/instruments.js";
import {cli} from "../../helpers/cli.js";
import {planMarket} from "../../helpers/market.js";
import {tmp} from "../../helpers/tmp.js";
import type {MarketData} from "../../../src/lib/market/marketdata.js";

/** A feed over files in memory, which records its requests. */
function feedOver(files: Record<string, Uint8Array>) {
  const asked: string[] = [];
  const catalogue = JSON.parse(new TextDecoder().decode(files["catalogue.json"])) as Catalogue;
  const feed = marketFeed(catalogue, "http://site/series/", (url) => {
    asked.push(url);
    const path = decodeURIComponent(new URL(url).pathname.replace("/series/", ""));
    const body = files[path];
    return Promise.resolve(new Response(body ? new Uint8Array(body).buffer : null, {status: body ? 200 : 404}));
  });
  return {feed, asked, catalogue};
}

/** Imports made markets through the command line, 1000-unit perps included. */
async function importMarkets(data: string, markets: readonly {market: MarketData; spotPair?: string}[]): Promise<void> {
  const folder = join(data, "..", "files");
  mkdirSync(folder, {recursive: true});
  for (const {market, spotPair = market.pair} of markets) {
    const write = async (series: string, pair: string, lines: string[]) => {
      const file = join(folder, `${pair.replace("/", "")}-${series}.csv`);
      writeFileSync(file, lines.join("\n"));
      const flags = series === "funding" ? [] : ["--timeframe", market.timeframe];
      const result = await cli([
        "import",
        file,
        "--venue",
        "binance",
        "--pair",
        pair,
        "--series",
        series,
        ...flags,
        "--data",
        data,
        "--quiet"
      ]);
      expect(result.code, result.stderr).toBe(0);
    };
    await write("funding", market.pair, [
      "ts,rate",
      ...market.funding.map(({tsMs, rate}) => `${tsMs},${String(rate)}`)
    ]);
    for (const series of ["spot", "perp"] as const) {
      const c = market[series];
      const rows = Array.from(c.ts, (ts, i) => [ts, c.open[i], c.high[i], c.low[i], c.close[i], c.volume[i]].join(","));
      await write(series, series === "spot" ? spotPair : market.pair, ["ts,open,high,low,close,volume", ...rows]);
    }
  }
}

/**
 * Stores a listing of the venue's markets, the second perp counted in thousands, with steps of a tenth of its units.
 */
async function listMarkets(data: string): Promise<void> {
  const db = await openDatabase(data);
  const shared = {quote: "USDT", active: true, status: "Trading", contractSize: "1"};
  const spot = (coin: string) =>
    ({
      ...shared,
      market: "spot",
      pair: `${coin}/USDT`,
      symbol: `${coin}USDT`,
      coin,
      multiplier: 1,
      step: "0.001"
    }) as const;
  const perp = (base: string, coin: string, multiplier: number, step: string) =>
    ({...shared, market: "perp", pair: `${base}/USDT`, symbol: `${base}USDT`, coin, multiplier, step}) as const;
  await saveInstruments(db, "binance", Date.now(), [
    spot("AAA"),
    spot("PEPE"),
    perp("AAA", "AAA", 1, "0.01"),
    perp("1000PEPE", "PEPE", 1000, "0.1")
  ]);
  await publish(db);
  await db.close();
}

const made = (pair: string, seed: number) =>
  planMarket({
    seed,
    bars: 500,
    timeframe: "1h",
    intervals: [8, 4, 8],
    holes: 0.02,
    volatility: 0.01,
    mark: false,
    pair,
    delay: 0
  });

describe("histories as separate files", () => {
  it("give a page the rows that the command line reads, to the last digit, and load only what is requested", async () => {
    const data = join(tmp(), "data");
    mkdirSync(data, {recursive: true});
    await importMarkets(data, [
      {market: made("AAA/USDT", 4)},
      {market: made("1000PEPE/USDT", 5), spotPair: "PEPE/USDT"}
    ]);
    await listMarkets(data);
    const files = await seriesFiles(data);
    const {feed, asked, catalogue} = feedOver(files);
    expect(Object.keys(files).sort()).toEqual([...seriesPaths(data), "catalogue.json"].sort());
    expect(catalogue.entries.map(({pair, candles}) => [pair, candles.map((c) => c.timeframe)])).toEqual([
      ["1000PEPE/USDT", ["1h"]],
      ["AAA/USDT", ["1h"]]
    ]);

    for (const pair of ["AAA/USDT", "1000PEPE/USDT"]) {
      const [own] = await loadMarkets(data, [{pair, timeframe: "1h"}]);
      const market = await feed.market({pair, timeframe: "1h"});
      expect(dataHash([market])).toBe(dataHash([own!]));
      expect(market.instrument).toMatchObject({perpStep: pair === "AAA/USDT" ? "0.01" : "100", spotStep: "0.001"});
    }
    expect(asked).toHaveLength(6);
    await feed.market({pair: "AAA/USDT", timeframe: "1h"});
    const funding = await feed.funding("AAA/USDT");
    expect(asked).toHaveLength(6);
    expect(asked.every((url) => url.includes(`?v=${encodeURIComponent(catalogue.version)}`))).toBe(true);
    expect(funding.t.length).toBe(catalogue.entries[1]!.funding.rows);
    expect(Number.isNaN(funding.rate8h[0]!)).toBe(true);

    await expect(feed.market({pair: "AAA/USDT", timeframe: "8h"})).rejects.toThrow(
      "AAA/USDT has no 8h bars of both markets"
    );
    await expect(feed.funding("NOPE/USDT")).rejects.toThrow("missing data: NOPE/USDT");

    const rows = await decisionRows(data, DEFAULT_COSTS);
    expect(rows.map(({pair}) => pair).sort()).toEqual(["1000PEPE/USDT", "AAA/USDT"]);
    for (const row of rows) {
      expect(row.percentile).toBeGreaterThanOrEqual(0);
      expect(row.percentile).toBeLessThanOrEqual(1);
      expect(Object.keys(row.enters)).toEqual(["conservative", "balanced", "aggressive"]);
      // the two legs of the multiplied pair are compared per coin
      if (row.basis !== null) expect(Math.abs(row.basis)).toBeGreaterThan(row.pair.startsWith("1000") ? 0.5 : 0);
    }
  });

  it("have an empty catalogue over an empty directory, and a failed load is retried", async () => {
    const files = await seriesFiles(tmp());
    expect(feedOver(files).catalogue).toEqual(catalogueOf(undefined));
    let calls = 0;
    const entry = {rows: 1, from: 0, to: 1, path: "a.arrow"};
    const feed = marketFeed(
      {
        version: "1",
        simulated: false,
        entries: [
          {pair: "A/B", slug: "A-B", venue: "v", perpMultiplier: 1, instrument: null, funding: entry, candles: []}
        ]
      },
      "http://site/series/",
      () => Promise.resolve(new Response(null, {status: ++calls && 503}))
    );
    await expect(feed.funding("A/B")).rejects.toThrow("cannot load series/a.arrow: 503");
    await expect(feed.funding("A/B")).rejects.toThrow("503");
    expect(calls).toBe(2);
  });
});

it("the folder of the histories follows from the catalogue's address, in preview and in the built site", () => {
  expect(folderOf("http://h:3000/_file/series/catalogue.json?sha=1")).toBe("http://h:3000/_file/series/");
  expect(folderOf("http://h/base/_file/series/catalogue.0a1b2c3d.json")).toBe("http://h/base/series/");
});
