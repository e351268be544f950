import {existsSync, readdirSync, readFileSync} from "node:fs";
import {basename, join} from "node:path";
import {describe, expect, it} from "vitest";
import type {Given} from "../../../loaders/ingest/import/index.js";
import {imported, type Imported} from "../../helpers/imports.js";
import {sharedDir} from "../../helpers/shared.js";
import {HOUR} from "../../helpers/store.js";

const faults = sharedDir && join(sharedDir, "faults/import");
const at = (name: string): string => join(faults!, name);
const T = Date.UTC(2025, 0, 1);
const DAY = 24 * HOUR;

/** `pair series: rows from first (open, volume, turnover)` of every stored candle history. */
const candlesOf = ({candles}: Imported) => {
  const histories = new Map<string, Imported["candles"]>();
  for (const row of candles) {
    const name = `${row.pair} ${row.series} ${row.timeframe}`;
    histories.set(name, [...(histories.get(name) ?? []), row]);
  }
  return Object.fromEntries(
    [...histories].map(([name, rows]) => {
      const {ts, open, volume, turnover} = rows[0]!;
      return [name, {rows: rows.length, ts, last: rows.at(-1)!.ts, open, volume, turnover}];
    })
  );
};
const codesOf = ({files}: Imported) => files.map(({state, code}) => (code === null ? state : `${state} ${code}`));
const funding = {series: "funding", pair: "BTC/USDT"} as const;

it("the inputs that fail are there wherever the shared folder is", () => {
  expect(sharedDir === undefined || existsSync(faults!)).toBe(true);
});

