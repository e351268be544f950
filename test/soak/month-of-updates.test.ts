import {join} from "node:path";
import {afterEach, expect, it, vi} from "vitest";
import {DataHost} from "../../engine/data/host.js";
import {dataTasks} from "../../engine/schedule/data-tasks.js";
import {scheduleConfig} from "../../engine/config/schedule.js";
import {Scheduler} from "../../engine/schedule/scheduler.js";
import {uniform} from "../../engine/simulator/market/noise.js";
import {startSim, type Sim} from "../../engine/simulator/api/server.js";
import {createExchange} from "../../loaders/exchange/index.js";
import type {Job} from "../../src/lib/wire/job.js";
import {openDatabase, rowsOf} from "../../loaders/store/database.js";
import {DAY_MS, HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {virtualClock} from "../helpers/clock.js";
import {dumpHash} from "../helpers/store.js";
import {tmp} from "../helpers/tmp.js";

/** The month includes the market's own outage of candles, which cannot be filled. */
const START = Date.UTC(2026, 1, 1, 0, 30);
const DAYS = 30;
const SEED = 20260301;
const HISTORY_DAYS = 10;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Outage {
  from: number;
  to: number;
  kind: "500" | "reset";
}

/** Ten outages of the venue's API, of two minutes to seven hours, with 500s or no reply. */
const outages = Array.from({length: 10}, (_, i): Outage => {
  const from = START + DAY_MS + (i + uniform(SEED, i, 1)) * ((DAYS - 2) / 10) * DAY_MS;
  const length = 2 * MINUTE_MS * 210 ** uniform(SEED, i, 2);
  return {from, to: from + length, kind: uniform(SEED, i, 3) < 0.5 ? "500" : "reset"};
});

/** Hosts a store on a virtual clock that stops during requests and store work. */
async function host(sim: Sim, clock: ReturnType<typeof virtualClock>, working: {n: number}, dir: string) {
  let drawn = 0;
  const random = () => uniform(SEED, drawn++, 9);
  const db = await openDatabase(dir, {kind: "simulated", now: clock.now});
  const {exclusive} = db;
  db.exclusive = (work) => {
    working.n++;
    return exclusive(work).finally(() => working.n--);
  };
  const ended = new Map<string, Job>();
  const waiting = new Map<string, (job: Job) => void>();
  const warnings: string[] = [];
  const own = await DataHost.start(db, {
    clock,
    random,
    emit: () => undefined,
    log: {info: () => undefined, warn: (text) => void warnings.push(text), error: (text) => void warnings.push(text)},
    openVenue: async () => ({
      exchange: await createExchange({url: sim.url, simulated: true, origin: "sim:7", clock, random}),
      close: async () => undefined
    }),
    onEvent: (event) => {
      if (event.type !== "batch") return;
      ended.set(event.job.id, event.job);
      waiting.get(event.job.id)?.(event.job);
    }
  });
  const end = async ({batches}: {batches: Job[]}) => {
    for (const {id} of batches) if (!ended.has(id)) await new Promise<Job>((resolve) => waiting.set(id, resolve));
    return batches.map(({id}) => ended.get(id)!);
  };
  return {own, end, ended, warnings};
}

it(`${DAYS} days of scheduled updates through ${outages.length} outages fetch all that the venue serves and report the rest as holes`, async () => {
  const working = {n: 0};
  const clock = virtualClock(START, 1, () => working.n > 0);
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (...call: Parameters<typeof fetch>) => {
    working.n++;
    try {
      const reply = await real(...call);
      return new Response(await reply.arrayBuffer(), {status: reply.status, headers: reply.headers});
    } finally {
      working.n--;
    }
  });
  closing.push(async () => void vi.unstubAllGlobals());
  const sim = await startSim({nowMs: START, speed: 1, clock: clock.monotonic});
  closing.push(() => sim.close());
  const post = (path: string, body: unknown) =>
    fetch(`${sim.url}${path}`, {method: "POST", body: JSON.stringify(body)});
  const request = {
    venue: "sim",
    url: sim.url,
    top: 1,
    pairs: ["BTC/USDT"],
    from: START - HISTORY_DAYS * DAY_MS,
    series: ["funding" as const, "spot" as const, "perp" as const],
    timeframes: ["1h" as const]
  };

  const dir = tmp();
  const {own, end, ended, warnings} = await host(sim, clock, working, dir);
  closing.push(() => own.close());
  await end(await own.backfill(request));
  const stop = new AbortController();
  const failed: string[] = [];
  const scheduler = new Scheduler(dataTasks(scheduleConfig.parse({}), own, {trading: false, dataDir: dir}), {
    clock,
    file: join(dir, "schedule.json"),
    log: {info: () => undefined, warn: (text) => void failed.push(text)},
    longestSleepMs: HOUR_MS
  });
  const running = scheduler.run(stop.signal);
  for (const {from, to, kind} of outages) {
    await clock.sleep(Math.max(0, from - clock.now()));
    await post("/sim/faults", {rate: 1, kinds: [kind], inARow: 1_000_000});
    await clock.sleep(Math.max(0, to - clock.now()));
    await post("/sim/faults", null);
  }
  await clock.sleep(START + DAYS * DAY_MS - clock.now());
  stop.abort(new Error("the month is over"));
  await running;
  const failures = [...ended.values()].filter(({status}) => status === "failed").length + failed.length;
  // The outages had an effect, and the hours between them had none.
  expect(failures).toBeGreaterThan(3);
  expect(ended.size).toBeGreaterThan(DAYS * 20);

  // The venue's clock is stopped from here, so both stores fetch the same range.
  const now = sim.now();
  await post("/sim/clock", {now, speed: 0});
  const repaired = async (hosted: Awaited<ReturnType<typeof host>>) => {
    for (let round = 0; round < 3; round++) await hosted.end(await hosted.own.repair());
    return {
      hash: await dumpHash(hosted.own.db),
      holes: hosted.own.gaps().map(({series, from, to, state}) => ({series, from, to, state})),
      rows: (
        await rowsOf<{n: number}>(
          hosted.own.db.connection,
          "select (select count(*) from candles) + (select count(*) from funding) as n"
        )
      )[0]!.n
    };
  };
  await end(await own.update());
  const lived = await repaired({own, end, ended, warnings});
  const clean = await host(sim, clock, working, tmp());
  closing.push(() => clean.own.close());
  await clean.end(await clean.own.backfill(request));
  const once = await repaired(clean);
  console.log(
    `${ended.size} batches, ${failures} failures, outages of ${outages.map(({from, to}) => Math.round((to - from) / MINUTE_MS)).join(", ")} min; ${lived.rows} rows, ${lived.holes.length} holes`
  );
  expect(lived).toEqual(once);
  expect(lived.holes.map(({series, state}) => [series, state])).toEqual(
    ["perp", "spot"].map((series) => [series, "confirmed missing"])
  );
  expect(lived.rows).toBeGreaterThan((HISTORY_DAYS + DAYS) * 48);
  expect(warnings).toEqual([]);
}, 1_200_000);
