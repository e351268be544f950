import {existsSync, rmSync} from "node:fs";
import {join} from "node:path";
import {afterEach, describe, expect, it} from "vitest";
import {publish} from "../../../loaders/lake/publish.js";
import {readManifest} from "../../../loaders/lake/manifest.js";
import {recoverFromLake} from "../../../loaders/lake/restore.js";
import {withLake} from "../../../loaders/lake/reader.js";
import {statusOf} from "../../../loaders/snapshots/status.js";
import {rowsOf} from "../../../loaders/store/database.js";
import {databasePath} from "../../../loaders/store/database.js";
import {importFiles, planImport} from "../../../loaders/ingest/import/index.js";
import {storedIn, tree} from "../../helpers/imports.js";
import {backfill, historiesFor, rig, SIM_NOW, type Rig} from "../../helpers/ingest.js";
import {open} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PAIR = "BTC/USDT";
const END = Math.floor(SIM_NOW / HOUR) * HOUR;

let own: Rig | undefined;
afterEach(async () => {
  await own?.close();
  own = undefined;
});

describe("open interest and the premium index over HTTP", () => {
  it("a backfill stores every step of them, and is complete", async () => {
    const dir = tmp();
    own = await rig(dir);
    const keys = await historiesFor(own, [PAIR], ["open-interest", "premium"], ["1h"]);
    const wanted = {from: END - 20 * DAY, to: SIM_NOW};
    await backfill(own, keys, wanted);
    const {observations, candles, holes} = await storedIn(own.db);
    expect(holes).toBe(0);
    // a value is known a step after its stamp, so the newest is that of the step before
    expect(observations).toHaveLength(20 * 24);
    expect(observations.at(-1)!.ts).toBe(END - HOUR);
    expect(observations.every(({ts, known}) => known === ts + HOUR)).toBe(true);
    expect(candles.filter(({series}) => series === "premium")).toHaveLength(20 * 24);
    expect(candles.some(({open: first}) => Number(first) < 0)).toBe(true);
    const {byPath} = await own.requests();
    expect(byPath["/v5/market/open-interest"]).toBe(3);
    const {series, rows} = statusOf(dir, SIM_NOW);
    expect(rows).toEqual({funding: 0, candles: 480, observations: 480});
    expect(series.map((s) => [s.series, s.rows, s.coverage, s.freshness])).toEqual([
      ["open-interest", 480, 1, "fresh"],
      ["premium", 480, 1, "fresh"]
    ]);
  });

  it("the same again asks for the present alone", async () => {
    own = await rig(tmp());
    const keys = await historiesFor(own, [PAIR], ["open-interest"], ["1h"]);
    const wanted = {from: SIM_NOW - 20 * DAY, to: SIM_NOW};
    await backfill(own, keys, wanted);
    const before = await storedIn(own.db);
    const {total} = await own.requests();
    await backfill(own, keys, wanted);
    expect(await storedIn(own.db)).toEqual(before);
    expect((await own.requests()).total - total).toBeLessThanOrEqual(1);
  });

  it("replies that are shuffled, doubled, cut, dated elsewhere or no numbers leave the same rows", async () => {
    const stored = async (faults: object | undefined) => {
      const one = await rig(tmp());
      try {
        const keys = await historiesFor(one, [PAIR], ["open-interest"], ["1h"]);
        if (faults) await one.post("/sim/faults", faults);
        await backfill(one, keys, {from: END - 60 * DAY, to: SIM_NOW});
        return {...(await storedIn(one.db)), counts: (await one.requests()).faults};
      } finally {
        await one.close();
      }
    };
    const clean = await stored(undefined);
    const kinds = ["shuffle", "duplicate", "outside", "nan", "no-list"];
    const faulty = await stored({path: "open-interest", rate: 0.5, kinds, seed: 3, inARow: 1});
    expect(Object.keys(faulty.counts).length).toBeGreaterThan(2);
    expect({...faulty, counts: {}}).toEqual({...clean, counts: {}});
    expect(clean.observations).toHaveLength(60 * 24);
  });

  it("an outage of the venue is a hole, and missing once asked for twice", async () => {
    own = await rig(tmp());
    const outage = Date.UTC(2026, 1, 10, 13);
    const keys = await historiesFor(own, [PAIR], ["open-interest"], ["1h"]);
    await backfill(own, keys, {from: outage - DAY, to: outage + DAY});
    const holes = () =>
      rowsOf<{from: number; to: number; state: string}>(
        own!.db.connection,
        `select from_ts as "from", to_ts as "to", state from holes`
      );
    expect(await holes()).toEqual([{from: outage, to: outage + HOUR, state: "open"}]);
    const batch = await own.service.submit({
      kind: "repair",
      venue: "sim",
      histories: [{key: keys[0]!, wanted: {from: outage, to: outage + HOUR}}]
    });
    await own.service.run({batches: [batch.id]});
    expect(await holes()).toEqual([{from: outage, to: outage + HOUR, state: "confirmed missing"}]);
  });
});

