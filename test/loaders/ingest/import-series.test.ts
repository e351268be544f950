import {describe, expect, it} from "vitest";
import {join} from "node:path";
import {exportRows} from "../../../loaders/snapshots/export.js";
import {importFiles, planImport, type Given} from "../../../loaders/ingest/import/index.js";
import {imported, storedIn, tree, type Imported} from "../../helpers/imports.js";
import {open} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const T = Date.UTC(2024, 0, 1);
const HOUR = 3_600_000;
const codesOf = ({files}: Imported) => files.map(({state, code}) => (code === null ? state : `${state} ${code}`));
const hours = (n: number) => Array.from({length: n}, (_, i) => T + i * HOUR);
const csv = (...lines: string[]) => lines.join("\n");
const pair = "BTC/USDT";

/** Imports one file by its name and text. */
const file = (name: string, text: string, given: Partial<Given> = {}) => imported(tree({[name]: text}), given);

describe("borrow rates", () => {
  const daily = (rates: readonly string[], step = HOUR) =>
    csv("asset,dailyInterestRate,timestamp,vipLevel", ...rates.map((rate, i) => `BTC,${rate},${T + i * step},0`));

  it("Binance's daily rates of a coin are stored as an hour's share of its pair", async () => {
    const result = await file("interest.csv", daily(["0.00024", "0.00012", "0.0001", "0.00024"]));
    expect(result.files[0]).toMatchObject({
      state: "stored",
      history: "binance BTC/USDT borrow 1h",
      taken: {ratePeriod: "day", rateUnit: "share", knownLagMs: 0},
      rounded: 1
    });
    expect(result.observations.map(({ts, known, value}) => [ts, known, value])).toEqual([
      [T, T, "0.00001"],
      [T + HOUR, T + HOUR, "0.000005"],
      [T + 2 * HOUR, T + 2 * HOUR, "0.000004166666666667"],
      [T + 3 * HOUR, T + 3 * HOUR, "0.00001"]
    ]);
  });

  it("a coin's rate is filed under the pair that is asked for", async () => {
    const {observations} = await file("interest.csv", daily(["0.00024", "0.00024", "0.00024", "0.00024"]), {
      pair: "BTC/USDC"
    });
    expect(observations.map((row) => row.pair)).toEqual(Array(4).fill("BTC/USDC"));
  });

  it("rows of another coin are passed over", async () => {
    const rows = hours(4).flatMap((ts) => [`BTC,0.00024,${ts}`, `ETH,0.00048,${ts}`]);
    const text = csv("asset,dailyInterestRate,timestamp", ...rows);
    expect(codesOf(await file("interest.csv", text))).toEqual(["open several-pairs"]);
    const {files, observations} = await file("interest.csv", text, {pair: "ETH/USDT"});
    expect(files[0]!.skipped).toEqual({"other-pair": 4});
    expect(observations.map(({value}) => value)).toEqual(Array(4).fill("0.00002"));
  });

  it("of a margin account of one pair, the rate of its quote is not that of its coin", async () => {
    const rows = hours(4).flatMap((ts) => [`BTCUSDT,BTC,0.00024,${ts}`, `BTCUSDT,USDT,0.0048,${ts}`]);
    const text = csv("symbol,asset,dailyInterestRate,timestamp", ...rows);
    const {files, observations} = await file("interest.csv", text, {pair});
    expect(files[0]!.skipped).toEqual({"other-pair": 4});
    expect(observations.map(({value}) => value)).toEqual(Array(4).fill("0.00001"));
  });

  it("columns are named as value or as rate", async () => {
    const text = csv("when,x", ...hours(5).map((ts) => `${ts},0.000004`));
    for (const field of ["value", "rate"]) {
      const {observations} = await file("a.csv", text, {pair, series: "borrow", mapping: {ts: "when", [field]: "x"}});
      expect(observations).toHaveLength(5);
    }
  });

  it("a rate whose column does not say what it is paid for is asked about, and an answer is taken", async () => {
    const text = csv("ts,rate", ...hours(5).map((ts) => `${ts},0.08760`));
    const given = {pair, series: "borrow"};
    expect(codesOf(await file("a.csv", text, given))).toEqual(["open rate-period"]);
    const {files, observations} = await file("a.csv", text, {...given, ratePeriod: "year"});
    expect(files[0]!.taken).toMatchObject({ratePeriod: "year"});
    expect(new Set(observations.map(({value}) => value))).toEqual(new Set(["0.00001"]));
  });

  it("a name alone does not make an hour's share of a rate; the series that is asked for does", async () => {
    const text = csv("ts,rate", ...hours(5).map((ts) => `${ts},0.000004`));
    expect(codesOf(await file("BTC-USDT-borrow.csv", text))).toEqual(["open rate-period"]);
    const {observations} = await file("BTC-USDT-borrow.csv", text, {series: "borrow"});
    expect(observations).toHaveLength(5);
    expect(observations[0]!.value).toBe("0.000004");
  });

  it("rows a day apart are no hourly rates unless they say so", async () => {
    const text = csv("ts,rate", ...hours(5).map((ts) => `${T + (ts - T) * 24},0.00002`));
    expect(codesOf(await file("a.csv", text, {pair, series: "borrow"}))).toEqual(["open rate-period"]);
    const {files} = await file("a.csv", text, {pair, series: "borrow", ratePeriod: "day"});
    expect(files[0]!.history).toBe("binance BTC/USDT borrow 1d");
  });

  it("percent of a year in the header", async () => {
    const text = csv("ts,APR (%)", ...hours(5).map((ts) => `${ts},8.76`));
    const {files, observations} = await file("a.csv", text, {pair, series: "borrow"});
    expect(files[0]!.taken).toMatchObject({ratePeriod: "year", rateUnit: "percent"});
    expect(observations[0]!.value).toBe("0.00001");
  });

  it("hours without a rate are holes of the history", async () => {
    const text = csv("ts,hourlyBorrowRate", ...[0, 1, 2, 3, 4, 5, 6, 9].map((h) => `${T + h * HOUR},0.000004`));
    const {holes, files} = await file("a.csv", text, {venue: "bybit", pair});
    expect(files[0]!.history).toBe("bybit BTC/USDT borrow 1h");
    expect(holes).toBe(1);
  });
});

