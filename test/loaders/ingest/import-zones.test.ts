import {execFile} from "node:child_process";
import {join} from "node:path";
import {promisify} from "node:util";
import {DuckDBInstance} from "@duckdb/node-api";
import {tableFromArrays, tableToIPC, timestamp, utf8} from "@uwdata/flechette";
import {expect, it} from "vitest";
import {tree} from "../../helpers/imports.js";
import {HOUR, T0} from "../../helpers/store.js";

const run = promisify(execFile);
const script = new URL("../../helpers/import-in-zone.ts", import.meta.url).pathname;

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
    ["rates.arrow", funding],
    ["rates.parquet", {...funding, mapping: {ts: "time"}}],
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
    300,
    300
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
