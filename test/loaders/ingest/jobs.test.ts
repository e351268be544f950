import {afterEach, describe, expect, it} from "vitest";
import {JobService} from "../../../loaders/ingest/jobs/service.js";
import {summed} from "../../../loaders/ingest/jobs/batch.js";
import {MAX_BULK_RETRIES, newJob, type Job} from "../../../src/lib/wire/job.js";
import {rowsOf} from "../../../loaders/store/database.js";
import {readManifest} from "../../../loaders/lake/manifest.js";
import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import {backfill, historiesFor, rig, SIM_NOW, type Rig, type RigOptions} from "../../helpers/ingest.js";
import {dumpHash} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const open: Rig[] = [];
afterEach(async () => {
  for (const own of open.splice(0)) await own.close();
});
async function start(options: RigOptions = {}, dir = tmp()): Promise<Rig> {
  const own = await rig(dir, options);
  open.push(own);
  return own;
}
/** Twenty days of full hours, up to an instant within an hour. */
const wanted = {from: Date.UTC(2026, 8, 11, 12), to: SIM_NOW};
const rows = async ({db}: Rig, table: string) =>
  (await rowsOf<{n: number}>(db.connection, `select count(*) as n from ${table}`))[0]!.n;

describe("a batch", () => {
  it("fetches what is missing, and a second batch only what may be new", async () => {
    const own = await start();
    const keys = await historiesFor(own, ["BTC/USDT"], ["funding", "spot", "perp", "mark"]);
    const id = await backfill(own, keys, wanted);
    const batch = own.service.get(id)!;
    expect(batch).toMatchObject({status: "completed", progress: 1, error: null});
    expect(await rows(own, "candles")).toBe(3 * 20 * 24);
    expect(await rows(own, "funding")).toBe(20 * 3);
    expect(batch.rowsFetched).toBe(3 * 20 * 24 + 20 * 3);
    const hash = await dumpHash(own.db);
    const before = (await own.requests()).byPath;
    await backfill(own, keys, wanted);
    const after = (await own.requests()).byPath;
    // Candles are proven to their last closed hour; the newest settlements may have been published since.
    expect(after["/v5/market/kline"]).toBe(before["/v5/market/kline"]);
    expect(after["/v5/market/mark-price-kline"]).toBe(before["/v5/market/mark-price-kline"]);
    expect(after["/v5/market/funding/history"]! - before["/v5/market/funding/history"]!).toBeLessThanOrEqual(1);
    expect(await dumpHash(own.db)).toBe(hash);
  });

  it("requests only the span that a wider request adds", async () => {
    const own = await start();
    const keys = await historiesFor(own, ["BTC/USDT"], ["perp"]);
    await backfill(own, keys, wanted);
    const id = await backfill(own, keys, {from: wanted.from - 5 * DAY_MS, to: wanted.to});
    expect(own.service.get(id)!.rowsFetched).toBe(5 * 24);
    expect(await rows(own, "candles")).toBe(25 * 24);
  });

  it("its children fail alone with a fix, and a retry runs only them", async () => {
    const own = await start();
    const keys = await historiesFor(own, ["BTC/USDT", "ETH/USDT"], ["perp", "spot"]);
    const unknown = {...keys[0]!, pair: "NOSUCH/USDT"};
    const id = await backfill(own, [...keys, unknown], wanted);
    const batch = own.service.get(id)!;
    const failed = own.service.children(id).filter((job) => job.status === "failed");
    expect(batch.status).toBe("failed");
    expect(failed.map((job) => job.pair)).toEqual(["NOSUCH/USDT"]);
    expect(failed[0]).toMatchObject({error: expect.stringContaining("NOSUCH"), errorFix: expect.any(String)});
    expect(await rows(own, "candles")).toBe(4 * 20 * 24);
    expect((await own.service.log(id)).some((line) => line.text.includes("NOSUCH"))).toBe(true);
    const again = await own.service.retry([id]);
    expect(again.map((job) => job.pair)).toEqual(["NOSUCH/USDT"]);
  });

  it("a venue that is down is tried three times with growing pauses, then the last error is kept", async () => {
    const own = await start();
    const keys = await historiesFor(own, ["BTC/USDT"], ["perp"]);
    await own.post("/sim/faults", {rate: 1, kinds: ["500"], inARow: 1_000_000});
    const id = await backfill(own, keys, wanted);
    const [child] = own.service.children(id);
    expect(child).toMatchObject({status: "failed", attempts: 3});
    expect(child).toMatchObject({error: expect.stringMatching(/50[0-9]/), errorFix: expect.any(String)});
    const log = await own.service.log(child!.id);
    expect(log.filter((line) => line.text.startsWith("attempt")).map((line) => line.text)).toEqual([
      "attempt 1 of 3",
      "attempt 2 of 3",
      "attempt 3 of 3"
    ]);
    const starts = log.filter((line) => line.text.startsWith("attempt")).map((line) => line.ts);
    expect(starts[2]! - starts[1]!).toBeGreaterThan(starts[1]! - starts[0]! - 1);
    await own.post("/sim/faults", null);
    const {queued} = await own.service.retryFailed();
    await own.service.run();
    expect(queued).toHaveLength(1);
    expect(own.service.get(id)!.status).toBe("completed");
  });

  it("trap 17: a pause is not an hour longer when the clock steps back an hour", async () => {
    const own = await start();
    const keys = await historiesFor(own, ["BTC/USDT"], ["perp"]);
    await own.post("/sim/faults", {rate: 1, kinds: ["500"], inARow: 1_000_000});
    const batch = await own.service.submit({
      kind: "backfill",
      venue: "sim",
      histories: keys.map((key) => ({key, wanted}))
    });
    const running = own.service.run();
    while (own.service.children(batch.id)[0]!.notBefore === null) await new Promise(setImmediate);
    own.clock.step(-HOUR_MS);
    await running;
    expect(own.service.get(batch.id)!.status).toBe("failed");
    expect(own.clock.monotonic()).toBeLessThan(HOUR_MS / 2);
  });

  it("bulk retries skip a job at their limit and name it; an explicit retry does not", async () => {
    const own = await start();
    const keys = await historiesFor(own, ["BTC/USDT"], ["perp"]);
    await backfill(own, [{...keys[0]!, pair: "NOSUCH/USDT"}], wanted);
    for (let i = 0; i < MAX_BULK_RETRIES; i++) {
      expect((await own.service.retryFailed()).queued).toHaveLength(1);
      await own.service.run();
    }
    const {queued, skipped} = await own.service.retryFailed();
    expect([queued.length, skipped.map((job) => job.pair)]).toEqual([0, ["NOSUCH/USDT"]]);
    expect(await own.service.retry([skipped[0]!.id])).toHaveLength(1);
  });

  it("updates run before repairs, repairs before backfills, whatever was submitted first", async () => {
    const begun: string[] = [];
    const own = await start({
      concurrency: 1,
      onEvent: (event) => {
        if (event.type === "job" && event.job.step === "plan" && event.job.status === "in_progress")
          begun.push(event.job.kind);
      }
    });
    const keys = await historiesFor(own, ["BTC/USDT", "ETH/USDT"], ["perp"]);
    for (const kind of ["backfill", "repair", "update"] as const) {
      await own.service.submit({kind, venue: "sim", histories: keys.map((key) => ({key, wanted}))});
    }
    await own.service.run();
    expect([...new Set(begun)]).toEqual(["update", "repair", "backfill"]);
    expect(begun).toHaveLength(begun.filter((kind) => kind === "update").length * 3);
  });

  it("a cancelled batch stops between two writes, keeps its rows, and can be requeued", async () => {
    const own = await start({concurrency: 1});
    const keys = await historiesFor(own, ["BTC/USDT", "ETH/USDT", "SOL/USDT"], ["perp"]);
    const batch = await own.service.submit({
      kind: "backfill",
      venue: "sim",
      histories: keys.map((key) => ({key, wanted}))
    });
    const children = own.service.children(batch.id);
    await own.service.cancel([children[1]!.id]);
    await own.service.run();
    expect(own.service.get(batch.id)!.status).toBe("cancelled");
    expect(await rows(own, "candles")).toBe(2 * 20 * 24);
    await own.service.retry([batch.id]);
    await own.service.run();
    expect(own.service.get(batch.id)!.status).toBe("completed");
    expect(await rows(own, "candles")).toBe(3 * 20 * 24);
  });
});

