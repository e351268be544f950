import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {startSimThread} from "../../engine/simulator/thread.js";
import {systemClock} from "../../loaders/exchange/clock.js";
import {createExchange} from "../../loaders/exchange/index.js";
import {JobService} from "../../loaders/ingest/jobs/service.js";
import {historiesOf, instrumentsOfToday, topPairs} from "../../loaders/ingest/universe.js";
import {openDatabase} from "../../loaders/store/database.js";
import type {Series} from "../../src/lib/market/pair.js";
import {DAY_MS, type Timeframe} from "../../src/lib/time/grid.js";
import {median, type BenchRow} from "./harness.js";

const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const LATENCY_MS = 50;
/** 80 % of 600 requests in five seconds. */
const REQUESTS_PER_MS = 480 / 5_000;

interface Work {
  name: string;
  pairs: number;
  days: number;
  series: Series[];
  timeframes: Timeframe[];
}

const WORKS: readonly Work[] = [
  {
    name: "20 pairs × 365 d: funding, 1 h spot and perp",
    pairs: 20,
    days: 365,
    series: ["funding", "spot", "perp"],
    timeframes: ["1h"]
  },
  {
    name: "10 symbols × 6 timeframes × 30 d",
    pairs: 10,
    days: 30,
    series: ["perp"],
    timeframes: ["1m", "5m", "15m", "1h", "4h", "1d"]
  }
];

interface Run {
  /** time until the last row and its coverage were committed */
  ms: number;
  /** time until the lake was complete, features included */
  publishedMs: number;
  requests: number;
  rows: number;
  firstRowsMs: number;
}

/** Backfills from the simulated venue in another thread, 50 ms away, against the minimum time under its limit. */
export async function backfillBench(): Promise<BenchRow[]> {
  const sim = await startSimThread({nowMs: NOW, speed: 0, latencyMs: LATENCY_MS});
  const rows: BenchRow[] = [];
  try {
    for (const work of WORKS) {
      // The first run generates the market, which a real venue already has.
      await backfillOnce(sim.url, work);
      const runs: Run[] = [];
      for (let i = 0; i < 3; i++) runs.push(await backfillOnce(sim.url, work));
      const middle = runs.find((run) => run.ms === median(runs.map((r) => r.ms)))!;
      const floorMs = middle.requests / REQUESTS_PER_MS;
      rows.push({
        work: `backfill ${work.name}, ${middle.requests} requests, ${middle.rows.toLocaleString("en-US")} rows committed with their proof`,
        figure: `${(middle.ms / 1_000).toFixed(1)} s; first rows in the lake after ${(middle.firstRowsMs / 1_000).toFixed(1)} s, everything with its features after ${(middle.publishedMs / 1_000).toFixed(1)} s`,
        against: `${(floorMs / 1_000).toFixed(1)} s: the requests at 80 % of the limit`,
        ratio: middle.ms / floorMs
      });
    }
  } finally {
    await sim.close();
  }
  return rows;
}

async function backfillOnce(url: string, {pairs, days, series, timeframes}: Work): Promise<Run> {
  const dir = mkdtempSync(join(tmpdir(), "carrybook-bench-"));
  const db = await openDatabase(dir, {kind: "simulated"});
  try {
    const exchange = await createExchange({url, simulated: true});
    let firstRowsMs = Infinity;
    let storedMs = 0;
    const service = await JobService.open(db, {
      connect: async () => exchange,
      clock: systemClock,
      random: Math.random,
      onEvent: (event) => {
        if (event.type === "job" && event.job.status === "completed") storedMs = performance.now() - start;
        if (event.type === "published") firstRowsMs = Math.min(firstRowsMs, performance.now() - start);
      }
    });
    const instruments = await instrumentsOfToday(db, exchange, NOW);
    const keys = topPairs(instruments, pairs).flatMap((pair) =>
      historiesOf("sim", pair, {series, timeframes}, instruments)
    );
    const before = exchange.usage().requests;
    // Earlier requests are out of the limit's window.
    await systemClock.sleep(5_000);
    const wanted = {from: NOW - days * DAY_MS, to: NOW};
    const start = performance.now();
    const batch = await service.submit({kind: "backfill", venue: "sim", histories: keys.map((key) => ({key, wanted}))});
    await service.run();
    const publishedMs = performance.now() - start;
    const done = service.get(batch.id)!;
    if (done.status !== "completed") throw new Error(`backfill ${done.status}: ${done.error}`);
    return {
      ms: storedMs,
      publishedMs,
      requests: exchange.usage().requests - before,
      rows: done.rowsFetched,
      firstRowsMs
    };
  } finally {
    await db.close();
    rmSync(dir, {recursive: true, force: true});
  }
}
