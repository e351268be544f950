import {afterEach, describe, expect, it} from "vitest";
import type {SkipCode} from "../../../src/lib/wire/data.js";
import {MAX_BULK_RETRIES, newJob, type Job} from "../../../src/lib/wire/job.js";
import {cancelEach, retryEach} from "../../../loaders/ingest/jobs/bulk.js";
import {JobService} from "../../../loaders/ingest/jobs/service.js";
import {ExchangeError} from "../../../loaders/errors.js";
import {openDatabase, type Database} from "../../../loaders/store/database.js";
import {readJobs, saveJobs} from "../../../loaders/store/jobs.js";
import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import {virtualClock} from "../../helpers/clock.js";
import {SIM_NOW} from "../../helpers/ingest.js";
import {tmp} from "../../helpers/tmp.js";

const open: Database[] = [];
afterEach(async () => {
  for (const db of open.splice(0)) await db.close();
});

async function start(jobs: readonly Job[] = [], clock = virtualClock(SIM_NOW)) {
  const db = await openDatabase(tmp(), {kind: "simulated", now: clock.now});
  open.push(db);
  await saveJobs(db, jobs);
  const connect = () => Promise.reject(new Error("nothing is to be fetched here"));
  return {db, clock, service: await JobService.open(db, {connect, clock, random: () => 0.5})};
}

/** Returns a stored batch, `ageMs` old, with one child per status. */
function batch(n: number, ageMs: number, states: readonly Job["status"][], given: Partial<Job> = {}): Job[] {
  const createdAt = SIM_NOW - ageMs;
  const id = `update-x-${n}`;
  const children = states.map((status, i) => {
    const ended = status === "queued" ? {} : {startedAt: createdAt, finishedAt: createdAt + 1_000};
    return newJob(`${id}.${i + 1}`, "update", createdAt, {
      parentId: id,
      venue: "sim",
      pair: `C${i}/USDT`,
      series: "perp",
      timeframe: "1h",
      status,
      ...ended,
      ...given
    });
  });
  return [
    newJob(id, "update", createdAt, {venue: "sim", status: states[0]!, finishedAt: createdAt + 1_000}),
    ...children
  ];
}
const completed = (n: number): Job["status"][] => Array.from({length: n}, () => "completed" as const);
const ids = (jobs: readonly Job[]) => jobs.map(({id}) => id);

describe("with 1,200 jobs in memory", () => {
  const jobs = Array.from({length: 30}, (_, i) => batch(i + 1, i * HOUR_MS, completed(40))).flat();

  it("list, figures and running jobs visit no job twice, and a second query visits only recent ones", async () => {
    const {service} = await start(jobs);
    expect(service.cost.jobs).toBe(30 * 41);
    const ask = async () => {
      const before = service.cost.visits;
      const listed = await service.list({limit: 50});
      const recent = service.since(SIM_NOW - 3 * HOUR_MS);
      expect([listed.length, recent.length, service.working.length]).toEqual([30, 4 * 40, 0]);
      return service.cost.visits - before;
    };
    const first = await ask();
    expect(first).toBeLessThanOrEqual(30 * 40 + 4 * 40);
    expect(await ask()).toBeLessThanOrEqual(4 * 40);
  });

  it("a change of one job costs the sum of its own batch and of no other", async () => {
    const {service} = await start([...jobs, ...batch(99, 0, ["queued", "queued"])]);
    await service.list({limit: 50});
    const before = service.cost.visits;
    await service.cancel(["update-x-99.1"]);
    await service.list({limit: 50});
    expect(service.cost.visits - before).toBeLessThanOrEqual(8);
    expect(service.get("update-x-99")).toMatchObject({status: "in_progress"});
  });

  it("a query that memory can answer does not wait for the store", async () => {
    const {service, db} = await start(jobs);
    let turns = 0;
    const turn = setImmediate(() => void turns++);
    // The store is busy for longer than the query may take.
    let free = () => {};
    const busy = db.exclusive(() => new Promise<void>((resolve) => (free = resolve)));
    expect(await service.list({limit: 50})).toHaveLength(30);
    expect(turns).toBe(0);
    clearImmediate(turn);
    free();
    await busy;
  });
});

describe("old jobs", () => {
  const jobs = [
    ...batch(1, 90 * DAY_MS, ["completed", "failed"], {error: "old"}),
    ...batch(2, 50 * DAY_MS, ["queued", "completed"]),
    ...batch(3, 2 * HOUR_MS, ["completed", "cancelled"])
  ];

  it("are not in memory unless unfinished, yet are listed, filtered and exported", async () => {
    const {service} = await start(jobs);
    expect(service.cost.jobs).toBe(6);
    expect(service.get("update-x-1")).toBeUndefined();
    expect(ids(await service.list({limit: 50}))).toEqual(["update-x-3", "update-x-2", "update-x-1"]);
    expect(ids(await service.list({limit: 2}))).toEqual(["update-x-3", "update-x-2"]);
    expect(ids(await service.list({limit: 50, pair: "C1/USDT"}))).toEqual([
      "update-x-3.2",
      "update-x-2.2",
      "update-x-1.2"
    ]);
    expect(ids(await service.list({limit: 50, status: "failed"}))).toEqual(["update-x-1.2"]);
    expect(ids(await service.list({limit: 50, since: SIM_NOW - DAY_MS}))).toEqual(["update-x-3"]);
    expect(ids(await service.list({limit: 50, series: "funding"}))).toEqual([]);
    expect(ids(await service.list({limit: 50, kind: "backfill"}))).toEqual([]);
    const exported: Job[] = [];
    for await (const job of service.export({})) exported.push(job);
    expect(ids(exported).sort()).toEqual(ids(jobs).sort());
    expect(service.cost.jobs).toBe(6);
  });

  it("are reloaded when retried, singly and among all failed ones", async () => {
    for (const retry of ["one", "all"] as const) {
      const {service} = await start(jobs);
      if (retry === "one") expect(await retryEach(service, ["update-x-1.2"])).toMatchObject([{done: true}]);
      else expect(ids((await service.retryFailed()).queued)).toEqual(["update-x-1.2"]);
      expect(service.get("update-x-1")).toMatchObject({status: "in_progress"});
    }
  });

  it("are evicted with time, and a new batch never reuses an old one's number", async () => {
    const {service, clock} = await start(jobs);
    clock.advance(4 * DAY_MS);
    const next = await service.submit({kind: "update", venue: "sim", histories: []});
    expect(next).toMatchObject({id: expect.stringMatching(/-4$/), status: "completed", progress: 1});
    expect(service.get("update-x-3")).toBeUndefined();
    expect(service.get("update-x-2")).toBeDefined();
    expect(ids(await service.list({limit: 9}))).toEqual([next.id, "update-x-3", "update-x-2", "update-x-1"]);
  });
});

