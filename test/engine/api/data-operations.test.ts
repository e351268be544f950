import {afterEach, describe, expect, it} from "vitest";
import {DataHost} from "../../../engine/data/host.js";
import type {EstimateReport, PlannedReport, TrackedPairReport} from "../../../src/lib/wire/data.js";
import {healthOf} from "../../../engine/process/health.js";
import {startSim, type Sim} from "../../../engine/simulator/api/server.js";
import {systemClock} from "../../../loaders/exchange/clock.js";
import type {Job} from "../../../src/lib/wire/job.js";
import {inTransaction, openDatabase, rowsOf} from "../../../loaders/store/database.js";
import {Stage} from "../../../loaders/store/stage.js";
import {writeStage} from "../../../loaders/store/write.js";
import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import {startApi, STATUS} from "../../helpers/engine.js";
import {tmp} from "../../helpers/tmp.js";

const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const open: {host: DataHost; sim: Sim}[] = [];
afterEach(async () => {
  for (const {host, sim} of open.splice(0)) {
    await host.close();
    await sim.close();
  }
});

async function start() {
  const sim = await startSim({nowMs: NOW, speed: 0});
  const quiet = () => undefined;
  const host = await DataHost.start(await openDatabase(tmp()), {
    clock: systemClock,
    emit: quiet,
    log: {info: quiet, warn: quiet, error: quiet}
  });
  open.push({host, sim});
  const health = () =>
    healthOf({
      mode: "data",
      startedTs: NOW,
      status: STATUS,
      intervalMs: 1,
      data: host,
      usage: undefined,
      errors1h: 0,
      skewMs: null,
      freeBytes: undefined,
      failingChannels: new Map(),
      nowMs: Date.now()
    });
  const api = await startApi({data: host, health});
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const reply = await api.call(method, path, body);
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${reply.status} ${text}`);
    return JSON.parse(text) as T;
  };
  const ended = async ({batches}: {batches: Job[]}): Promise<Job> => {
    const id = batches[0]!.id;
    while (host.job(id).finishedAt === null) await new Promise((resolve) => setTimeout(resolve, 10));
    return host.job(id);
  };
  const request = (pairs: string[], days: number, rest: object = {}) => ({
    kind: "backfill",
    venue: "sim",
    url: sim.url,
    pairs,
    from: NOW - days * DAY_MS,
    series: ["funding", "perp"],
    ...rest
  });
  const requests = async () =>
    ((await (await fetch(`${sim.url}/sim/requests`)).json()) as {byPath: Record<string, number>}).byPath;
  const history = {venue: "sim", pair: "BTC/USDT", series: "perp", timeframe: "1h"};
  return {host, sim, api, ask, ended, request, requests, history};
}

describe("estimate", () => {
  it("estimate starts, tracks and stores nothing, equals the backfill's cost, and excludes stored rows", async () => {
    const {host, ask, ended, request, requests} = await start();
    const wanted = request(["BTC/USDT", "ETH/USDT"], 250);
    const first = await ask<EstimateReport>("POST", "/jobs/estimate", wanted);
    expect(first).toMatchObject({histories: 4, complete: 0, pairs: ["BTC/USDT", "ETH/USDT"]});
    expect([await ask("GET", "/jobs"), await ask("GET", "/tracked"), await ask("GET", "/limits")]).toEqual([
      [],
      [],
      []
    ]);
    for (const table of ["keys", "tracked", "instruments", "jobs"])
      expect(await rowsOf(host.db.connection, `select * from ${table}`), table).toEqual([]);

    const before = await requests();
    const done = await ended(await ask<PlannedReport>("POST", "/jobs", wanted));
    const after = await requests();
    const sent = ["/v5/market/kline", "/v5/market/funding/history"].reduce(
      (sum, path) => sum + after[path]! - (before[path] ?? 0),
      0
    );
    expect(Math.abs(first.rows - done.rowsFetched) / done.rowsFetched).toBeLessThan(0.05);
    expect(Math.abs(first.requests - sent) / sent).toBeLessThan(0.2);
    expect(first.seconds).toBe(Math.ceil((first.requests * 5) / 480));
    // A page that could be an outage is requested twice.
    expect(sent - done.pages).toBeLessThanOrEqual(2);

    const again = await ask<EstimateReport>("POST", "/jobs/estimate", wanted);
    expect(again).toMatchObject({complete: 2, requests: 2});
    const wider = await ask<EstimateReport>("POST", "/jobs/estimate", {
      ...request(["BTC/USDT", "SOL/USDT"], 250),
      url: undefined
    });
    expect(wider).toMatchObject({histories: 4, complete: 1});
  });

  it("estimate rejects what a backfill would reject", async () => {
    const {api, request} = await start();
    for (const [body, words] of [
      [request(["NOSUCH/USDT"], 5), "lists no perpetual"],
      [request(["BTC/USDT"], -5), "is not before"],
      [{...request(["BTC/USDT"], 5), days: 5}, "conflicts"],
      [{...request(["BTC/USDT"], 5), url: undefined}, "missing url"]
    ] as const) {
      const reply = await api.call("POST", "/jobs/estimate", body);
      expect([reply.status >= 400 && reply.status < 500, await reply.text()]).toEqual([
        true,
        expect.stringContaining(words)
      ]);
    }
  });
});

describe("rate limit", () => {
  it("limit is reported per venue, can be lowered during work, survives a new client, and never exceeds 80 %", async () => {
    const {host, ask, api, request, ended, sim} = await start();
    await ended(await ask<PlannedReport>("POST", "/jobs", request(["BTC/USDT"], 5)));
    const [limit] = await ask<Record<string, unknown>[]>("GET", "/limits");
    expect(limit).toMatchObject({
      venue: "sim",
      origin: sim.url,
      share: 0.8,
      perWindow: 480,
      published: 600,
      windowMs: 5_000
    });
    expect(limit!.inWindow).toBeGreaterThan(0);
    expect(await ask("PATCH", "/limits", {venue: "sim", share: 0.1})).toMatchObject({share: 0.1, perWindow: 60});
    for (const body of [
      {venue: "sim", share: 0.81},
      {venue: "sim", share: 0.04},
      {venue: "okx", share: 0.5}
    ])
      expect((await api.call("PATCH", "/limits", body)).status, JSON.stringify(body)).toBe(400);
    expect(host.usage("sim")).toMatchObject({share: 0.1});
    const other = await startSim({nowMs: NOW, speed: 0});
    try {
      expect((await host.useVenue({venue: "sim", url: other.url})).usage()).toMatchObject({share: 0.1, requests: 0});
    } finally {
      await other.close();
    }
  });
});

describe("tracked pairs", () => {
  it("list groups by pair; a paused pair keeps its rows and is skipped by updates until resumed", async () => {
    const {ask, api, ended, request} = await start();
    await ended(await ask<PlannedReport>("POST", "/jobs", request(["BTC/USDT", "ETH/USDT"], 5)));
    const list = await ask<TrackedPairReport[]>("POST", "/tracked/disable", {pairs: ["BTC/USDT"]});
    expect(list.map(({pair, enabled, histories}) => [pair, enabled, histories.length])).toEqual([
      ["BTC/USDT", false, 2],
      ["ETH/USDT", true, 2]
    ]);
    const pairsOf = async (planned: PlannedReport) => {
      const {id} = await ended(planned);
      const {children} = await ask<{children: Job[]}>("GET", `/jobs/${id}`);
      return [...new Set(children.map(({pair}) => pair))];
    };
    expect(await pairsOf(await ask("POST", "/jobs", {kind: "update"}))).toEqual(["ETH/USDT"]);
    expect(await pairsOf(await ask("POST", "/series/refresh", {venue: "sim"}))).toEqual(["ETH/USDT"]);
    expect(await pairsOf(await ask("POST", "/series/refresh", {venue: "sim", pair: "BTC/USDT"}))).toEqual(["BTC/USDT"]);
    expect((await ask<{pairs: number}>("GET", "/data-status")).pairs).toBe(2);
    expect((await ask<TrackedPairReport[]>("POST", "/tracked/enable", {pairs: ["BTC/USDT"]}))[0]).toMatchObject({
      enabled: true
    });
    expect(await pairsOf(await ask("POST", "/jobs", {kind: "update"}))).toEqual(["BTC/USDT", "ETH/USDT"]);
    await ask("POST", "/tracked/disable", {pairs: ["BTC/USDT", "ETH/USDT"]});
    expect(await ended(await ask("POST", "/jobs", {kind: "update"}))).toMatchObject({
      status: "completed",
      rowsFetched: 0
    });
    expect(await ask("POST", "/tracked/remove", {pairs: ["BTC/USDT"]})).toHaveLength(1);
    for (const path of ["/tracked/disable", "/tracked/remove"])
      expect((await api.call("POST", path, {pairs: ["BTC/USDT"]})).status).toBe(422);
    expect((await api.call("POST", "/series/refresh", {venue: "sim", pair: "SOL/USDT"})).status).toBe(422);
  });
});

describe("single hole", () => {
  it("hole is found by a check and refilled on request, though it was confirmed missing", async () => {
    const {host, ask, api, ended, request, history} = await start();
    await ended(await ask<PlannedReport>("POST", "/jobs", request(["BTC/USDT"], 5)));
    const from = Math.floor(NOW / HOUR_MS) * HOUR_MS - 50 * HOUR_MS;
    const to = from + 3 * HOUR_MS;
    expect(await ask("POST", "/gaps/check", history)).toMatchObject({holes: [], changed: false, rows: 119});
    const {db} = host;
    await db.exclusive(() =>
      inTransaction(db.connection, () =>
        db.connection.run(`delete from candles where ts >= ${from} and ts < ${to}`).then(() => undefined)
      )
    );
    expect(await ask("POST", "/gaps/check", history)).toMatchObject({
      rows: 116,
      changed: true,
      holes: [{from, to, rows: 3, state: "open", tries: 0}]
    });
    expect(await ask("GET", "/gaps")).toEqual([{...history, from, to, rows: 3, state: "open"}]);
    await host.db.exclusive(() =>
      host.db.connection.run("update holes set state = 'confirmed missing', tries = 2").then(() => undefined)
    );
    expect((await ask<PlannedReport>("POST", "/gaps/repair", {})).batches).toEqual([]);
    const elsewhere = await api.call("POST", "/gaps/fill", {...history, from: to, to: to + HOUR_MS});
    expect([elsewhere.status, await elsewhere.text()]).toEqual([422, expect.stringContaining("missing hole")]);
    expect(await ended(await ask("POST", "/gaps/fill", {...history, from, to}))).toMatchObject({
      status: "completed",
      quality: {filled: 3}
    });
    expect(await ask("POST", "/gaps/check", history)).toMatchObject({rows: 119, holes: []});
  });

  it("a history that is read from files is checked like others, and no venue is asked to fill it", async () => {
    const {host, ask, api} = await start();
    const [T, key] = [Date.UTC(2024, 0, 1), {venue: "bybit", pair: "BTC/USDT"}];
    for (const [series, timeframe] of [
      ["borrow", "1h"],
      ["own:fear", ""]
    ] as const) {
      await host.db.exclusive(async () => {
        const stage = await Stage.open(host.db, {...key, series, timeframe});
        for (const h of [0, 1, 5]) stage.add({tsMs: T + h * HOUR_MS, knownMs: T + h * HOUR_MS, value: "0.00001"});
        await writeStage(host.db, stage, {proven: {from: T, to: T + 6 * HOUR_MS}, mode: "rows", origin: "file"});
      });
    }
    const borrow = {...key, series: "borrow", timeframe: "1h"};
    expect(await ask("POST", "/gaps/check", borrow)).toMatchObject({rows: 3, holes: [{rows: 3, state: "open"}]});
    expect(await ask("POST", "/gaps/check", {...key, series: "own:fear"})).toMatchObject({rows: 3, holes: []});
    const filled = await api.call("POST", "/gaps/fill", borrow);
    expect([filled.status, await filled.text()]).toEqual([422, expect.stringContaining("is read from files")]);
    expect((await ask<PlannedReport>("POST", "/gaps/repair", {})).batches).toEqual([]);
    expect((await api.call("POST", "/gaps/check", {...key, series: "own:Fear"})).status).toBe(400);
  });

  it.each([
    ["/gaps/check", {series: "perp"}],
    ["/gaps/check", {series: "funding", timeframe: "1h"}],
    ["/gaps/fill", {series: "perp", timeframe: "1h", from: 5, to: 5}],
    ["/gaps/fill", {series: "predicted"}],
    ["/series/refresh", {pair: "BTC"}],
    ["/jobs/retry", {ids: []}],
    ["/limits/x", {}]
  ])("%s with %j is rejected", async (path, body) => {
    const {api} = await start();
    const reply = await api.call("POST", path, {venue: "sim", pair: "BTC/USDT", ...body});
    expect([400, 404]).toContain(reply.status);
  });
});

describe("job history", () => {
  it("job history is filtered, exported as NDJSON, retried and cancelled in bulk", async () => {
    const {ask, api, ended, request} = await start();
    await ended(await ask<PlannedReport>("POST", "/jobs", request(["BTC/USDT", "ETH/USDT"], 5)));
    const listed = async (query: string) => (await ask<Job[]>("GET", `/jobs?${query}`)).length;
    expect(await listed("")).toBe(1);
    expect(await listed("pair=BTC/USDT")).toBe(2);
    expect(await listed("pair=BTC/USDT&series=funding&status=completed")).toBe(1);
    expect(await listed("status=failed")).toBe(0);
    expect(await listed(`since=${Date.now() + DAY_MS}`)).toBe(0);
    expect(await listed("kind=update")).toBe(0);
    expect(await listed("status=completed&limit=3")).toBe(3);
    expect((await api.call("GET", "/jobs?colour=red")).status).toBe(400);
    const reply = await api.call("GET", "/jobs/export");
    expect(reply.headers.get("content-type")).toContain("application/x-ndjson");
    const lines = (await reply.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Job);
    expect(lines.map(({status}) => status)).toEqual(Array.from({length: 5}, () => "completed"));
    const {id} = lines.find(({parentId}) => parentId === null)!;
    for (const command of ["retry", "cancel"]) {
      const {results} = await ask<{results: {done: boolean}[]}>("POST", `/jobs/${command}`, {ids: [id, "nothing"]});
      expect(results).toMatchObject([{done: false}, {done: false, why: "missing job"}]);
    }
  });
});

it("list, health and status visit only changed jobs, however many there are", async () => {
  const {host, ask, request, ended} = await start();
  const many = request(["BTC/USDT"], 1, {series: ["funding"]});
  for (let i = 0; i < 5; i++) await ended(await ask("POST", "/jobs", many));
  const cost = async () => {
    const before = host.cost.visits;
    for (const path of ["/jobs", "/health", "/status"]) await ask("GET", path);
    return host.cost.visits - before;
  };
  await cost();
  // Each of the day's histories is visited once for the figures, none for the list.
  expect(await cost()).toBeLessThanOrEqual(5);
});
