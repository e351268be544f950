import {afterEach, describe, expect, it} from "vitest";
import {batchEta, pagesOf} from "../../../loaders/ingest/jobs/batch.js";
import {newJob, type Job} from "../../../src/lib/wire/job.js";
import type {Series} from "../../../src/lib/market/pair.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {virtualClock} from "../../helpers/clock.js";
import {backfill, historiesFor, rig, SIM_NOW, type Rig} from "../../helpers/ingest.js";
import {tmp} from "../../helpers/tmp.js";

const open: Rig[] = [];
afterEach(async () => {
  for (const own of open.splice(0)) await own.close();
});

/** Interval in ms between two pages of the venue, on the queue's clock, as its limit enforces. */
const PAGE_MS = 100;

interface Estimate {
  atMs: number;
  etaMs: number;
  pages: number;
}

/** Backfills from a venue with a constant time per page; returns the ETA after each page. */
async function etasOf(pairs: readonly string[], series: readonly Series[], days: number) {
  // The store's work takes no time on this clock.
  let writing = 0;
  const clock = virtualClock(SIM_NOW, 5, () => writing > 0);
  const histories = new Map<string, Estimate[]>();
  const batches: Estimate[] = [];
  const own = await rig(tmp(), {
    clock,
    onEvent: (event) => {
      if (event.type !== "job" || event.job.status !== "in_progress") return;
      const {id, parentId, etaMs, pages} = event.job;
      if (etaMs === null) return;
      histories.set(id, [...(histories.get(id) ?? []), {atMs: clock.monotonic(), etaMs, pages}]);
      const batch = own.service.get(parentId!)!;
      if (batch.etaMs !== null) batches.push({atMs: clock.monotonic(), etaMs: batch.etaMs, pages: batch.pages});
    }
  });
  open.push(own);
  const {exclusive} = own.db;
  own.db.exclusive = (work) => {
    writing++;
    return exclusive(work).finally(() => writing--);
  };
  const {settlements, candles} = own.exchange;
  let lane: Promise<void> = Promise.resolve();
  const turn = () => (lane = lane.then(() => clock.sleep(PAGE_MS)));
  own.exchange.settlements = async (...call) => {
    const page = await settlements.apply(own.exchange, call);
    await turn();
    return page;
  };
  own.exchange.candles = async (...call) => {
    const page = await candles.apply(own.exchange, call);
    await turn();
    return page;
  };
  const keys = await historiesFor(own, pairs, series);
  await backfill(own, keys, {from: SIM_NOW - days * DAY_MS, to: SIM_NOW});
  return {histories: [...histories.values()], batches};
}

/** Returns the worst relative error of the ETA, from the tenth page until little is left. */
function worst(points: readonly Estimate[], from: number): {n: number; error: number} {
  const last = points.at(-1)!;
  const counted = points.filter(({pages}) => pages >= from && pages <= last.pages * 0.8);
  const errors = counted.map(({atMs, etaMs}) => Math.abs(etaMs / (last.atMs - atMs) - 1));
  return {n: counted.length, error: Math.max(...errors)};
}

describe("the time left, at a steady pace", () => {
  it("of one history is within 20 % from the tenth page on", async () => {
    const {histories} = await etasOf(["BTC/USDT"], ["funding"], 1_200);
    const {n, error} = worst(histories[0]!, 10);
    expect(n).toBeGreaterThan(3);
    expect(error).toBeLessThan(0.2);
  });

  it("of a batch of settlements and candles too, whose pages hold different numbers of rows", async () => {
    const {batches} = await etasOf(["BTC/USDT", "ETH/USDT"], ["funding", "perp"], 900);
    const {n, error} = worst(batches, 10);
    expect(n).toBeGreaterThan(5);
    expect(error).toBeLessThan(0.2);
  });

  it("is unknown before there is a pace, and counts unplanned children as the mean of their kind", () => {
    const job = (i: number, given: Partial<Job>) =>
      newJob(`x.${i}`, "backfill", 0, {parentId: "x", series: "perp", timeframe: "1h", ...given});
    expect(pagesOf([job(1, {})])).toBeNull();
    expect(batchEta([job(1, {pagesExpected: 10})], 1_000, 0)).toBeNull();
    const jobs = [
      job(1, {pages: 4, pagesExpected: 10, status: "in_progress"}),
      job(2, {status: "queued"}),
      job(3, {series: "funding", timeframe: "", pages: 2, pagesExpected: 30, status: "completed"})
    ];
    expect(pagesOf(jobs)).toEqual({done: 6, expected: 22});
    expect(batchEta(jobs, 6_000, 0)).toBe(16_000);
    expect(batchEta(jobs, 6_000, 3)).toBe(32_000);
  });
});