describe.skipIf(!faults)("identity before rows", () => {
  it("01: premium-index klines are a premium index, and no index prices", async () => {
    const result = await imported(at("01"));
    expect(codesOf(result)).toEqual(["stored"]);
    expect(candlesOf(result)).toEqual({
      "BTC/USDT premium 1h": {rows: 48, ts: T, last: T + 47 * HOUR, open: "0.00012", volume: null, turnover: null}
    });
  });

  it("02: a dated future never enters the history of the perp beside it", async () => {
    const result = await imported(at("02"));
    expect(codesOf(result)).toEqual(["stored", "refused contract"]);
    expect(candlesOf(result)).toMatchObject({"BTC/USDT perp 1h": {rows: 48, ts: T, last: T + 47 * HOUR}});
    expect(Object.keys(candlesOf(result))).toHaveLength(1);
  });

  it("03: inverse dumps are no linear perps", async () => {
    const result = await imported(at("03"));
    expect(codesOf(result)).toEqual(Array(3).fill("refused contract"));
    expect([...result.candles, ...result.funding]).toEqual([]);
  });

  it("04: a symbol in Chinese letters is a pair like others", async () => {
    const result = await imported(at("04"));
    expect(codesOf(result)).toEqual(["stored"]);
    expect(candlesOf(result)).toMatchObject({"币安人生/USDT perp 1h": {rows: 48}});
  });

  it("05: a prefix before the symbol is no part of the coin", async () => {
    expect(candlesOf(await imported(at("05")))).toMatchObject({
      "BTC/USDT spot 1h": {rows: 24, ts: T, open: "93718", volume: "10", turnover: "937180"}
    });
  });

  it("06: WBTC is a coin, and a name with its settlement currency is a perp", async () => {
    expect(candlesOf(await imported(at("06")))).toEqual({
      "BTC/USDT perp 1h": {rows: 24, ts: T, last: T + 23 * HOUR, open: "94000", volume: "1.5", turnover: null},
      "WBTC/USDT spot 1h": {rows: 24, ts: T, last: T + 23 * HOUR, open: "94000", volume: "1.5", turnover: null}
    });
  });

  it("07: a folder called market_data tells no series; asked for it, the answer is taken", async () => {
    const asked = await imported(at("07"));
    expect(codesOf(asked)).toEqual(["open series"]);
    expect(asked.files[0]!.fix).toContain("--series");
    expect(asked.candles).toEqual([]);
    expect(candlesOf(await imported(at("07"), {series: "spot"}))).toMatchObject({"BTC/USDT spot 1h": {rows: 24}});
  });

  it("07b: INDEXUSDT in a spot folder is the coin INDEX", async () => {
    expect(candlesOf(await imported(at("07b")))).toMatchObject({"INDEX/USDT spot 1h": {rows: 24, open: "1.994"}});
  });

  it("08: of a file of many symbols --pair takes the rows of one, and without it the file waits", async () => {
    const asked = await imported(at("08"), {venue: "okx"});
    expect(codesOf(asked)).toEqual(["open several-pairs", "open several-pairs"]);
    const result = await imported(at("08"), {venue: "okx", pair: "BTC/USDT"});
    expect(result.files.map(({rows, skipped}) => [rows, skipped])).toEqual([
      [9, {"other-pair": 9}],
      [30, {"other-pair": 30}]
    ]);
    expect(new Set(result.funding.map(({pair}) => pair))).toEqual(new Set(["BTC/USDT"]));
    // the actual rate of the first file stays, the 21 instants that only the second has are added
    expect(result.funding.filter(({rate}) => rate === "0.00012")).toHaveLength(9);
    expect(result.funding.filter(({rate}) => rate === "0.0001")).toHaveLength(21);
  });

  it("14: an archive of two symbols: the member of another coin is left out", async () => {
    const result = await imported(at("14"));
    expect(codesOf(result)).toEqual(["stored", "refused other-pair"]);
    expect(candlesOf(result)).toMatchObject({"BTC/USDT spot 1h": {rows: 24}});
    expect(Object.keys(candlesOf(result))).toHaveLength(1);
  });

  it("48: kPEPE and 1000PEPE keep their names; hourly rows at one rate are asked about", async () => {
    const asked = await imported(at("48"), {venue: "bybit"});
    expect(codesOf(asked)).toEqual(["open carried-rates", "open carried-rates", "stored", "stored", "stored"]);
    expect(asked.files[0]!.fix).toContain("--interval-hours");
    expect(Object.keys(candlesOf(asked))).toEqual(["1000PEPE/USDC perp 1h", "PEPE/USDC spot 1h", "kPEPE/USDC perp 1h"]);
    const told = await imported(join(at("48"), "funding"), {venue: "bybit", intervalHours: 1});
    expect(told.funding.filter(({pair}) => pair === "kPEPE/USDC")).toHaveLength(960);
    expect(told.funding.filter(({pair}) => pair === "1000PEPE/USDC")).toHaveLength(960);
  });

  it("50: our own export of several pairs is filtered by --pair, inferred intervals stay inferred", async () => {
    expect(codesOf(await imported(at("50")))).toEqual(["open several-pairs"]);
    const {funding: rows} = await imported(at("50"), {pair: "ETH/USDT"});
    expect(rows).toHaveLength(30);
    expect(new Set(rows.map(({pair, hours}) => `${pair} ${hours}`))).toEqual(new Set(["ETH/USDT null"]));
  });

  it.each(["two-symbols.csv", "two-symbols-2min.csv"])(
    "%s: two coins of one file are never one history",
    async (name) => {
      const asked = await imported(at(`variants/${name}`), {series: "funding"});
      expect(codesOf(asked)).toEqual(["open several-pairs"]);
      const pair = name === "two-symbols.csv" ? "APT/USDT" : "A/USDT";
      const other = await imported(at(`variants/${name}`), funding);
      expect(codesOf(other)).toEqual(["refused other-pair"]);
      expect(other.funding).toEqual([]);
      const result = await imported(at(`variants/${name}`), {series: "funding", pair});
      expect(result.funding.map((row) => row.pair)).toEqual(Array(60).fill(pair));
    }
  );

  it("min/futures: the perp is stored, the future of June is not", async () => {
    const result = await imported(at("min/futures"));
    expect(codesOf(result)).toEqual(["stored", "refused contract"]);
    expect(candlesOf(result)).toMatchObject({"BTC/USDT perp 1h": {rows: 1, open: "68000"}});
  });

  it.each([
    ["dump", ["stored", "refused contract"], {"BTC/USDT perp 1h": {rows: 48, open: "68000"}}],
    ["dump2", ["refused contract"], {}],
    ["dump3", ["stored"], {"BTC/USDT premium 1h": {rows: 48, volume: null}}],
    ["dump4", ["stored"], {"BTC/USDT index 1h": {rows: 48, open: "68002"}}]
  ])("variants/%s: %j", async (name, codes, candles) => {
    const result = await imported(at(`variants/${name}`));
    expect(codesOf(result)).toEqual(codes);
    expect(candlesOf(result)).toMatchObject(candles);
    expect(Object.keys(candlesOf(result))).toEqual(Object.keys(candles));
  });
});

