import {expect, it} from "vitest";
import {healthOf} from "../../../engine/process/health.js";
import {HealthWatch} from "../../../engine/process/health-watch.js";
import {STATUS} from "../../helpers/engine.js";
import type {Health} from "../../../src/lib/wire/trading.js";

const health = (
  issues: [code: string, words: string][],
  status: Health["status"] = issues.length ? "degraded" : "healthy"
): Health => ({
  status,
  mode: "data",
  components: {
    store: {status: "ok", error: null},
    exchange: {status: "ok", bannedUntilTs: null, errors1h: 0},
    cycle: {state: "running", number: 0, lastTs: null, lastMs: null},
    jobs: {total24h: 0, completed24h: 0, failed24h: 0, failureRate: 0, averageMs: null},
    clock: {skewMs: null}
  },
  issues: issues.map(([, words]) => words),
  problems: issues.map(([code]) => ({code, about: null}))
});

const DISK = (mb: number): [string, string] => ["disk-space", `the disk has ${mb} MB left`];

it("health is emitted once per change of its reading, and not for changing counters", () => {
  const told: string[][] = [];
  let now = health([]);
  const watch = new HealthWatch(
    () => now,
    ({issues}) => void told.push(issues)
  );
  for (const next of [[], [], [DISK(900)], [DISK(899)], [["halted", "the disk has 899 MB left"]], []] as [
    string,
    string
  ][][]) {
    now = health(next);
    watch.check();
  }
  expect(told).toEqual([[], ["the disk has 900 MB left"], ["the disk has 899 MB left"], []]);
  now = health([], "down");
  watch.check();
  expect(told).toHaveLength(5);
});

it("every issue has a text, a code and a subject", () => {
  const {issues, problems, status} = healthOf({
    mode: "paper",
    startedTs: 0,
    status: {
      ...STATUS,
      state: "halted",
      cycle: {...STATUS.cycle, lastTs: 0, steps: [{name: "scan", ms: 1, error: "status 502"}]},
      emergency: {ts: 1, done: true, left: ["BTC/USDT"]}
    },
    intervalMs: 60_000,
    data: undefined,
    usage: undefined,
    errors1h: 0,
    skewMs: -60_000,
    freeBytes: 1_000_000,
    failingChannels: new Map([["telegram", "status 401"]]),
    nowMs: 1
  });
  expect(status).toBe("degraded");
  expect(problems).toEqual([
    {code: "clock-skew", about: "ahead"},
    {code: "cycle-step", about: "scan"},
    {code: "disk-space", about: null},
    {code: "notifications", about: "telegram"},
    {code: "halted", about: null},
    {code: "emergency-left", about: null}
  ]);
  expect(issues).toEqual([
    "this machine's clock is 60 s ahead of the venue's",
    "scan: status 502",
    "the disk has 1 MB left",
    "notifications fail: status 401",
    "the loop is halted until an operator resumes it",
    "an emergency stop could not close everything"
  ]);
});
