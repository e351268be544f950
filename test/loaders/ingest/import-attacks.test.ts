import {mkdirSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {describe, expect, it} from "vitest";
import {parseMapping, planImport, type Given} from "../../../loaders/ingest/import/index.js";
import {pairOfSymbol} from "../../../loaders/ingest/import/identity.js";
import {readStamp} from "../../../loaders/ingest/import/stamp.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";
import {imported, tree} from "../../helpers/imports.js";
import {tmp} from "../../helpers/tmp.js";

const T0 = Date.UTC(2025, 0, 1);
const candles = (stepHours = 1) =>
  [
    "ts,open,high,low,close,volume",
    ...Array.from({length: 12}, (_, i) => `${T0 + i * stepHours * HOUR_MS},100,101,99,100,5`)
  ].join("\n");
const rates = (shiftMs = 0, stamp: (ms: number) => string = String) =>
  ["ts,rate", ...Array.from({length: 12}, (_, i) => `${stamp(T0 + shiftMs + i * 8 * HOUR_MS)},0.0001`)].join("\n");

/** Plans one file of a fresh folder and returns its state and code. */
async function planOf(name: string, text: string, given: Partial<Given> = {}): Promise<string> {
  const path = join(tmp(), name);
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, text);
  const [file] = await planImport([path], {venue: "binance", ...given});
  const {planned} = file!;
  return planned.state === "clear" ? `clear ${planned.plan.key.pair}` : `${planned.state} ${planned.code}`;
}

describe("a contract with a delivery never enters a perpetual's history", () => {
  it.each([
    "BTCUSDT-27JUN25",
    "ATOMUSDT-25MAR28",
    "APTUSDT_CURRENT_QUARTER",
    "OPUSDT-quarter",
    "SUIUSDT-28MAR25-5000-C",
    "BTC_USDT_USDT-240329",
    "BTC-USDT-USDT-240329"
  ])("%s", async (name) => expect(await planOf(`perp/${name}-1h.csv`, candles())).toBe("refused contract"));
  it("freqtrade's own name of a dated future is one", async () => {
    expect(await planOf("futures/BTC_USDT_USDT-240329-1h-futures.csv", candles())).toBe("refused contract");
  });
  it("a month of an archive is no delivery", async () => {
    expect(await planOf("perp/BTCUSDT-1h-2025-01.csv", candles())).toBe("clear BTC/USDT");
  });
});

describe("a day behind the symbol is that of the archive or that of a delivery, as the rows say", () => {
  const HOURS = 3_600_000;
  const day = Date.UTC(2025, 2, 28);
  const bars = (from: number, to: number, stepHours = 1) =>
    [
      "ts,open,high,low,close,volume",
      ...Array.from(
        {length: (to - from) / (stepHours * HOURS)},
        (_, i) => `${from + i * stepHours * HOURS},100,101,99,100,5`
      )
    ].join("\n");
  const stateOf = async (name: string, text: string, given: Partial<Given> = {}) => {
    const {files} = await imported(tree({[name]: text}), given);
    return `${files[0]!.state} ${files[0]!.code ?? ""}`.trim();
  };
  it.each([
    ["perp/NEARUSDT-20250328-1h.csv", day - 60 * 24 * HOURS, day + 8 * HOURS, "refused contract"],
    ["perp/NEARUSDT_20250328.csv", day - 60 * 24 * HOURS, day - 30 * 24 * HOURS, "refused contract"],
    ["perp/NEAR-USDT-20250328.csv", day, day + 24 * HOURS, "stored"],
    ["perp/NEARUSDT-20250328.csv", day, day + 60 * 24 * HOURS, "stored"],
    ["perp/NEARUSDT-20250328.csv", day, day + 8 * HOURS, "open series"],
    ["spot/NEARUSDT-20250328.csv", day - 60 * 24 * HOURS, day + 8 * HOURS, "stored"],
    ["mark/NEARUSDT-20250328-1h.csv", day - 60 * 24 * HOURS, day + 8 * HOURS, "refused contract"]
  ])("%s from %d to %d", async (name, from, to, outcome) => expect(await stateOf(name, bars(from, to))).toBe(outcome));

  it("the last row decides, wherever it is; a told series answers where both fit", async () => {
    const minutes = bars(day - 5 * 24 * HOURS, day + 8 * HOURS, 1 / 60);
    expect(await stateOf("perp/NEARUSDT-20250328-1m.csv", minutes)).toBe("refused contract");
    const morning = bars(day, day + 8 * HOURS);
    expect(await stateOf("NEARUSDT-20250328-1h.csv", morning, {series: "perp"})).toBe("stored");
    const contract = bars(day - 60 * 24 * HOURS, day + 8 * HOURS);
    expect(await stateOf("NEARUSDT-20250328-1h.csv", contract, {series: "perp"})).toBe("refused contract");
  });

  it("a symbol of the rows that ends in a day is a contract", () => {
    expect(pairOfSymbol("NEARUSDT-20250328")).toBeUndefined();
    expect(pairOfSymbol("NEAR-USDT-20250328")).toBeUndefined();
  });
});

