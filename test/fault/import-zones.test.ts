import {writeFileSync} from "node:fs";
import {execFile} from "node:child_process";
import {join} from "node:path";
import {promisify} from "node:util";
import {DuckDBInstance} from "@duckdb/node-api";
import {dateDay, tableFromArrays, tableToIPC, timestamp, TimeUnit, utf8, type DataType} from "@uwdata/flechette";
import {describe, expect, it} from "vitest";
import {tablesOf} from "../../loaders/ingest/import/container.js";
import {planTable} from "../../loaders/ingest/import/plan.js";
import {rowReader} from "../../loaders/ingest/import/read.js";
import {tree} from "../helpers/imports.js";
import {tmp} from "../helpers/tmp.js";
import {HOUR, T0} from "../helpers/store.js";

const run = promisify(execFile);
const script = new URL("../helpers/import-in-zone.ts", import.meta.url).pathname;

/** Hours over both changes of clocks in New York and in London. */
const HOURS = [0, 8, 16].flatMap((h) => [Date.UTC(2024, 2, 10, h), Date.UTC(2024, 2, 31, h), Date.UTC(2024, 9, 27, h)]);
const lines = (stamp: (ts: number) => string, title = "time") =>
  [`${title},rate`, ...HOURS.map((ts, i) => `${stamp(ts)},0.000${i + 1}`)].join("\n");
const iso = (ts: number) => new Date(ts).toISOString();

it("files are read to the same rows whatever the zone of the machine is", async () => {
  const dir = tree({
    "epoch.csv": lines(String),
    "iso-z.csv": lines(iso),
    "offset.csv": lines((ts) => `${iso(ts + 2 * HOUR).slice(0, 19)}+02:00`),
    "wall.csv": lines((ts) => iso(ts).slice(0, 19)),
    "day.csv": [
      "date,open,high,low,close,volume",
      ...[10, 11, 12, 13, 14].map((d) => `2024-03-${d},1,2,0.5,1.5,3`)
    ].join("\n"),
    "slashed.csv": lines((ts) => iso(ts).slice(0, 16).replace("T", " ").replaceAll("-", "/")),
    "rates.json": JSON.stringify(HOURS.map((ts) => ({fundingTime: iso(ts), fundingRate: "0.0001"}))),
    "rates.arrow": tableToIPC(
      tableFromArrays(
        {date: HOURS.map((ts) => ts), fundingRate: HOURS.map((_, i) => `0.000${i + 1}`)},
        {types: {date: timestamp(), fundingRate: utf8()}}
      ),
      {format: "file"}
    )!
  });
  const parquet = join(dir, "rates.parquet");
  const duck = await (await DuckDBInstance.create(":memory:")).connect();
  await duck.run("set timezone = 'America/New_York'");
  await duck.run(
    `copy (select make_timestamptz(${T0}000 + i * 28800000000) as time, make_timestamp(${T0}000 + i * 28800000000) as naive,
       0.000001 * (i + 1) as rate from range(300) t(i)) to '${parquet}' (format parquet)`
  );
  const funding = {series: "funding", pair: "BTC/USDT"};
  const files = [
    ["epoch.csv", funding],
    ["iso-z.csv", funding],
    ["offset.csv", funding],
    ["wall.csv", {...funding, tz: "UTC"}],
    ["wall.csv", funding],
    ["day.csv", {series: "spot", pair: "BTC/USDT", tz: "UTC"}],
    ["slashed.csv", {...funding, tz: "UTC"}],
    ["rates.json", funding],
    ["rates.arrow", {...funding, tz: "UTC"}],
    ["rates.arrow", funding],
    ["rates.parquet", {...funding, mapping: {ts: "time"}}],
    ["rates.parquet", {...funding, mapping: {ts: "naive"}, tz: "UTC"}],
    ["rates.parquet", {...funding, mapping: {ts: "naive"}}]
  ].map(([name, given]) => [join(dir, String(name)), given]);
  const readUnder = async (zone: string) => {
    const {stdout} = await run(process.execPath, ["--import", "tsx", script, JSON.stringify(files)], {
      env: {...process.env, TZ: zone},
      maxBuffer: 1 << 26
    });
    return JSON.parse(stdout) as {zone: number; read: unknown[]};
  };
  const utc = await readUnder("UTC");
  expect(utc.read.map((rows) => (Array.isArray(rows) ? rows.length : rows))).toEqual([
    9,
    9,
    9,
    9,
    "tz",
    5,
    9,
    9,
    9,
    "tz",
    300,
    300,
    "tz"
  ]);
  expect(utc.read[1]).toEqual(utc.read[0]);
  const others = ["America/New_York", "Europe/London", "Asia/Kolkata"];
  const offsets = [240, -60, -330];
  for (const [i, zone] of others.entries()) {
    const other = await readUnder(zone);
    expect([zone, other.zone]).toEqual([zone, offsets[i]]);
    expect(other.read).toEqual(utc.read);
  }
}, 60_000);

