import {afterEach, describe, expect, it} from "vitest";
import {DataHost} from "../../../engine/data/host.js";
import {startSim, type Sim} from "../../../engine/simulator/api/server.js";
import {systemClock} from "../../../loaders/exchange/clock.js";
import type {Job} from "../../../src/lib/wire/job.js";
import {readManifest} from "../../../loaders/lake/manifest.js";
import {openDatabase} from "../../../loaders/store/database.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {tmp} from "../../helpers/tmp.js";

const NOW = Date.UTC(2026, 9, 1, 12, 34, 56);
const open: {host: DataHost; sim: Sim}[] = [];
afterEach(async () => {
  for (const {host, sim} of open.splice(0)) {
    await host.close();
    await sim.close();
  }
});

async function start(dir = tmp(), latencyMs = 0) {
  const sim = await startSim({nowMs: NOW, speed: 0, latencyMs});
  const heard: {type: string; job: Job}[] = [];
  const failures: string[] = [];
  const quiet = () => undefined;
  const host = await DataHost.start(await openDatabase(dir), {
    clock: systemClock,
    emit: (type, data) => void heard.push({type, job: data as Job}),
    log: {info: quiet, warn: quiet, error: (text) => void failures.push(text)}
  });
  open.push({host, sim});
  const ended = async (id: string) => {
    const done = () => heard.some(({type, job}) => type === "batch" && job.id === id && job.finishedAt !== null);
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
    return host.job(id);
  };
  const request = (pairs: string[], days: number) => ({
    venue: "sim",
    url: sim.url,
    top: 1,
    pairs,
    from: NOW - days * DAY_MS,
    series: ["funding" as const, "perp" as const],
    timeframes: ["1h" as const]
  });
  return {host, sim, heard, failures, ended, request, dir};
}

describe("data host", () => {
  it("host starts submitted work beside running work, and reports its end once the lake has the rows", async () => {
    const {host, ended, request, heard, dir, failures} = await start(tmp(), 150);
    const long = (await host.backfill(request(["BTC/USDT"], 900))).batches[0]!;
    const short = (await host.backfill(request(["XRP/USDT"], 3))).batches[0]!;
    expect(await ended(short.id)).toMatchObject({status: "completed"});
    expect(readManifest(dir)!.series.map(({pair}) => pair)).toContain("XRP/USDT");
    expect(host.job(long.id).status).not.toBe("completed");
    const told = heard.filter(({type, job}) => type === "batch" && job.id === short.id).map(({job}) => job.status);
    expect(told.at(-1)).toBe("completed");
    expect(told.filter((status) => status === "completed")).toHaveLength(1);
    expect(failures).toEqual([]);
    const {children, log, usage} = await host.detail(short.id);
    expect([children.length, log.some(({text}) => text.startsWith("done: ")), usage!.requests > 0]).toEqual([
      2,
      true,
      true
    ]);
  });

  it("host plans what the commands plan: updates, repairs, or nothing", async () => {
    const {host, ended, request} = await start();
    await expect(host.update()).rejects.toThrow("nothing is tracked");
    expect((await host.repair()).batches).toEqual([]);
    const [batch] = (await host.backfill(request(["BTC/USDT"], 5))).batches;
    await ended(batch!.id);
    expect(host.figures()).toMatchObject({completed24h: 2, failed24h: 0, failureRate: 0});
    const [update] = (await host.update()).batches;
    expect(await ended(update!.id)).toMatchObject({status: "completed", rowsFetched: 0});
    expect(host.status()).toMatchObject({simulated: true, pairs: 1});
    await expect(host.backfill(request(["NOSUCH/USDT"], 5))).rejects.toThrow("lists no perpetual");
    await expect(host.backfill({...request(["BTC/USDT"], 5), venue: "bybit", url: undefined})).rejects.toThrow(
      "holds simulated data"
    );
  });

  it("host cancels, retries, and switches a venue to a new address", async () => {
    const {host, ended, request, sim} = await start(tmp(), 10);
    const [batch] = (await host.backfill(request(["BTC/USDT"], 900))).batches;
    await host.cancel(batch!.id);
    expect(await ended(batch!.id)).toMatchObject({status: "cancelled"});
    const other = await startSim({nowMs: NOW, speed: 0});
    try {
      await sim.close();
      expect((await host.useVenue({venue: "sim", url: other.url})).origin).toBe(other.url);
      const {queued, batches} = await host.retry(batch!.id);
      expect([queued.length, batches.length]).toEqual([2, 1]);
      while (host.job(batch!.id).status !== "completed") await new Promise((resolve) => setTimeout(resolve, 10));
    } finally {
      await host.close();
      open.pop();
      await other.close();
    }
    expect(() => host.job("none")).toThrow("missing job: none");
  });
});