describe("words of a name that are no coins", () => {
  it.each([
    ["UNIUSDT-funding-EUR.csv", "clear UNI/USDT"],
    ["UNI_USDT_funding_USD.csv", "clear UNI/USDT"]
  ])("%s", async (name, outcome) => expect(await planOf(name, rates(), {venue: "bybit"})).toBe(outcome));
  it.each(["BTCPERP-funding.csv", "BTC-PERP-funding.csv"])(
    "%s: a perpetual without a quote is asked about by its coin",
    async (name) => {
      const path = join(tree({[name]: rates()}), name);
      const [file] = await planImport([path], {venue: "bybit"});
      expect(file!.planned).toMatchObject({
        state: "open",
        code: "pair",
        reason: "its name says a perpetual of BTC, not its quote",
        fix: "pass --pair with its quote, there BTC/USDC"
      });
    }
  );
});

describe("a perpetual quoted in USD is inverse where the venue margins it in the coin", () => {
  it.each([
    ["bitmex", "perp/XBTUSD-1h.csv"],
    ["binance", "perp/BTCUSD-1h.csv"]
  ])("%s %s", async (venue, name) => expect(await planOf(name, candles(), {venue})).toBe("refused contract"));
  it("spot in USD is spot", async () => {
    expect(await planOf("spot/BTCUSD-1h.csv", candles(), {venue: "kraken"})).toBe("clear BTC/USD");
  });
});

describe("stamps that lost their digits or were written by a local clock", () => {
  it("a stamp in scientific notation is read where it still names a whole minute", async () => {
    const exact = (ms: number) => `${ms / 1e12}e+12`;
    expect(await planOf("BTCUSDT-funding.csv", rates(0, exact))).toBe("clear BTC/USDT");
    expect(() => readStamp("1.73569E+12")).toThrow("invalid ts");
  });
  it("epochs at 03:30, 11:30 and 19:30 are no settlements of the venue", async () => {
    expect(await planOf("BTCUSDT-funding.csv", rates(3.5 * HOUR_MS))).toBe("refused local-clock");
  });
});

it("bars of two hours are no hourly candles", async () => {
  expect(await planOf("perp/BTCUSDT-1h.csv", candles(2))).toBe("refused timeframe");
});

it("JSON that is nested too deep is refused by name, and the others are planned", async () => {
  const path = join(tmp(), "x");
  mkdirSync(path);
  writeFileSync(join(path, "FILUSDT-fundingRate.json"), "[".repeat(200_000));
  writeFileSync(join(path, "BTCUSDT-fundingRate.csv"), rates());
  const files = await planImport([path], {venue: "binance"});
  expect(files.map(({planned}) => planned.state)).toEqual(["clear", "refused"]);
});

