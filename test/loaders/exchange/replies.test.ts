import {gzipSync} from "node:zlib";
import {describe, expect, it} from "vitest";
import {BAN_MS, LONGEST_BAN_MS} from "../../../loaders/exchange/classify.js";
import {ExchangeError} from "../../../loaders/errors.js";
import {bybitReply, envelope, type MadeVenue} from "../../helpers/bybit-venue.js";
import {clientOf} from "../../helpers/exchange.js";
import {answer, serve} from "../../helpers/http.js";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const PAIR = "BTC/USDT";
const venue: MadeVenue = {now: () => NOW, settlements: [{ts: NOW - HOUR, rate: "0.0001"}]};

/** A page of settlements of 76 to 79 kB, the size at which a false gzip body never settles. */
const long = JSON.stringify(
  envelope(NOW, {
    list: Array.from({length: 1_000}, (_, i) => ({
      symbol: "A",
      fundingRate: "0.0001",
      fundingRateTimestamp: `${1e12 + i}`
    }))
  })
);

describe("a reply", () => {
  it("that claims to be gzip and is not ends at the deadline, and the call goes on to the next one", async () => {
    expect(long.length).toBeGreaterThan(70_000);
    let n = 0;
    const {url} = await serve((request, reply) => {
      if (++n > 4) return answer(reply, bybitReply(venue, request));
      reply.writeHead(200, {"content-type": "application/json", "content-encoding": "gzip"});
      reply.end(long);
    });
    const {exchange} = await clientOf(url, NOW, {deadlineMs: 150});
    const started = performance.now();
    expect((await exchange.settlements(PAIR, NOW)).rows).toHaveLength(1);
    expect(n).toBe(5);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("longer than 16 MB is refused by its decompressed length, without being kept", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 32));
    expect(bomb.length).toBeLessThan(1_000_000);
    let n = 0;
    const {url} = await serve((request, reply) => {
      if (++n > 2) return answer(reply, bybitReply(venue, request));
      reply.writeHead(200, {"content-type": "application/json", "content-encoding": "gzip"});
      reply.end(bomb);
    });
    const {exchange} = await clientOf(url, NOW, {deadlineMs: 20_000});
    const before = process.memoryUsage().rss;
    expect((await exchange.settlements(PAIR, NOW)).rows).toHaveLength(1);
    expect(n).toBe(3);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });

  it("of exactly the longest length is read", async () => {
    const body = JSON.stringify(bybitReply(venue, new URL("http://x/v5/market/funding/history?category=linear")));
    const {url} = await serve((_, reply) => answer(reply, body + " ".repeat(16 * 1024 * 1024 - body.length)));
    const {exchange} = await clientOf(url, NOW, {deadlineMs: 20_000});
    expect((await exchange.settlements(PAIR, NOW)).rows).toHaveLength(1);
  });

  it.each([403, 418, 429])(
    "%d with a wait of a day is a ban of an hour at most, told and waited for once",
    async (status) => {
      let bans = 2;
      const {url} = await serve((request, reply) =>
        bans-- > 0
          ? answer(reply, "slow down", {status, headers: {"retry-after": "86400"}})
          : answer(reply, bybitReply(venue, request))
      );
      const {exchange, clock} = await clientOf(url, NOW);
      const call = exchange.settlements(PAIR, NOW).catch((error: unknown) => error);
      while (exchange.usage().bannedUntilMs === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(exchange.usage().bannedUntilMs! - clock.now()).toBeLessThanOrEqual(LONGEST_BAN_MS);
      expect(exchange.usage().bannedUntilMs! - clock.now()).toBeGreaterThan(BAN_MS);
      const error = await call;
      expect(error).toBeInstanceOf(ExchangeError);
      expect((error as ExchangeError).message).toMatch(/2 attempts$/);
      expect(clock.slept.longestMs).toBeLessThanOrEqual(LONGEST_BAN_MS);
      expect((await exchange.settlements(PAIR, NOW)).rows).toHaveLength(1);
    }
  );

  it("whose cursor never ends fails by name", async () => {
    let n = 0;
    const {url} = await serve((_, reply) =>
      answer(reply, envelope(NOW, {list: [{symbol: `A${++n}USDT`}], nextPageCursor: `c${n}`}))
    );
    const {exchange} = await clientOf(url, NOW);
    await expect(exchange.instruments()).rejects.toThrow("the list does not end: 50 pages");
    expect(n).toBeLessThan(1_000);
  });
});