describe("open interest", () => {
  const metrics = (n: number) =>
    csv(
      "create_time,symbol,sum_open_interest,sum_open_interest_value",
      ...Array.from({length: n}, (_, i) => {
        const at = new Date(T + (i + 1) * 300_000).toISOString().slice(0, 19).replace("T", " ");
        return `${at},BTCUSDT,${80_000 + i}.5,${7_500_000_000 + i}`;
      })
    );

  it("Binance's metrics, known at their stamp", async () => {
    const {files, observations, candles} = await file(
      "data/futures/um/daily/metrics/BTCUSDT/BTCUSDT-metrics-2024-01-01.csv",
      metrics(6)
    );
    expect(files[0]).toMatchObject({history: "binance BTC/USDT open-interest 5m", rows: 6});
    expect(observations[1]).toMatchObject({
      ts: T + 600_000,
      known: T + 600_000,
      value: "80001.5",
      notional: "7500000001"
    });
    expect(candles).toEqual([]);
  });

  it("the stamp of any other source may begin its step, so that the value is known at the end", async () => {
    const text = JSON.stringify(hours(5).map((ts) => ({openInterest: "60928.344", timestamp: String(ts)})));
    const {files, observations} = await file("oi.json", text, {venue: "bybit", pair, series: "open-interest"});
    expect(files[0]).toMatchObject({history: "bybit BTC/USDT open-interest 1h", taken: {knownLagMs: HOUR}});
    expect(observations.map(({ts, known}) => known - ts)).toEqual(Array(5).fill(HOUR));
  });

  it("OKX's coins are taken, not its contracts, nor its US dollars for the quote", async () => {
    const text = csv("ts,oi,oiCcy,oiUsd", ...hours(5).map((ts) => `${ts},3000000,30000,1260000000`));
    const {files, observations} = await file("oi.csv", text, {venue: "okx", pair, series: "open-interest"});
    expect(files[0]).toMatchObject({columns: {value: "oiCcy"}, ignored: ["oi", "oiUsd"]});
    expect(observations[0]).toMatchObject({value: "30000", notional: null});
    const contracts = csv("ts,oi", ...hours(5).map((ts) => `${ts},3000000`));
    expect(codesOf(await file("oi.csv", contracts, {venue: "okx", pair, series: "open-interest"}))).toEqual([
      "refused columns"
    ]);
  });

  it("metrics outside of their folder are Binance's by their name: their stamps are UTC", async () => {
    const {files, observations} = await file("BTCUSDT-metrics-2024-01-01.csv", metrics(6));
    expect(files[0]).toMatchObject({history: "binance BTC/USDT open-interest 5m", rows: 6});
    expect(observations[0]).toMatchObject({ts: T + 300_000, known: T + 300_000, value: "80000.5"});
    expect(codesOf(await file("BTCUSD_PERP-metrics-2024-01-01.csv", metrics(3)))).toEqual(["refused contract"]);
    expect(codesOf(await file("BTCUSDT_240628-metrics-2024-01-01.csv", metrics(3)))).toEqual(["refused contract"]);
  });

  it("metrics of an inverse contract are left out", async () => {
    const result = await file(
      "data/futures/cm/daily/metrics/BTCUSD_PERP/BTCUSD_PERP-metrics-2024-01-01.csv",
      metrics(3)
    );
    expect(codesOf(result)).toEqual(["refused contract"]);
    expect(result.observations).toEqual([]);
  });
});