describe("the queue", () => {
  it("survives the process: queued and running jobs are queued in the next one", async () => {
    const dir = tmp();
    const first = await rig(dir, {concurrency: 1});
    const keys = await historiesFor(first, ["BTC/USDT", "ETH/USDT"], ["perp", "spot"]);
    const stop = new AbortController();
    const batch = await first.service.submit({
      kind: "backfill",
      venue: "sim",
      histories: keys.map((key) => ({key, wanted}))
    });
    const running = first.service.run({signal: stop.signal});
    while (!first.service.children(batch.id).some((job) => job.status === "completed")) await new Promise(setImmediate);
    stop.abort(new Error("interrupted"));
    await running;
    const left = first.service.children(batch.id).filter((job) => job.status === "queued").length;
    expect(left).toBeGreaterThan(0);
    await first.close();

    const second = await start({}, dir);
    expect(second.service.children(batch.id).filter((job) => job.status === "queued")).toHaveLength(left);
    await second.service.run();
    expect(second.service.get(batch.id)!.status).toBe("completed");
    expect(await rows(second, "candles")).toBe(4 * 20 * 24);
  });

  it("a request for the same histories supersedes an unfinished one", async () => {
    const own = await start();
    const keys = await historiesFor(own, ["BTC/USDT"], ["perp"]);
    const request = {kind: "backfill" as const, venue: "sim", histories: keys.map((key) => ({key, wanted}))};
    const old = await own.service.submit(request);
    const next = await own.service.submit(request);
    expect(own.service.get(old.id)!.status).toBe("cancelled");
    expect((await own.service.log(old.id)).at(-1)!.text).toBe(`superseded by ${next.id}`);
    await own.service.run();
    expect(own.service.get(next.id)!.status).toBe("completed");
  });

  it("the first rows are published while the rest is fetched", async () => {
    let published: number | undefined;
    const own = await start({
      concurrency: 2,
      onEvent: (event) => {
        if (event.type === "published") published ??= event.manifest.series.reduce((sum, s) => sum + s.rows, 0);
      }
    });
    const keys = await historiesFor(own, ["BTC/USDT", "ETH/USDT", "SOL/USDT"], ["perp", "spot"]);
    const batch = await own.service.submit({
      kind: "backfill",
      venue: "sim",
      histories: keys.map((key) => ({key, wanted: {from: SIM_NOW - 200 * DAY_MS, to: SIM_NOW}}))
    });
    const running = own.service.run();
    const step = setInterval(() => own.clock.advance(1_000), 5);
    await running;
    clearInterval(step);
    const whole = own.service.get(batch.id)!.rowsFetched;
    expect(published).toBeGreaterThan(0);
    expect(published).toBeLessThan(whole);
    expect(readManifest(own.db.dataDir)!.series.reduce((sum, s) => sum + s.rows, 0)).toBe(whole);
  });

  it("a manifest lists the batch, not its children", async () => {
    const own = await start();
    const id = await backfill(own, await historiesFor(own, ["BTC/USDT"], ["perp", "spot"]), wanted);
    expect(readManifest(own.db.dataDir)!.jobs.map((job) => job.id)).toEqual([id]);
  });
});

