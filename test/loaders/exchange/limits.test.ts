import {describe, expect, it} from "vitest";
import {startSim} from "../../../engine/simulator/api/server.js";
import {fundingHistory} from "../../../loaders/exchange/funding-history.js";
import {ExchangeError} from "../../../loaders/errors.js";
import {bybitReply, envelope, type MadeVenue} from "../../helpers/bybit-venue.js";
import {clientOf, collect} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const PAIR = "BTC/USDT";
const venue: MadeVenue = {now: () => NOW, settlements: [{ts: NOW - HOUR, rate: "0.0001"}]};
const refusal = (code: number, now = NOW) => envelope(now, {}, code, "Too many visits!");

/** Serves a venue that rejects the first requests, and records when each arrived on the client's clock. */
async function refusing(replies: ((reply: Parameters<typeof answer>[0]) => void)[]) {
  const times: number[] = [];
  let clock: {monotonic: () => number} = {monotonic: () => 0};
  const server = await serve((request, reply) => {
    times.push(Math.round(clock.monotonic()));
    const refuse = replies.shift();
    if (refuse) refuse(reply);
    else answer(reply, bybitReply(venue, request));
  });
  const made = await clientOf(server.url, NOW);
  clock = made.clock;
  return {...made, ...server, times};
}

describe("limits and refusals", () => {
  it("trap 16: a 403 stops calls of every priority for ten minutes, after which all proceed", async () => {
    const {exchange, times, clock} = await refusing([
      (reply) => answer(reply, "403, access too frequent", {status: 403})
    ]);
    const first = exchange.settlements(PAIR, NOW);
    while (exchange.usage().bannedUntilMs === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(exchange.usage().bannedUntilMs).toBe(NOW + 600_000);
    const others = [
      exchange.settlements(PAIR, NOW, {priority: "live"}),
      exchange.candles(PAIR, "spot", "1h", {from: NOW - 5 * HOUR, to: NOW}, {priority: "update"}),
      exchange.serverTime({priority: "live"})
    ];
    await Promise.all([first, ...others]);
    expect(times[0]).toBe(0);
    expect(times).toHaveLength(5);
    expect(Math.min(...times.slice(1))).toBeGreaterThanOrEqual(600_000);
    expect(clock.monotonic()).toBeLessThan(610_000);
    expect(exchange.usage().bannedUntilMs).toBeUndefined();
  });

  it("a ban that outlasts its ten minutes is an error after one retry", async () => {
    const {exchange, times} = await refusing(
      Array.from({length: 9}, () => (reply) => answer(reply, "403, access too frequent", {status: 403}))
    );
    const error = await exchange.settlements(PAIR, NOW).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ExchangeError);
    expect((error as ExchangeError).message).toContain("status 403");
    expect(times).toHaveLength(2);
  });

  it("a blocked country is an error at once, not a ban", async () => {
    const {exchange, times} = await refusing([
      (reply) =>
        answer(reply, "The Amazon CloudFront distribution is configured to block access from your country.", {
          status: 403
        })
    ]);
    await expect(exchange.settlements(PAIR, NOW)).rejects.toMatchObject({fix: expect.stringMatching(/country/)});
    expect([times.length, exchange.usage().bannedUntilMs]).toEqual([1, undefined]);
  });

  it("the simulated venue sees no request during its ban", async () => {
    const clocks: {now: () => number}[] = [];
    const sim = await startSim({nowMs: NOW, speed: 0, clock: () => clocks[0]?.now() ?? NOW});
    const {exchange, clock} = await clientOf(sim.url, NOW, {concurrency: 1});
    clocks.push(clock);
    for (let i = 0; i < 601; i++) await fetch(`${sim.url}/v5/market/time`);
    await Promise.all(Array.from({length: 5}, () => exchange.serverTime()));
    const seen = (await (await fetch(`${sim.url}/sim/requests`)).json()) as {duringBan: number; refused: number};
    expect(seen).toMatchObject({duringBan: 1, refused: 2});
    await sim.close();
  });

  it.each([
    ["trap 16: 429 with a reset header", 429, {"x-bapi-limit-reset-timestamp": String(NOW + 1_700)}, 1_700, 1_800],
    ["trap 16: 429 with retry-after", 429, {"retry-after": "3"}, 3_000, 3_100],
    ["trap 16: 429 without a header backs off from a floor", 429, {}, 500, 1_600],
    ["10006 inside HTTP 200", 200, {"x-bapi-limit-reset-timestamp": String(NOW + 900)}, 900, 1_000],
    [
      "a reset in the past is one that is about to come",
      429,
      {"x-bapi-limit-reset-timestamp": "1600000000000"},
      1,
      200
    ],
    ["a reset of next year is a broken clock", 429, {"x-bapi-limit-reset-timestamp": "1890000000000"}, 60_000, 60_100]
  ])("%s", async (_, status, headers: Record<string, string>, least, most) => {
    const {exchange, times} = await refusing([(reply) => answer(reply, refusal(10006), {status, headers})]);
    const mine = exchange.settlements(PAIR, NOW);
    await mine;
    expect(times).toHaveLength(2);
    expect(times[1]).toBeGreaterThanOrEqual(least);
    expect(times[1]).toBeLessThanOrEqual(most);
  });

  it("the reset is measured by the venue's clock while this machine's is an hour off", async () => {
    const {exchange, times, clock} = await refusing([
      (reply) => answer(reply, refusal(10006), {status: 429, headers: {"x-bapi-limit-reset-timestamp": `${NOW + 700}`}})
    ]);
    clock.step(-HOUR);
    await exchange.settlements(PAIR, NOW);
    expect(times[1]).toBeGreaterThanOrEqual(700);
    expect(times[1]).toBeLessThan(900);
  });

  it.each([
    ["10016", (reply) => answer(reply, refusal(10016))],
    ["10000", (reply) => answer(reply, refusal(10000))],
    ["502", (reply) => answer(reply, "<html>bad gateway</html>", {status: 502})],
    ["a reset connection", (reply) => void reply.destroy()],
    [
      "a cut body",
      (reply) => {
        reply.writeHead(200, {"content-type": "application/json", "content-length": 500});
        reply.write(`{"retCode":0,"res`, () => reply.destroy());
      }
    ],
    ["an HTML page with status 200", (reply) => answer(reply, "<html>sorry</html>")],
    ["an empty body", (reply) => answer(reply, "")],
    ["JSON that is no envelope", (reply) => answer(reply, [])],
    ["a bare null", (reply) => answer(reply, "null")]
  ] as [string, (reply: Parameters<typeof answer>[0]) => void][])(
    "%s is asked again, a little later",
    async (_, refuse) => {
      const {exchange, times} = await refusing([refuse, refuse]);
      expect((await exchange.settlements(PAIR, NOW)).rows).toHaveLength(1);
      expect(times).toHaveLength(3);
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(100);
      expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(200);
      expect(times[2]).toBeLessThan(1_000);
      expect(exchange.usage()).toMatchObject({requests: 3, retries: 2});
    }
  );

  it.each([
    [10001, "params error: symbol invalid"],
    [10005, "permission denied"]
  ])("code %d is not retried: %s", async (code, message) => {
    const {exchange, times} = await refusing([(reply) => answer(reply, envelope(NOW, {}, code, message))]);
    const error = await exchange.settlements(PAIR, NOW).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ExchangeError);
    expect((error as ExchangeError).message).toContain(
      `sim funding/history BTCUSDT failed: ${message}, status 200, code ${code}`
    );
    expect((error as ExchangeError).message).toMatch(/, 1 attempt$/);
    expect(times).toHaveLength(1);
  });

  it("code 10002 resynchronises the clock, then retries", async () => {
    const {exchange, seen} = await refusing([(reply) => answer(reply, refusal(10002))]);
    await exchange.settlements(PAIR, NOW);
    expect(seen.map(({pathname}) => pathname)).toEqual([
      "/v5/market/funding/history",
      "/v5/market/time",
      "/v5/market/funding/history"
    ]);
  });

  it("a stalled body ends at the deadline, with or without headers, and is retried", async () => {
    let n = 0;
    const {url} = await serve((request, reply) => {
      n++;
      if (n === 1) return;
      if (n === 2) {
        reply.writeHead(200, {"content-type": "application/json", "content-length": 500});
        return void reply.write("{");
      }
      answer(reply, bybitReply(venue, request));
    });
    const {exchange} = await clientOf(url, NOW, {deadlineMs: 120});
    const started = performance.now();
    expect((await exchange.settlements(PAIR, NOW)).rows).toHaveLength(1);
    expect(n).toBe(3);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("a caller's signal ends a call in flight, and one that waits for the end of a ban", async () => {
    const stop = new AbortController();
    const {url} = await serve(() => stop.abort(new Error("interrupted")));
    const {exchange} = await clientOf(url, NOW, {deadlineMs: 60_000});
    const call = exchange.settlements(PAIR, NOW, {signal: stop.signal});
    await expect(call).rejects.toThrow("interrupted");
    await expect(exchange.settlements(PAIR, NOW, {signal: stop.signal})).rejects.toThrow("interrupted");
  });

  it.each([HOUR, -HOUR])(
    "trap 17: a walk neither stalls nor loses rows when the wall clock steps by %d ms",
    async (step) => {
      const settlements = Array.from({length: 3_000}, (_, i) => ({ts: NOW - (NOW % HOUR) - i * HOUR, rate: "0.0001"}));
      const {url} = await serve((request, reply) => answer(reply, bybitReply({...venue, settlements}, request)));
      const {exchange, clock} = await clientOf(url, NOW);
      const span = {from: settlements.at(-1)!.ts, to: NOW};
      let rows = 0;
      for await (const stretch of fundingHistory(exchange, PAIR, span)) {
        rows += stretch.rows.length;
        if (rows === 1_000) clock.step(step);
      }
      expect(rows).toBe(3_000);
      expect(clock.slept.longestMs).toBeLessThanOrEqual(5_000);
    }
  );

  it("requests go only to a replaced base URL, and only read", async () => {
    const {url, seen} = await serve((request, reply) => answer(reply, bybitReply(venue, request)));
    const {exchange} = await clientOf(`${url}/under/a/path/`, NOW);
    expect(exchange.origin).toBe(`${url}/under/a/path`);
    await exchange.settlements(PAIR, NOW).catch(() => undefined);
    expect(seen.every(({pathname}) => pathname.startsWith("/under/a/path/v5/"))).toBe(true);
    const client: Record<string, any> = Reflect.get(exchange, "client");
    client["urls"].api.public = "https://api.bybit.com";
    await expect(client["publicGetV5MarketTime"]()).rejects.toThrow("invalid address: https://api.bybit.com");
    client["urls"].api.public = url;
  });

  it("trap 7: a read-only client cannot send an order", async () => {
    const {url, seen} = await serve((request, reply) => answer(reply, bybitReply(venue, request)));
    const {exchange} = await clientOf(url, NOW);
    const client: Record<string, any> = Reflect.get(exchange, "client");
    client["apiKey"] = client["secret"] = "a key of this test";
    const before = seen.length;
    await expect(client["privatePostV5OrderCreate"]({category: "linear", symbol: "BTCUSDT"})).rejects.toThrow(
      "invalid method: POST"
    );
    expect(seen.slice(before)).toEqual([]);
    expect(client["maxRetriesOnFailure"] ?? client["options"].maxRetriesOnFailure ?? 0).toBe(0);
  });

  it("the client logs nothing when calls fail", async () => {
    const written: unknown[] = [];
    const log = console.log;
    console.log = (...args: unknown[]) => void written.push(args);
    try {
      const {exchange} = await refusing([(reply) => answer(reply, refusal(10001))]);
      await collect(fundingHistory(exchange, PAIR, {from: NOW - HOUR, to: NOW})).catch(() => undefined);
    } finally {
      console.log = log;
    }
    expect(written).toEqual([]);
  });
});