describe.skipIf(!faults)("columns", () => {
  it("09: the realised rate is taken, not the forecast beside it", async () => {
    const {funding: rows, files} = await imported(at("09"), {venue: "okx"});
    expect(files[0]!.columns.rate).toBe("realizedRate");
    expect(rows).toHaveLength(40);
    expect(new Set(rows.map(({rate}) => rate))).toEqual(new Set(["0.0001"]));
  });

  it.each([
    ["10", "bybit", {}, "refused not-history"],
    ["variants/tardis.csv", "binance", funding, "refused forecast"]
  ])("%s: a ticker's rates are no settlements", async (name, venue, given, code) => {
    const result = await imported(at(name), {venue, ...given});
    expect(codesOf(result)).toEqual([code]);
    expect(result.funding).toEqual([]);
  });

  it("12: a blank header cell is a column like others", async () => {
    const result = await imported(at("12"));
    expect(codesOf(result)).toEqual(["stored", "stored"]);
    expect(candlesOf(result)).toEqual({
      "BTC/USDT spot 1h": {
        rows: 24,
        ts: T,
        last: T + 23 * HOUR,
        open: "93718",
        volume: "10",
        turnover: "937180"
      },
      "ETH/USDT spot 1h": {rows: 24, ts: T, last: T + 23 * HOUR, open: "3300", volume: "10", turnover: null}
    });
  });

  it("18: a dump of metrics is open interest", async () => {
    const {files, candles, observations} = await imported(at("18"));
    expect(files.map(({history}) => history)).toEqual(["binance BTC/USDT open-interest 5m"]);
    expect(candles).toEqual([]);
    const ts = Date.UTC(2025, 0, 1, 0, 5);
    expect(observations).toEqual([
      {
        pair: "BTC/USDT",
        series: "open-interest",
        timeframe: "5m",
        ts,
        known: ts,
        value: "80000",
        notional: "7500000000"
      }
    ]);
  });

  it("36: the relative rate is taken, not the absolute beside it", async () => {
    const {funding: rows} = await imported(at("36"), {venue: "krakenfutures"});
    expect(rows).toHaveLength(48);
    expect(new Set(rows.map(({pair, rate}) => `${pair} ${rate}`))).toEqual(new Set(["BTC/USD 0.0000036"]));
  });

  it.each(["16", "37"])(
    "%s: Volume BTC counts coins and Volume USDT is the turnover, in either order",
    async (name) => {
      const result = await imported(at(name));
      expect(candlesOf(result)).toEqual({
        "BTC/USDT spot 1h": {rows: 24, ts: T, last: T + 23 * HOUR, open: "94000", volume: "10", turnover: "940000"}
      });
      if (name === "16") expect(result.files[1]).toMatchObject({new: 0, same: 24, different: 0});
    }
  );

  it("38b: without a header, a closing time is no turnover", async () => {
    expect(candlesOf(await imported(at("38b")))).toMatchObject({
      "ETH/USDT spot 1h": {rows: 24, volume: "10", turnover: null}
    });
  });

  it("min/predicted.csv: the row that is predicted is no settlement", async () => {
    const result = await imported(at("min/predicted.csv"), funding);
    expect(result.files[0]!.skipped).toEqual({forecast: 1});
    expect(result.funding.map(({rate}) => rate)).toEqual(["0.0001"]);
  });
});

