import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {startSim, type Sim} from "../../../engine/simulator/api/server.js";
import {candleHistory} from "../../../loaders/exchange/grid-history.js";
import {expectedRequests, expectedRows} from "../../../loaders/exchange/expect.js";
import type {Exchange, Page} from "../../../loaders/exchange/index.js";
import type {CandleRow} from "../../../loaders/rows.js";
import {normalise, type Span} from "../../../src/lib/market/coverage.js";
import {timeframeMs} from "../../../src/lib/time/grid.js";
import {clientOf, collect, madeExchange} from "../../helpers/exchange.js";
import {Silence} from "../../helpers/silence.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const HOURS = Math.floor(NOW / HOUR) * HOUR;
const PAIR = "BTC/USDT";

interface Made {
  /** true where the venue has a candle */
  has?: (ts: number, timeframe: string) => boolean;
  now?: number;
  pageRows?: number;
  /** changes the reply to a request */
  spoil?: (page: Page<CandleRow>, n: number) => Page<CandleRow>;
}

/** A venue without a network, with its recorded requests. */
function madeVenue({has = () => true, now = NOW, pageRows = 100, spoil = (page) => page}: Made = {}) {
  const asked: {window: Span; timeframe: string}[] = [];
  const exchange = madeExchange({
    pageRows: {funding: 200, candles: pageRows},
    candles: async (_: string, __: string, timeframe: string, window: Span) => {
      asked.push({window, timeframe});
      const step = timeframeMs(timeframe);
      const rows: CandleRow[] = [];
      for (let ts = Math.ceil(window.from / step) * step; ts < window.to && ts + step <= now; ts += step) {
        if (has(ts, timeframe)) rows.push({tsMs: ts, close: "1"});
      }
      expect(rows.length).toBeLessThanOrEqual(pageRows);
      return spoil({rows, rejected: [], repeats: 0, outside: 0, asOfMs: now}, asked.length);
    }
  });
  return {exchange, asked};
}

const walk = async (exchange: Exchange, span: Span, timeframe = "1h", options = {}) => {
  const stretches = await collect(candleHistory(exchange, PAIR, "spot", timeframe, span, options));
  return {
    stretches,
    proven: normalise(stretches.map(({proven}) => proven)),
    opens: stretches.flatMap(({rows}) => rows.map(({tsMs}) => tsMs)).sort((a, b) => a - b)
  };
};

