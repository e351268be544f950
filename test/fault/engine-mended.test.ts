import type {ChildProcess} from "node:child_process";
import {existsSync, mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, expect, it} from "vitest";
import {startSim, type Sim} from "../../engine/simulator/api/server.js";
import {cli} from "../helpers/cli.js";
import {finished, spawnCli} from "../helpers/cli-process.js";

let sim: Sim;
let root: string;
let data: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  sim = await startSim({nowMs: Date.UTC(2026, 9, 1, 12, 34, 56), speed: 0});
  root = mkdtempSync(join(tmpdir(), "carrybook-mended-"));
  data = join(root, "data");
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await sim.close();
  rmSync(root, {recursive: true, force: true});
});

const faults = async (plan: unknown) => {
  const reply = await fetch(`${sim.url}/sim/faults`, {method: "POST", body: JSON.stringify(plan)});
  expect(reply.status).toBe(200);
};
const run = (...args: string[]) => cli([...args, "--data", data]);

it("failing venue leaves failed jobs with reasons; once it recovers, one command through the engine completes the history", async () => {
  const engine = spawnCli(["engine", "--mode", "data", "--data", data, "--port", "0"]);
  children.push(engine);
  const end = finished(engine);
  while (!existsSync(join(data, "engine/engine.json")) && engine.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 50));

  // Settlements are served, candles are not.
  await faults({rate: 1, kinds: ["500"], inARow: 1_000_000, path: "kline"});
  const broken = await run(
    ...["backfill", "--url", sim.url, "--pairs", "BTC/USDT,ETH/USDT", "--days", "30", "--series", "funding,spot,perp"],
    "--json"
  );
  expect(broken.code, broken.stderr).toBe(5);
  expect(broken.stderr).toContain("4 of 6 failed. Next: npx carrybook jobs retry-failed");
  const failed = await run("jobs", "--status", "failed", "--json");
  const jobs = (
    JSON.parse(failed.stdout) as {
      id: string;
      parentId: string | null;
      error: string;
      errorFix: string;
      attempts: number;
    }[]
  ).filter(({parentId}) => parentId !== null);
  expect(jobs).toHaveLength(4);
  for (const {error, errorFix, attempts} of jobs) {
    expect(attempts).toBe(3);
    // The failure, the venue's reply, and the fix.
    expect(error).toMatch(/^sim .*(spot|perp|kline).*50\d/s);
    expect(errorFix).toMatch(/./);
  }
  expect(broken.stderr + failed.stdout).not.toMatch(/\n\s+at .*\.(ts|js):\d+/);

  await faults(null);
  const mended = await run("jobs", "retry-failed", "--json");
  expect(mended.code, mended.stderr).toBe(0);
  const [gaps, status] = await Promise.all([run("gaps", "--json"), run("status", "--json")]);
  expect(JSON.parse(gaps.stdout)).toEqual([]);
  const told = JSON.parse(status.stdout) as {series: {pair: string; series: string; coverage: number; rows: number}[]};
  expect(told.series.map(({pair, series, coverage}) => [pair, series, coverage])).toEqual(
    ["BTC/USDT", "ETH/USDT"].flatMap((pair) => ["funding", "perp", "spot"].map((series) => [pair, series, 1]))
  );
  for (const {series, rows} of told.series) if (series !== "funding") expect(rows).toBe(30 * 24 - 1);

  engine.kill("SIGTERM");
  expect((await end).code).toBe(0);
});
