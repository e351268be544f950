import {describe, expect, it} from "vitest";
import {raw, request, startApi, statusOf, TOKEN} from "../../helpers/engine.js";

const AUTH = `Authorization: Bearer ${TOKEN}`;

describe("gate", () => {
  it("gate accepts only loopback names with the exact port", async () => {
    const {port} = await startApi();
    const get = async (...headers: string[]) =>
      statusOf(await raw(port, request("GET /health", [...headers, "Connection: close"])));
    for (const good of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`])
      expect(await get(`Host: ${good}`), good).toBe(200);
    for (const bad of [
      "evil.example",
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1:${port + 1}`,
      "127.0.0.1",
      `0.0.0.0:${port}`,
      `127.0.0.1:${port}@evil.example`,
      `user@127.0.0.1:${port}`,
      ""
    ])
      expect([400, 403], bad).toContain(await get(`Host: ${bad}`));
    expect(await get(`Host: 127.0.0.1:${port}`, `Host: evil.example`)).toBe(400);
    expect(await get(`Host: 127.0.0.1:${port}`, `Host: 127.0.0.1:${port}`)).toBe(400);
    expect(await get("X-Nothing: 1")).toBe(400);
  });

  it("gate rejects a request target with its own host", async () => {
    const {port} = await startApi();
    for (const target of [
      `http://evil.example/health`,
      `http://127.0.0.1:${port}/health`,
      "//evil.example/health",
      "*",
      `/${"x".repeat(5_000)}`
    ]) {
      const answer = await raw(port, request(`GET ${target}`, [`Host: 127.0.0.1:${port}`, "Connection: close"]));
      expect(statusOf(answer), target.slice(0, 40)).toBe(400);
    }
  });

  it("gate rejects foreign, look-alike and null origins, for reads and for every write", async () => {
    const {port, control, stopped} = await startApi();
    const send = async (method: string, path: string, origin: string) =>
      raw(
        port,
        request(
          `${method} ${path}`,
          [
            `Host: 127.0.0.1:${port}`,
            `Origin: ${origin}`,
            AUTH,
            "Content-Type: application/json",
            "Content-Length: 2",
            "Connection: close"
          ],
          "{}"
        )
      );
    const bad = [
      "null",
      "https://evil.example",
      `http://127.0.0.1:${port}.evil.example`,
      `http://127.0.0.1:${port}0`,
      `https://127.0.0.1:${port}`,
      `http://localhost`,
      `http://127.0.0.1:3001`,
      `http://127.0.0.1:${port}, http://evil.example`
    ];
    for (const origin of bad) {
      for (const path of ["/engine/pause", "/engine/stop", "/engine/emergency-stop", "/ticket"]) {
        const answer = await send("POST", path, origin);
        expect(statusOf(answer), `${path} ${origin}`).toBe(403);
        expect(answer.toLowerCase()).not.toContain("access-control-allow-origin");
      }
    }
    expect([...control.told, ...stopped]).toEqual([]);
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`])
      expect(statusOf(await send("POST", "/engine/pause", origin)), origin).toBe(200);
    expect(control.told).toHaveLength(2);
  });

  it("CORS headers name the allowed origin and never use a wildcard", async () => {
    const dev = "http://127.0.0.1:3000";
    const {url, call} = await startApi({}, {devOrigins: [dev]});
    const preflight = await fetch(`${url}/engine/pause`, {
      method: "OPTIONS",
      headers: {origin: dev, "access-control-request-method": "POST"}
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(dev);
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
    expect(preflight.headers.get("vary")).toContain("origin");
    const foreign = await fetch(`${url}/engine/pause`, {method: "OPTIONS", headers: {origin: "http://127.0.0.1:3001"}});
    expect([foreign.status, foreign.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    expect((await call("GET", "/status", undefined, {origin: dev})).headers.get("access-control-allow-origin")).toBe(
      dev
    );
    expect((await call("GET", "/status")).headers.get("access-control-allow-origin")).toBeNull();
  });

  it("request that needs no preflight (form, text, image) changes nothing", async () => {
    const {url, control, stopped} = await startApi();
    const types = [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/json; x=y",
      ""
    ];
    for (const type of types) {
      for (const authorization of ["", `Bearer ${TOKEN}`]) {
        const reply = await fetch(`${url}/engine/pause`, {
          method: "POST",
          headers: {"content-type": type, ...(authorization && {authorization})},
          body: '{"reason": "x"}'
        });
        expect([401, 415], `${type} ${authorization !== ""}`).toContain(reply.status);
      }
    }
    for (const path of ["/engine/pause", "/engine/stop", "/engine/emergency-stop"]) {
      const reply = await fetch(`${url}${path}?token=${TOKEN}`, {headers: {cookie: `token=${TOKEN}`}});
      expect([401, 404], path).toContain(reply.status);
    }
    const crossSite = await fetch(`${url}/engine/stop`, {
      method: "POST",
      headers: {authorization: `Bearer ${TOKEN}`, "content-type": "application/json", "sec-fetch-site": "cross-site"},
      body: "{}"
    });
    expect(crossSite.status).toBe(403);
    expect([...control.told, ...stopped]).toEqual([]);
  });
});

describe("token", () => {
  it("token is required for everything but health and tickets; near-misses are rejected", async () => {
    const {url} = await startApi();
    const get = async (authorization?: string) =>
      (await fetch(`${url}/status`, {headers: authorization === undefined ? {} : {authorization}})).status;
    expect(await get(`Bearer ${TOKEN}`)).toBe(200);
    for (const bad of [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      TOKEN,
      `Basic ${btoa(`x:${TOKEN}`)}`
    ])
      expect(await get(bad), String(bad)).toBe(401);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/status?authorization=Bearer%20${TOKEN}`)).status).toBe(401);
  });

  it("ticket is exchanged for the token once, within ten minutes, and in no other way", async () => {
    let ms = 0;
    const clock = {
      now: Date.now,
      monotonic: () => ms,
      sleep: (_: number, signal?: AbortSignal) =>
        new Promise<void>((_, no) => signal?.addEventListener("abort", () => no(signal.reason)))
    };
    const {url, access} = await startApi(
      {clock},
      {
        rates: {
          read: {burst: 99, perSecond: 1},
          write: {burst: 99, perSecond: 1},
          stream: {burst: 99, perSecond: 1},
          open: {burst: 99, perSecond: 1}
        }
      }
    );
    const redeem = async (ticket: unknown) => {
      const reply = await fetch(`${url}/ticket`, {
        method: "POST",
        headers: {"content-type": "application/json"},
        body: JSON.stringify({ticket})
      });
      return [reply.status, ((await reply.json()) as {token?: string}).token];
    };
    const ticket = access.issue();
    expect(await redeem(ticket)).toEqual([200, TOKEN]);
    expect(await redeem(ticket)).toEqual([401, undefined]);
    expect(await redeem("guess")).toEqual([401, undefined]);
    expect(await redeem(7)).toEqual([400, undefined]);
    const late = access.issue();
    ms += 600_000;
    expect(await redeem(late)).toEqual([401, undefined]);
    const many = Array.from({length: 40}, () => access.issue());
    expect((await redeem(many[0]))[0]).toBe(401);
    expect((await redeem(many[39]))[0]).toBe(200);
  });

  it("token appears in no response and no log", async () => {
    const {call, logged, url} = await startApi();
    const seen: string[] = [];
    for (const path of [
      "/status",
      "/health",
      "/config",
      "/positions",
      "/nowhere",
      "/risk",
      "/jobs/x",
      "/engine/none"
    ]) {
      for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
        const reply = await call(method, path, method === "GET" ? undefined : {x: TOKEN.length});
        seen.push(JSON.stringify([...reply.headers]), await reply.text());
      }
    }
    seen.push(await (await fetch(`${url}/status`, {headers: {authorization: `Bearer ${TOKEN}x`}})).text());
    expect([...seen, ...logged].filter((text) => text.includes(TOKEN))).toEqual([]);
  });
});

