import {existsSync} from "node:fs";
import {join} from "node:path";
import {expect, it} from "vitest";
import {startSim} from "../../engine/simulator/api/server.js";
import {generator} from "../../src/lib/stats/random.js";
import {cli} from "../helpers/cli.js";
import {finished, holds, spawnCli, spawnCompiled} from "../helpers/cli-process.js";
import {dumpHash, lakeHash, open} from "../helpers/store.js";
import {KILLS, KILLS_A_STORE} from "../helpers/kills.js";
import {tmp} from "../helpers/tmp.js";

const hashes = async (data: string): Promise<string[]> => {
  const db = await open(data, {now: Date.now, kind: "simulated"});
  try {
    return [await dumpHash(db), await lakeHash(data)];
  } finally {
    await db.close();
  }
};

it(`kill -9 at ${KILLS} random points of a backfill, resumed, equals an uninterrupted one`, async () => {
  const root = tmp();
  const sim = await startSim({nowMs: Date.UTC(2026, 5, 20, 12, 34, 56), speed: 0});
  const span = ["--from", "2026-02-01", "--to", "2026-06-15", "--pairs", "BTC/USDT,ORDI/USDT,NEWT/USDT"];
  const argsFor = (data: string) => ["backfill", "--url", sim.url, ...span, "--data", data, "--json", "--quiet"];
  const clean = join(root, "clean");
  expect((await cli(argsFor(clean))).code).toBe(0);
  const expected = await hashes(clean);
  // Timed from the opening of the store, when the venue has generated its market.
  const timed = spawnCompiled(argsFor(join(root, "timed")));
  const ended = finished(timed);
  const started = await holds(timed, join(root, "timed"));
  await ended;
  const workMs = performance.now() - started;
  const next = generator(20260614);
  let kills = 0;
  let runs = 0;
  let inTheMiddle = 0;
  for (let store = 0; kills < KILLS; store++) {
    const data = join(root, `store-${store}`);
    for (let k = 0; k < KILLS_A_STORE; k++) {
      runs++;
      const child = spawnCompiled(argsFor(data));
      const end = finished(child);
      await holds(child, data);
      await new Promise((resolve) => setTimeout(resolve, next() * workMs));
      child.kill("SIGKILL");
      if ((await end).signal !== "SIGKILL") continue;
      kills++;
      if (existsSync(join(data, "lake/manifest.json"))) inTheMiddle++;
    }
    const last = await cli(argsFor(data));
    expect(last.code, last.stderr).toBe(0);
    expect(await hashes(data), `store ${store} after ${kills} kills`).toEqual(expected);
  }
  console.log(`${kills} kills in ${runs} runs, ${inTheMiddle} of them after the first publication; every store equal`);
  await sim.close();
  expect(kills).toBeGreaterThanOrEqual(KILLS);
}, 2_400_000);

it("second writer names the holder of the store, and waits with --wait", async () => {
  const root = tmp();
  const sim = await startSim({nowMs: Date.UTC(2026, 5, 20, 12, 34, 56), speed: 0, latencyMs: 30});
  const args = ["backfill", "--url", sim.url, "--top", "3", "--days", "120", "--data", root, "--json", "--quiet"];
  const first = spawnCli(args);
  const firstEnd = finished(first);
  await holds(first, root);
  const refused = await cli(args);
  expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining(`pid ${first.pid}`)]);
  const waited = cli([...args, "--wait", "120"]);
  expect((await firstEnd).code).toBe(0);
  const second = await waited;
  expect(second.code, second.stderr).toBe(0);
  const {batches} = JSON.parse(second.stdout) as {batches: {rowsFetched: number}[]};
  expect(batches[0]!.rowsFetched).toBe(0);
  await sim.close();
}, 300_000);
