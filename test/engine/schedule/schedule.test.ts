import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {Scheduler} from "../../../engine/schedule/scheduler.js";
import {type Task} from "../../../engine/schedule/tasks.js";
import {nextRun} from "../../../engine/config/schedule.js";
import {DAY_MS, HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {virtualClock, type VirtualClock} from "../../helpers/clock.js";
import {tmp} from "../../helpers/tmp.js";

const T = Date.UTC(2026, 2, 20, 12);
const quiet = {info: () => undefined, warn: () => undefined};

/** Runs tasks on a virtual clock until an instant; returns the times of every run by name. */
async function runUntil(
  clock: VirtualClock,
  untilTs: number,
  patterns: Record<string, string>,
  {file = join(tmp(), "schedule.json"), during}: {file?: string; during?: (name: string) => Promise<string | void>} = {}
) {
  const ran: Record<string, number[]> = {};
  const stop = new AbortController();
  const tasks = Object.entries(patterns).map(([name, pattern]): Task => ({
    name,
    says: name,
    pattern,
    run: async () => {
      (ran[name] ??= []).push(clock.now());
      return during?.(name);
    }
  }));
  const scheduler = new Scheduler(tasks, {clock, file, log: quiet, longestSleepMs: HOUR_MS});
  const running = scheduler.run(stop.signal);
  while (clock.now() < untilTs) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.abort(new Error("the test ends"));
  await running;
  return {ran, scheduler, file};
}

describe("schedule in UTC", () => {
  it("every task runs exactly at its times for a month, across the change to summer time", async () => {
    const clock = virtualClock(T, 0);
    const end = T + 31 * DAY_MS;
    const {ran, scheduler} = await runUntil(clock, end, {
      repair: "0 3 * * *",
      select: "0 4 * * 1",
      hourly: "1 * * * *"
    });
    expect(ran["repair"]).toHaveLength(31);
    for (const ts of ran["repair"]!) expect([ts % DAY_MS, ts % 1]).toEqual([3 * HOUR_MS, 0]);
    expect(ran["select"]!.map((ts) => [new Date(ts).getUTCDay(), ts % DAY_MS])).toEqual(
      Array.from({length: 5}, () => [1, 4 * HOUR_MS])
    );
    expect(ran["hourly"]!.filter((ts) => ts < end)).toHaveLength(31 * 24);
    for (const {name, nextTs, lastTs} of scheduler.reports()) {
      expect(nextTs, name).toBeGreaterThan(end - HOUR_MS);
      expect(lastTs, name).toBe(ran[name]!.at(-1));
    }
  });

  it("local time zone has no effect", () => {
    for (const ts of [Date.UTC(2026, 2, 29, 0, 59), Date.UTC(2026, 9, 25, 0, 59), T]) {
      expect(nextRun("0 3 * * *", ts)! % DAY_MS).toBe(3 * HOUR_MS);
    }
  });

  it("suspended machine makes up each task once after three days", async () => {
    const clock = virtualClock(T, 0);
    let slept = false;
    const {ran} = await runUntil(
      clock,
      T + 6 * DAY_MS,
      {hourly: "1 * * * *", daily: "0 3 * * *"},
      {
        during: async () => {
          if (slept || clock.now() < T + DAY_MS) return;
          slept = true;
          clock.advance(3 * DAY_MS);
        }
      }
    );
    const gap = ran["daily"]!.map((ts) => Math.floor(ts / DAY_MS) - Math.floor(T / DAY_MS));
    // one run after the suspension replaces the three missed
    expect(gap.length).toBeLessThanOrEqual(4);
    expect(new Set(gap).size).toBe(gap.length);
    const late = ran["daily"]!.filter((ts) => ts % DAY_MS !== 3 * HOUR_MS);
    expect(late).toHaveLength(1);
    expect(ran["hourly"]!.length).toBeLessThan(4 * 24);
  });

  it("runs missed while the engine was down are made up once after the restart", async () => {
    const file = join(tmp(), "schedule.json");
    const clock = virtualClock(T, 0);
    await runUntil(clock, T + DAY_MS, {daily: "0 3 * * *"}, {file});
    clock.advance(5 * DAY_MS);
    const {ran} = await runUntil(clock, clock.now() + 2 * HOUR_MS, {daily: "0 3 * * *"}, {file});
    expect(ran["daily"]).toHaveLength(1);
  });

  it("failed task reports why and runs again; the others are unaffected", async () => {
    const clock = virtualClock(T, 0);
    const {ran, scheduler} = await runUntil(
      clock,
      T + 2 * DAY_MS,
      {bad: "0 3 * * *", good: "5 3 * * *"},
      {
        during: async (name) => {
          if (name === "bad") throw new Error("the venue is down\nat line 3");
          return "12 rows";
        }
      }
    );
    expect([ran["bad"]!.length, ran["good"]!.length]).toEqual([2, 2]);
    const [bad, good] = scheduler.reports();
    expect(bad).toMatchObject({failed: true, result: "the venue is down"});
    expect(good).toMatchObject({failed: false, result: "12 rows"});
  });

  it("clock set back an hour delays no task beyond its pattern", async () => {
    const clock = virtualClock(T, 0);
    const {file} = await runUntil(clock, T + 2 * HOUR_MS, {hourly: "1 * * * *"});
    clock.step(-90 * MINUTE_MS);
    const before = clock.now();
    const {ran} = await runUntil(clock, before + 61 * MINUTE_MS, {hourly: "1 * * * *"}, {file});
    expect(ran["hourly"]!.length).toBeGreaterThanOrEqual(1);
  });

  it("malformed pattern is rejected", () => {
    expect(() => nextRun("61 * * * *", T)).toThrow(/^invalid schedule: 61 \* \* \* \*/);
    expect(() => nextRun("every day", T)).toThrow(/^invalid schedule: every day/);
  });
});
