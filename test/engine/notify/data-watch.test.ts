import {describe, expect, it} from "vitest";
import {DataWatch} from "../../../engine/notify/data-watch.js";
import {newJob, type Job} from "../../../src/lib/wire/job.js";
import type {Notification} from "../../../src/lib/wire/trading.js";
import type {Hole} from "../../../src/lib/market/coverage.js";
import type {SeriesStatus, Status} from "../../../src/lib/market/snapshot.js";
import {madeSeries, madeStatus} from "../../helpers/made/status.js";

const T = Date.UTC(2026, 2, 2);

function rig() {
  const told: Omit<Notification, "id">[] = [];
  return {
    told,
    watch: new DataWatch(
      (note) => void told.push(note),
      () => T
    )
  };
}

const series = (pair: string, over: Partial<SeriesStatus> = {}): SeriesStatus => madeSeries(T, {pair, ...over});
const status = (...own: SeriesStatus[]): Status => ({...madeStatus(T), series: own});
const hole = (from: number, state: Hole["state"] = "open"): Hole => ({from, to: from + 1, rows: 1, state});

describe("data watch", () => {
  it("ended batch is reported once, and again after a requeue", () => {
    const {told, watch} = rig();
    const job = (status: Job["status"], error: string | null = null) =>
      newJob("backfill-1", "backfill", T, {status, error, rowsFetched: 1_234});
    watch.batch(job("in_progress"));
    watch.batch(job("failed", "1 of 2 failed, e.g. BTC/USDT funding: banned"));
    watch.batch(job("failed", "1 of 2 failed, e.g. BTC/USDT funding: banned"));
    watch.batch(job("queued"));
    watch.batch(job("completed"));
    expect(told.map(({event, text}) => [event, text])).toEqual([
      ["job-failed", "backfill-1: 1 of 2 failed, e.g. BTC/USDT funding: banned"],
      ["job-completed", "backfill complete: 1,234 rows (backfill-1)"]
    ]);
  });

  it("cancelled batch is not reported", () => {
    const {told, watch} = rig();
    watch.batch(newJob("backfill-1", "backfill", T, {status: "cancelled"}));
    expect(told).toEqual([]);
  });

  it("initial holes are not reported; new and filled ones are", () => {
    const {told, watch} = rig();
    watch.check(status(series("BTC/USDT", {holes: [hole(1)]})));
    expect(told).toEqual([]);
    watch.check(status(series("BTC/USDT", {holes: [hole(1), hole(5), hole(9, "confirmed missing")]})));
    watch.check(status(series("BTC/USDT", {holes: [hole(5)]})));
    watch.check(status(series("BTC/USDT", {holes: [hole(5)]})));
    expect(told.map(({event, text}) => [event, text])).toEqual([
      ["hole-found", "1 hole found: BTC/USDT funding (1 rows)"],
      ["hole-filled", "1 hole filled or confirmed missing: BTC/USDT funding (1 rows)"]
    ]);
  });

  it("many changes at once make one message", () => {
    const {told, watch} = rig();
    watch.check(status());
    watch.check(status(...Array.from({length: 40}, (_, i) => series(`C${i}/USDT`, {holes: [hole(1)]}))));
    expect(told).toHaveLength(1);
    expect(told[0]!.text).toMatch(/^40 holes found: .* and 37 more$/);
  });

  it("series gone stale is reported, unless its market has ended", () => {
    const {told, watch} = rig();
    watch.check(status(series("BTC/USDT"), series("LUNC/USDT", {freshness: "stale", endedTs: T})));
    watch.check(
      status(series("BTC/USDT", {freshness: "stale"}), series("LUNC/USDT", {freshness: "stale", endedTs: T}))
    );
    expect(told.map(({event, text}) => [event, text])).toEqual([["stale", "1 series went stale: BTC/USDT funding"]]);
  });
});
