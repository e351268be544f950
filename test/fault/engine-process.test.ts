import type {ChildProcess} from "node:child_process";
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import type {EngineInfo} from "../../engine/files.js";
import {startSim, type Sim} from "../../engine/simulator/api/server.js";
import {cli, type CliResult} from "../helpers/cli.js";
import {cliProcess, finished, spawnCli} from "../helpers/cli-process.js";
import {listenTo} from "../helpers/events.js";

let sim: Sim;
let root: string;
let data: string;

beforeAll(async () => {
  sim = await startSim({nowMs: Date.UTC(2026, 9, 1, 12, 34, 56), speed: 0, latencyMs: 5});
  root = mkdtempSync(join(tmpdir(), "carrybook-engine-"));
  data = join(root, "data");
});
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await sim.close();
  rmSync(root, {recursive: true, force: true});
});

interface Running {
  child: ChildProcess;
  info: EngineInfo;
  token: string;
  end: Promise<CliResult>;
  get: <T>(path: string) => Promise<T>;
}

const infoPath = () => join(data, "engine/engine.json");

async function startEngine(...args: string[]): Promise<Running> {
  const child = spawnCli(["engine", "--data", data, "--port", "0", ...args]);
  children.push(child);
  const end = finished(child);
  while (!existsSync(infoPath()) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  const info = JSON.parse(readFileSync(infoPath(), "utf8")) as EngineInfo;
  const token = readFileSync(join(data, "engine/token"), "utf8").trim();
  return {
    child,
    info,
    token,
    end,
    get: async <T>(path: string) =>
      (await (await fetch(`${info.url}${path}`, {headers: {authorization: `Bearer ${token}`}})).json()) as T
  };
}

describe("engine in mode data", () => {
  it("engine takes over the commands' work, keeps its token private, and releases the store at the end", async () => {
    const engine = await startEngine();
    const {info, token, child} = engine;
    expect(info.pid).toBe(child.pid);
    expect(statSync(join(data, "engine/token")).mode & 0o777).toBe(0o600);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);

    const stream = await listenTo(info.url, {token});
    expect(await stream.next()).toMatchObject({event: "status", data: {mode: "data", state: "running", account: null}});

    const span = ["--days", "20", "--series", "funding,spot,perp"];
    const backfill = await cli([
      "backfill",
      "--url",
      sim.url,
      "--pairs",
      "BTC/USDT",
      ...span,
      "--data",
      data,
      "--json"
    ]);
    expect(backfill.code, backfill.stderr).toBe(0);
    const ended = JSON.parse(backfill.stdout) as {batches: {id: string; status: string}[]; jobs: {status: string}[]};
    expect(ended).toMatchObject({
      batches: [{status: "completed"}],
      jobs: Array.from({length: 3}, () => ({status: "completed"}))
    });
    const shown = await engine.get<{status: string; children: unknown[]}>(`/jobs/${ended.batches[0]!.id}`);
    expect([shown.status, shown.children.length]).toEqual(["completed", 3]);
    expect(await engine.get("/data-status")).toMatchObject({pairs: 1, simulated: true});
    let last = await stream.next();
    while (last.event !== "batch" || last.data.status !== "completed") last = await stream.next();
    stream.close();

    const asked = await fetch(`${info.url}/backtests`, {
      method: "POST",
      headers: {authorization: `Bearer ${token}`, "content-type": "application/json"},
      body: JSON.stringify({
        pairs: ["BTC/USDT"],
        strategy: "simple",
        set: {minRate: "0.0001", exitRate: "0", warmup: "false"}
      })
    });
    const ran = (await asked.json()) as {manifest: {resultHash: string}; error?: string};
    expect(asked.status, ran.error).toBe(200);
    const [second, unlisted, backtest] = await Promise.all([
      cliProcess(["engine", "--data", data, "--port", "0"]),
      cli(["backfill", "--url", sim.url, "--pairs", "NOSUCH/USDT", "--data", data]),
      cli(
        "backtest --pairs BTC/USDT --strategy simple --set minRate=0.0001 exitRate=0 warmup=false --json --data"
          .split(" ")
          .concat(data)
      )
    ]);
    expect([second.code, second.stderr]).toEqual([6, expect.stringContaining(`pid ${info.pid}`)]);
    expect([unlisted.code, unlisted.stderr]).toEqual([4, expect.stringContaining("lists no perpetual NOSUCH/USDT")]);

    expect(backtest.code, backtest.stderr).toBe(0);
    expect((JSON.parse(backtest.stdout) as typeof ran).manifest.resultHash).toBe(ran.manifest.resultHash);

    const long = spawnCli(["backfill", "--url", sim.url, "--pairs", "ETH/USDT", "--days", "2000", "--data", data]);
    const cut = finished(long);
    let said = "";
    long.stderr!.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const active = async () => (await engine.get<{id: string}[]>("/jobs?status=in_progress")).at(0);
    // Once the engine has accepted the work, interrupting the command does not cancel it.
    while (!said.includes("accepted it") || !(await active())) await new Promise((resolve) => setTimeout(resolve, 20));
    long.kill("SIGINT");
    const left = await cut;
    expect([left.code, left.stderr]).toEqual([
      130,
      expect.stringContaining(`the engine (pid ${info.pid}) continues with`)
    ]);
    expect(await active()).toBeDefined();

    child.kill("SIGUSR2");
    const warned = () =>
      readdirSync(join(data, "engine")).some(
        (name) =>
          name.endsWith(".ndjson") &&
          readFileSync(join(data, "engine", name), "utf8").includes("emergency stop by signal")
      );
    while (!warned()) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await fetch(`${info.url}/health`)).status).toBe(200);

    child.kill("SIGTERM");
    const end = await engine.end;
    expect(end.code, end.stderr).toBe(0);
    expect([
      existsSync(infoPath()),
      existsSync(join(data, "market.lock")),
      existsSync(join(data, "engine/engine.lock"))
    ]).toEqual([false, false, false]);
    const logs = readdirSync(join(data, "engine"))
      .filter((name) => name.endsWith(".ndjson"))
      .map((name) => readFileSync(join(data, "engine", name), "utf8"));
    for (const text of [end.stdout, end.stderr, backfill.stderr, left.stderr, ...logs])
      expect(text).not.toContain(token);
    expect(end.stderr).toMatch(/\/engine#ticket=/);
    expect(logs.join()).not.toMatch(/ticket=/);
  });

  it("restarted engine resumes its queue, accepts the old token, and ends by `stop`", async () => {
    const before = readFileSync(join(data, "engine/token"), "utf8").trim();
    const engine = await startEngine();
    expect(engine.token).toBe(before);
    const stream = await listenTo(engine.info.url, {token: before, lastId: "earlier-12"});
    expect((await stream.next()).event).toBe("reset");
    stream.close();
    const [batch] = await engine.get<{id: string; status: string}[]>("/jobs?limit=1");
    expect(["queued", "in_progress"]).toContain(batch!.status);
    const [cancelled, refused] = await Promise.all([
      cli(["jobs", "cancel", batch!.id, "--data", data, "--json"]),
      cli(["stop", "--emergency", "--data", data])
    ]);
    expect(cancelled.code, cancelled.stderr).toBe(0);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("no trading loop in mode data")]);
    const stopped = await cli(["stop", "--data", data, "--json"]);
    expect([stopped.code, JSON.parse(stopped.stdout)]).toEqual([0, {pid: engine.info.pid, ended: true}]);
    expect((await engine.end).code).toBe(0);
  });

  it("emergency stop without an engine sets the flag for the next one; live mode without --live is rejected", async () => {
    const [alone, live] = await Promise.all([
      cli(["stop", "--emergency", "--data", data, "--json"]),
      cliProcess(["engine", "--mode", "live", "--data", data])
    ]);
    expect([alone.code, JSON.parse(alone.stdout)]).toEqual([1, expect.objectContaining({pid: null, done: false})]);
    expect(readFileSync(join(data, "engine/emergency"), "utf8")).toBe("1");
    expect([live.code, live.stderr]).toEqual([2, expect.stringContaining("missing --live")]);
  });
});