describe("a batch is the sum of its children", () => {
  const child = (given: Partial<Job>) => newJob("x.1", "backfill", 0, {parentId: "x", ...given});
  const parent = newJob("x", "backfill", 0);
  const status = (...states: Job["status"][]) =>
    summed(
      parent,
      states.map((s) => child({status: s}))
    ).status;

  it("its status follows from its children's", () => {
    expect(status("queued", "queued")).toBe("queued");
    expect(status("completed", "queued")).toBe("in_progress");
    expect(status("completed", "completed")).toBe("completed");
    expect(status("completed", "failed")).toBe("failed");
    expect(status("cancelled", "completed")).toBe("cancelled");
    expect(status("failed", "in_progress")).toBe("in_progress");
  });

  it("children not planned yet are expected to have the mean rows of planned ones", () => {
    const sum = summed(parent, [child({rowsExpected: 100, rowsFetched: 40}), child({rowsExpected: null})]);
    expect([sum.rowsFetched, sum.rowsExpected]).toEqual([40, 200]);
  });

  it("is never complete while a child is not", () => {
    const almost = summed(parent, [
      child({status: "completed", progress: 1}),
      child({status: "in_progress", progress: 1})
    ]);
    expect(almost.progress).toBeLessThan(1);
  });
});

it("trap 12: rows, their proof and the job's figures are one transaction", async () => {
  const own = await start();
  const [key] = await historiesFor(own, ["BTC/USDT"], ["perp"]);
  // Saving the job fails inside the transaction, so rows and coverage must be rolled back.
  const batch = await own.service.submit({kind: "backfill", venue: "sim", histories: [{key: key!, wanted}]});
  await own.db.connection.run("alter table jobs rename to jobs_away");
  await expect(own.service.run()).rejects.toThrow(/jobs/);
  await own.db.connection.run("alter table jobs_away rename to jobs");
  expect([await rows(own, "candles"), await rows(own, "coverage")]).toEqual([0, 0]);
  const again = await JobService.open(own.db, {connect: async () => own.exchange, clock: own.clock, random: () => 0.5});
  await again.run();
  expect(again.get(batch.id)!.status).toBe("completed");
  expect(await rows(own, "candles")).toBe((20 * DAY_MS) / HOUR_MS);
});
