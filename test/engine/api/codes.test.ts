import {request} from "node:http";
import {json} from "node:stream/consumers";
import {describe, expect, it} from "vitest";
import {ConflictError, errorReply} from "../../../engine/api/reply.js";
import {EngineClient} from "../../../engine/cli/client.js";
import {
  CarrybookError,
  ConfigError,
  DataError,
  ExchangeError,
  isDiskFull,
  isLockConflict,
  LockedError,
  UsageError
} from "../../../loaders/errors.js";
import {startApi, TOKEN} from "../../helpers/engine.js";

interface Answer {
  status: number;
  body: unknown;
}

/** Sends a request with arbitrary headers and target, which `fetch` would normalise. */
const ask = (
  port: number,
  {
    method,
    path,
    headers,
    body
  }: {method: string; path: string; headers: Record<string, string>; body?: string | undefined}
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({port, host: "127.0.0.1", method, path, headers: {host: `127.0.0.1:${port}`, ...headers}});
    sent.once("error", reject);
    sent.once("response", (reply) => {
      json(reply).then((answer) => resolve({status: reply.statusCode!, body: answer}), reject);
    });
    sent.end(body);
  });

describe("error code of a response", () => {
  it.each([
    [new UsageError("x"), 400, "UsageError", "invalid-request"],
    [new ConflictError("x"), 409, "UsageError", "conflict"],
    [new ConflictError("x", {code: "no-store"}), 409, "UsageError", "no-store"],
    [new ConfigError("x"), 400, "ConfigError", "invalid-config"],
    [new DataError("x"), 422, "DataError", "invalid-data"],
    // the text of an error does not determine its code
    [new DataError("missing job: x"), 422, "DataError", "invalid-data"],
    [new DataError("x", {code: "missing-job"}), 404, "DataError", "missing-job"],
    [new DataError("x", {code: "missing-market"}), 422, "DataError", "missing-market"],
    [new LockedError("x"), 423, "LockedError", "locked"],
    [new ExchangeError("x", {code: "banned"}), 502, "ExchangeError", "banned"],
    [new Error("x"), 500, "Error", "unexpected"]
  ])("%s", (error, status, type, code) => {
    const reply = errorReply(error);
    expect([reply.status, reply.body.type, reply.body.code]).toEqual([status, type, code]);
    expect(reply.body).not.toHaveProperty("venueCode");
  });

  it("response carries the venue's own code as well", () => {
    const error = new ExchangeError("x", {code: "rate-limited", venueCode: "10006"});
    expect(errorReply(error).body).toEqual({
      error: "x",
      fix: null,
      type: "ExchangeError",
      code: "rate-limited",
      venueCode: "10006"
    });
  });

  const JSON_TYPE = {"content-type": "application/json"};
  it.each([
    ["GET", "/status", {authorization: ""}, undefined, 401, "unauthorized"],
    ["POST", "/ticket", {}, '{"ticket":"old"}', 401, "unauthorized"],
    ["GET", "/status", {origin: "https://evil.example"}, undefined, 403, "invalid-origin"],
    ["GET", "/status", {host: "evil.example"}, undefined, 403, "invalid-host"],
    ["GET", "//status", {}, undefined, 400, "invalid-target"],
    ["POST", "/index", {}, "{}", 405, "invalid-method"],
    ["GET", "/index", {}, undefined, 404, "no-site"],
    ["GET", "/status/none", {}, undefined, 404, "missing-route"],
    ["POST", "/engine/pause", {"content-type": "text/plain"}, "{}", 415, "invalid-content-type"],
    ["POST", "/engine/pause", {}, "{", 400, "invalid-request"],
    ["POST", "/engine/pause", {}, `{"reason":"${"x".repeat(70_000)}"}`, 413, "body-too-long"],
    ["GET", "/jobs", {}, undefined, 409, "no-store"]
  ] as const)("%s %s with %j", async (method, path, headers, body, status, code) => {
    const {port} = await startApi();
    const all = {authorization: `Bearer ${TOKEN}`, ...JSON_TYPE, ...headers};
    const reply = await ask(port, {method, path, headers: all, body});
    expect([reply.status, reply.body]).toEqual([status, expect.objectContaining({code, error: expect.any(String)})]);
  });

  it("too many requests", async () => {
    const rate = {burst: 1, perSecond: 0.001};
    const {call} = await startApi({}, {rates: {read: rate, write: rate, stream: rate, open: rate}});
    await call("GET", "/status");
    expect(await (await call("GET", "/status")).json()).toMatchObject({code: "too-many-requests"});
  });

  it("command receives the error with the class and codes it had in the engine", async () => {
    const thrown: CarrybookError[] = [
      new DataError("missing job: x", {code: "missing-job", fix: "look"}),
      new ExchangeError("x failed", {code: "rate-limited", venueCode: "10006"}),
      new UsageError("cannot resume", {code: "conflict"})
    ];
    let next = 0;
    const {url} = await startApi({
      status: () => {
        throw thrown[next]!;
      }
    });
    const info = {
      pid: 1,
      host: "",
      bootTicks: undefined,
      url,
      mode: "paper",
      data: true,
      venue: "sim",
      startedTs: 0
    } as const;
    const client = new EngineClient(info, TOKEN);
    for (; next < thrown.length; next++) {
      const {message, name, code, fix} = thrown[next]!;
      await expect(client.get("/status")).rejects.toMatchObject({message, name, code, fix});
    }
    next = 1;
    await expect(client.get("/status")).rejects.toMatchObject({venueCode: "10006"});
  });
});

describe("DuckDB errors that carry only text", () => {
  it("full disk is recognised by Node's code or DuckDB's text", () => {
    expect(isDiskFull(Object.assign(new Error("write failed"), {code: "ENOSPC"}))).toBe(true);
    expect(isDiskFull(new Error('IO Error: Could not write file "x": No space left on device'))).toBe(true);
    expect(isDiskFull(new Error("IO Error: Could not read"))).toBe(false);
  });
  it("file opened by another process is recognised", () => {
    expect(isLockConflict(new Error('IO Error: Could not set lock on file "x": Conflicting lock is held'))).toBe(true);
    expect(isLockConflict(new Error("IO Error: file is damaged"))).toBe(false);
  });
});
