import type {ChildProcess} from "node:child_process";
import {existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {afterEach, describe, expect, it} from "vitest";
import type {EngineInfo} from "../../engine/files.js";
import type {AccountInput} from "../../engine/simulator/account/accounts.js";
import {startSim, type SteeredSim} from "../../engine/simulator/api/server.js";
import type {
  DecisionReport,
  EngineStatus,
  Notification,
  PositionReport,
  Reconciliation
} from "../../src/lib/wire/trading.js";
import {generator} from "../../src/lib/stats/random.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";
import {exposureOf} from "../helpers/live.js";
import {cli, type CliResult} from "../helpers/cli.js";
import {cliProcess, finished, spawnCli} from "../helpers/cli-process.js";
import {tmp} from "../helpers/tmp.js";

const KEY = "kEy-of-the-account-77";
const SECRET = "s3cret-of-the-account-99";
const KEYS = {CARRYBOOK_API_KEY: KEY, CARRYBOOK_API_SECRET: SECRET};
const SETTLEMENT = Date.UTC(2026, 2, 2, 16);
const KILLS = 8;
/** upper bound of an engine's start-up time, ms */
const AHEAD_MS = 3_600_000;

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Starts a real-time venue with an account, an hour before a settlement. */
async function venue(account: Partial<AccountInput> = {}): Promise<SteeredSim> {
  const sim = await startSim({nowMs: SETTLEMENT - AHEAD_MS});
  closing.push(sim.close);
  sim.steer.openAccount({apiKey: KEY, secret: SECRET, balances: {USDT: "100000"}, ...account});
  return sim;
}

/** Creates a data directory whose configuration trades at the next settlement. */
function place(): {root: string; args: string[]} {
  const root = tmp();
  const config = join(root, "config.json");
  const set = {minRate: "0.00005", exitRate: "0.00002", expectedHoldPeriods: "1000"};
  // the venue has its own clock
  const risk = {maxSkewMs: 1e14};
  const engine = {pairs: ["BTC/USDT", "ETH/USDT"], intervalMs: 2_000, set, risk};
  writeFileSync(config, JSON.stringify({engine}));
  return {root, args: ["--config", config, "--data", join(root, "data")]};
}

interface Running {
  child: ChildProcess;
  end: Promise<CliResult>;
  get: <T>(path: string) => Promise<T>;
  patch: (path: string, body: unknown) => Promise<void>;
  post: (path: string) => Promise<void>;
}

async function startLive(
  sim: SteeredSim,
  {root, args}: {root: string; args: string[]},
  ...more: string[]
): Promise<Running> {
  const given = ["engine", "--mode", "live", "--live", "--url", sim.url, "--no-data", "--port", "0", ...more];
  // the record left by a killed engine
  rmSync(join(root, "data", "demo", "engine", "engine.json"), {force: true});
  const child = spawnCli([...given, ...args], KEYS);
  closing.push(() => void child.kill("SIGKILL"));
  const end = finished(child);
  const dir = join(root, "data", "demo", "engine");
  const path = join(dir, "engine.json");
  while (!existsSync(path)) {
    if (child.exitCode !== null) throw new Error((await end).stderr);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const {url} = JSON.parse(readFileSync(path, "utf8")) as EngineInfo;
  const token = readFileSync(join(dir, "token"), "utf8").trim();
  const get = async <T>(route: string) =>
    (await (await fetch(`${url}${route}`, {headers: {authorization: `Bearer ${token}`}})).json()) as T;
  const patch = async (route: string, body: unknown) => {
    const headers = {authorization: `Bearer ${token}`, "content-type": "application/json"};
    const reply = await fetch(`${url}${route}`, {method: "PATCH", headers, body: JSON.stringify(body)});
    if (!reply.ok) throw new Error(await reply.text());
  };
  const post = async (route: string) => {
    const headers = {authorization: `Bearer ${token}`, "content-type": "application/json"};
    const reply = await fetch(`${url}${route}`, {method: "POST", headers, body: "{}"});
    if (!reply.ok) throw new Error(await reply.text());
  };
  return {child, end, get, patch, post};
}

/** Moves the venue's clock to just before the settlement once the engine is cycling. */
async function settle(sim: SteeredSim, engine: Running): Promise<void> {
  const cycles = async () => (await engine.get<EngineStatus>("/status")).cycle.number;
  await expect.poll(cycles, {timeout: 120_000, interval: 200}).toBeGreaterThan(1);
  sim.steer.clock({now: SETTLEMENT - 3_000});
}

async function waitFor(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  for (let waited = 0; waited < timeoutMs; waited += 5) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

/** Lists every file below a folder. */
const files = (dir: string): string[] =>
  readdirSync(dir, {recursive: true, encoding: "utf8"})
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());

/** Expects neither key nor secret in the texts or in any file of a folder. */
function expectSecret(texts: readonly string[], root: string): void {
  for (const text of [...texts, ...files(root).map((path) => readFileSync(path, "latin1"))])
    for (const secret of [KEY, SECRET]) expect(text.includes(secret)).toBe(false);
}

describe("live engine process", () => {
  it("hung engine is stopped at the venue by the command; on waking it halts and books the fills; keys appear nowhere", async () => {
    const sim = await venue();
    const where = place();
    const engine = await startLive(sim, where);
    const books = () => sim.steer.ledger(KEY);
    await settle(sim, engine);
    await expect.poll(() => books().positions.length, {timeout: 90_000, interval: 200}).toBe(2);
    await expect.poll(async () => (await engine.get<unknown[]>("/positions")).length, {timeout: 20_000}).toBe(2);
    const agreed = async () => (await engine.get<Reconciliation>("/reconciliation")).agrees;
    await expect.poll(agreed, {timeout: 20_000}).toBe(true);

    engine.child.kill("SIGSTOP");
    const stop = await cli(["stop", "--emergency", "--json", ...where.args], KEYS);
    expect(stop.code, stop.stderr).toBe(0);
    expect(JSON.parse(stop.stdout)).toMatchObject({done: true, left: [], closed: ["BTC/USDT", "ETH/USDT"]});
    expect(books().positions).toEqual([]);

    engine.child.kill("SIGCONT");
    const status = () => engine.get<EngineStatus>("/status");
    await expect.poll(async () => (await status()).emergency, {timeout: 30_000}).toMatchObject({done: true, left: []});
    expect((await status()).state).toBe("halted");
    expect(await engine.get("/positions")).toEqual([]);
    await expect.poll(agreed, {timeout: 20_000}).toBe(true);
    const replies = await Promise.all(
      ["/status", "/health", "/config", "/decisions", "/notifications", "/risk", "/reconciliation"].map((path) =>
        engine.get(path).then((reply) => JSON.stringify(reply))
      )
    );
    engine.child.kill("SIGTERM");
    const end = await engine.end;
    expect(end.code, end.stderr).toBe(0);
    expectSecret([stop.stdout, stop.stderr, end.stdout, end.stderr, ...replies], where.root);
  });

  it(`survives ${KILLS} SIGKILLs while sending orders: each next process finds them, and the books agree`, async () => {
    const sim = await venue();
    const where = place();
    const random = generator(41);
    const books = () => sim.steer.ledger(KEY);
    let caught = 0;
    let settlement = SETTLEMENT;
    for (let i = 0; i < KILLS; i++, settlement += 8 * HOUR_MS) {
      sim.steer.clock({now: settlement - 12_000});
      const engine = await startLive(sim, where);
      // it alternates between entering and exiting
      const rates = i % 2 === 0 ? {minRate: "0.00005", exitRate: "0.00002"} : {minRate: "0.5", exitRate: "0.4"};
      await expect
        .poll(async () => (await engine.get<EngineStatus>("/status")).state, {timeout: 30_000})
        .toMatch(/^(running|halted)$/);
      await engine.patch("/config", rates);
      // an operator resumes a loop halted by an earlier death
      await engine.post("/engine/resume").catch(() => undefined);
      const before = books().orders.length;
      const sent = await waitFor(() => books().orders.length > before, 30_000);
      await new Promise((resolve) => setTimeout(resolve, random() * 60));
      engine.child.kill("SIGKILL");
      await engine.end;
      if (sent) caught++;
    }
    sim.steer.clock({now: settlement - 12_000});
    const last = await startLive(sim, where);
    const agreed = async () => (await last.get<Reconciliation>("/reconciliation")).agrees;
    await expect.poll(agreed, {timeout: 40_000}).toBe(true);
    const {state, why} = await last.get<EngineStatus>("/status");
    const positions = await last.get<PositionReport[]>("/positions");
    if (positions.some(({naked}) => naked)) expect([state, why]).toEqual(["halted", expect.stringMatching(/without/)]);
    const journal = files(join(where.root, "data", "demo", "journal", "live"));
    const known = journal.map((path) => readFileSync(path, "utf8")).join("");
    for (const {orderLinkId} of books().orders) expect(known).toContain(`"${orderLinkId as string}"`);
    for (const {coins, short, pair} of ["BTC", "ETH"].map((coin) => ({
      pair: coin,
      ...exposureOf(books(), `${coin}/USDT`)
    }))) {
      // within a lot of either market, or the engine is halted with a reason
      if (coins.minus(short).abs().gt("0.01")) expect(state, pair).toBe("halted");
    }
    // most kills hit orders just sent
    expect(caught).toBeGreaterThanOrEqual(KILLS / 2);
    last.child.kill("SIGTERM");
    await last.end;
  }, 600_000);

  it("dry run reads, decides and reports its orders, and sends nothing that changes the account", async () => {
    const sim = await venue({permissions: {readOnly: true}});
    const where = place();
    const engine = await startLive(sim, where, "--dry-run");
    await settle(sim, engine);
    const unsent = async () =>
      (await engine.get<DecisionReport[]>("/decisions")).filter(({kind}) => kind === "not-sent");
    await expect.poll(async () => (await unsent()).length, {timeout: 90_000, interval: 200}).toBe(4);
    for (const {reason} of await unsent())
      expect(reason).toMatch(/^dry run, not sent: (buy|sell) [\d.]+ coins of (BTC|ETH)USDT \((spot|linear)\) at/);
    expect((await engine.get<EngineStatus>("/status")).dryRun).toBe(true);
    const told = await engine.get<Notification[]>("/notifications");
    expect(told.filter(({event}) => event === "dry-run")).toHaveLength(4);
    expect(told.map(({text}) => text)).toEqual(expect.arrayContaining([expect.stringContaining("they are read-only")]));
    engine.child.kill("SIGUSR2");
    await expect.poll(async () => (await engine.get<EngineStatus>("/status")).state, {timeout: 20_000}).toBe("halted");
    engine.child.kill("SIGTERM");
    const end = await engine.end;
    expect(end.code, end.stderr).toBe(0);
    expect(end.stderr).toContain("dry run, not sent: ");
    const {signedByPath} = (await (await fetch(`${sim.url}/sim/requests`)).json()) as {
      signedByPath: Record<string, number>;
    };
    expect(signedByPath["/v5/account/wallet-balance"]).toBeGreaterThan(0);
    for (const path of ["/order/create", "/order/cancel", "/set-leverage", "/set-margin-mode"])
      expect(Object.keys(signedByPath).filter((own) => own.includes(path))).toEqual([]);
    expect(existsSync(join(where.root, "data/demo/journal/live"))).toBe(false);
    expectSecret([end.stdout, end.stderr], where.root);
  });

  it("modes paper and data sign no request, with or without keys in the environment", async () => {
    const sim = await venue();
    const where = place();
    const paper = await cliProcess(
      ["engine", "--mode", "paper", "--url", sim.url, "--no-data", "--port", "0", "--cycles", "2", ...where.args],
      KEYS
    );
    expect(paper.code, paper.stderr).toBe(0);
    const backfill = ["backfill", "--url", sim.url, "--pairs", "BTC/USDT", "--days", "2", "--series", "funding"];
    const fetched = await cli([...backfill, ...where.args], KEYS);
    expect(fetched.code, fetched.stderr).toBe(0);
    expect(sim.steer.signedRequests()).toBe(0);
    expectSecret([paper.stdout, paper.stderr, fetched.stdout, fetched.stderr], where.root);
  });
});

describe("live engine that must not start", () => {
  const start = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> => {
    const {root, args: where} = place();
    closing.push(() => rmSync(root, {recursive: true, force: true}));
    return cliProcess(["engine", "--no-data", "--port", "0", ...args, ...where], {
      CARRYBOOK_API_KEY: "",
      CARRYBOOK_API_SECRET: "",
      ...env
    });
  };

  it("each missing lock, other venues, and misplaced keys prevent the start", async () => {
    const live = ["--mode", "live", "--live"];
    const cases: [args: string[], env: NodeJS.ProcessEnv, code: number, says: RegExp][] = [
      [["--mode", "live"], KEYS, 2, /missing --live: mode live trades with real money/],
      [["--live"], KEYS, 2, /invalid live: mode data places no order/],
      [["--mode", "paper", "--dry-run"], KEYS, 2, /invalid dry-run: mode paper places no order/],
      [live, {}, 3, /missing CARRYBOOK_API_KEY: .*\n.*or as a flag/],
      [live, {CARRYBOOK_API_KEY: KEY}, 3, /missing CARRYBOOK_API_SECRET/],
      [live, {...KEYS, CARRYBOOK_API_SECRET: `${SECRET} x`}, 3, /invalid CARRYBOOK_API_SECRET: too short/],
      [[...live, "--venue", "binance"], KEYS, 2, /invalid venue: binance \(live trading supports bybit/],
      [[...live, "--demo"], KEYS, 2, /missing url: the embedded simulated venue has no accounts/]
    ];
    for (const [args, env, code, says] of cases) {
      const {code: ended, stdout, stderr} = await start(args, env);
      expect([args.join(" "), ended, stderr]).toEqual([args.join(" "), code, expect.stringMatching(says)]);
      for (const secret of [KEY, SECRET]) expect(`${stdout}${stderr}`.includes(secret)).toBe(false);
    }
    const root = tmp();
    const config = join(root, "config.json");
    writeFileSync(config, JSON.stringify({apiKey: KEY}));
    const inFile = await cli(["config", "check", "--config", config]);
    expect([inFile.code, inFile.stderr]).toEqual([3, expect.stringContaining("unknown key apiKey")]);
    expect(inFile.stderr).not.toContain(KEY);
  });

  it("unknown, read-only or partial keys, and an account that is not flat, prevent the start", async () => {
    const sim = await venue({permissions: {readOnly: true}});
    const of = (apiKey: string, more: Partial<AccountInput>) => {
      sim.steer.openAccount({apiKey, secret: SECRET, balances: {USDT: "1000"}, ...more});
      return {CARRYBOOK_API_KEY: apiKey, CARRYBOOK_API_SECRET: SECRET};
    };
    const withShort = of("key-with-a-short", {});
    sim.steer.act({
      kind: "manual-trade",
      apiKey: "key-with-a-short",
      category: "linear",
      symbol: "SOLUSDT",
      side: "Sell",
      qty: "1"
    });
    const args = ["--mode", "live", "--live", "--url", sim.url];
    const cases: [NodeJS.ProcessEnv, RegExp][] = [
      [{...KEYS, CARRYBOOK_API_KEY: "key-of-nobody"}, /invalid CARRYBOOK_API_KEY: the venue does not know it/],
      [{...KEYS, CARRYBOOK_API_SECRET: "another-secret"}, /invalid CARRYBOOK_API_KEY: its secret is wrong/],
      [KEYS, /invalid CARRYBOOK_API_KEY: they are read-only/],
      [of("key-without-spot", {permissions: {Spot: []}}), /no right to trade spot/],
      [of("key-without-perps", {permissions: {ContractTrade: ["Order"]}}), /no right to contract orders and positions/],
      [withShort, /invalid account: it has open positions \(SOLUSDT\)/]
    ];
    for (const [env, says] of cases) {
      const {code, stderr} = await start(args, env);
      expect([code, stderr]).toEqual([3, expect.stringMatching(says)]);
      expect(stderr.includes(SECRET)).toBe(false);
    }
    expect(sim.steer.ledger(KEY).orders).toEqual([]);
  });
});
