import {describe, expect, it} from "vitest";
import type {Given} from "../../../loaders/ingest/import/index.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";
import {imported, tree} from "../../helpers/imports.js";

const T0 = Date.UTC(2025, 0, 1);
const hours = (n: number, step = 8) => Array.from({length: n}, (_, i) => T0 + i * step * HOUR_MS);
const csv = (header: string, rows: readonly string[]) => [header, ...rows].join("\n");

/** What one file of rates became: its state, its code, the pairs and the rates stored. */
async function outcome(text: string, given: Partial<Given> = {}, name = "funding.csv") {
  const {files, funding, candles} = await imported(tree({[name]: text}), {venue: "binance", ...given});
  const {state, code, error, fix, skipped} = files[0]!;
  return {
    state: `${state} ${code ?? ""}`.trim(),
    error,
    fix,
    skipped,
    pairs: [...new Set([...funding, ...candles].map(({pair}) => pair))],
    rates: [...new Set(funding.map(({rate}) => rate))]
  };
}

const settled = (column: string, value: string) =>
  csv(
    `time,${column},fundingRate`,
    hours(12).map((ts) => `${ts},${value},0.0000125`)
  );
const both = (column: string, [one, two]: readonly [string, string]) =>
  csv(
    `time,${column},fundingRate`,
    hours(12).flatMap((ts) => [`${ts},${one},0.0001`, `${ts},${two},0.0003`])
  );

describe("a column that names another market is never passed by", () => {
  it.each(
    (
      "coin asset base_asset currency underlying contract token name product code s i sym market_name pair_name securityId " +
      "symbol Ticker instId instrument whatever"
    )
      .split(" ")
      .flatMap((name) => [
        [name, "ETHUSDT"],
        [name, "ETH"]
      ])
  )("%s of %s", async (name, value) => {
    expect(await outcome(settled(name, value), {pair: "BTC/USDT"})).toMatchObject({
      state: "refused other-pair",
      pairs: [],
      error: expect.stringContaining(value)
    });
    expect(await outcome(settled(name, value), {pair: "ETH/USDT"})).toMatchObject({
      state: "stored",
      pairs: ["ETH/USDT"]
    });
  });

  it.each([
    ["coin", ["BTC", "ETH"]],
    ["underlying", ["BTC", "ETH"]],
    ["whatever", ["BTC", "ETH"]],
    ["whatever", ["BTC-USDT-SWAP", "ETH-USDT-SWAP"]],
    ["contract", ["BTCUSDT", "ETHUSDT"]],
    ["coin", ["BTC", "QQQQ"]]
  ] as const)("%s of %j: rows of the other are passed over, and without a pair it asks", async (name, values) => {
    const text = both(name, values);
    expect(await outcome(text, {pair: "BTC/USDT"})).toMatchObject({
      state: "stored",
      skipped: {"other-pair": 12},
      rates: ["0.0001"]
    });
    const {state, error} = await outcome(text);
    expect([state, error]).toEqual(["open several-pairs", expect.stringContaining(values.join(", "))]);
  });

  it.each([
    ["name", "Ethereum", "ETH/USDT"],
    ["name", "tETHF0:USTF0", "ETH/USDT"],
    ["contract", "XBTUSDTM", "BTC/USDT"],
    ["product", "PF_ETHUSD", "ETH/USD"],
    ["token", "QQQQ", "QQQQ/USDT"]
  ])("%s of %s in a venue's own words", async (name, value, own) => {
    const given = {venue: "krakenfutures", rateUnit: "share", intervalHours: 8} as const;
    expect((await outcome(settled(name, value), {...given, pair: "LTC/USDT"})).state).toBe("refused other-pair");
    expect((await outcome(settled(name, value), {...given, pair: own})).pairs).toEqual([own]);
  });

  it("a delivery named in a column of any name is no perpetual", async () => {
    expect((await outcome(settled("contract", "BTCUSDT_240628"), {pair: "BTC/USDT"})).state).toBe("refused other-pair");
  });

  it("base and quote are read together", async () => {
    const rows = (base: string, quote: string) =>
      csv(
        "ts,base,quote,open,high,low,close,volume",
        hours(12, 1).map((ts) => `${ts},${base},${quote},9,10,8,9,5`)
      );
    const given = {series: "perp", pair: "BTC/USDT"};
    expect((await outcome(rows("ETH", "USDT"), given)).state).toBe("refused other-pair");
    expect((await outcome(rows("BTC", "USDC"), given)).state).toBe("refused other-pair");
    expect((await outcome(rows("BTC", "USDT"), {series: "perp"})).pairs).toEqual(["BTC/USDT"]);
  });

  it("a coin is one of its file's name", async () => {
    expect((await outcome(settled("coin", "ETH"), {}, "BTCUSDT-funding.csv")).state).toBe("refused other-pair");
    expect((await outcome(settled("coin", "XBT"), {}, "BTCUSDT-funding.csv")).pairs).toEqual(["BTC/USDT"]);
  });

  it("a coin without a quote is asked about by its name", async () => {
    expect(await outcome(settled("coin", "ETH"))).toMatchObject({
      state: "open pair",
      error: expect.stringContaining("its rows are of ETH, which names no quote"),
      fix: "pass --pair with its quote, e.g. ETH/USDT"
    });
  });
});

