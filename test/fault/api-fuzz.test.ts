import {expect, it} from "vitest";
import {generator} from "../../src/lib/stats/random.js";
import {raw, startApi, statusOf, TOKEN, type TestApi} from "../helpers/engine.js";
import {liveHeapBytes} from "../helpers/heap.js";

const PATHS =
  "/health /ticket /tickets /status /positions /trades /equity /opportunities /decisions /risk /config /data-status /jobs /jobs/x /gaps /tracked /notifications /jobs/x/retry /jobs/x/cancel /jobs/retry-failed /batches/x/retry /gaps/repair /gaps/check /gaps/fill /series/refresh /limits /jobs/estimate /jobs/export /jobs/retry /jobs/cancel /tracked/enable /tracked/disable /tracked/remove /schedule /track /untrack /backtests /engine/pause /engine/resume /engine/emergency-stop / /engine /nowhere".split(
    " "
  );
const METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"];
const PIECES = [
  '{"',
  '"',
  ":",
  "{}",
  "[",
  "]",
  "1e999",
  "null",
  '"__proto__"',
  '"kind":"backfill"',
  '"pairs":["BTC/USDT"]',
  "\\u0000",
  "é",
  " ",
  ",",
  "-1",
  '"limit":0',
  "\u{1f600}"
];
const rates = Object.fromEntries(
  ["read", "write", "stream", "open"].map((kind) => [kind, {burst: 1e9, perSecond: 1e9}])
) as any;
const ROUNDS = 20_000;

it("every route answers arbitrary input without leaking or retaining anything", async () => {
  const random = generator(20260801);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const text = (n: number) => Array.from({length: Math.floor(random() * n)}, () => pick(PIECES)).join("");
  const api = await startApi({}, {rates});
  const ask = async (one: TestApi) => {
    const method = pick(METHODS);
    const path = pick(PATHS) + (random() < 0.3 ? `?${encodeURI(text(6))}` : "");
    const body =
      method === "GET" || method === "HEAD" || method === "OPTIONS" ? "" : text(random() < 0.02 ? 20_000 : 12);
    const headers = [
      `${method} ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${one.port}`,
      "Connection: close",
      ...(random() < 0.9 ? [`Authorization: Bearer ${TOKEN}`] : []),
      ...(random() < 0.9 ? ["Content-Type: application/json"] : []),
      ...(random() < 0.1 ? [`Origin: ${pick(["null", "http://evil.example", `http://127.0.0.1:${one.port}`])}`] : []),
      `Content-Length: ${Buffer.byteLength(body)}`
    ];
    return raw(one.port, `${headers.join("\r\n")}\r\n\r\n${body}`, {quietMs: 5_000});
  };
  let warm = 0;
  for (let round = 0; round < ROUNDS; round += 20) {
    const answers = await Promise.all(Array.from({length: 20}, () => ask(api)));
    for (const answer of answers) {
      expect(statusOf(answer), answer.slice(0, 200)).toBeGreaterThanOrEqual(200);
      expect(statusOf(answer), answer.slice(0, 200)).not.toBe(500);
      expect(answer).not.toContain(TOKEN);
      expect(answer).not.toMatch(/\bat .*\.ts:\d/);
    }
    if (round === ROUNDS / 4) warm = liveHeapBytes();
  }
  // A leak visible after a tenth of the rounds would be many times larger after three quarters.
  expect(liveHeapBytes() - warm).toBeLessThan(60_000_000);
  expect((await api.call("GET", "/status")).status).toBe(200);
  expect(({} as Record<string, unknown>)["kind"]).toBeUndefined();
});
