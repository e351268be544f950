import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import type {Exchange, VenueTicker} from "../../loaders/exchange/types.js";
import type {VenueInstrument} from "../../loaders/rows.js";
import {newJob} from "../../src/lib/wire/job.js";
import {JobService} from "../../loaders/ingest/jobs/service.js";
import {openDatabase} from "../../loaders/store/database.js";
import {saveJobs} from "../../loaders/store/jobs.js";
import {riskLimits} from "../../engine/config/risk.js";
import {LoopControl} from "../../engine/loop/control.js";
import {TradingLoop} from "../../engine/loop/loop.js";
import {begin} from "../../engine/loop/startup.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";
import {virtualClock} from "../helpers/clock.js";
import {median, time, type BenchRow} from "./harness.js";

const PAIRS = 200;
const T = Date.UTC(2026, 2, 2, 7, 59);

/** An in-memory venue, so only the engine is measured. */
function memoryVenue(now: () => number): Exchange {
  const names = Array.from({length: PAIRS}, (_, i) => `C${i}/USDT`);
  const instrument = (pair: string, market: "spot" | "perp"): VenueInstrument => ({
    pair,
    market,
    symbol: pair.replace("/", ""),
    coin: pair.slice(0, pair.indexOf("/")),
    multiplier: 1,
    quote: "USDT",
    active: true,
    status: "Trading",
    contractSize: "1",
    tick: "0.01",
    step: "0.001",
    minQty: "0.001",
    minNotional: "5",
    fundingIntervalHours: 8
  });
  const ticker = (pair: string, i: number, market: "spot" | "perp"): VenueTicker => {
    const price = (100 + i + (now() % 1_000) / 1_000).toFixed(3);
    return {
      pair,
      market,
      turnover24h: "50000000",
      last: price,
      bid: price,
      ask: price,
      ...(market === "perp" && {
        predictedRate: "0.0002",
        nextFundingTs: Math.ceil((now() + 1) / (8 * HOUR_MS)) * 8 * HOUR_MS
      })
    };
  };
  return {
    venue: "memory",
    origin: "memory",
    pageRows: {funding: 200, candles: 1_000},
    fundingDepthMs: undefined,
    candleSeries: ["spot", "perp", "mark", "index"],
    timeframes: ["1h"],
    serverTime: async () => ({venueMs: now(), skewMs: 0}),
    instruments: async () => names.flatMap((pair) => [instrument(pair, "spot"), instrument(pair, "perp")]),
    tickers: async (market) => names.map((pair, i) => ticker(pair, i, market)),
    settlements: async (_, untilMs) => {
      const newest = Math.floor(untilMs / (8 * HOUR_MS)) * 8 * HOUR_MS;
      const rows = Array.from({length: 200}, (_unused, i) => ({
        tsMs: newest - (199 - i) * 8 * HOUR_MS,
        rate: (0.0001 + 0.00005 * Math.sin(i)).toFixed(8)
      }));
      return {rows, rejected: [], repeats: 0, outside: 0, asOfMs: now()};
    },
    candles: async (_pair, _series, _frame, window) => ({
      rows: Array.from({length: Math.max(0, Math.floor((window.to - window.from) / HOUR_MS))}, (_unused, i) => ({
        tsMs: window.from + i * HOUR_MS,
        open: "100",
        high: "101",
        low: "99",
        close: "100",
        volume: "1000",
        turnover: "100000"
      })),
      rejected: [],
      repeats: 0,
      outside: 0,
      asOfMs: now()
    }),
    usage: () => ({requests: 0, retries: 0, inWindow: 0, perWindow: 480, windowMs: 5_000, bannedUntilMs: undefined})
  };
}

