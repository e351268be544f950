import {expect, it} from "vitest";
import {HealthWatch} from "../../../engine/process/health-watch.js";
import type {Health} from "../../../src/lib/wire/trading.js";

const health = (issues: string[], status: Health["status"] = issues.length ? "degraded" : "healthy"): Health => ({
  status,
  mode: "data",
  components: {
    store: {status: "ok", error: null},
    exchange: {status: "ok", bannedUntilTs: null, errors1h: 0},
    cycle: {state: "running", number: 0, lastTs: null, lastMs: null},
    jobs: {total24h: 0, completed24h: 0, failed24h: 0, failureRate: 0, averageMs: null},
    clock: {skewMs: null}
  },
  issues
});

it("the health is told once for each way it reads, and not again for figures that move by themselves", () => {
  const told: string[][] = [];
  let now = health([]);
  const watch = new HealthWatch(
    () => now,
    ({issues}) => void told.push(issues)
  );
  for (const next of [[], [], ["the disk has 900 MB left"], ["the disk has 899 MB left"], []]) {
    now = health(next);
    watch.look();
  }
  expect(told).toEqual([[], ["the disk has 900 MB left"], []]);
  now = health([], "down");
  watch.look();
  expect(told).toHaveLength(4);
});