describe.skipIf(!faults)("units", () => {
  it("11: rates in percentage points are asked about, and converted when told", async () => {
    expect(codesOf(await imported(at("11")))).toEqual(["open pair"]);
    const asked = await imported(at("11"), {pair: "BTC/USDT"});
    expect(codesOf(asked)).toEqual(["open rate-unit"]);
    expect(asked.funding).toEqual([]);
    const {funding: rows, files} = await imported(at("11"), {pair: "BTC/USDT", rateUnit: "percent"});
    expect(rows).toHaveLength(60);
    expect(rows[0]!.rate).toBe("0.000085");
    expect(files[0]).toMatchObject({typicalRate: "0.0001", taken: {rateUnit: "percent", pair: "BTC/USDT"}});
  });

  it("min/percent.csv: a header with % is converted", async () => {
    const {funding: rows} = await imported(at("min/percent.csv"), funding);
    expect(rows.map(({rate}) => rate)).toEqual(["0.0001", "0.0002"]);
  });

  it("variants/pct-nosign-alias.csv: percent under a plain header is asked about", async () => {
    expect(codesOf(await imported(at("variants/pct-nosign-alias.csv"), funding))).toEqual(["open rate-unit"]);
  });
});

describe.skipIf(!faults)("time", () => {
  it("17: Bybit's files for MetaTrader are in UTC", async () => {
    const result = await imported(at("17"), {venue: "bybit"});
    expect(result.files[0]!.taken).toMatchObject({zone: "UTC", zoneFrom: "source"});
    expect(candlesOf(result)).toEqual({
      "BTC/USDT perp 1h": {rows: 24, ts: T, last: T + 23 * HOUR, open: "94000", volume: "10", turnover: null}
    });
  });

  it("20: milliseconds and microseconds in one file", async () => {
    expect(candlesOf(await imported(at("20")))).toMatchObject({
      "BTC/USDT spot 1h": {rows: 24, ts: T, last: T + 23 * HOUR}
    });
  });

  it("31: the 30th of February is refused, and counted where bad rows are skipped", async () => {
    const asked = await imported(at("31"));
    expect(codesOf(asked)).toEqual(["open tz"]);
    const refused = await imported(at("31"), {tz: "UTC"});
    expect(codesOf(refused)).toEqual(["failed bad-row"]);
    expect(refused.files[0]!.error).toMatch(/BTCUSDT-funding\.csv:3: invalid ts: "2025-02-29 00:00:00"$/);
    expect(refused.funding).toEqual([]);
    const skipped = await imported(at("31"), {tz: "UTC", badRows: "skip"});
    expect(skipped.files[0]!.skipped).toEqual({"invalid ts": 3});
    expect(skipped.funding.map(({boundary}) => boundary)).toEqual([Date.UTC(2025, 1, 28, 16)]);
  });

  it("43: stamps as floats, and volumes that are NaN", async () => {
    const result = await imported(at("43"));
    expect(codesOf(result)).toEqual(["stored", "stored"]);
    expect(candlesOf(result)).toMatchObject({
      "BTC/USDT spot 1h": {rows: 5, ts: T, volume: "10"},
      "ETH/USDT spot 1h": {rows: 5, ts: T}
    });
    const volumes = result.candles.filter(({pair}) => pair === "ETH/USDT").map(({volume}) => volume);
    const nan = readFileSync(at("43/spot/ETHUSDT-1h.csv"), "utf8").match(/NaN/gi)!.length;
    expect(volumes.filter((volume) => volume === null)).toHaveLength(nan);
  });

  it("46: Parquet stamps in ns, µs and ms are the same instants; those without a zone are asked about", async () => {
    const asked = (await imported(at("46"))).files.filter(({code}) => code === "tz").map(({file}) => basename(file));
    expect(asked.sort()).toEqual([
      "BNBUSDT-1d.parquet",
      "BTCUSDT-1h.parquet",
      "BTCUSDT-funding.parquet",
      "ETHUSDT-1h.parquet",
      "XRPUSDT-1h.parquet"
    ]);
    const result = await imported(at("46"), {tz: "UTC"});
    expect(new Set(codesOf(result))).toEqual(new Set(["stored"]));
    const histories = candlesOf(result);
    expect(Object.keys(histories)).toHaveLength(9);
    for (const [name, {rows, ts, last}] of Object.entries(histories)) {
      const step = name.endsWith("1d") ? DAY : HOUR;
      expect([name, rows, ts, last]).toEqual([name, 24, T, T + 23 * step]);
    }
    expect(result.funding).toHaveLength(24);
  });

  it("min/tz3.parquet: instants with a zone are instants", async () => {
    const {funding: rows} = await imported(at("min/tz3.parquet"), funding);
    expect(rows.map(({boundary}) => boundary)).toEqual([16, 24, 32].map((h) => Date.UTC(2024, 2, 30, h)));
  });

  it("min/moscow.csv: stamps without a zone are asked about; read in the wrong one they miss the venue's hours", async () => {
    expect(codesOf(await imported(at("min/moscow.csv"), funding))).toEqual(["open tz"]);
    expect(codesOf(await imported(at("min/moscow.csv"), {...funding, tz: "UTC"}))).toEqual(["refused local-clock"]);
    const {funding: rows} = await imported(at("min/moscow.csv"), {...funding, tz: "Europe/Moscow"});
    expect(rows.map(({boundary, rate}) => [boundary, rate])).toEqual([
      [Date.UTC(2024, 0, 1, 0), "0.0001"],
      [Date.UTC(2024, 0, 1, 8), "0.0002"],
      [Date.UTC(2024, 0, 1, 16), "0.0003"]
    ]);
  });

  it("variants/closetime.csv: a closing time belongs to the candle that opened before it", async () => {
    const given = {series: "spot", pair: "BTC/USDT"};
    expect(candlesOf(await imported(at("variants/closetime.csv"), given))).toMatchObject({
      "BTC/USDT spot 1h": {rows: 40, ts: 1_768_233_600_000}
    });
  });
});

