import {existsSync, mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {rowsOf} from "../../../loaders/store/database.js";
import {withLake} from "../../../loaders/lake/reader.js";
import {cli} from "../../helpers/cli.js";
import {finished, says, spawnCli} from "../../helpers/cli-process.js";
import {referenceCases} from "../../helpers/reference-cases.js";
import {fixture} from "../../helpers/shared.js";

let dir: string;
let data: string;

const CASE = fixture("reference/cases/mark-series");
const reference = referenceCases().find(({name}) => name === "mark-series")!;

async function take(pair: string, series: string, file: string) {
  const candles = series === "funding" ? [] : ["--timeframe", "1h"];
  const {code, stderr} = await cli([
    "import",
    file,
    "--venue",
    "bybit",
    "--pair",
    pair,
    "--series",
    series,
    ...candles,
    "--data",
    data
  ]);
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "carrybook-backtest-"));
  data = join(dir, "data");
  for (const series of ["funding", "spot", "perp", "mark"])
    await take("MADE/USDT", series, join(CASE, `${series}.csv`));
  // a pair with funding and a perp, but no spot market
  await take("PERP/USDT", "funding", join(CASE, "funding.csv"));
  await take("PERP/USDT", "perp", join(CASE, "perp.csv"));
}, 240_000);

afterAll(() => rmSync(dir, {recursive: true, force: true}));

const settings = () => Object.entries(reference.config).map(([key, value]) => `${key}=${value}`);
const backtest = (...args: string[]) => cli(["backtest", "--data", data, ...args]);
const sweep = (...args: string[]) => cli(["sweep", "--data", data, ...args]);

describe("carrybook backtest", () => {
  it("backtest equals the reference to the last digit, and its manifest repeats it", async () => {
    const first = await backtest("--pairs", "MADE/USDT", "--strategy", "simple", "--set", ...settings(), "--json");
    expect(first.code, first.stderr).toBe(0);
    const result = JSON.parse(first.stdout);
    const {list, ...expected} = reference.expect;
    expect({...result.runs[0].totals, ...result.runs[0].counts}).toEqual({...expected, borrow: "0"});
    expect(
      result.runs[0].trades.map((trade: Record<string, unknown>) => [
        trade.entryTs,
        trade.exitTs,
        trade.exitReason,
        trade.payments,
        trade.net
      ])
    ).toEqual(list.map((trade) => [trade.entryTs, trade.exitTs, trade.reason, trade.payments, trade.net]));
    expect(result.portfolio.totals).toEqual(result.runs[0].totals);
    expect(result.portfolio.equity.at(-1)[1]).toBeCloseTo(Number(expected.equity), 8);
    for (const trade of result.runs[0].trades) {
      expect(trade.settlements).toHaveLength(trade.payments);
      expect(trade.fills).toHaveLength(4);
      expect(trade.decidedBy.entry.numbers).toHaveProperty("netPerPeriod");
    }
    expect(first.stderr).toContain("decision one bar later");
    expect(first.stderr.trim().split("\n").at(-1)).toMatch(
      /^not shown: a rate that settles at t is acted on at the open of t/
    );

    const file = join(dir, "run.json");
    writeFileSync(file, first.stdout);
    const again = await backtest("--manifest", file, "--json");
    expect(again.code, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout).manifest).toEqual(result.manifest);
    expect(again.stderr).toContain(`same result as before: ${result.manifest.resultHash}`);

    writeFileSync(file, JSON.stringify({...result.manifest, dataHash: "0".repeat(64)}));
    const other = await backtest("--manifest", file, "--json");
    expect(other.code).toBe(4);
    expect(other.stderr).toContain("changed data");
    expect(other.stdout).toBe("");
  });

  it("backtest in a pipe prints one line of JSON per trade", async () => {
    const {code, stdout} = await backtest("--pairs", "MADE/USDT", "--set", ...settings());
    expect(code).toBe(0);
    const trades = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(trades.map(({net}) => net)).toEqual(reference.expect.list.map(({net}) => net));
  });

  it.each([
    [2, ["--pairs", "MADE/USDT", "--set", "minrate=0.1"], "invalid key: minrate (did you mean minRate?)"],
    [2, ["--pairs", "MADE/USDT", "--set", "maxPositionUsd=-1"], "invalid maxPositionUsd: -1 (must be above 0)"],
    [4, ["--pairs", "MAID/USDT"], "missing data: MAID/USDT (did you mean MADE/USDT?)"],
    [4, ["--pairs", "PERP/USDT"], "missing spot candles: PERP/USDT"],
    [4, ["--pairs", "MADE/USDT", "--from", "2031-01-01"], "missing data: MADE/USDT"]
  ])("exit code %i for %j", async (code, args, message) => {
    const result = await backtest(...args, "--json");
    expect([result.code, result.stdout]).toEqual([code, ""]);
    expect(result.stderr).toContain(message);
  });
});