describe("candle history", () => {
  it("law: the proven spans tile the requested span up to the first candle in progress", async () => {
    for (const [from, to] of [
      [HOURS - 1_234 * HOUR, NOW + 3 * DAY],
      [HOURS - 999.5 * HOUR, HOURS - 0.25 * HOUR],
      [HOURS - 100 * HOUR, HOURS],
      [HOURS - HOUR, HOURS]
    ] as const) {
      const {exchange} = madeVenue();
      const {stretches, proven, opens} = await walk(exchange, {from, to});
      expect(proven).toEqual([{from, to: Math.min(to, HOURS)}]);
      expect(stretches.reduce((sum, s) => sum + s.proven.to - s.proven.from, 0)).toBe(Math.min(to, HOURS) - from);
      expect(opens).toHaveLength(Math.floor((Math.min(to, HOURS) - Math.ceil(from / HOUR) * HOUR + HOUR - 1) / HOUR));
      for (const {proven: own, rows} of stretches) {
        expect(rows.every(({tsMs}) => tsMs >= own.from && tsMs < own.to)).toBe(true);
      }
    }
  });

  it("trap 3: a candle in progress is never proven, so that the next update requests it", async () => {
    const {exchange} = madeVenue({now: HOURS + 59 * MINUTE + 59_999});
    const {proven, opens} = await walk(exchange, {from: HOURS - 5 * HOUR, to: HOURS + 10 * HOUR});
    expect(proven[0]!.to).toBe(HOURS);
    expect(opens.at(-1)).toBe(HOURS - HOUR);
    const later = await walk(madeVenue({now: HOURS + HOUR}).exchange, {from: HOURS - 5 * HOUR, to: HOURS + 10 * HOUR});
    expect(later.opens.at(-1)).toBe(HOURS);
  });

  it("a year of hourly candles takes nine requests, newest first", async () => {
    const {exchange, asked} = madeVenue({pageRows: 1_000});
    const span = {from: NOW - 365 * DAY, to: NOW};
    const {opens} = await walk(exchange, span, "1h", {parallel: 1});
    expect(opens).toHaveLength(8_759);
    expect(asked).toHaveLength(9);
    expect(asked.every(({window}, i) => i === 0 || window.to === asked[i - 1]!.window.from)).toBe(true);
    expect(expectedRequests(exchange, "spot", "1h", span)).toBe(9);
    expect(expectedRequests(exchange, "funding", "", span)).toBe(6);
    expect(expectedRows("funding", "", span)).toBe(1_095);
    expect(expectedRows("funding", "", span, 1)).toBe(8_760);
  });

  it("`parallel` limits the windows in flight", async () => {
    const {exchange} = madeVenue();
    let now = 0;
    let most = 0;
    const plain = exchange.candles.bind(exchange);
    exchange.candles = async (...args) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return plain(...args);
    };
    await walk(exchange, {from: HOURS - 1_000 * HOUR, to: HOURS}, "1h", {parallel: 3, launchTs: 0});
    expect(most).toBe(3);
  });

  it("a window that lacks closed candles is requested once more and both replies are merged", async () => {
    const {exchange, asked} = madeVenue({
      spoil: (page, n) =>
        n === 1 ? {...page, rows: page.rows.filter((_, i) => i % 2 === 0)} : {...page, rows: page.rows.slice(3)}
    });
    const {opens} = await walk(exchange, {from: HOURS - 50 * HOUR, to: HOURS});
    expect(asked).toHaveLength(2);
    expect(opens).toHaveLength(50 - 1);
  });

  it("trap 15: an outage is requested twice by one market, and once by others with the same missing opens", async () => {
    const outage = HOURS - 20 * HOUR;
    const {exchange, asked} = madeVenue({has: (ts) => ts !== outage});
    const span = {from: HOURS - 50 * HOUR, to: HOURS};
    const {opens, proven} = await walk(exchange, span);
    expect([opens.length, asked.length]).toEqual([49, 2]);
    expect(proven).toEqual([span]);
    await walk(exchange, span);
    expect(asked).toHaveLength(3);
  });

  it("an unknown listing is found by one page of days, requested twice, and no empty window before it is requested", async () => {
    const listed = HOURS - 20 * DAY;
    const {exchange, asked} = madeVenue({has: (ts, timeframe) => ts + timeframeMs(timeframe) > listed});
    const span = {from: HOURS - 90 * DAY, to: HOURS};
    const {opens, proven} = await walk(exchange, span, "1h", {parallel: 1});
    expect(opens).toHaveLength(20 * 24);
    expect(proven).toEqual([span]);
    // five windows with rows, of which the first is half full and so requested twice; one empty, and a hundred days
    // requested twice
    expect(asked.filter(({timeframe}) => timeframe === "1d")).toHaveLength(2);
    expect(asked.length).toBeLessThanOrEqual(9);
  });

  it("half a page at the oldest end is the listing only where what lies before it answers empty twice", async () => {
    const span = {from: HOURS - 90 * HOUR, to: HOURS};
    const cut = madeVenue({
      spoil: (page, n) => (n <= 3 ? {...page, rows: page.rows.slice(Math.ceil(page.rows.length / 2))} : page)
    });
    const whole = await walk(cut.exchange, span, "1h", {parallel: 1});
    expect(whole.opens).toHaveLength(90);
    expect(whole.proven).toEqual([span]);

    const listed = HOURS - 40 * HOUR;
    const young = madeVenue({has: (ts) => ts >= listed});
    const own = await walk(young.exchange, span, "1h", {parallel: 1});
    expect(own.opens).toHaveLength(40);
    expect(own.proven).toEqual([span]);
    expect(young.asked.slice(1).map(({window}) => window)).toEqual([
      {from: span.from, to: listed},
      {from: span.from, to: listed}
    ]);
    const told = madeVenue({has: (ts) => ts >= listed});
    await walk(told.exchange, span, "1h", {launchTs: listed});
    expect(told.asked).toHaveLength(1);
  });

  it("a head that never answers whole is not proven", async () => {
    const span = {from: HOURS - 90 * HOUR, to: HOURS};
    const {exchange} = madeVenue({spoil: (page) => ({...page, rows: page.rows.slice(-1)})});
    const {proven, opens} = await walk(exchange, span, "1h", {parallel: 1});
    expect(proven).toEqual([{from: opens[0]!, to: HOURS}]);
  });

  it("an outage of thousands of minutes is not taken for the listing: older candles are still requested", async () => {
    const [from, to] = [HOURS - 60 * HOUR, HOURS - 20 * HOUR];
    const {exchange} = madeVenue({has: (ts, timeframe) => timeframe === "1d" || ts < from || ts >= to});
    const span = {from: HOURS - 100 * HOUR, to: HOURS};
    const {opens, proven} = await walk(exchange, span, "1m", {parallel: 2});
    expect(opens).toHaveLength(60 * 60);
    expect(proven).toEqual([span]);
  });

  it("one wrongly empty page of days does not erase a history", async () => {
    let lies = 1;
    const {exchange} = madeVenue({
      spoil: (page, n) => {
        const first =
          n === 3 ||
          (page.rows.length > 0 &&
            page.rows[0]!.tsMs % DAY === 0 &&
            page.rows[1]?.tsMs === page.rows[0]!.tsMs + DAY &&
            lies-- > 0);
        return first ? {...page, rows: []} : page;
      }
    });
    const span = {from: HOURS - 500 * HOUR, to: HOURS};
    const {opens} = await walk(exchange, span, "1h", {parallel: 1});
    expect(opens).toHaveLength(500);
  });

  it("no window before a known listing is requested", async () => {
    const launchTs = HOURS - 10 * DAY;
    const {exchange, asked} = madeVenue({has: (ts) => ts >= launchTs});
    const span = {from: HOURS - 90 * DAY, to: HOURS};
    const {proven, opens} = await walk(exchange, span, "1h", {launchTs});
    expect(proven).toEqual([span]);
    expect(opens).toHaveLength(240);
    expect(asked).toHaveLength(3);
  });

  it("trap 14: days prove that a market has no candles after its delisting", async () => {
    const delisted = HOURS - 30 * DAY;
    const {exchange, asked} = madeVenue({has: (ts) => ts < delisted});
    const span = {from: HOURS - 60 * DAY, to: HOURS};
    const {proven, opens} = await walk(exchange, span, "1h", {parallel: 1});
    expect(proven).toEqual([span]);
    expect(opens).toHaveLength(30 * 24);
    expect(asked.length).toBeLessThanOrEqual(13);
  });

  it("a reader that stops, or whose signal aborts, leaves no request in flight", async () => {
    const {exchange} = madeVenue();
    let open = 0;
    const signals: AbortSignal[] = [];
    exchange.candles = async (...[, , , , options]) => {
      open++;
      signals.push(options!.signal!);
      await new Promise((_, reject) =>
        options!.signal!.addEventListener("abort", () => reject(options!.signal!.reason as Error))
      ).finally(() => open--);
      throw new Error("unreachable");
    };
    const stop = new AbortController();
    const reading = walk(exchange, {from: HOURS - 1_000 * HOUR, to: HOURS}, "1h", {signal: stop.signal});
    await new Promise((resolve) => setImmediate(resolve));
    expect(open).toBe(4);
    stop.abort(new Error("interrupted"));
    await expect(reading).rejects.toThrow("interrupted");
    expect(open).toBe(0);
  });
});

