import {afterEach, expect, it} from "vitest";
import {rowsOf} from "../../loaders/store/database.js";
import {DAY_MS, type Timeframe} from "../../src/lib/time/grid.js";
import {instrumentsOfToday} from "../../loaders/ingest/universe.js";
import {virtualClock} from "../helpers/clock.js";
import {liveHeapBytes} from "../helpers/heap.js";
import {historiesFor, rig, SIM_NOW, type Rig} from "../helpers/ingest.js";
import {tmp} from "../helpers/tmp.js";

const TIMEFRAMES: readonly Timeframe[] = ["1m", "5m", "15m", "1h", "4h", "1d"];
const DAYS = 1;
const COINS = 110;

const open: Rig[] = [];
afterEach(async () => {
  for (const own of open.splice(0)) await own.close();
});

it("queue of every pair in six timeframes stays within the limit and bounded memory, and is readable from the start", async () => {
  const first: {rows: number; done: number; clockMs: number}[] = [];
  const clock = virtualClock(SIM_NOW, 1);
  const own = await rig(tmp(), {
    clock,
    deadlineMs: 20_000,
    sim: {coins: COINS},
    onEvent: (event) => {
      if (event.type !== "published") return;
      const rows = event.manifest.series.reduce((sum, s) => sum + s.rows, 0);
      const [batch] = own.service.batches();
      const done = own.service.children(batch!.id).filter((job) => job.status === "completed").length;
      first.push({rows, done, clockMs: clock.monotonic() - began});
    }
  });
  open.push(own);
  const instruments = await instrumentsOfToday(own.db, own.exchange, clock.now());
  const pairs = instruments.filter((i) => i.market === "perp" && i.active).map((i) => i.pair);
  const spots = new Set(instruments.filter((i) => i.market === "spot").map((i) => i.pair));
  const keys = (await historiesFor(own, pairs, ["funding", "spot", "perp"], TIMEFRAMES)).filter(
    // A perp without a spot market has no spot history.
    ({series, pair}) => series !== "spot" || spots.has(pair)
  );
  const wanted = {from: SIM_NOW - DAYS * DAY_MS, to: SIM_NOW};
  const began = clock.monotonic();
  const batch = await own.service.submit({
    kind: "backfill",
    venue: "sim",
    histories: keys.map((key) => ({key, wanted}))
  });
  const before = liveHeapBytes();
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, liveHeapBytes() - before)), 2_000);
  await own.service.run();
  clearInterval(watch);
  const {peakPerWindow, limit, refused, total} = await own.requests();
  const ended = own.service.get(batch.id)!;
  const failed = own.service.children(batch.id).filter((job) => job.status === "failed");
  const [stored] = await rowsOf<{n: number}>(
    own.db.connection,
    "select (select count(*) from candles) + (select count(*) from funding) as n"
  );
  process.stderr.write(
    `${pairs.length} pairs, ${keys.length} histories, ${total} requests, at most ${peakPerWindow} of ${limit} in a window; ` +
      `${stored!.n} rows; heap +${Math.round(most / 1e6)} MB; first in the lake after ${Math.round(first[0]!.clockMs)} ms of the work's clock: ${first[0]!.rows} rows of ${first[0]!.done} histories\n`
  );
  expect(pairs.length).toBeGreaterThanOrEqual(100);
  expect(keys.length).toBeGreaterThan(pairs.length * 12);
  expect(failed.map((job) => `${job.id}: ${job.error}`)).toEqual([]);
  expect([peakPerWindow <= 0.8 * limit, refused]).toEqual([true, 0]);
  expect(most).toBeLessThan(50e6);
  expect(first[0]!.rows).toBeGreaterThan(0);
  expect(first[0]!.done).toBeLessThan(keys.length);
  expect(ended.rowsFetched).toBe(stored!.n);
}, 900_000);
