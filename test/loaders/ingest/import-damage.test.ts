import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import {DuckDBInstance} from "@duckdb/node-api";
import {tableFromArrays, tableToIPC} from "@uwdata/flechette";
import {strToU8, zipSync} from "fflate";
import {beforeAll, describe, expect, it} from "vitest";
import type {Given} from "../../../loaders/ingest/import/index.js";
import {imported, tree} from "../../helpers/imports.js";
import {tmp} from "../../helpers/tmp.js";

const T = Date.UTC(2024, 0, 1);
const N = 20_000;
/** Enough rows that a plan ends before the file does. */
const rates = [
  "ts,rate",
  ...Array.from({length: N}, (_, i) => `${T + i * 3_600_000},0.0000${1000 + ((i * 7_919) % 9_000)}`),
  ""
].join("\n");
const given = {series: "funding", pair: "BTC/USDT", venue: "hyperliquid"} as const;
const NAME = "BTCUSDT-funding";

const parts: Record<string, Buffer> = {};
beforeAll(async () => {
  parts.gz = gzipSync(rates);
  parts.zip = Buffer.from(zipSync({[`${NAME}.csv`]: strToU8(rates)}));
  const path = join(tmp(), "x.parquet");
  const duck = await (await DuckDBInstance.create(":memory:")).connect();
  await duck.run(
    `copy (select ${T} + i * 3600000 as ts, 0.0001 as rate from range(${N}) t(i)) to '${path}' (format parquet)`
  );
  duck.closeSync();
  parts.parquet = readFileSync(path);
  const columns = {
    ts: Array.from({length: N}, (_, i) => T + i * 3_600_000),
    rate: Array.from({length: N}, () => 0.0001)
  };
  parts.arrow = Buffer.from(tableToIPC(tableFromArrays(columns), {format: "file"})!);
});

/** Imports bytes beside a good file and returns the words about them. */
async function wordsOf(name: string, bytes: Uint8Array, more: Partial<Given> = {}): Promise<string> {
  const dir = tree({
    [name]: bytes,
    "good/BTCUSDT-funding.csv": "ts,rate\n1704067200000,0.0001\n1704070800000,0.0002\n"
  });
  const {files, funding} = await imported(dir, {...given, ...more});
  expect(files.filter(({state}) => state === "stored")).toHaveLength(1);
  expect(funding).toHaveLength(2);
  const bad = files.filter(({state}) => state !== "stored");
  expect(bad).not.toEqual([]);
  const words = bad.map(({error}) => error!).join("\n");
  expect(words).not.toMatch(/\n\s+at |unpacks to more|undefined|TypeError/);
  return words;
}

describe("a container that was cut or damaged is refused by what happened to it", () => {
  it.each([0.2, 0.5, 0.9, 0.999])("a gzip cut after %d of it", async (share) => {
    const gz = parts.gz!;
    expect(await wordsOf(`${NAME}.csv.gz`, gz.subarray(0, Math.floor(gz.length * share)))).toMatch(/cut short/);
  });
  it.each([0.3, 0.95])("a gzip with a flipped byte after %d of it, where bad rows are skipped too", async (share) => {
    const bytes = Buffer.from(parts.gz!);
    bytes[Math.floor(bytes.length * share)]! ^= 0xff;
    expect(await wordsOf(`${NAME}.csv.gz`, bytes)).toMatch(/damaged|invalid/);
    expect(await wordsOf(`${NAME}.csv.gz`, bytes, {badRows: "skip"})).toMatch(/damaged/);
  });
  it.each([0.1, 0.5, 0.999])("a zip cut after %d of it", async (share) => {
    const zip = parts.zip!;
    expect(await wordsOf(`${NAME}.zip`, zip.subarray(0, Math.floor(zip.length * share)))).toMatch(
      /cut short or damaged/
    );
  });
  it("a zip whose directory lies elsewhere", async () => {
    const bytes = Buffer.from(parts.zip!);
    bytes.writeUInt32LE(7, bytes.length - 6);
    expect(await wordsOf(`${NAME}.zip`, bytes)).toMatch(/damaged/);
  });
  it.each(["parquet", "arrow"])("a cut %s, one without its foot, and one with bytes flipped", async (kind) => {
    const whole = parts[kind]!;
    for (const share of [0.3, 0.9, 0.999]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share));
      expect([share, await wordsOf(`${NAME}.${kind}`, cut)]).toEqual([
        share,
        expect.stringMatching(/cut short or damaged/)
      ]);
    }
    const foot = Buffer.from(whole);
    foot.fill(0xff, foot.length - 40, foot.length - 8);
    expect(await wordsOf(`${NAME}.${kind}`, foot)).toMatch(/cut short or damaged/);
  });
});

describe("archives within an archive", () => {
  it("alone, the archive is refused and they are named", async () => {
    const bytes = zipSync({[`${NAME}.zip`]: parts.zip!, "old/x.csv.gz": parts.gz!});
    const words = await wordsOf("all.zip", bytes);
    expect(words).toMatch(/BTCUSDT-funding\.zip: it is an archive within an archive/);
    expect(words).toMatch(/x\.csv\.gz: it is an archive within an archive/);
  });
  it("beside tables, they are named and the tables are read", async () => {
    const dir = tree({"all.zip": zipSync({"inner.zip": parts.zip!, [`${NAME}.csv`]: strToU8(rates)})});
    const {files} = await imported(dir, given);
    expect(files.map(({file, state, code}) => [file.slice(dir.length), state, code])).toEqual([
      ["/all.zip/BTCUSDT-funding.csv", "stored", null],
      ["/all.zip/inner.zip", "refused", "unreadable"]
    ]);
    expect(files[1]!.fix).toMatch(/unpack/);
  });
});

describe("links to folders", () => {
  it("one that leads out of the folder is not followed, and is named", async () => {
    const outside = tree({"secret/BTCUSDT-funding.csv": "ts,rate\n1704067200000,0.0001\n"});
    const dir = tree({"in/ETHUSDT-funding.csv": "ts,rate\n1704067200000,0.0001\n"});
    symlinkSync(join(outside, "secret"), join(dir, "in/away"));
    symlinkSync(dir, join(dir, "in/up"));
    symlinkSync(join(dir, "in"), join(dir, "in/round"));
    const {files, funding} = await imported(join(dir, "in"), {series: "funding"});
    expect(funding.map(({pair}) => pair)).toEqual(["ETH/USDT"]);
    const left = files.filter(({state}) => state !== "stored");
    expect(left.map(({file, error}) => [file.slice(dir.length), error!.includes("links to a folder outside")])).toEqual(
      [
        ["/in/away", true],
        ["/in/up", true]
      ]
    );
    expect(left[0]!.fix).toContain("by itself");
    const globbed = await imported(join(dir, "in/**/*.csv"), {series: "funding"});
    expect(globbed.funding.map(({pair}) => pair)).toEqual(["ETH/USDT"]);
    const itself = await imported(join(dir, "in/away"), {series: "funding"});
    expect(itself.funding.map(({pair}) => pair)).toEqual(["BTC/USDT"]);
  });
  it("one within the folder is read once", async () => {
    const dir = tree({"a/BTCUSDT-funding.csv": "ts,rate\n1704067200000,0.0001\n"});
    mkdirSync(join(dir, "b"));
    symlinkSync(join(dir, "a"), join(dir, "b/a"));
    writeFileSync(join(dir, "b/ETHUSDT-funding.csv"), "ts,rate\n1704067200000,0.0001\n");
    const {files} = await imported(dir, {series: "funding"});
    expect(files.map(({state}) => state)).toEqual(["stored", "stored"]);
  });
});