describe("OKX's candles of a swap without a header count contracts first", () => {
  const volumes = [2_300, 1_700, 0, 4_100, 900];
  const rowsOf = (tail: (contracts: number) => string[]) =>
    volumes
      .map((contracts, i) => [T0 + i * HOUR_MS, 100, 101, 99, 100, contracts, ...tail(contracts)].join(","))
      .join("\n");
  const stored = async (text: string, given: Partial<Given>) => {
    const {files, candles: rows} = await imported(tree({"rows.csv": text}), {venue: "okx", pair: "BTC/USDT", ...given});
    expect(files[0]!.state).toBe("stored");
    return rows.map(({volume, turnover}) => `${volume} ${turnover}`);
  };
  it.each([
    ["contracts, coins, quote, closed", (n: number) => [`${n / 100}`, `${n}`, "1"], "23 2300"],
    ["contracts and coins", (n: number) => [`${n / 100}`], "23 null"]
  ])("%s", async (_, tail, first) => {
    expect((await stored(rowsOf(tail), {series: "perp"}))[0]).toBe(first);
  });
  it("of spot the first counts coins, and a closing time or a count is no volume", async () => {
    const spot = rowsOf((n) => [`${n * 100}`, `${n * 100}`, "1"]);
    expect((await stored(spot, {series: "spot"}))[0]).toBe("2300 230000");
    expect(
      (
        await stored(
          rowsOf((n) => [`${n % 7}`]),
          {series: "perp"}
        )
      )[0]
    ).toBe("2300 null");
  });
});

describe("of several prices in a file those of the series are taken", () => {
  const file = (head: string, cells: string) =>
    [`ts,${head}`, ...Array.from({length: 12}, (_, i) => `${T0 + i * HOUR_MS},${cells}`)].join("\n");
  const closesOf = async (text: string, series: "mark" | "index" | "perp") => {
    const {files, candles: rows} = await imported(tree({"rows.csv": text}), {pair: "BTC/USDT", series});
    return rows[0]?.close ?? `${files[0]!.state} ${files[0]!.code}`;
  };
  const joined = file(
    "open,high,low,close,volume,mark_open,mark_high,mark_low,mark_close",
    "100,101,99,100,5,200,201,199,200"
  );
  const prices = file("markPrice,indexPrice", "200,300");
  it.each([
    ["a trade's close beside the mark's", joined, "mark", "200"],
    ["the same file as a perp", joined, "perp", "100"],
    ["both prices", prices, "mark", "200"],
    ["both prices", prices, "index", "300"],
    ["a mark price alone", file("markPrice", "200"), "index", "refused columns"],
    ["a mark price for a close", file("open,high,low,markPrice", "100,101,99,200"), "perp", "refused columns"]
  ] as const)("%s", async (_, text, series, close) => expect(await closesOf(text, series)).toBe(close));
});

it("an index without a name, as pandas writes it to Parquet, holds the stamps", async () => {
  const text = ["rate,__index_level_0__", ...Array.from({length: 12}, (_, i) => `0.0001,${T0 + i * 8 * HOUR_MS}`)];
  expect(await planOf("BTCUSDT-funding.csv", text.join("\n"))).toBe("clear BTC/USDT");
});

it("BitMEX writes the interval as a time of the first day of 2000", async () => {
  const rows = Array.from({length: 6}, (_, i) => ({
    timestamp: new Date(T0 + (4 + i * 8) * HOUR_MS).toISOString(),
    symbol: "XBTUSDT",
    fundingInterval: "2000-01-01T08:00:00.000Z",
    fundingRate: 0.0001
  }));
  const {files, funding} = await imported(tree({"funding.json": JSON.stringify(rows)}), {venue: "bitmex"});
  expect(files[0]!.state).toBe("stored");
  expect(funding.map(({hours}) => hours)).toEqual(rows.map(() => 8));
});