describe.skipIf(!faults)("settlements", () => {
  it("19: freqtrade's funding is in the column of the open, as JSON and as CSV; a cut Feather file is named", async () => {
    const result = await imported(at("19"));
    expect(codesOf(result)).toEqual(["refused unreadable", "stored", "stored"]);
    expect(result.files[0]!.error).toMatch(/8h-funding_rate\.feather/);
    expect(result.funding).toHaveLength(9);
    expect(result.funding[8]).toMatchObject({pair: "BTC/USDT", boundary: T + 64 * HOUR, rate: "0.0001"});
  });

  it("33: an interval as 8h, and as 480 minutes", async () => {
    const {funding: rows} = await imported(at("33"));
    expect(rows.map(({pair, hours}) => `${pair} ${hours}`)).toEqual([
      ...Array<string>(4).fill("BTC/USDT 8"),
      ...Array<string>(4).fill("ETH/USDT 8")
    ]);
  });

  it("34: an interval that the distances contradict is a finding", async () => {
    const result = await imported(at("34"));
    expect(result.funding).toHaveLength(40);
    // a switch or a hole at first; the same distance again confirms the switch (§2)
    expect(result.holes).toBe(1);
  });

  it.each(["40", "40b"])("%s: settlements that are missing are findings, whatever interval is told", async (name) => {
    const result = await imported(at(name));
    expect(result.funding).toHaveLength(56);
    expect(result.holes).toBe(2);
  });

  it("min/ffill.csv: three rows of one rate are asked about; told the interval, one is a settlement", async () => {
    expect(codesOf(await imported(at("min/ffill.csv"), funding))).toEqual(["open carried-rates"]);
    const told = await imported(at("min/ffill.csv"), {...funding, intervalHours: 8});
    expect(told.funding.map(({boundary}) => boundary)).toEqual([Date.UTC(2024, 0, 1)]);
    expect(told.files[0]!.skipped).toEqual({carried: 2});
  });

  it("dupkey.csv: of two settlements of one boundary the later stands, and is counted", async () => {
    const result = await imported(at("dupkey.csv"), funding);
    expect(result.files[0]).toMatchObject({rows: 1, revised: 1});
    expect(result.funding.map(({rate}) => rate)).toEqual(["0.0002"]);
  });
});

