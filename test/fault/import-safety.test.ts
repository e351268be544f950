import {execFileSync} from "node:child_process";
import {chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import {strToU8, zipSync} from "fflate";
import {beforeEach, describe, expect, it} from "vitest";
import {imported, tree} from "../helpers/imports.js";

const MEGABYTES = 200;
const given = {series: "funding", pair: "BTC/USDT"} as const;

let dir: string;
beforeEach(() => (dir = tree({"good/BTCUSDT-funding.csv": "ts,rate\n1704067200000,0.0001\n1704096000000,0.0002\n"})));

/** Imports a file and expects that it is left out by name, soon, and at no cost of memory. */
async function refused(path: string, reason: RegExp): Promise<void> {
  const before = process.memoryUsage().rss;
  const {files, funding, candles} = await imported([path, join(dir, "good")], given);
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(MEGABYTES);
  const bad = files.find(({file}) => file.startsWith(path))!;
  expect(bad.error).toContain(path);
  expect(bad.error).toMatch(reason);
  expect(bad).toMatchObject({rows: 0, state: expect.stringMatching(/refused|failed/)});
  expect(files.find(({file}) => file.includes("good/"))).toMatchObject({state: "stored"});
  expect([funding.length, candles.length]).toEqual([2, 0]);
}
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

describe("what is no table is refused by name, at once, and costs nothing", () => {
  it("a pipe, which nobody writes to", async () => {
    const path = join(dir, "pipe.csv");
    execFileSync("mkfifo", [path]);
    await refused(path, /no regular file/);
  });

  it("a device, and a link to one", async () => {
    await refused("/dev/zero", /no regular file/);
    const path = join(dir, "zero.csv");
    symlinkSync("/dev/zero", path);
    await refused(path, /a link to \/dev\/zero.* no regular file/);
  });

  it("pipes, devices, dead links and folders named like tables, within a folder", async () => {
    mkdirSync(join(dir, "mixed/x.csv"), {recursive: true});
    execFileSync("mkfifo", [join(dir, "mixed/pipe.csv")]);
    symlinkSync("/dev/zero", join(dir, "mixed/zero.csv"));
    symlinkSync(join(dir, "nowhere"), join(dir, "mixed/dead.csv"));
    symlinkSync(join(dir, "mixed"), join(dir, "mixed/round"));
    writeFileSync(join(dir, "mixed/x.csv/BTCUSDT-funding.csv"), "ts,rate\n1704067200000,0.0001\n");
    const {files, funding} = await imported(join(dir, "mixed"), given);
    expect(funding).toHaveLength(1);
    const left = files.filter(({state}) => state !== "stored").map(({file}) => file.split("/").at(-1));
    expect(left.sort()).toEqual(["dead.csv", "pipe.csv", "zero.csv"]);
  });

  it("a gzip bomb of zeros, of blank lines, of one row and of several parts", async () => {
    await refused(file("zeros.csv.gz", gzipSync(Buffer.alloc(1 << 26))), /holds no text/);
    await refused(file("lines.csv.gz", gzipSync(Buffer.alloc(1 << 26, "\n"))), /blank lines alone/);
    const row = "1704067200000,0.0001\n".repeat(600_000);
    await refused(file("rows.csv.gz", gzipSync(`ts,rate\n${row}`)), /more than its size can hold/);
    // the size that is stated is that of the last part
    const parts = [gzipSync(`ts,rate\n${row.slice(0, 7_000_000)}`), gzipSync("1704067200000,0.0001\n")];
    await refused(file("parts.csv.gz", Buffer.concat(parts)), /more than its size can hold/);
    await refused(
      file("bomb.json.gz", gzipSync(`[${'{"ts":1704067200000,"rate":0.0001},'.repeat(400_000)}`)),
      /more than/
    );
  });

  it("a zip bomb, and one that hides its size", async () => {
    const bomb = zipSync({"a.csv": strToU8(`ts,rate\n${"1704067200000,0.0001\n".repeat(600_000)}`)});
    await refused(file("bomb.zip", bomb), /more than its size can hold/);
    const zeros = zipSync({"a.csv": new Uint8Array(1 << 25)});
    await refused(file("zeros.zip", zeros), /more than its size can hold/);
    const liar = zipSync({"a.csv": strToU8(`ts,rate\n${"1704067200000,0.0001\n".repeat(300_000)}`)});
    const view = Buffer.from(liar);
    view.writeUInt32LE(1_000, view.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 24);
    await refused(file("liar.zip", view), /liar\.zip/);
  });

  it("a line without end, as text, as a quoted cell and as JSON", async () => {
    await refused(file("endless.csv", "1".repeat(8 << 20)), /line without end/);
    await refused(
      file("quoted.csv", `ts,rate\n1704067200000,0.0001\n1704096000000,"${"1\n".repeat(4 << 20)}`),
      /quoted\.csv/
    );
    await refused(file("endless.json", `[{"ts":"${"1".repeat(8 << 20)}`), /line without end/);
  });

  it("a JSON document that wraps more than it may, and a file of holes", async () => {
    await refused(file("wrapped.json", `{"data":[${"[1,2],".repeat(8 << 20)}[1,2]]}`), /larger than 32 MB/);
    const path = file("sparse.csv", "");
    truncateSync(path, 2 ** 36);
    await refused(path, /holds no text/);
  });

  it("binary junk under every ending", async () => {
    const junk = Buffer.from(Array.from({length: 70_000}, (_, i) => (i * 2_654_435_761) >>> 24));
    for (const ending of ["csv", "csv.gz", "zip", "parquet", "feather", "json", "jsonl"])
      await refused(file(`junk.${ending}`, junk), /junk/);
    for (const [ending, magic] of [
      ["gz", [0x1f, 0x8b, 8, 0]],
      ["zip", [0x50, 0x4b, 3, 4]],
      ["parquet", [0x50, 0x41, 0x52, 0x31]],
      ["feather", [...Buffer.from("ARROW1\0\0")]],
      ["json", [0x5b]]
    ] as const)
      await refused(file(`magic.${ending}`, Buffer.concat([Buffer.from(magic), junk])), /magic/);
  });

  it("member names that lead out of an archive", async () => {
    const zip = zipSync({"../../../etc/BTCUSDT-funding.csv": strToU8("ts,rate\n1704067200000,0.0001\n")});
    await refused(file("slip.zip", zip), /invalid zip/);
  });

  it("a file that may not be read", async ({skip}) => {
    skip(process.getuid?.() === 0, "root may read every file");
    const path = file("secret.csv", "ts,rate\n");
    chmodSync(path, 0);
    await refused(path, /may not be read/);
  });

  it("an archive of more members than any dump has", async () => {
    const members = Object.fromEntries(Array.from({length: 10_002}, (_, i) => [`${i}.csv`, strToU8("")]));
    await refused(file("many.zip", zipSync(members)), /members/);
  });
});