describe("a store of observations", () => {
  const given = {venue: "binance"};
  const T = Date.UTC(2024, 0, 1);
  const csv = (header: string, rows: readonly (readonly (string | number)[])[]) =>
    [header, ...rows.map((row) => row.join(","))].join("\n");
  const files = {
    "borrow.csv": csv(
      "asset,hourlyBorrowRate,ts",
      [0, 1, 2, 3, 4, 5, 6, 8].map((h) => ["BTC", "0.000004", T + h * HOUR])
    ),
    "grid.csv": csv(
      "ts,value",
      [0, 1, 2, 5].map((h) => [T + h * HOUR, h])
    ),
    "free.csv": csv(
      "ts,value,known",
      [0, 1, 9].map((d) => [T + d * DAY + 17, `-${d}.5`, T + d * DAY + HOUR])
    )
  };
  const made = async (dir: string) => {
    const db = await open(dir);
    const folder = tree(files);
    for (const [name, answers] of [
      ["borrow.csv", {}],
      ["grid.csv", {series: "own:both", pair: PAIR, timeframe: "1h", knownLag: "1h"}],
      ["free.csv", {series: "own:both", pair: PAIR}]
    ] as const) {
      const options = {...given, ...answers};
      const {files: reports} = await importFiles(db, await planImport([join(folder, name)], options), options);
      expect(reports.map(({state}) => state)).toEqual(["stored"]);
    }
    return db;
  };

  it("has coverage, holes and freshness; without a grid nothing is due, and the newest distance measures its age", async () => {
    const dir = tmp();
    await (await made(dir)).close();
    const {series, source, pairs} = statusOf(dir, T + 10 * DAY);
    expect({source, pairs}).toEqual({source: "import", pairs: 1});
    expect(
      series.map((s) => [s.series, s.timeframe, s.rows, s.coverage, s.holes.length, s.intervalMs, s.freshness])
    ).toEqual([
      ["borrow", "1h", 8, 8 / 9, 1, HOUR, "stale"],
      ["own:both", "", 3, null, 0, 8 * DAY, "fresh"],
      ["own:both", "1h", 4, 4 / 6, 1, HOUR, "stale"]
    ]);
  });

  it("the lake gives them back with both instants, and an empty one has their view", async () => {
    const dir = tmp();
    await (await made(dir)).close();
    const read = (at: string, sql: string) =>
      withLake(at, ({connection}) => rowsOf<Record<string, unknown>>(connection, sql));
    expect(
      await read(dir, "select * from observations_exact where series = 'own:both' and timeframe = '' order by ts")
    ).toEqual(
      [0, 1, 9].map((d) => ({
        venue: "binance",
        pair: PAIR,
        series: "own:both",
        timeframe: "",
        ts: T + d * DAY + 17,
        known_ts: T + d * DAY + HOUR,
        value: `-${d}.500000000000000000`,
        notional: null
      }))
    );
    expect(
      await read(dir, "select series, timeframe, count(*) as n from observations group by all order by all")
    ).toEqual([
      {series: "borrow", timeframe: "1h", n: 8},
      {series: "own:both", timeframe: "", n: 3},
      {series: "own:both", timeframe: "1h", n: 4}
    ]);
    expect(await read(dir, "select count(*) as n from candles")).toEqual([{n: 0}]);
    expect(await read(tmp(), "select count(*) as n from observations")).toEqual([{n: 0}]);
  });

  it("a store that was lost comes back from the lake, row for row and hole for hole", async () => {
    const dir = tmp();
    const db = await made(dir);
    const before = await storedIn(db);
    await db.close();
    rmSync(databasePath(dir));
    expect(existsSync(databasePath(dir))).toBe(false);
    const again = await open(dir);
    expect(await recoverFromLake(again, readManifest(dir))).toHaveLength(3);
    expect(await storedIn(again)).toEqual(before);
    const series = readManifest(dir)!.series.map((s) => ({...s, verifiedTs: 0}));
    await publish(again);
    expect(readManifest(dir)!.series.map((s) => ({...s, verifiedTs: 0}))).toEqual(series);
    await again.close();
  });
});