describe.skipIf(!faults)("rows", () => {
  it("13: resource forks in an archive are no members", async () => {
    const result = await imported(at("13"));
    expect(codesOf(result)).toEqual(["stored"]);
    expect(candlesOf(result)).toMatchObject({"BTC/USDT spot 1h": {rows: 24}});
  });

  it("15: UTF-16, and semicolons with decimal commas", async () => {
    const result = await imported(at("15"));
    expect(codesOf(result)).toEqual(["stored", "stored"]);
    expect(result.funding.map(({rate}) => rate)).toEqual(Array(9).fill("0.0001"));
    expect(candlesOf(result)).toMatchObject({"BTC/USDT spot 1h": {rows: 24, open: "93718", turnover: "937180"}});
  });

  it("24, 41, 51: histories with jumps and flat bars are stored as they are", async () => {
    for (const [name, rows, pair] of [
      ["24", 1440, "CCC/USDT"],
      ["41", 960, "FTM/USDT"],
      ["51", 960, "EEE/USDT"]
    ] as const) {
      const result = await imported(at(name));
      expect(result.funding).toHaveLength(rows / 8);
      expect(candlesOf(result)).toMatchObject({
        [`${pair} perp 1h`]: {rows, ts: T},
        [`${pair} spot 1h`]: {rows, ts: T}
      });
    }
  });

  it("25: where two archives disagree the first stays, both values are shown, and --replace decides otherwise", async () => {
    const result = await imported(at("25"));
    const [daily, monthly] = result.files;
    expect(daily).toMatchObject({new: 24, different: 0});
    expect(monthly).toMatchObject({new: 24, same: 0, different: 24, changed: 24});
    const [conflict] = monthly!.conflicts;
    expect(conflict!.ts).toBe(T);
    expect(conflict!.stored).not.toBe(conflict!.file);
    const first = (kept: Imported) => kept.candles.filter(({ts}) => ts === T)[0]!;
    const field = conflict!.field as "open" | "close";
    expect(first(result)[field]).toBe(conflict!.stored);
    const replaced = await imported(at("25"), {replace: true});
    expect(replaced.files[1]).toMatchObject({different: 24, changed: 48});
    expect(first(replaced)[field]).toBe(conflict!.file);
    expect(replaced.candles).toHaveLength(48);
  });

  it("42: numbers with exponents are read exactly", async () => {
    const {candles} = await imported(at("42"));
    expect(candles).toHaveLength(5);
    expect(candles[0]).toMatchObject({open: "0.000012", close: "0.000012", volume: "1500000000000"});
  });

  it("44: a header that stands again among the rows is none of them", async () => {
    const result = await imported(at("44"));
    expect(result.files[0]).toMatchObject({rows: 48, skipped: {"repeated-header": 1}});
    expect(candlesOf(result)).toMatchObject({"BTC/USDT spot 1h": {rows: 48, last: T + 47 * HOUR}});
  });

  it("min/blank.csv: a stamp without a rate is a bad row where the file has nothing else", async () => {
    expect(codesOf(await imported(at("min/blank.csv"), funding))).toEqual(["failed bad-row"]);
    const result = await imported(at("min/blank.csv"), {...funding, badRows: "skip"});
    expect(result.files[0]).toMatchObject({rows: 1, skipped: {"missing rate": 1}, error: null});
  });

  it("min/float.csv: float noise beyond the 18th decimal is rounded half-even and counted", async () => {
    const result = await imported(at("min/float.csv"), funding);
    expect(result.funding.map(({rate}) => rate)).toEqual(["0.00003341"]);
    expect(result.files[0]!.rounded).toBe(1);
  });
});

