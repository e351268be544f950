import {connect} from "node:net";
import {once} from "node:events";
import {gzipSync} from "node:zlib";
import {describe, expect, it} from "vitest";
import {readJson} from "../../../engine/api/json.js";
import {raw, request, startApi, statusOf, TOKEN, type TestApi} from "../../helpers/engine.js";

const head = ({port}: TestApi, ...more: string[]) => [
  `Host: 127.0.0.1:${port}`,
  `Authorization: Bearer ${TOKEN}`,
  "Content-Type: application/json",
  ...more
];

describe("request bodies", () => {
  it.each([
    ["deep", "[".repeat(5_000) + "]".repeat(5_000)],
    ["just too deep", `{"a":${"[".repeat(16)}${"]".repeat(16)}}`],
    ["__proto__", '{"__proto__": {"reason": "x"}}'],
    ["escaped __proto__", '{"__pr\\u006fto__": 1}'],
    ["nested constructor", '{"reason": "x", "a": {"constructor": 1}}'],
    ["a key twice", '{"reason": "x", "reason": "y"}'],
    ["a key twice, escaped", '{"reason": "x", "re\\u0061son": "y"}'],
    ["1e400", '{"maxHedges": 1e400}'],
    ["-1e400 in a list", "[[-1e400]]"],
    ["NaN", '{"maxHedges": NaN}'],
    ["cut", '{"reason": "x'],
    ["two", "{} {}"],
    ["a comment", "{} // x"],
    ["an unknown key", '{"resaon": "x"}'],
    ["a list", "[]"],
    ["null", "null"],
    ["text", '"x"'],
    ["a number for text", '{"reason": 1}']
  ])("body with %s returns a 400 that names the fault, and changes nothing", async (_, body) => {
    const {call, control} = await startApi();
    const reply = await call("POST", "/engine/pause", body);
    expect(reply.status).toBe(400);
    const {error, fix} = (await reply.json()) as {error: string; fix: string};
    expect(error).toMatch(/^invalid /);
    expect(fix).toMatch(/\w/);
    expect(control.told).toEqual([]);
    expect(({} as {reason?: string}).reason).toBeUndefined();
  });

  it("valid body is parsed as by JSON.parse", () => {
    for (const text of [
      '{"a": [1, {"b": "\\"}{", "c": [[]]}], "d": {"a": 1e10}}',
      "[]",
      '"{\\"a\\":1}"',
      '{"":{"":0}}',
      "1"
    ])
      expect(readJson(Buffer.from(text))).toEqual(JSON.parse(text));
    expect(() => readJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow("not UTF-8");
  });

  it("body of ten megabytes, declared or not, is rejected before it is buffered", async () => {
    const api = await startApi();
    const declared = await raw(
      api.port,
      request("POST /engine/pause", head(api, "Content-Length: 10000000"), "x".repeat(1_000))
    );
    expect(statusOf(declared)).toBe(413);
    const reply = await api.call("POST", "/engine/pause", JSON.stringify({reason: "x".repeat(70_000)}));
    expect(reply.status).toBe(413);
    expect((await api.call("POST", "/engine/pause", {reason: "ok"})).status).toBe(200);
  });

  it("endless chunked body is cut off while other requests are served", async () => {
    const api = await startApi();
    const socket = connect(api.port, "127.0.0.1");
    await once(socket, "connect");
    const closed = once(socket, "close");
    let answer = "";
    socket.on("data", (data) => (answer += data.toString()));
    socket.on("error", () => undefined);
    socket.write(request("POST /engine/pause", head(api, "Transfer-Encoding: chunked")));
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    const pour = () => {
      if (socket.destroyed) return;
      if (socket.write(chunk)) setImmediate(pour);
      else socket.once("drain", pour);
    };
    pour();
    expect((await api.call("GET", "/status")).status).toBe(200);
    await closed;
    expect(statusOf(answer)).toBe(413);
    expect(api.control.told).toEqual([]);
  });

  it("wrong lengths, duplicate lengths, and lengths with chunked encoding are rejected", async () => {
    const api = await startApi({}, {requestMs: 600, headersMs: 500});
    const short = await raw(api.port, request("POST /engine/pause", head(api, "Content-Length: 50"), "{}"));
    expect([400, 408]).toContain(statusOf(short));
    for (const lengths of [
      ["Content-Length: 2", "Content-Length: 3"],
      ["Content-Length: 2", "Transfer-Encoding: chunked"],
      ["Content-Length: -1"],
      ["Content-Length: 2x"]
    ])
      expect(
        statusOf(await raw(api.port, request("POST /engine/pause", head(api, ...lengths), "{}"))),
        lengths.join()
      ).toBe(400);
    const smuggled = await raw(
      api.port,
      request("POST /engine/pause", head(api, "Content-Length: 2"), "{}POST /engine/stop HTTP/1.1\r\n\r\n")
    );
    expect(smuggled).toContain("400");
    expect(api.stopped).toEqual([]);
    expect(api.control.told).toEqual(["pause requested by the operator"]);
  });

  it("compressed body is rejected unread", async () => {
    const api = await startApi();
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    const answer = await raw(
      api.port,
      Buffer.concat([
        Buffer.from(
          request("POST /engine/pause", head(api, "Content-Encoding: gzip", `Content-Length: ${bomb.length}`))
        ),
        bomb
      ])
    );
    expect(statusOf(answer)).toBe(415);
  });

  it("client sending one header a second is cut off; hundreds of them delay nobody else", async () => {
    const api = await startApi({}, {headersMs: 300, requestMs: 600});
    const slow = Array.from({length: 200}, () => {
      const socket = connect(api.port, "127.0.0.1", () =>
        socket.write("POST /engine/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nX-a: ")
      );
      socket.on("error", () => undefined);
      return socket;
    });
    await Promise.all(slow.map((socket) => once(socket, "connect")));
    expect((await api.call("GET", "/status")).status).toBe(200);
    const drip = setInterval(() => slow.forEach((socket) => !socket.destroyed && socket.write("b")), 100);
    await Promise.all(slow.map((socket) => socket.destroyed || once(socket.resume(), "close")));
    clearInterval(drip);
    expect(api.control.told).toEqual([]);
  });
});
