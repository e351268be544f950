import {startSim, type Sim, type SimOptions} from "../../engine/simulator/api/server.js";
import {createExchange, type Exchange} from "../../loaders/exchange/index.js";
import {JobService, type ServiceOptions} from "../../loaders/ingest/jobs/service.js";
import {historiesOf, instrumentsOfToday} from "../../loaders/ingest/universe.js";
import {openDatabase, type Database} from "../../loaders/store/database.js";
import type {SeriesKey} from "../../loaders/store/key.js";
import type {Series} from "../../src/lib/market/pair.js";
import type {Timeframe} from "../../src/lib/time/grid.js";
import {uniform} from "../../engine/simulator/market/noise.js";
import type {VirtualClock} from "./clock.js";
import {silentClock} from "./silence.js";

/** The simulated present of these tests, UTC ms. */
export const SIM_NOW = Date.UTC(2026, 9, 1, 12, 34, 56);

/** A store, a simulated venue at a standing clock, and a queue between them, on one virtual clock. */
export interface Rig {
  db: Database;
  sim: Sim;
  exchange: Exchange;
  clock: VirtualClock;
  service: JobService;
  /** the venue's count of the requests it received */
  requests: () => Promise<SimRequests>;
  post: (path: string, body: unknown) => Promise<void>;
  close: () => Promise<void>;
}

export interface SimRequests {
  total: number;
  byPath: Record<string, number>;
  refused: number;
  peakPerWindow: number;
  duringBan: number;
  limit: number;
  faults: Record<string, number>;
}

export interface RigOptions extends Partial<ServiceOptions> {
  sim?: SimOptions;
  /** an existing venue */
  url?: string;
  clock?: VirtualClock;
  seed?: number;
  /** the simulated present, UTC ms */
  nowMs?: number;
  deadlineMs?: number;
}

export async function rig(dir: string, given: RigOptions = {}): Promise<Rig> {
  const {sim: simOptions, nowMs = SIM_NOW, seed = 1, deadlineMs = 2_000, ...options} = given;
  const {clock, onSilence} = given.clock ? {clock: given.clock, onSilence: undefined} : silentClock(nowMs);
  const sim = await startSim({
    nowMs,
    speed: 0,
    clock: clock.monotonic,
    ...(onSilence && {onSilence}),
    ...simOptions
  });
  let drawn = 0;
  const random = () => uniform(seed, drawn++);
  const exchange = await createExchange({
    url: given.url ?? sim.url,
    simulated: true,
    origin: "sim:7",
    clock,
    random,
    deadlineMs
  });
  const db = await openDatabase(dir, {kind: "simulated", now: clock.now});
  const service = await JobService.open(db, {connect: async () => exchange, clock, random, ...options});
  return {
    db,
    sim,
    exchange,
    clock,
    service,
    requests: async () => (await (await fetch(`${sim.url}/sim/requests`)).json()) as SimRequests,
    post: async (path, body) => {
      const reply = await fetch(`${sim.url}${path}`, {method: "POST", body: JSON.stringify(body)});
      if (!reply.ok) throw new Error(await reply.text());
    },
    close: async () => {
      await db.close();
      await sim.close();
    }
  };
}

/** Returns the histories of pairs, after storing the venue's market listing. */
export async function historiesFor(
  {db, exchange, clock}: Rig,
  pairs: readonly string[],
  series: readonly Series[],
  timeframes: readonly Timeframe[] = ["1h"]
): Promise<SeriesKey[]> {
  const instruments = await instrumentsOfToday(db, exchange, clock.now());
  return pairs.flatMap((pair) => historiesOf("sim", pair, {series, timeframes}, instruments));
}

/** Backfills histories over a span as one batch, to its end. */
export async function backfill(
  own: Rig,
  keys: readonly SeriesKey[],
  wanted: {from: number; to: number}
): Promise<string> {
  const batch = await own.service.submit({
    kind: "backfill",
    venue: "sim",
    histories: keys.map((key) => ({key, wanted}))
  });
  await own.service.run({batches: [batch.id]});
  return batch.id;
}
