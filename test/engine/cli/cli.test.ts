import {mkdirSync, readFileSync, statSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {databasePath} from "../../../loaders/store/database.js";
import {cli} from "../../helpers/cli.js";
import {cliProcess, finished, says, spawnCli} from "../../helpers/cli-process.js";
import {open} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";
import {until} from "../../helpers/until.js";

const CSV = "ts,rate\n" + Array.from({length: 40}, (_, i) => `${1704067200000 + i * 28_800_000},0.0001`).join("\n");

async function seeded(): Promise<string> {
  const dir = tmp();
  writeFileSync(join(dir, "f.csv"), CSV);
  const {code, stderr} = await cli([
    "import",
    join(dir, "f.csv"),
    "--venue",
    "binance",
    "--pair",
    "BTC/USDT",
    "--series",
    "funding",
    "--data",
    join(dir, "data")
  ]);
  expect(code, stderr).toBe(0);
  return join(dir, "data");
}

describe("command line", () => {
  it("results go to stdout, narration to stderr; NDJSON in a pipe, one document with --json, nothing with --quiet", async () => {
    const data = await seeded();
    const piped = await cli(["pairs", "--range", "all", "--data", data]);
    expect(
      piped.stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as {pair: string}).pair)
    ).toEqual(["BTC/USDT"]);
    const json = await cli(["pairs", "--range", "all", "--data", data, "--json"]);
    expect(JSON.parse(json.stdout)).toHaveLength(1);
    expect(json.stderr).toContain("past rates are no guarantee");
    expect((await cli(["pairs", "--data", data, "--quiet"])).stderr).toBe("");
    expect((await cli(["pairs", "--data", data, "--log-level", "warn"])).stderr).toBe("");
  });

  it("status --json has the documented shape, with and without data", async () => {
    const data = await seeded();
    const status = JSON.parse((await cli(["status", "--json", "--data", data])).stdout) as Record<string, unknown>;
    expect(status).toMatchObject({
      state: "warning",
      source: "import",
      pairs: 1,
      rows: {funding: 40, candles: 0},
      first: 1704067200000,
      last: 1705190400000
    });
    const [series] = status.series as Record<string, unknown>[];
    expect(series).toMatchObject({
      venue: "binance",
      pair: "BTC/USDT",
      series: "funding",
      timeframe: "",
      rows: 40,
      coverage: 1,
      holes: [],
      freshness: "stale"
    });
    const empty = JSON.parse((await cli(["status", "--json", "--data", tmp()])).stdout) as Record<string, unknown>;
    expect(empty).toMatchObject({
      state: "empty",
      pairs: 0,
      rows: {funding: 0, candles: 0},
      first: null,
      last: null,
      series: []
    });
  });

  it("exported rows are exact and import to an equal store", async () => {
    const data = await seeded();
    const again = tmp();
    for (const [format, name] of [
      ["csv", "f.csv"],
      ["parquet", "f.parquet"]
    ] as const) {
      const out = join(again, name);
      expect(
        (await cli(["export", "--series", "funding", "--format", format, "--out", out, "--data", data])).code
      ).toBe(0);
      const {stdout} = await cli([
        "import",
        out,
        "--venue",
        "binance",
        "--pair",
        "BTC/USDT",
        "--series",
        "funding",
        "--data",
        data
      ]);
      expect(JSON.parse(stdout)).toMatchObject({rows: 40, changed: 0});
    }
    const lines = (
      await cli([
        "export",
        "--series",
        "funding",
        "--format",
        "json",
        "--from",
        "2024-01-02",
        "--to",
        "2024-01-03",
        "--data",
        data
      ])
    ).stdout;
    expect(
      lines
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as {rate: string}).rate)
    ).toEqual(["0.0001", "0.0001", "0.0001"]);
  });

  it.each([
    [["status", "--nope"], 2, "unknown option"],
    [["stauts"], 2, "Did you mean status?"],
    [["import", "x.csv"], 2, "missing venue"],
    [["import", "x.csv", "--venue", "binance"], 2, "missing file: x.csv"],
    [["import", "x.csv", "--venue", "sim"], 2, "invalid venue: sim"],
    [["pairs", "--range", "2d"], 2, "invalid range: 2d"],
    [["export", "--series", "fun"], 2, "invalid series: fun"],
    [["export", "--series", "funding", "--format", "xml"], 2, "invalid format: xml"],
    [["config", "explode"], 2, "invalid action: explode"],
    [["config", "check", "--config", "/nowhere.json"], 3, "missing config: /nowhere.json"],
    [["status", "--log-level", "loud"], 3, "invalid logLevel"],
    [["gaps"], 4, "npx carrybook import"],
    [["pairs"], 4, "npx carrybook import"]
  ])("%j exits %i and says %j", async (args, code, text) => {
    const result = await cli([...args, "--data", tmp()]);
    expect(result.stderr).toContain(text);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe("");
  });

  it("second process names the holder of the data directory and exits 6, or waits with --wait", async () => {
    const data = await seeded();
    const db = await open(data, {now: Date.now, command: "a long import"});
    const refused = await cliProcess(["compact", "--data", data]);
    expect(refused.code).toBe(6);
    expect(refused.stderr).toMatch(new RegExp(`in use: .* \\(pid ${process.pid} .*a long import`));
    expect((await cli(["status", "--data", data, "--json"])).code).toBe(0);
    const waiting = spawnCli(["compact", "--data", data, "--wait", "30"]);
    const end = finished(waiting);
    await says(waiting, `waiting for pid ${process.pid}`);
    await db.close();
    expect((await end).code).toBe(0);
  });

  it("--version prints the package's version", async () => {
    const {version} = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as {
      version: string;
    };
    expect((await cli(["--version"])).stdout.trim()).toBe(version);
  });

  it("doctor finds a damaged lake file and publish repairs it", async () => {
    const data = await seeded();
    expect((await cli(["doctor", "--data", data])).code).toBe(0);
    const status = await cli(["doctor", "--data", data, "--json"]);
    expect((JSON.parse(status.stdout) as {name: string}[]).map((c) => c.name)).toContain("lake");
    const {readManifest} = await import("../../../loaders/lake/manifest.js");
    writeFileSync(join(data, "lake", readManifest(data)!.parts[0]!.path), "PAR1damaged");
    const found = await cli(["doctor", "--data", data]);
    expect(found.code).toBe(4);
    expect(found.stdout).toContain("is damaged");
    expect((await cli(["publish", "--data", data])).code).toBe(0);
    expect((await cli(["doctor", "--data", data])).code).toBe(0);
  });

  it("Ctrl-C during an import exits 130 with the way to resume, and the next run completes it", async () => {
    const dir = tmp();
    mkdirSync(join(dir, "spot"));
    for (let f = 0; f < 12; f++) {
      const rows = Array.from({length: 2_000}, (_, i) => `${1704067200000 + i * 60_000},1,2,1,2,5`);
      writeFileSync(join(dir, "spot", `C${f}USDT-1m.csv`), rows.join("\n"));
    }
    const args = ["import", join(dir, "spot"), "--venue", "binance", "--data", join(dir, "data"), "--json"];
    const child = spawnCli(args);
    const end = finished(child);
    // Mid-import: the store's log holds rows of the first files; a fixed delay would depend on the machine.
    const log = `${databasePath(join(dir, "data"))}.wal`;
    const written = () => statSync(log, {throwIfNoEntry: false})?.size ?? 0;
    await until(() => written() >= 50_000 || child.exitCode !== null);
    child.kill("SIGINT");
    const {code, stderr} = await end;
    expect(code).toBe(130);
    expect(stderr).toContain("run the same command again to resume");
    const rest = await cli(args);
    expect(rest.code).toBe(0);
    const status = JSON.parse((await cli(["status", "--json", "--data", join(dir, "data")])).stdout) as {
      rows: {candles: number};
      pairs: number;
    };
    expect(status).toMatchObject({rows: {candles: 24_000}, pairs: 12});
  });
});