describe("rates that are no single settlements of the venue are never stored as such", () => {
  const every = (hours: number, n = 12) =>
    ["ts,rate", ...Array.from({length: n}, (_, i) => `${T0 + i * hours * HOUR_MS},0.000${i + 11}`)].join("\n");
  it.each([
    ["a day apart", every(24), {}, "refused carried-rates"],
    ["a day apart, whatever the answer", every(24), {intervalHours: 8}, "refused carried-rates"],
    ["a week apart", every(168), {}, "refused carried-rates"],
    ["8 hours apart at a venue that settles hourly", every(8), {venue: "hyperliquid"}, "open carried-rates"],
    ["the same, answered", every(8), {venue: "hyperliquid", intervalHours: 8}, "clear BTC/USDT"],
    ["8 hours apart", every(8), {}, "clear BTC/USDT"],
    ["4 hours apart", every(4), {}, "clear BTC/USDT"],
    ["two settlements far apart", every(72, 2), {}, "clear BTC/USDT"]
  ] as [string, string, Partial<Given>, string][])("%s", async (_, text, given, expected) =>
    expect(await planOf("funding.csv", text, {series: "funding", pair: "BTC/USDT", ...given})).toBe(expected)
  );
  it.each([
    ["fundingRate", {}, "open rate-unit"],
    ["funding_rate", {}, "open rate-unit"],
    ["fundingRate", {rateUnit: "share"}, "clear BTC/USDT"],
    ["relativeFundingRate", {}, "clear BTC/USDT"],
    ["fundingRate,relativeFundingRate", {}, "clear BTC/USDT"]
  ] as [string, Partial<Given>, string][])("Kraken's %s, given %o", async (names, given, expected) => {
    const values = (i: number) => names.split(",").map((name) => (/^rel/.test(name) ? `0.00001${i}` : `0.00002${i}`));
    const text = [
      `timestamp,${names}`,
      ...Array.from({length: 12}, (_, i) => [T0 + i * HOUR_MS, ...values(i)].join(","))
    ].join("\n");
    const more = {venue: "krakenfutures", series: "funding", pair: "BTC/USDT"} as const;
    expect(await planOf("f.csv", text, {...more, ...given})).toBe(expected);
  });
});

describe("a table of which most rows are bad is read wrongly, and nothing of it is stored", () => {
  // open, close, high, low, as KuCoin writes them; where both move little, a row fits the usual order by chance
  const kucoin = (flat: (i: number) => boolean) =>
    Array.from({length: 60}, (_, i) => `${T0 / 1_000 + i * 3_600},${flat(i) ? "9,9,9,9" : "100,104,105,99"},5`).join(
      "\n"
    );
  const given = {series: "perp", pair: "BTC/USDT"} as const;
  it.each(["refuse", "skip"] as const)("with bad rows to %s, and says to name the columns", async (badRows) => {
    const {files, candles} = await imported(tree({"f.csv": kucoin((i) => i % 4 === 0)}), {...given, badRows});
    expect(files[0]).toMatchObject({code: "columns", fix: expect.stringContaining("--columns")});
    expect(files[0]!.error).toMatch(/most of its rows are bad, the first at line \d+: invalid /);
    expect(candles).toEqual([]);
  });
  it("few bad rows are still mistakes of the file, also many after each other", async () => {
    const rows = (bad: (i: number) => boolean) =>
      [
        "ts,open,high,low,close,volume",
        ...Array.from({length: 200}, (_, i) => `${T0 + i * HOUR_MS},100,${bad(i) ? 1 : 101},99,100,5`)
      ].join("\n");
    const bad = (i: number) => i >= 100 && i < 120;
    const skipped = await imported(tree({"f.csv": rows(bad)}), {...given, badRows: "skip"});
    expect([skipped.files[0]!.state, skipped.candles.length]).toEqual(["stored", 180]);
    const {files} = await imported(tree({"f.csv": rows(bad)}), given);
    expect(files[0]).toMatchObject({code: "bad-row", fix: expect.stringContaining("--bad-rows skip")});
    expect(files[0]!.error).toMatch(/:102: invalid /);
  });
  it("named as they are, its columns are read", async () => {
    const {candles} = await imported(tree({"f.csv": kucoin(() => false)}), {
      ...given,
      mapping: parseMapping("ts=1,open=2,close=3,high=4,low=5,volume=6")
    });
    expect([candles.length, candles[0]!.close]).toEqual([60, "104"]);
  });
});