describe("premium index", () => {
  it("its values have signs, and its candles no volume", async () => {
    const rows = hours(4).map((ts, i) => `${ts},-0.0001,0.0002,-0.0003,${i === 0 ? "0" : "-0.0002"},0,0`);
    const {candles, files} = await file("a.csv", csv("open_time,open,high,low,close,volume,quote_volume", ...rows), {
      pair,
      series: "premium"
    });
    expect(files[0]!.ignored).toEqual(["volume", "quote_volume"]);
    expect(candles[0]).toMatchObject({series: "premium", open: "-0.0001", close: "0", volume: null});
    expect(candles[1]).toMatchObject({close: "-0.0002"});
  });
});

describe("series of a person's own", () => {
  const own = {pair, series: "own:fear"};

  it("values without an instant from which they are known are asked about", async () => {
    const text = csv("ts,value", ...hours(3).map((ts) => `${ts},-1.5`));
    expect(codesOf(await file("fear.csv", text, own))).toEqual(["open known"]);
    const {observations, files} = await file("fear.csv", text, {...own, knownLag: "90m"});
    expect(files[0]).toMatchObject({history: "binance BTC/USDT own:fear", taken: {knownLagMs: 1.5 * HOUR}});
    expect(observations.map(({known, ts}) => known - ts)).toEqual(Array(3).fill(1.5 * HOUR));
  });

  it("a row states from when it is known; one that would be known before its stamp, or does not say, is none", async () => {
    const text = (known: string) => csv("ts,fear,known", `${T},12,${T + HOUR}`, `${T + HOUR},13,${known}`);
    const good = await file("a.csv", text(new Date(T + 5 * HOUR).toISOString()), own);
    expect(good.observations.map(({known, value}) => [known, value])).toEqual([
      [T + HOUR, "12"],
      [T + 5 * HOUR, "13"]
    ]);
    const early = await file("a.csv", text(String(T + HOUR - 1)), own);
    expect(codesOf(early)).toEqual(["failed bad-row"]);
    expect(early.files[0]!.error).toContain("is before its ts");
    expect((await file("a.csv", text(""), own)).files[0]!.error).toContain("missing known");
  });

  it("a column of instants is no value, whatever the series is called", async () => {
    const text = csv("time,known", ...hours(3).map((ts) => `${ts},${ts}`));
    expect(codesOf(await file("a.csv", text, {pair, series: "own:time"}))).toEqual(["refused columns"]);
  });

  it("it has holes only on a grid that is told", async () => {
    const text = csv("ts,value", ...[0, 1, 2, 7].map((h) => `${T + h * HOUR},1`));
    expect((await file("a.csv", text, {...own, knownLag: "0"})).holes).toBe(0);
    expect((await file("a.csv", text, {...own, knownLag: "0", timeframe: "1h"})).holes).toBe(1);
  });

  it.each(["own:", "own:Fear", "own:a b", "own:-a", `own:${"a".repeat(41)}`, "own:../x", "fear"])(
    "%s is no name of a series",
    async (series) => {
      await expect(file("a.csv", csv("ts,value", `${T},1`), {pair, series})).rejects.toThrow("invalid series");
    }
  );

  it.each(["1", "1w", "-1h", "soon"])("%s is no lag", async (knownLag) => {
    await expect(file("a.csv", csv("ts,value", `${T},1`), {...own, knownLag})).rejects.toThrow("invalid known-lag");
  });
});

describe("an export that is imported again", () => {
  const sources: [string, string, Partial<Given>][] = [
    ["borrow", csv("asset,dailyInterestRate,timestamp", ...hours(4).map((ts) => `BTC,0.0001,${ts}`)), {}],
    [
      "open-interest",
      csv("ts,open_interest,open_interest_value", ...hours(4).map((ts) => `${ts},1.5,63000`)),
      {pair, series: "open-interest"}
    ],
    [
      "premium",
      csv("ts,open,high,low,close", ...hours(4).map((ts) => `${ts},0,0.1,-0.1,-0.01`)),
      {pair, series: "premium"}
    ],
    ["own:fear", csv("ts,value,known", ...hours(4).map((ts) => `${ts},7,${ts + 99}`)), {pair, series: "own:fear"}]
  ];

  it.each(sources)("%s comes back to the same rows", async (series, text, given) => {
    const dir = join(tmp(), "data");
    const db = await open(dir);
    const options = {venue: "binance", ...given};
    await importFiles(db, await planImport([tree({"a.csv": text})], options), options);
    const before = await storedIn(db);
    await db.close();
    const out = join(tmp(), "out.csv");
    const rows = await exportRows(dir, {
      series: series as "borrow",
      format: "csv",
      out,
      write: () => undefined
    });
    expect(rows).toBe(4);
    const again = await imported(out, {series});
    expect(codesOf(again)).toEqual(["stored"]);
    expect({observations: again.observations, candles: again.candles}).toEqual({
      observations: before.observations,
      candles: before.candles
    });
  });
});