/** Measures a cycle over 200 pairs, with and without settlements, and an emergency stop with twenty open hedges. */
export async function engineBench(): Promise<BenchRow[]> {
  const dir = mkdtempSync(join(tmpdir(), "carrybook-bench-"));
  try {
    const clock = virtualClock(T);
    const strategy = parseConfig({
      strategy: "composite",
      entry: "0.1",
      exit: "0.05",
      expectedHoldPeriods: "1000",
      capital: "100000",
      portfolioCapUsd: "50000",
      maxHedges: "20"
    });
    const loop = await TradingLoop.open({
      dataDir: dir,
      journalDir: join(dir, "journal"),
      mode: "paper",
      version: "bench",
      strategy,
      settings: {
        minRate: "0.0003",
        exitRate: "0.0001",
        maxPositionUsd: "1000",
        portfolioCapUsd: "50000",
        maxHedges: 20,
        minTurnover24h: "1000000",
        intervalMs: 60_000
      },
      limits: riskLimits.parse({}),
      pairs: Array.from({length: PAIRS}, (_, i) => `C${i}/USDT`),
      venueName: "memory",
      origin: "memory",
      simulated: true,
      exchange: memoryVenue(clock.now),
      data: undefined,
      emit: () => undefined,
      notify: () => undefined,
      log: {info: () => undefined, warn: (text) => console.error(text), error: (text) => console.error(text)},
      clock,
      signal: new AbortController().signal,
      onStop: "keep"
    });
    await begin(loop);
    loop.phase = "running";
    await loop.cycles.run();
    clock.advance(65_000);
    const settling = await time(() => loop.cycles.run());
    const open = loop.trader.open.length;
    const plain: number[] = [];
    for (let i = 0; i < 40; i++) {
      clock.advance(60_000);
      plain.push(await time(() => loop.cycles.run()));
    }
    const control = new LoopControl(loop);
    const emergency = await time(() => control.emergencyStop("api"));
    loop.journal.close();
    const jobs = await manyJobs(join(dir, "jobs"));
    return [
      jobs,
      {
        work: `engine cycle over ${PAIRS} pairs, ${open} hedges open, network excluded`,
        figure: `${median(plain).toFixed(1)} ms`,
        against: "50 ms",
        ratio: median(plain) / 50
      },
      {
        work: `the same at a settlement of all ${PAIRS}, composite with its volume filter, ${open} hedges opened`,
        figure: `${settling.toFixed(0)} ms`,
        against: "–"
      },
      {
        work: `emergency stop: press to the last of ${open} hedges left on paper, each written to the journal`,
        figure: `${emergency.toFixed(0)} ms`,
        against: "250 ms",
        ratio: emergency / 250
      }
    ];
  } finally {
    rmSync(dir, {recursive: true, force: true});
  }
}

/** Measures `GET /jobs` and the figures of `/health`, with a thousand jobs of a day and one running. */
async function manyJobs(dir: string): Promise<BenchRow> {
  const db = await openDatabase(dir, {kind: "simulated", now: () => T});
  try {
    const jobs = Array.from({length: 25}, (_, i) => {
      const id = `update-x-${i + 1}`;
      const createdAt = T - i * HOUR_MS;
      const own = {venue: "sim", series: "perp", timeframe: "1h", status: "completed" as const, finishedAt: createdAt};
      const children = Array.from({length: 40}, (_unused, k) =>
        newJob(`${id}.${k + 1}`, "update", createdAt, {...own, parentId: id, pair: `C${k}/USDT`})
      );
      return [newJob(id, "update", createdAt, own), ...children];
    }).flat();
    await saveJobs(db, jobs);
    const service = await JobService.open(db, {
      connect: () => Promise.reject(new Error("nothing is fetched")),
      clock: virtualClock(T),
      random: () => 0.5
    });
    const times: number[] = [];
    for (let i = 0; i < 200; i++)
      times.push(
        await time(async () => {
          await service.list({limit: 50});
          return [service.since(T - 24 * HOUR_MS), service.working];
        })
      );
    return {
      work: "list and figures of 1,000 jobs of a day, as `/jobs` and `/health` ask for them",
      figure: `${median(times).toFixed(2)} ms`,
      against: "1 ms",
      ratio: median(times)
    };
  } finally {
    await db.close();
  }
}