describe("carrybook sweep", () => {
  const grid = [
    "--pairs",
    "MADE/USDT",
    "--set",
    "volumeFilter=false",
    "--grid",
    "minRate=0.0001:0.0003:0.0001",
    "exitRate=0,0.00005"
  ];

  it("sweep exports all trials, equal as JSON, CSV and Parquet, and reports the best", async () => {
    const result = await sweep(...grid, "--json", "--out", join(dir, "trials.parquet"));
    expect(result.code, result.stderr).toBe(0);
    const {trials, best, leftOut} = JSON.parse(result.stdout);
    expect(trials).toHaveLength(6);
    expect(leftOut).toEqual([]);
    expect(best[0]).toMatchObject({pair: "MADE/USDT", trials: 6});
    expect(Object.keys(best[0])).toEqual(
      expect.arrayContaining([
        "deflation",
        "overfitting",
        "intervals",
        "baselines",
        "sensitivities",
        "walkForward",
        "splits"
      ])
    );
    expect(result.stderr.trim().split("\n").at(-1)).toMatch(/^not shown: the best of 6 trials is also the luckiest/);
    await sweep(...grid, "--out", join(dir, "trials.csv"), "--quiet");
    const nets = await withLake(data, async ({connection}) => [
      await rowsOf<{net: number}>(
        connection,
        `select net::double as net from '${join(dir, "trials.parquet")}' order by trial`
      ),
      await rowsOf<{net: number}>(
        connection,
        `select net::double as net from '${join(dir, "trials.csv")}' order by trial`
      )
    ]);
    for (const rows of nets) expect(rows.map(({net}) => net)).toEqual(trials.map(({net}: {net: number}) => net));
  }, 120_000);

  it.each([
    [2, ["--pairs", "MADE/USDT", "--grid", "minrate=0:1:0.1"], "did you mean minRate?"],
    [
      2,
      ["--pairs", "MADE/USDT", "--grid", "minRate=0:0.01:0.0001", "spotFee=0:0.01:0.0001", "perpFee=0:0.01:0.0001"],
      "1,030,301 combinations, at most 100,000"
    ],
    [
      2,
      ["--pairs", "MADE/USDT", "--grid", "minRate=0.0001:0.0002:0.0001", "--out", "trials.xls"],
      "end it in .csv, .json, .parquet"
    ],
    [4, ["--pairs", "PERP/USDT", "--grid", "minRate=0.0001:0.0002:0.0001"], "missing spot candles"]
  ])("exit code %i for %j", async (code, args, message) => {
    const result = await sweep(...args, "--json");
    expect([result.code, result.stdout]).toEqual([code, ""]);
    expect(result.stderr).toContain(message);
  });

  it("Ctrl-C stops a sweep with exit code 130 and leaves no partial file", async () => {
    const out = join(dir, "cut.csv");
    const child = spawnCli([
      "sweep",
      "--data",
      data,
      "--pairs",
      "MADE/USDT",
      "--grid",
      "minRate=0.00001:0.0009:0.00001",
      "leverage=1:100:1",
      "--set",
      "exitRate=0",
      "--out",
      out
    ]);
    const end = finished(child);
    await says(child, "sweep of");
    child.kill("SIGINT");
    const {code, stderr} = await end;
    expect(code, stderr).toBe(130);
    expect(existsSync(out) || existsSync(`${out}.part`)).toBe(false);
  }, 120_000);
});