describe("columns of typed stamps", () => {
  const NOW = Date.UTC(2026, 10, 1);
  const JULY = Date.UTC(2024, 6, 1);

  /** The zone's source and the first two opens of a table; the code of its question where it raises one. */
  async function read(path: string, given: object = {}): Promise<unknown> {
    const [table] = (await tablesOf(path)).tables;
    const planned = await planTable(table!, {venue: "binance", series: "perp", pair: "ADA/USDT", ...given});
    if (planned.state !== "clear") return planned.code;
    const rowOf = rowReader(table!, planned.plan, NOW);
    const opens: number[] = [];
    for await (const record of table!.records()) {
      const found = rowOf(record);
      if ("row" in found) opens.push(found.row.tsMs);
    }
    return [planned.plan.zoneFrom, ...opens.slice(0, 2).map((ts) => (ts - JULY) / HOUR)];
  }

  async function parquet(stamp: string, name = "ADA_USDT perp.parquet"): Promise<string> {
    const path = join(tmp(), name);
    const duck = await (await DuckDBInstance.create(":memory:")).connect();
    await duck.run("set timezone = 'UTC'");
    await duck.run(
      `copy (select ${stamp} as date, 1.0 as open, 2.0 as high, 0.5 as low, 1.5 as close, 3.0 as volume
         from range(12) t(i)) to '${path}' (format parquet)`
    );
    duck.closeSync();
    return path;
  }

  function arrow(type: DataType, stepMs = HOUR): string {
    const path = join(tmp(), "ADA_USDT perp.arrow");
    const n = Array.from({length: 12}, (_, i) => i);
    const price = (value: number) => Float64Array.from(n, () => value);
    const columns = {open: price(1), high: price(2), low: price(0.5), close: price(1.5), volume: price(3)};
    const table = tableFromArrays({date: n.map((i) => JULY + i * stepMs), ...columns}, {types: {date: type}});
    writeFileSync(path, tableToIPC(table, {format: "file"})!);
    return path;
  }

  const hourly = "(timestamp '2024-07-01' + to_hours(i::int))";

  it.each(["timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"])(
    "a Parquet %s is the face of a clock",
    async (type) => {
      const path = await parquet(`${hourly}::${type}`);
      expect(await read(path)).toBe("tz");
      expect(await read(path, {tz: "Europe/Berlin"})).toEqual(["given", -2, -1]);
      expect(await read(path, {tz: "UTC"})).toEqual(["given", 0, 1]);
    }
  );

  it("so is a day", async () => {
    const path = await parquet("(date '2024-07-01' + i::int)");
    expect(await read(path)).toBe("tz");
    expect(await read(path, {tz: "UTC"})).toEqual(["given", 0, 24]);
    const days = arrow(dateDay(), 24 * HOUR);
    expect(await read(days)).toBe("tz");
    expect(await read(days, {tz: "UTC"})).toEqual(["given", 0, 24]);
  });

  it("a stamp with a zone and an epoch are instants, whatever zone is given", async () => {
    for (const stamp of [`make_timestamptz(${JULY}000 + i * 3600000000)`, `${JULY} + i * 3600000`]) {
      const path = await parquet(stamp);
      expect(await read(path)).toEqual(["stamps", 0, 1]);
      expect(await read(path, {tz: "Europe/Berlin"})).toEqual(["stamps", 0, 1]);
    }
  });

  it.each([TimeUnit.SECOND, TimeUnit.MILLISECOND, TimeUnit.MICROSECOND, TimeUnit.NANOSECOND])(
    "an Arrow timestamp of unit %s is one where it has a zone, else the face of a clock",
    async (unit) => {
      const zoned = arrow(timestamp(unit, "America/New_York"));
      expect(await read(zoned, {tz: "Europe/Berlin"})).toEqual(["stamps", 0, 1]);
      const naive = arrow(timestamp(unit));
      expect(await read(naive)).toBe("tz");
      expect(await read(naive, {tz: "Europe/Berlin"})).toEqual(["given", -2, -1]);
    }
  );

  it("are UTC without a question where their source writes nothing else, and where their title says so", async () => {
    expect(await read(await parquet(hourly, "ADA_USDT_USDT-1h-futures.parquet"))).toEqual(["source", 0, 1]);
    const titled = await parquet(`${hourly} as "date (utc)", 0`, "ADA_USDT perp.parquet");
    expect(await read(titled, {mapping: {ts: "date (utc)"}})).toEqual(["header", 0, 1]);
  });

  it("of when a value is known ask as those of rows do", async () => {
    const path = join(tmp(), "open-interest.parquet");
    const duck = await (await DuckDBInstance.create(":memory:")).connect();
    await duck.run(
      `copy (select ${JULY} + i * 3600000 as ts, 5.0 as open_interest, ${hourly} as known from range(12) t(i))
         to '${path}' (format parquet)`
    );
    duck.closeSync();
    const given = {series: "open-interest", timeframe: "1h"};
    expect(await read(path, given)).toBe("tz");
    expect(await read(path, {...given, tz: "UTC"})).toEqual(["given", 0, 1]);
  });
});

it("the distance of rows that no timeframe has is said in words", async () => {
  const dir = tree({
    "ADA_USDT perp 1h.csv": [
      "date,open,high,low,close,volume",
      ...Array.from({length: 12}, (_, i) => `${T0 + i * 1_000},1,2,0.5,1.5,3`)
    ].join("\n"),
    "ADA_USDT perp 1d.csv": [
      "date,open,high,low,close,volume",
      ...Array.from({length: 12}, (_, i) => `${T0 + i * 30 * 60_000},1,2,0.5,1.5,3`)
    ].join("\n")
  });
  const reason = async (name: string) => {
    const [table] = (await tablesOf(join(dir, name))).tables;
    const planned = await planTable(table!, {venue: "binance", series: "perp", pair: "ADA/USDT"});
    return planned.state === "clear" ? "" : planned.reason;
  };
  expect(await reason("ADA_USDT perp 1h.csv")).toContain("its rows are 1 second apart");
  expect(await reason("ADA_USDT perp 1d.csv")).toContain("its rows are 30 minutes apart");
});