describe("against the simulated venue", () => {
  const silence = new Silence();
  let sim: Sim;
  beforeAll(async () => {
    sim = await startSim({nowMs: NOW, speed: 0, onSilence: silence.onSilence});
  });
  afterAll(() => sim.close());
  const plan = (value: unknown) => fetch(`${sim.url}/sim/faults`, {method: "POST", body: JSON.stringify(value)});

  it("a history is the same as without faults when one reply in five fails, in every mode of failure", async () => {
    const spans = {
      "1m": {from: HOURS - 130 * HOUR, to: NOW},
      "15m": {from: HOURS - 60 * DAY, to: NOW}
    };
    const run = async () => {
      const {exchange} = await clientOf(sim.url, NOW, {deadline: silence.deadline});
      const rows: Record<string, CandleRow[]> = {};
      for (const [timeframe, span] of Object.entries(spans)) {
        for (const series of ["spot", "perp", "mark"] as const) {
          const all = await collect(candleHistory(exchange, "ETH/USDT", series, timeframe, span, {launchTs: 0}));
          rows[`${series} ${timeframe}`] = all.flatMap((s) => s.rows).sort((a, b) => a.tsMs - b.tsMs);
          expect(normalise(all.map((s) => s.proven))[0]!.from).toBe(span.from);
        }
      }
      return {rows, requests: exchange.usage().requests};
    };
    await plan(null);
    const clean = await run();
    expect(clean.rows["spot 1m"]).toHaveLength(130 * 60 + 34);
    expect(clean.rows["perp 15m"]).toHaveLength(60 * 96 + 2);
    for (const seed of [1, 2]) {
      await plan({rate: 0.2, seed});
      const faulty = await run();
      expect(faulty.rows).toEqual(clean.rows);
      expect(faulty.requests).toBeGreaterThan(clean.requests);
      expect(faulty.requests).toBeLessThanOrEqual(clean.requests * 1.6);
    }
    await plan({rate: 0.05, seed: 3});
    expect((await run()).requests).toBeLessThanOrEqual(Math.ceil(clean.requests * 1.15));
    await plan(null);
  });
});
