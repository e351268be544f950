import {readFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {cli} from "../helpers/cli.js";
import {realDataDir, sharedDir} from "../helpers/shared.js";
import {tmp} from "../helpers/tmp.js";

interface StatusJson {
  rows: {funding: number; candles: number};
  first: number;
  last: number;
  series: {
    pair: string;
    series: string;
    timeframe: string;
    rows: number;
    holes: {from: number; to: number; rows: number; state: string}[];
  }[];
}
interface ManifestRow {
  file: string;
  rows: number;
  first: number;
  last: number;
}

if (!realDataDir) console.warn("skipped: real market data is not beside the repository (../shared/data/binance)");

describe.skipIf(!realDataDir)("import of real data", () => {
  it("every file imports, counts and holes match the known ones, and a repeat changes nothing", async () => {
    const data = join(tmp(), "data");
    const folders = [
      "funding",
      "candles-8h-perp",
      "candles-8h-spot",
      "candles-1h-perp",
      "candles-1h-spot",
      "mark-1h-close"
    ];
    const args = [
      "import",
      ...folders.map((folder) => join(realDataDir!, folder)),
      "--venue",
      "binance",
      "--data",
      data,
      "--json"
    ];
    const first = await cli(args);
    expect(first.code, first.stderr).toBe(0);
    const manifest = (JSON.parse(readFileSync(join(sharedDir!, "data/manifest.json"), "utf8")) as ManifestRow[]).filter(
      (row) => row.file.startsWith("binance/") && row.file.endsWith(".parquet")
    );
    const total = (match: (file: string) => boolean) =>
      manifest.filter((row) => match(row.file)).reduce((sum, row) => sum + row.rows, 0);
    const status = async () => JSON.parse((await cli(["status", "--json", "--data", data])).stdout) as StatusJson;
    const now = await status();
    expect(now.rows).toEqual({
      funding: total((file) => file.includes("/funding/")),
      candles: total((file) => !file.includes("/funding/"))
    });
    expect([now.first, now.last]).toEqual([
      Math.min(...manifest.map((row) => row.first)),
      Math.max(...manifest.map((row) => row.last))
    ]);
    for (const row of manifest) {
      const [, folder = "", symbol = ""] = row.file.split("/");
      const frame = /(8h|1h)/.exec(folder)?.[1] ?? "";
      const series = /funding|perp|spot|mark/.exec(folder)![0];
      const own = now.series.find(
        (s) => s.pair === symbol.replace("USDT.parquet", "/USDT") && s.series === series && s.timeframe === frame
      );
      expect(own?.rows, row.file).toBe(row.rows);
    }
    const at = (iso: string) => Date.parse(`${iso}Z`);
    const holes = now.series.flatMap((s) =>
      s.holes.map((hole) => ({history: `${s.pair} ${s.series} ${s.timeframe}`.trim(), ...hole}))
    );
    const outage = {from: at("2023-03-24T13:00"), to: at("2023-03-24T14:00"), rows: 1, state: "open"};
    expect(holes).toEqual([
      {history: "BTC/USDT spot 1h", ...outage},
      {history: "ETH/USDT spot 1h", ...outage},
      {
        history: "SOL/USDT funding",
        from: at("2022-11-18T10:00"),
        to: at("2022-11-18T16:00"),
        rows: 3,
        state: "ambiguous"
      },
      {history: "SOL/USDT perp 1h", from: at("2022-02-26T00:00"), to: at("2022-03-01T00:00"), rows: 72, state: "open"},
      {history: "SOL/USDT perp 1h", from: at("2022-04-01T00:00"), to: at("2022-04-03T00:00"), rows: 48, state: "open"},
      {history: "SOL/USDT spot 1h", ...outage}
    ]);

    const dumps = await cli([
      "import",
      join(realDataDir!, "dump-format"),
      "--venue",
      "binance",
      "--series",
      "spot",
      "--data",
      data,
      "--json"
    ]);
    expect(dumps.code, dumps.stderr).toBe(0);
    expect((JSON.parse(dumps.stdout) as {rows: number}[]).reduce((sum, file) => sum + file.rows, 0)).toBe(3623);
    expect((await status()).rows).toEqual(now.rows);
    const again = JSON.parse((await cli(args)).stdout) as {changed: number}[];
    expect(again.reduce((sum, file) => sum + file.changed, 0)).toBe(0);
  }, 300_000);
});