describe("bulk commands", () => {
  it("a retry reports for each id what was requeued and why others were skipped, the retry limit included", async () => {
    const {service} = await start([
      ...batch(1, HOUR_MS, ["failed", "completed", "cancelled"]),
      ...batch(2, HOUR_MS, ["failed"], {retries: MAX_BULK_RETRIES}),
      ...batch(3, HOUR_MS, ["queued"])
    ]);
    const left = (id: string, code: SkipCode, why: string) => ({id, done: false, jobs: [], why, skipped: [code]});
    expect(await retryEach(service, ["update-x-1", "update-x-2.1", "update-x-3.1", "nothing"])).toEqual([
      {
        id: "update-x-1",
        done: true,
        jobs: ["update-x-1.1", "update-x-1.3"],
        why: "1 of 3 skipped: it is complete",
        skipped: ["completed"]
      },
      left("update-x-2.1", "retried-out", `retried ${MAX_BULK_RETRIES} times in bulk already; retry it by itself`),
      left("update-x-3.1", "queued", "it is already queued"),
      left("nothing", "missing-job", "missing job")
    ]);
    expect(service.get("update-x-1.1")).toMatchObject({status: "queued", retries: 1});
    expect(service.get("update-x-2.1")).toMatchObject({status: "failed"});
  });

  it("a cancellation reports for each id what was cancelled and why others were skipped", async () => {
    const {service} = await start([...batch(1, HOUR_MS, ["queued", "completed"]), ...batch(2, HOUR_MS, ["failed"])]);
    expect(await cancelEach(service, ["update-x-1", "update-x-2"])).toEqual([
      {
        id: "update-x-1",
        done: true,
        jobs: ["update-x-1.1"],
        why: "1 of 2 skipped: it has already finished: completed",
        skipped: ["ended"]
      },
      {
        id: "update-x-2",
        done: false,
        jobs: [],
        why: "1 of 1 skipped: it has already finished: failed",
        skipped: ["ended"]
      }
    ]);
    expect(service.get("update-x-1")).toMatchObject({status: "cancelled"});
  });
});

describe("the code of a job's error", () => {
  it("is null for a job that an earlier version kept, whose error and fix are told apart", async () => {
    const db = await openDatabase(tmp(), {kind: "simulated", now: () => SIM_NOW});
    open.push(db);
    const [parent, child] = batch(1, DAY_MS, ["failed"], {error: "sim funding failed: status 502 → check"});
    await saveJobs(db, [parent!, child!]);
    // as it stood on the disk before
    await db.connection.run(`update jobs set body = replace(body, ',"errorCode":null,"errorFix":null', '')`);
    const kept = (await db.connection.runAndReadAll("select body from jobs")).getRowObjectsJson();
    expect(JSON.stringify(kept)).not.toContain("errorCode");
    const service = await JobService.open(db, {
      connect: () => Promise.reject(new Error("nothing is to be fetched here")),
      clock: virtualClock(SIM_NOW),
      random: () => 0.5
    });
    expect(service.get(child!.id)).toMatchObject({
      error: "sim funding failed: status 502",
      errorCode: null,
      errorFix: "check"
    });
    expect((await readJobs(db)).map(({errorCode}) => errorCode)).toEqual([null, null]);
  });

  it("is kept with the job and its batch, and forgotten when it is put back", async () => {
    const db = await openDatabase(tmp(), {kind: "simulated", now: () => SIM_NOW});
    open.push(db);
    const [parent, child] = batch(1, HOUR_MS, ["queued"], {from: 0, to: SIM_NOW});
    await saveJobs(db, [{...parent!, status: "queued", finishedAt: null}, child!]);
    const refuse = () =>
      Promise.reject(
        new ExchangeError("sim funding failed: status 403", {code: "banned", retryable: false, fix: "wait"})
      );
    const service = await JobService.open(db, {connect: refuse, clock: virtualClock(SIM_NOW), random: () => 0.5});
    await service.run();
    expect(service.get(child!.id)).toMatchObject({
      status: "failed",
      error: "sim funding failed: status 403",
      errorCode: "banned",
      errorFix: "wait"
    });
    expect(service.get(parent!.id)).toMatchObject({
      errorCode: "banned",
      error: "1 of 1 failed, e.g. C0/USDT perp 1h: sim funding failed: status 403",
      errorFix: "wait"
    });
    expect((await readJobs(db)).map(({errorCode}) => errorCode)).toEqual(["banned", "banned"]);
    await service.retry([child!.id]);
    expect(service.get(child!.id)).toMatchObject({status: "queued", error: null, errorCode: null, errorFix: null});
  });
});