describe("a reply of Hyperliquid", () => {
  const reply = JSON.stringify(
    hours(12, 1).map((time) => ({coin: "ETH", fundingRate: "0.0000125", premium: "0.0003", time}))
  );
  it("names its coin, which is quoted in USDC", async () => {
    const venue = "hyperliquid";
    expect((await outcome(reply, {venue, pair: "BTC/USDC"}, "reply.json")).state).toBe("refused other-pair");
    expect((await outcome(reply, {venue}, "reply.json")).pairs).toEqual(["ETH/USDC"]);
  });
  it("a file named after a coin alone is asked about with the venue's own quote", async () => {
    const text = csv(
      "time,fundingRate",
      hours(12, 1).map((ts) => `${ts},0.0000125`)
    );
    expect((await outcome(text, {venue: "hyperliquid"}, "ETH.csv")).fix).toBe("pass --pair ETH/USDC");
    expect((await outcome(text, {venue: "hyperliquid"}, "a.csv")).fix).toBe("pass --pair BTC/USDC");
    expect((await outcome(text, {venue: "hyperliquid", pair: "BTC/USDC"}, "ETH.csv")).state).toBe("refused other-pair");
    expect((await outcome(text, {venue: "hyperliquid", pair: "ETH/USDC"}, "ETH.csv")).state).toBe("stored");
  });
});

it.each([
  ["asset", "USDT"],
  ["currency", "USD"],
  ["quote", "USDT"],
  ["settle", "BTC"],
  ["fee_currency", "BNB"],
  ["category", "linear"],
  ["name", "Bybit"],
  ["interval", "8h"],
  ["type", "PERP"],
  ["type", "trade"],
  ["side", "HIGH"],
  ["kind", "ENTRY"],
  ["product", "USDT-FUTURES"],
  ["code", "200"],
  ["market", "linear"],
  ["token", "FUTURES"]
])("a column %s of %s names no market", async (name, value) => {
  expect(await outcome(settled(name, value), {pair: "LTC/USDT"})).toMatchObject({state: "stored", skipped: {}});
});

describe("rows that say they are forecasts are no settlements", () => {
  const given = {pair: "BTC/USDT"};
  it.each([
    ["type", "predicted", "settled"],
    ["status", "estimated", "realized"],
    ["whatever", "Forecast", "final"]
  ])("%s %s", async (column, forecast, settledWord) => {
    const rows = hours(12).flatMap((ts) => [`${ts},${forecast},0.0009`, `${ts},${settledWord},0.0001`]);
    expect(await outcome(csv(`time,${column},fundingRate`, rows), given)).toMatchObject({
      state: "stored",
      skipped: {forecast: 12},
      rates: ["0.0001"]
    });
  });
  it("a file of forecasts alone is refused", async () => {
    expect((await outcome(settled("type", "predicted"), given)).state).toBe("refused forecast");
    expect((await outcome(settled("type", "settled"), given)).state).toBe("stored");
  });
});

describe("two columns of one name", () => {
  const given = {pair: "BTC/USDT", series: "perp", timeframe: "1h"};
  const candles = (second: number) =>
    csv(
      "ts,open,high,low,close,close,volume",
      hours(12, 1).map((ts) => `${ts},9,10,8,9,${second},5`)
    );
  it("that differ are asked about, and told apart by their numbers", async () => {
    expect(await outcome(candles(8), given)).toMatchObject({
      state: "refused columns",
      error: expect.stringContaining("close names columns 5 and 6, which differ; write close=5 or another"),
      fix: expect.stringContaining("--columns")
    });
    expect((await outcome(candles(8), {...given, mapping: {close: "close"}})).state).toBe("refused columns");
    expect((await outcome(candles(8), {...given, mapping: {close: "6"}})).state).toBe("stored");
  });
  it("that say the same are one", async () => expect((await outcome(candles(9), given)).state).toBe("stored"));
  it("of a rate", async () => {
    const text = csv(
      "time,fundingRate,funding_rate",
      hours(12).map((ts) => `${ts},0.0001,0.0002`)
    );
    expect((await outcome(text, {pair: "BTC/USDT"})).state).toBe("refused columns");
  });
});

it.each([
  ["funding_bps", "1", "0.0001"],
  ["fundingRateBps", "1", "0.0001"],
  ["funding_rate_pct", "0.01", "0.0001"],
  ["fundingRate", "0.0001", "0.0001"]
])("a header %s says its unit", async (column, rate, stored) => {
  const text = csv(
    `time,${column}`,
    hours(12).map((ts) => `${ts},${rate}`)
  );
  expect((await outcome(text, {pair: "BTC/USDT", series: "funding"})).rates).toEqual([stored]);
});

it("commas that part thousands before a point are read, and those that may be a decimal comma are not", async () => {
  const text = (price: string) =>
    csv(
      "ts,open,high,low,close,volume",
      hours(12, 1).map((ts) => `${ts},"${price}","${price}","${price}","${price}",5`)
    );
  const given = {pair: "BTC/USDT", series: "perp", timeframe: "1h"};
  const {files, candles} = await imported(tree({"a.csv": text("42,000.50")}), {venue: "binance", ...given});
  expect(files[0]!.state).toBe("stored");
  expect(new Set(candles.map(({close}) => close))).toEqual(new Set(["42000.5"]));
  expect((await outcome(text("42,000"), given)).state).toBe("open decimal");
});

it.each([
  ["perp.csv", "stored"],
  ["PERP.csv", "stored"],
  ["spot.csv", "stored"],
  ["near.csv", "stored"],
  ["data.csv", "stored"],
  ["LINK.csv", "refused"],
  ["ETH.csv", "refused"],
  ["eth.csv", "refused"]
])("a file named %s, given as BTC/USDT, is %s", async (name, state) => {
  const text = csv(
    "ts,open,high,low,close,volume",
    hours(12, 1).map((ts) => `${ts},1,2,0.5,1.5,5`)
  );
  const given = {venue: "binance", pair: "BTC/USDT", series: name === "spot.csv" ? "spot" : "perp", timeframe: "1h"};
  const {files} = await imported(tree({[name]: text}), given);
  expect(files[0]!.state).toBe(state);
});
