import {mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import {strToU8, zipSync} from "fflate";
import {DuckDBInstance} from "@duckdb/node-api";
import {afterEach, beforeEach, describe, expect, it} from "vitest";
import {importFiles, parseMapping, planImport, type Given} from "../../../loaders/ingest/import/index.js";
import {UsageError} from "../../../loaders/errors.js";
import type {Database} from "../../../loaders/store/database.js";
import {rowsOf} from "../../../loaders/store/database.js";
import {dumpHash, HOUR, open, T0} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

/** Rows of the exchange's public dumps: the funding rows are real (BTCUSDT-fundingRate-2024-01.csv), see ../shared/data. */
const FUNDING_DUMP = [
  "calc_time,funding_interval_hours,last_funding_rate",
  "1704067200000,8,0.00037409",
  "1704096000000,8,0.00027213",
  "1704124800000,8,0.00033601"
];
const kline = (h: number, unit = 1) =>
  `${(T0 + h * HOUR) * unit},42314.00000000,42603.20000000,42289.60000000,42503.50000000,6811.94400000,${(T0 + (h + 1) * HOUR) * unit - 1},289200000.12345678,149854,2179.94772000,36032352.87035720,0`;
const KLINE_HEADER =
  "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore";

let dir: string;
let db: Database;
beforeEach(async () => {
  dir = tmp();
  db = await open(join(dir, "data"));
});
afterEach(() => db.close());

const file = (name: string, content: string | Uint8Array): string => {
  const path = join(dir, name);
  mkdirSync(join(path, ".."), {recursive: true});
  writeFileSync(path, content);
  return path;
};
const run = async (paths: string[], given: Partial<Given> = {}, mapping?: string) => {
  const options = {venue: "binance", ...given, mapping: mapping === undefined ? undefined : parseMapping(mapping)};
  return importFiles(db, await planImport(paths, options), options);
};
const candles = () =>
  rowsOf<{ts: number; open: string; turnover: string | null}>(
    db.connection,
    "select ts, open::varchar as open, turnover::varchar as turnover from candles order by ts"
  );
const errorOf = async (paths: string[], given: Partial<Given> = {}, mapping?: string) =>
  (await run(paths, given, mapping)).files[0]!.error;

describe("formats", () => {
  it("the funding dump, with its reported interval", async () => {
    const report = await run([file("BTCUSDT-fundingRate-2024-01.csv", FUNDING_DUMP.join("\n"))]);
    expect(report.files[0]).toMatchObject({history: "binance BTC/USDT funding", rows: 3, error: null});
    const rows = await rowsOf<{r: number; h: number; s: string}>(
      db.connection,
      "select rate::double as r, interval_hours as h, interval_source as s from funding order by ts"
    );
    expect(rows).toEqual([0.00037409, 0.00027213, 0.00033601].map((r) => ({r, h: 8, s: "reported"})));
  });

  it("klines give the same rows with and without header, plain, gzipped, zipped, and in microseconds", async () => {
    const body = [0, 1, 2].map((h) => kline(h)).join("\n");
    const variants: [string, string | Uint8Array][] = [
      ["plain/BTCUSDT-1h-a.csv", body],
      ["head/BTCUSDT-1h-b.csv", `${KLINE_HEADER}\n${body}\n`],
      ["gz/BTCUSDT-1h-c.csv.gz", gzipSync(body)],
      ["zip/BTCUSDT-1h-d.zip", zipSync({"BTCUSDT-1h-d.csv": strToU8(body)})],
      ["micro/BTCUSDT-1h-e.csv", [0, 1, 2].map((h) => kline(h, 1000)).join("\r\n")]
    ];
    const hashes = new Set<string>();
    for (const [name, content] of variants) {
      const report = await run([file(name, content)], {series: "spot"});
      expect(report.files[0]).toMatchObject({rows: 3, error: null});
      hashes.add(await dumpHash(db));
    }
    expect(hashes.size).toBe(1);
    expect((await candles())[0]).toEqual({
      ts: T0,
      open: "42314.000000000000000000",
      turnover: "289200000.123456780000000000"
    });
  });

  it("a zip of several members, other files in it ignored", async () => {
    const zip = zipSync({
      "a.csv": strToU8(kline(0)),
      "b.csv": strToU8(`${KLINE_HEADER}\n${kline(1)}`),
      "README.txt": strToU8("hello")
    });
    const {files} = await run([file("spot/BTCUSDT-1h.zip", zip)]);
    expect(files).toHaveLength(2);
    expect(files.map(({rows, state}) => [rows, state])).toEqual([
      [1, "stored"],
      [1, "stored"]
    ]);
    expect((await candles()).map(({ts}) => ts)).toEqual([T0, T0 + HOUR]);
  });

  it("Parquet: floats as the shortest text that round-trips, timestamps without a zone in the one given", async () => {
    const path = join(dir, "BTCUSDT-spot-1h.parquet");
    const duck = await (await DuckDBInstance.create(":memory:")).connect();
    await duck.run(
      `copy (select make_timestamp(${T0}000 + i * 3600000000) as time, 0.1 + i / 3.0 as open, 9.9::double as high, 0.1::double as low, 1.5::double as close, 4895.044231::double as volume from range(2) t(i)) to '${path}' (format parquet)`
    );
    expect((await run([path], {tz: "UTC"})).files[0]).toMatchObject({
      rows: 2,
      error: null,
      from: T0,
      to: T0 + 2 * HOUR
    });
    expect((await candles())[1]!.open.replace(/0+$/, "")).toBe(String(0.1 + 1 / 3));
  });

  it("any column mapping, by name or number, with ISO instants and other orders of columns", async () => {
    const path = file(
      "mine.csv",
      "when;x\n".replace(";", ",") + "2024-01-01T00:00:00Z,0.0001\n2024-01-01 08:00,0.0002\n"
    );
    const report = await run([path], {pair: "eth-usdt", series: "funding", tz: "UTC"}, "ts=when,rate=2");
    expect(report.files[0]).toMatchObject({history: "binance ETH/USDT funding", rows: 2, error: null});
  });

  it("folders, globs and the archives' own paths tell venue, pair, series and timeframe", async () => {
    const zipped = (name: string, text: string) => zipSync({[name]: strToU8(text)});
    const dumps = join(dir, "dumps");
    file(
      "dumps/futures/um/monthly/klines/ETHUSDT/4h/ETHUSDT-4h-2024-01.zip",
      zipped("ETHUSDT-4h-2024-01.csv", kline(0))
    );
    file(
      "dumps/futures/um/monthly/fundingRate/ETHUSDT/ETHUSDT-fundingRate-2024-01.zip",
      zipped("ETHUSDT-fundingRate-2024-01.csv", FUNDING_DUMP.join("\n"))
    );
    file(
      "dumps/futures/um/daily/markPriceKlines/ETHUSDT/1m/ETHUSDT-1m-2024-01-01.zip",
      zipped("ETHUSDT-1m-2024-01-01.csv", kline(0))
    );
    file(
      "dumps/spot/monthly/klines/1INCHUSDC/1d/1INCHUSDC-1d-2024-01.zip",
      zipped("1INCHUSDC-1d-2024-01.csv", kline(0))
    );
    file("dumps/spot/LICENSE", "not data");
    const planned = await planImport([dumps], {venue: "binance"});
    const keys = planned.map(({planned}) =>
      planned.state === "clear"
        ? `${planned.plan.key.pair} ${planned.plan.key.series} ${planned.plan.key.timeframe}`.trim()
        : planned.reason
    );
    expect(keys.sort()).toEqual(["1INCH/USDC spot 1d", "ETH/USDT funding", "ETH/USDT mark 1m", "ETH/USDT perp 4h"]);
    expect(await planImport([join(dumps, "**/*fundingRate*.zip")], {venue: "binance"})).toHaveLength(1);
    expect(await planImport([join(dumps, "*")], {venue: "binance"})).toHaveLength(4);
  });
});

describe("bad input is named, and changes nothing", () => {
  const unchanged = async (work: () => Promise<string | null>, message: string | RegExp) => {
    await run([file("good/BTCUSDT-spot-1h.csv", kline(0))]);
    const before = await dumpHash(db);
    expect(await work()).toMatch(message);
    expect(await dumpHash(db)).toBe(before);
  };
  const bad = (lines: string[], message: RegExp, given: Partial<Given> = {series: "spot"}) =>
    unchanged(() => errorOf([file("bad/BTCUSDT-1h.csv", lines.join("\n"))], given), message);
  const cells = (h: number, at: number, value: string) =>
    kline(h)
      .split(",")
      .map((c, i) => (i === at ? value : c))
      .join(",");

  it.each([
    ["a price of zero", cells(2, 4, "0"), /BTCUSDT-1h\.csv:3: invalid close: 0$/],
    ["an empty price", cells(2, 1, ""), /:3: missing open$/],
    ["NaN", cells(2, 2, "NaN"), /:3: invalid high: "NaN"$/],
    ["a high under the close", cells(2, 2, "42400"), /:3: invalid high: 42400 is under/],
    ["a low over the open", cells(2, 3, "42400"), /:3: invalid low: 42400 is over/],
    ["a negative volume", cells(2, 5, "-1"), /:3: invalid volume: -1$/],
    [
      "an instant off the grid",
      cells(2, 0, String(T0 + 2 * HOUR + 1)),
      /:3: invalid ts: \d+ is not on the grid of 60 minutes$/
    ],
    ["an instant in no known unit", cells(2, 0, "20240101"), /:3: invalid ts: "20240101"$/],
    ["a row cut short", kline(2).slice(0, 30), /:3: (missing|invalid)/],
    ["another row of the same instant", cells(1, 4, "42500"), /lines 2 and 3 .* different values/]
  ])("%s", (_, line, message) => bad([kline(0), kline(1), line], message));

  it("a rate of more than the notional, a rate that is text, an interval of a week", async () => {
    const head = FUNDING_DUMP.slice(0, 2);
    for (const [line, message] of [
      ["1704096000000,8,1.2", /:3: invalid rate: 1.2 \(a rate is a share/],
      ["1704096000000,8,high", /:3: invalid rate: "high"$/],
      ["1704096000000,168,0.0001", /:3: invalid interval: 168$/]
    ] as const) {
      expect(await errorOf([file("BTCUSDT-fundingRate.csv", [...head, line].join("\n"))])).toMatch(message);
    }
    expect(await rowsOf(db.connection, "select * from funding")).toEqual([]);
  });

  it("a settlement without a rate is a bad row where the file has nothing else", async () => {
    const path = file("BTCUSDT-fundingRate.csv", [...FUNDING_DUMP.slice(0, 2), "1704096000000,8,"].join("\n"));
    expect(await errorOf([path])).toMatch(/:3: missing rate$/);
    const {files} = await run([path], {badRows: "skip"});
    expect(files[0]).toMatchObject({rows: 1, skipped: {"missing rate": 1}, error: null});
  });

  it("files that are no data: empty, header only, unknown columns, cut archives, flipped bits", async () => {
    const zip = zipSync({"a.csv": strToU8(`${kline(0)}\n${kline(1)}`)}, {level: 0});
    const flipped = Uint8Array.from(zip);
    flipped[60]! ^= 1;
    const gz = gzipSync(kline(0));
    for (const [name, content, message] of [
      ["e-spot-1h.csv", "", /is empty$/],
      ["h-spot-1h.csv", KLINE_HEADER, /has no rows$/],
      ["u-spot-1h.csv", "a,b,z\n1,2,3", /missing ts, open, high, low, close: columns are a, b, z$/],
      ["w-spot-1h.csv", "1704067200000,1,2", /no header and 3 columns/],
      ["z-spot-1h.zip", zip.slice(0, 80), /invalid zip/],
      ["f-spot-1h.zip", flipped, /invalid zip: .* is damaged/],
      ["g-spot-1h.csv.gz", gz.subarray(0, gz.length - 9), /invalid file: .*g-spot-1h/],
      ["p-spot-1h.parquet", "PAR1 and nothing more", /invalid file: .*p-spot-1h/]
    ] as const) {
      expect(await errorOf([file(name, content)], {pair: "BTC/USDT"})).toMatch(message);
    }
    expect(await candles()).toEqual([]);
  });

  it("a bad file among good ones stops none of them and is counted", async () => {
    const report = await run([
      file("spot/AUSDT-1h.csv", kline(0)),
      file("spot/BUSDT-1h.csv", "junk,,"),
      file("spot/CUSDT-1h.csv", kline(0))
    ]);
    expect(report.files.map((f) => f.error === null)).toEqual([true, false, true]);
    expect(report.failed).toBe(1);
    expect(report.manifest!.series.map((s) => s.pair)).toEqual(["A/USDT", "C/USDT"]);
    expect(report.manifest!.jobs.map((job) => job.status).sort()).toEqual(["completed", "completed", "failed"]);
  });

  it.each([
    [["nothing.csv"], {}, "missing file: nothing.csv"],
    [["*.nothing"], {}, "missing file: *.nothing"],
    [["x.csv"], {series: "spots"}, "invalid series: spots"],
    [["x.csv"], {series: "predicted"}, "invalid series: predicted"],
    [["x.csv"], {series: "spot", pair: "BTCUSDT!"}, "invalid pair: BTCUSDT!"],
    [["x.csv"], {series: "spot", pair: "BTC/USDT", timeframe: "2h"}, "invalid timeframe: 2h"],
    [["x.csv"], {tz: "Mars/Olympus"}, "invalid tz: Mars/Olympus"],
    [["x.csv"], {intervalHours: 3}, "invalid interval-hours: 3"]
  ])("%j with %j is a usage error before anything is read", async (paths, given, message) => {
    file("x.csv", kline(0));
    const planned = planImport(
      paths.map((p) => (p === "x.csv" ? join(dir, p) : p)),
      {venue: "binance", ...given}
    );
    await expect(planned).rejects.toThrow(message);
    await expect(planned).rejects.toBeInstanceOf(UsageError);
  });

  it.each([
    [{}, "series", "--series"],
    [{series: "funding"}, "columns", "--columns"],
    [{series: "spot"}, "pair", "--pair"],
    [{series: "spot", pair: "BTC/USDT"}, "timeframe", "--timeframe"]
  ])("what neither a file nor %j tells is asked for as %s", async (given, code, flag) => {
    const [planned] = await planImport([file("x.csv", kline(0))], {venue: "binance", ...given});
    expect(planned!.planned).toMatchObject({code, fix: expect.stringContaining(flag)});
    expect((await run([file("x.csv", kline(0))], given)).files[0]).toMatchObject({code, rows: 0});
    expect(await candles()).toEqual([]);
  });

  it.each(["ts", "ts=a=b", "when=2", ",", "ts=,rate=2"])("columns %j are refused", (mapping) => {
    expect(() => parseMapping(mapping)).toThrow("invalid columns");
  });

  it("SEMANTICS §1: a candle still in progress is never stored; it is counted", async () => {
    const late = Date.UTC(2026, 0, 1) - HOUR / 2;
    const now = Math.floor(late / HOUR) * HOUR;
    const hours = [(now - T0) / HOUR - 1, (now - T0) / HOUR, (now - T0) / HOUR + 1];
    const report = await run([file("BTCUSDT-spot-1h.csv", hours.map((h) => kline(h)).join("\n"))]);
    expect(report.files[0]).toMatchObject({rows: 2, inProgress: 1});
  });

  it("rows out of order, with repeats, blank lines, CRLF and a byte-order mark end in the same store", async () => {
    const messy = `\uFEFF${KLINE_HEADER}\r\n${[2, 0, 1, 2].map((h) => kline(h)).join("\r\n\r\n")}\r\n`;
    expect((await run([file("BTCUSDT-spot-1h.csv", messy)])).files[0]).toMatchObject({rows: 3, repeats: 1});
    const hash = await dumpHash(db);
    expect(
      (await run([file("b/BTCUSDT-spot-1h.csv", [0, 1, 2].map((h) => kline(h)).join("\n"))])).files[0]!.changed
    ).toBe(0);
    expect(await dumpHash(db)).toBe(hash);
  });

  it("Ctrl-C between two looks ends cleanly: what was finished is kept and published", async () => {
    const stop = new AbortController();
    const paths = ["A", "B", "C"].map((s) => file(`spot/${s}USDT-1h.csv`, kline(0)));
    let seen = 0;
    const report = await importFiles(db, await planImport(paths, {venue: "binance"}), {
      venue: "binance",
      signal: stop.signal,
      onProgress: ({step}) => step === "read" && ++seen === 3 && stop.abort()
    });
    expect(report.cancelled).toBe(true);
    expect(report.files.length).toBeGreaterThan(0);
    expect(report.files.length).toBeLessThan(3);
    expect(report.manifest!.series.length).toBe(report.files.length);
    expect(readFileSync(join(dir, "data/lake/manifest.json"), "utf8")).toContain("A/USDT");
  });

  it("a rate that moves between settlements further down refuses a file of rates that were carried on", async () => {
    const rows = Array.from({length: 6_000}, (_, i) => {
      const block = Math.floor(i / (i < 5_500 ? 8 : 4));
      return `${T0 + i * HOUR},0.0000${100 + (block % 50)}`;
    });
    const path = file("BTCUSDT-funding.csv", ["ts,rate", ...rows].join("\n"));
    expect(await errorOf([path])).toMatch(/:\d+: invalid rate: .* was carried on for 8 hours$/);
    expect(await rowsOf(db.connection, "select * from funding")).toEqual([]);
    expect(
      (await run([file("ETHUSDT-funding.csv", ["ts,rate", ...rows.slice(0, 5_500)].join("\n"))])).files[0]
    ).toMatchObject({
      rows: 688,
      skipped: {carried: 4_812}
    });
  });

  it("rows of another venue are passed over, a file of another venue is refused", async () => {
    const rows = (venues: readonly string[]) =>
      ["venue,pair,ts,rate", ...venues.map((venue, i) => `${venue},BTC/USDT,${T0 + i * 8 * HOUR},0.0001`)].join("\n");
    expect(
      (await run([file("mixed-funding.csv", rows(["binance", "bybit", "binance", "bybit"]))])).files[0]
    ).toMatchObject({rows: 2, skipped: {"other-venue": 2}});
    expect((await run([file("bybit-funding.csv", rows(["bybit", "bybit"]))])).files[0]).toMatchObject({
      code: "other-venue",
      fix: "pass --venue bybit"
    });
  });

  it("a row without a symbol among rows that have one belongs to no pair", async () => {
    const path = file("x-funding.csv", `symbol,ts,rate\nBTCUSDT,${T0},0.0001\n,${T0 + 8 * HOUR},0.0002\n`);
    expect(await errorOf([path], {pair: "BTC/USDT"})).toMatch(/:3: missing symbol$/);
  });

  it("an interval that the file tells and its distances confirm makes its rows settlements, whatever their rates", async () => {
    const rows = Array.from({length: 9}, (_, i) => `${T0 + i * 4 * HOUR},0.00005,4`);
    const told = await run([file("BTCUSDT-funding.csv", ["ts,rate,interval_hours", ...rows].join("\n"))]);
    expect(told.files[0]).toMatchObject({rows: 9, error: null});
    const plain = rows.map((row) => row.replace(/,4$/, ""));
    expect((await run([file("ETHUSDT-funding.csv", ["ts,rate", ...plain].join("\n"))])).files[0]!.code).toBe(
      "carried-rates"
    );
  });
});