describe("rate limits", () => {
  const rates = {
    read: {burst: 2, perSecond: 1},
    write: {burst: 1, perSecond: 1},
    stream: {burst: 1, perSecond: 1},
    open: {burst: 3, perSecond: 1}
  };

  it("each kind of request has its own limit, and the emergency stop has none", async () => {
    const {call, control} = await startApi({}, {rates});
    const codes = async (method: string, path: string, n: number) => {
      const all = [];
      for (let i = 0; i < n; i++) all.push((await call(method, path, method === "GET" ? undefined : {})).status);
      return all;
    };
    expect((await codes("GET", "/status", 10)).at(-1)).toBe(429);
    expect((await codes("POST", "/engine/resume", 10)).at(-1)).toBe(429);
    expect(await codes("POST", "/engine/emergency-stop", 5)).toEqual([200, 200, 200, 200, 200]);
    expect(control.told.filter((word) => word === "emergency api")).toHaveLength(5);
  });

  it("requests with wrong tokens never use up the limit of the valid one", async () => {
    const {call, url} = await startApi({}, {rates});
    const wrong = async () => (await fetch(`${url}/status`, {headers: {authorization: "Bearer no"}})).status;
    const answers = [];
    for (let i = 0; i < 12; i++) answers.push(await wrong());
    expect(answers[0]).toBe(401);
    expect(answers.at(-1)).toBe(429);
    const reply = await call("GET", "/status");
    expect(reply.status).toBe(200);
    const limited = await fetch(`${url}/health`);
    expect([limited.status, Number(limited.headers.get("retry-after"))]).toEqual([429, 1]);
  });
});