describe.skipIf(!faults)("one table in many idioms", () => {
  /** The sixty settlements that every variant holds. */
  const table = faults
    ? readFileSync(at("variants/rates.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as {fundingTime: number; fundingRate: string})
        .map(({fundingTime, fundingRate}) => [Math.round(fundingTime / 60_000) * 60_000, Number(fundingRate)])
    : [];
  const needs: Record<string, Partial<Given>> = {
    "dmy.csv": {tz: "UTC"},
    "ymd-slash.csv": {tz: "UTC"},
    "pandas-dtindex.csv": {tz: "UTC"},
    "local-berlin.csv": {tz: "Europe/Berlin"},
    "pct-nosign-alias.csv": {rateUnit: "percent"},
    "empty-row.csv": {badRows: "skip"},
    "nan-row.csv": {badRows: "skip"}
  };
  /** What is left out of those that hold a stamp without a rate or predicted ones. */
  const without: Record<string, (row: number) => boolean> = {
    "empty-row.csv": (row) => /^\d+,$/.test(linesOf("empty-row.csv")[row + 1]!),
    "nan-row.csv": (row) => /nan/i.test(linesOf("nan-row.csv")[row + 1]!),
    "predicted.csv": (row) => /true/i.test(linesOf("predicted.csv")[row + 1]!)
  };
  const linesOf = (name: string) => readFileSync(at(`variants/${name}`), "utf8").split("\n");
  const others = /^(dump|cdd|opentime|closetime|tardis|two-symbols|local-berlin-)/;
  const names = faults ? readdirSync(at("variants")).filter((name) => !others.test(name)) : [];

  it.each(names)("variants/%s", async (name) => {
    const result = await imported(at(`variants/${name}`), {...funding, ...needs[name]});
    expect(codesOf(result)).toEqual(["stored"]);
    const expected = table.filter((_, row) => !without[name]?.(row));
    expect(result.funding.map(({boundary, rate}) => [boundary, Number(rate)])).toEqual(expected);
    expect(expected.length).toBeGreaterThanOrEqual(50);
    if (needs[name]?.tz) expect(codesOf(await imported(at(`variants/${name}`), funding))).toEqual(["open tz"]);
  });

  it.each(["cdd.csv", "opentime.csv"])("variants/%s", async (name) => {
    const result = await imported(at(`variants/${name}`), {series: "spot", pair: "BTC/USDT"});
    expect(candlesOf(result)).toMatchObject({
      "BTC/USDT spot 1h": {rows: 48, ts: 1_717_200_000_000, volume: "10", turnover: "680000"}
    });
  });
});

describe.skipIf(!faults)("a dry run", () => {
  it("stores nothing and reports what it would", async () => {
    const result = await imported([at("33"), at("06")], {dryRun: true});
    expect(codesOf(result)).toEqual(Array(4).fill("planned"));
    expect(result.files.map(({rows, new: added, changed}) => [rows, added, changed])).toEqual([
      [24, 24, 24],
      [24, 24, 24],
      [4, 4, 4],
      [4, 4, 4]
    ]);
    expect([...result.candles, ...result.funding]).toEqual([]);
    expect(result.holes).toBe(0);
  });
});
