import {afterEach, describe, expect, it} from "vitest";
import {FAULTS} from "../../engine/simulator/api/faults.js";
import {rowsOf} from "../../loaders/store/database.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";
import {backfill, historiesFor, rig, type Rig, type RigOptions, type SimRequests} from "../helpers/ingest.js";
import {dumpHash, lakeHash} from "../helpers/store.js";
import {tmp} from "../helpers/tmp.js";

const SEEDS = 100;
const PAIRS = ["BTC/USDT", "1000PEPE/USDT", "ORDI/USDT", "NEWT/USDT"];
const SERIES = ["funding", "spot", "perp", "mark"] as const;
const NOW = Date.UTC(2026, 5, 20, 12, 34, 56);
/** Covers the yearly outage, a listing, interval changes, and the hour in progress. */
const wanted = {from: Date.UTC(2026, 1, 1), to: NOW};

const open: Rig[] = [];
afterEach(async () => {
  for (const own of open.splice(0)) await own.close();
});

interface Outcome {
  hashes: string[];
  requests: SimRequests;
  rows: number;
  /** duration on its own clock, ms */
  clock: number;
}

async function run(options: RigOptions, faults: unknown, during?: (own: Rig) => void): Promise<Outcome> {
  const dir = tmp();
  const own = await rig(dir, {nowMs: NOW, ...options});
  open.push(own);
  if (faults) await own.post("/sim/faults", faults);
  const keys = await historiesFor(own, PAIRS, SERIES);
  during?.(own);
  const id = await backfill(own, keys, wanted);
  const batch = own.service.get(id)!;
  expect(batch.status, batch.error ?? "").toBe("completed");
  const [candles] = await rowsOf<{n: number; doubled: number; unclosed: number}>(
    own.db.connection,
    `select count(*) as n, count(*) - count(distinct (key_id, ts)) as doubled, count(*) filter (ts + ${HOUR_MS} > ${NOW}) as unclosed from candles`
  );
  const [funding] = await rowsOf<{n: number; doubled: number}>(
    own.db.connection,
    "select count(*) as n, count(*) - count(distinct (key_id, boundary_ts)) as doubled from funding"
  );
  expect([candles!.doubled, candles!.unclosed, funding!.doubled]).toEqual([0, 0, 0]);
  return {
    hashes: [await dumpHash(own.db), await lakeHash(dir)],
    requests: await own.requests(),
    rows: candles!.n + funding!.n,
    clock: own.clock.monotonic()
  };
}

describe("faulty venue", () => {
  it(`${SEEDS} seeds of a random fault plan end byte-identical to a clean run, within the request budget and the limit`, async () => {
    const clean = await run({}, undefined);
    expect(clean.rows).toBeGreaterThan(30_000);
    const seen: Record<string, number> = {};
    let most = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const rate = [0.01, 0.03, 0.05][seed % 3]!;
      const outcome = await run({seed, deadlineMs: 250}, {seed, rate, inARow: 2});
      expect(outcome.hashes, `seed ${seed}`).toEqual(clean.hashes);
      const {total, peakPerWindow, limit, refused, duringBan, faults} = outcome.requests;
      expect(total, `seed ${seed}`).toBeLessThanOrEqual(clean.requests.total * 1.15);
      expect([peakPerWindow <= limit, refused, duringBan], `seed ${seed}`).toEqual([true, 0, 0]);
      most = Math.max(most, total / clean.requests.total);
      for (const [kind, n] of Object.entries(faults)) seen[kind] = (seen[kind] ?? 0) + n;
      await Promise.all(open.splice(0).map((own) => own.close()));
    }
    console.log(
      `${SEEDS} seeds, at most ${most.toFixed(2)} of the clean run's ${clean.requests.total} requests; wrong replies: ${JSON.stringify(seen)}`
    );
    expect(Object.keys(seen).sort()).toEqual([...FAULTS].sort());
  }, 2_400_000);
});

it("with one page in five truncated, empty or HTML the store equals a clean run", async () => {
  const clean = await run({}, undefined);
  const cut = await run({}, {rate: 0.2, kinds: ["truncate", "html", "empty", "no-list"], inARow: 3, seed: 3});
  expect(cut.hashes).toEqual(clean.hashes);
  expect(Object.values(cut.requests.faults).reduce((a, b) => a + b, 0)).toBeGreaterThan(3);
}, 120_000);

it("clock step of ±1 h during work neither stalls nor changes anything", async () => {
  const clean = await run({}, undefined);
  for (const step of [HOUR_MS, -HOUR_MS]) {
    let slept = 0;
    const stepped = await run({}, undefined, (own) => {
      const {sleep} = own.clock;
      own.clock.sleep = (ms, signal) => {
        slept = Math.max(slept, ms);
        return sleep(ms, signal);
      };
      setTimeout(() => own.clock.step(step), 60);
      setTimeout(() => own.clock.step(-step), 160);
    });
    expect(stepped.hashes).toEqual(clean.hashes);
    expect(stepped.requests.total).toBe(clean.requests.total);
    expect(slept).toBeLessThan(10_000);
  }
}, 180_000);

it("ban during work stops all requests for its ten minutes, then the rest follows", async () => {
  const clean = await run({}, undefined);
  let ours = 0;
  const banned = await run({}, undefined, (own) => {
    // Another client on this IP exhausts the limit just before one of our requests.
    const {candles} = own.exchange;
    own.exchange.candles = async (...call) => {
      if (++ours === 3) {
        await Promise.all(
          Array.from({length: 620}, () => fetch(`${own.sim.url}/v5/market/time`).then((reply) => reply.text()))
        );
      }
      return candles.apply(own.exchange, call);
    };
  });
  expect(banned.hashes).toEqual(clean.hashes);
  const {refused, total} = banned.requests;
  expect(refused).toBeGreaterThan(0);
  // Each rejected request was retried once: only those in flight when the ban began, 24 at most.
  expect(total - 620 - clean.requests.total).toBeLessThanOrEqual(24);
  expect(banned.clock).toBeGreaterThanOrEqual(600_000);
}, 120_000);
