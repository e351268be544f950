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

describe("a reply is held to its request", () => {
  const HOURS = Math.floor(NOW / HOUR) * HOUR;
  const window = {from: HOURS - 20 * HOUR, to: HOURS};
  const kline = (ts: number) => [`${ts}`, "100", "102", "99", "101", "7", "700"];
  const every = (stepMs: number, n: number) => Array.from({length: n}, (_, i) => kline(HOURS - (i + 1) * stepMs));
  type Body = {category?: string; symbol?: string; list: unknown[]};
  const wrong: Record<string, (body: Body) => Body> = {
    "of another category": (body) => ({...body, category: "spot"}),
    "of another symbol": (body) => ({...body, symbol: "ETHUSDT"}),
    "of another window": (body) => ({...body, list: every(HOUR, 60).slice(40)}),
    "of shorter candles": (body) => ({...body, list: every(HOUR / 4, 80)}),
    "of longer candles": (body) => ({...body, list: every(4 * HOUR, 15)}),
    "of a price without volumes": (body) => ({...body, list: every(HOUR, 20).map((row) => row.slice(0, 5))})
  };

  it.each(Object.entries(wrong))("candles %s are refused and asked for again", async (_, spoil) => {
    let n = 0;
    const body = {category: "linear", symbol: "BTCUSDT", list: every(HOUR, 20)};
    const {url} = await serve((__, reply) => answer(reply, envelope(NOW, n++ < 4 ? spoil(body) : body)));
    const {exchange} = await clientOf(url, NOW);
    const page = await exchange.candles(PAIR, "perp", "1h", window);
    expect(page.rows).toHaveLength(20);
    expect(page).toMatchObject({rejected: [], outside: 0});
    expect(n).toBe(5);
  });

  it("settlements of another symbol or category are refused and asked for again", async () => {
    let n = 0;
    const row = {symbol: "BTCUSDT", fundingRate: "0.0001", fundingRateTimestamp: `${HOURS}`};
    const {url} = await serve((_, reply) => {
      n++;
      if (n < 4) return answer(reply, envelope(NOW, {category: "linear", list: [{...row, symbol: "ETHUSDT"}]}));
      answer(reply, envelope(NOW, {category: n === 4 ? "inverse" : "linear", list: [row]}));
    });
    const {exchange} = await clientOf(url, NOW);
    expect((await exchange.settlements(PAIR, NOW)).rows).toHaveLength(1);
    expect(n).toBe(5);
  });

  it("two settlements of one boundary are one row, the venue's newest word, and both values are told", async () => {
    const list = [
      {symbol: "BTCUSDT", fundingRate: "0.0002", fundingRateTimestamp: `${HOURS + 7}`},
      {symbol: "BTCUSDT", fundingRate: "0.0001", fundingRateTimestamp: `${HOURS + 2}`}
    ];
    const {url, seen} = await serve((_, reply) => answer(reply, envelope(NOW, {category: "linear", list})));
    const {exchange} = await clientOf(url, NOW);
    const page = await exchange.settlements(PAIR, NOW);
    expect(page.rows).toEqual([{tsMs: HOURS + 7, rate: "0.0002", reportedHours: undefined}]);
    expect(page.revised).toEqual([{boundaryTs: HOURS, was: "0.0001", now: "0.0002"}]);
    expect(seen).toHaveLength(1);
  });
});
