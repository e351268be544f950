import {writeFileSync} from "node:fs";
import {join} from "node:path";
import {beforeEach, describe, expect, it} from "vitest";
import {cli} from "../../helpers/cli.js";
import {tree} from "../../helpers/imports.js";
import {tmp} from "../../helpers/tmp.js";

const T = Date.UTC(2025, 0, 1);
const rates = (n: number, rate = "0.0001") =>
  ["ts,rate", ...Array.from({length: n}, (_, i) => `${T + i * 8 * 3_600_000},${rate}`), ""].join("\n");

let data: string;
beforeEach(() => (data = join(tmp(), "data")));
const run = (path: string, ...more: string[]) => cli(["import", path, "--data", data, ...more]);

describe("what an import says", () => {
  it("a venue that nobody knows is refused with names that are known, one without an API here is not", async () => {
    const dir = tree({"BTCUSDT-funding.csv": rates(3)});
    const refused = await run(dir, "--venue", "nosuch");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/invalid venue: nosuch\n.*binance, bybit, okx/)
    ]);
    for (const venue of ["ftx", "coinbase", "krakenfutures", "vertex"])
      expect([venue, (await run(dir, "--venue", venue)).code]).toEqual([venue, 0]);
  });

  it("a zone that is none names one that is", async () => {
    const run1 = await run(tree({"BTCUSDT-funding.csv": rates(3)}), "--venue", "binance", "--tz", "Nowhere/City");
    expect([run1.code, run1.stderr]).toEqual([2, expect.stringMatching(/invalid tz: Nowhere\/City\n.*Europe\/Berlin/)]);
  });

  it("a bad row names its line, and the flag that leaves it out", async () => {
    const run1 = await run(tree({"BTCUSDT-funding.csv": `${rates(3)}1735776000000,x\n`}), "--venue", "binance");
    expect([run1.code, run1.stderr]).toEqual([4, expect.stringMatching(/csv:5: invalid rate: "x"\n.*--bad-rows skip/)]);
  });

  it("rows that differ are said to stay, rows stored before are counted, and progress ends at its end", async () => {
    const dir = tree({"BTCUSDT-funding.csv": rates(3)});
    await run(dir, "--venue", "binance");
    const again = await run(dir, "--venue", "binance");
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("0 rows written, 3 stored already")]);
    writeFileSync(join(dir, "BTCUSDT-funding.csv"), rates(3, "0.0002"));
    const other = await run(dir, "--venue", "binance");
    expect(other.code).toBe(4);
    expect(other.stderr).toContain(
      "0 rows written, 3 differ from stored rows, which stay (--replace takes the files')"
    );
    expect(other.stderr).toMatch(/reading 100 %/);
  });

  it("a flag that resembles none is told without a guess", async () => {
    expect((await run("x", "--rate", "percent")).stderr).not.toContain("Did you mean");
    expect((await run("x", "--venu", "okx")).stderr).toContain("Did you mean --venue?");
  });
});
