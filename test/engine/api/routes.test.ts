import {describe, expect, it} from "vitest";
import {startApi} from "../../helpers/engine.js";

const READS = [
  "/status",
  "/positions",
  "/trades",
  "/equity",
  "/opportunities",
  "/decisions",
  "/risk",
  "/reconciliation",
  "/config",
  "/notifications"
];
const TRADING = READS.filter((path) => path !== "/status" && path !== "/notifications");
const DATA: [string, string][] = [
  ["GET", "/data-status"],
  ["GET", "/jobs"],
  ["GET", "/jobs/x"],
  ["GET", "/gaps"],
  ["GET", "/tracked"],
  ["GET", "/limits"],
  ["GET", "/schedule"],
  ["GET", "/jobs/export"],
  ["POST", "/jobs/x/retry"],
  ["POST", "/jobs/x/cancel"],
  ["POST", "/batches/x/retry"],
  ["POST", "/jobs/retry-failed"],
  ["POST", "/gaps/repair"]
];

describe("routes", () => {
  it("every read returns JSON with caching disabled", async () => {
    const {call} = await startApi();
    for (const path of READS) {
      const reply = await call("GET", path);
      expect(reply.status, path).toBe(200);
      expect(reply.headers.get("content-type")).toContain("application/json");
      expect(reply.headers.get("cache-control")).toBe("no-store");
      await reply.json();
    }
  });

  it("without a trading loop its routes return 409 with a fix; the others work", async () => {
    const {call, stopped, url} = await startApi({mode: "data", control: undefined, emergency: undefined});
    const refused = async (method: string, path: string) => {
      const reply = await call(method, path, method === "GET" ? undefined : {});
      return [reply.status, await reply.json()];
    };
    for (const path of TRADING)
      expect(await refused("GET", path), path).toEqual([
        409,
        expect.objectContaining({error: "no trading loop in mode data"})
      ]);
    for (const path of ["/engine/pause", "/engine/resume", "/engine/emergency-stop"])
      expect(await refused("POST", path), path).toEqual([
        409,
        {error: "no trading loop in mode data", fix: expect.any(String), type: "UsageError", code: "no-trading-loop"}
      ]);
    expect((await call("PATCH", "/config", {maxHedges: 2})).status).toBe(409);
    expect((await call("GET", "/status")).status).toBe(200);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await call("POST", "/engine/stop", {positions: "close"})).status).toBe(202);
    expect(stopped).toEqual(["close"]);
  });

  it("without the store its routes return 409", async () => {
    const {call} = await startApi();
    for (const [method, path] of DATA) {
      const reply = await call(method, path, method === "GET" ? undefined : {});
      expect([reply.status, await reply.json()], path).toEqual([
        409,
        expect.objectContaining({error: expect.stringContaining("--no-data")})
      ]);
    }
    expect((await call("POST", "/jobs", {kind: "update"})).status).toBe(409);
  });

  it("loudness of events can be read and set in every mode", async () => {
    const {call, control} = await startApi({control: undefined});
    expect(await (await call("GET", "/notifications/settings")).json()).toEqual({
      events: [],
      channels: [],
      perHour: 20
    });
    expect((await call("PATCH", "/notifications/settings", {events: {stale: "off", opened: "silent"}})).status).toBe(
      200
    );
    expect(control.told).toEqual(['notify {"stale":"off","opened":"silent"}']);
  });

  it("commands reach the loop with their arguments", async () => {
    const {call, control} = await startApi();
    await call("POST", "/engine/pause", {reason: "lunch"});
    await call("POST", "/engine/resume", {});
    const patched = await call("PATCH", "/config", {minRate: "0.0005", maxHedges: 3});
    expect(((await patched.json()) as {settings: unknown}).settings).toMatchObject({minRate: "0.0005", maxHedges: 3});
    expect(control.told).toEqual(["pause lunch", "resume", 'configure {"minRate":"0.0005","maxHedges":3}']);
    control.halted = true;
    const halted = await call("POST", "/engine/resume", {});
    expect([halted.status, await halted.json()]).toEqual([
      400,
      {error: "halted: look first", fix: null, type: "UsageError", code: "conflict"}
    ]);
  });

  it.each([
    ["PATCH", "/config", {}],
    ["PATCH", "/config", {minRate: 0.1}],
    ["PATCH", "/config", {minRate: "1e5"}],
    ["PATCH", "/config", {maxPositionUsd: "0"}],
    ["PATCH", "/config", {maxPositionUsd: "-5"}],
    ["PATCH", "/config", {maxHedges: 0}],
    ["PATCH", "/config", {maxHedges: 1.5}],
    ["PATCH", "/config", {intervalMs: 10}],
    ["PATCH", "/config", {leverage: "3"}],
    ["POST", "/jobs", {}],
    ["POST", "/jobs", {kind: "features"}],
    ["POST", "/jobs", {kind: "backfill", pairs: ["BTC"]}],
    ["POST", "/jobs", {kind: "backfill", venue: "../x"}],
    ["POST", "/jobs", {kind: "backfill", url: "file:///etc/passwd"}],
    ["POST", "/jobs", {kind: "backfill", days: 5, from: 1}],
    ["POST", "/jobs", {kind: "backfill", top: 0}],
    ["POST", "/jobs/estimate", {pairs: ["BTC"]}],
    ["POST", "/jobs/estimate", {kind: "update"}],
    ["POST", "/jobs/retry", {ids: []}],
    ["POST", "/jobs/cancel", {}],
    ["PATCH", "/notifications/settings", {}],
    ["PATCH", "/notifications/settings", {events: {}}],
    ["PATCH", "/notifications/settings", {events: {opened: "loud"}}],
    ["PATCH", "/notifications/settings", {events: {weather: "off"}}],
    ["PATCH", "/limits", {venue: "sim", share: 0.9}],
    ["PATCH", "/limits", {venue: "sim", share: 0}],
    ["POST", "/tracked/disable", {pairs: []}],
    ["POST", "/gaps/fill", {venue: "sim", pair: "BTC/USDT", series: "perp"}],
    ["POST", "/series/refresh", {}],
    ["GET", "/jobs?since=yesterday", undefined],
    ["GET", "/jobs?kind=chores", undefined],
    ["POST", "/backtests", {pairs: []}],
    ["POST", "/backtests", {pairs: ["BTC/USDT"], timeframe: "3h"}],
    ["POST", "/engine/stop", {positions: "sell"}],
    ["POST", "/ticket", {}],
    ["GET", "/trades?limit=0", undefined],
    ["GET", "/trades?limit=x", undefined],
    ["GET", "/trades?limit=1&limit=2", undefined],
    ["GET", "/decisions?pair=BTC", undefined],
    ["GET", "/decisions?color=red", undefined]
  ])("%s %s with %j returns a 400 that names the fault", async (method, path, body) => {
    const {call, control, stopped} = await startApi();
    const reply = await call(method, path, body);
    expect([reply.status, await reply.json()]).toEqual([
      400,
      {
        error: expect.stringMatching(/^invalid /),
        fix: expect.stringMatching(/\w/),
        type: "UsageError",
        code: "invalid-request"
      }
    ]);
    expect([...control.told, ...stopped]).toEqual([]);
  });

  it("unexpected error reveals no internals and is logged", async () => {
    const {call, logged} = await startApi({
      status: () => {
        throw new Error("secret inside");
      }
    });
    const reply = await call("GET", "/status");
    expect([reply.status, await reply.json()]).toEqual([
      500,
      {error: "unexpected error", fix: "see the engine's log", type: "Error", code: "unexpected"}
    ]);
    expect(logged.join()).toContain("secret inside");
  });

  it("unknown routes and methods are reported as such", async () => {
    const {call} = await startApi();
    expect((await call("GET", "/engine/stop")).status).toBe(404);
    expect((await call("DELETE", "/config")).status).toBe(404);
    expect((await call("POST", "/nowhere", {})).status).toBe(405);
    expect((await call("GET", "/jobs/..%2f..%2fetc")).status).toBe(409);
  });
});
