import {afterEach, describe, expect, it} from "vitest";
import type {Page} from "../../../loaders/exchange/index.js";
import {JobService} from "../../../loaders/ingest/jobs/service.js";
import {readManifest} from "../../../loaders/lake/manifest.js";
import type {Absence} from "../../../loaders/exchange/venues.js";
import {recoverFromLake} from "../../../loaders/lake/restore.js";
import type {FundingRow} from "../../../loaders/rows.js";
import {databasePath, openDatabase, rowsOf, type Database} from "../../../loaders/store/database.js";
import {remarksByHistory} from "../../../loaders/store/remarks.js";
import {rmSync} from "node:fs";
import {cli} from "../../helpers/cli.js";
import {madeExchange} from "../../helpers/exchange.js";
import {virtualClock} from "../../helpers/clock.js";
import {funding, HOUR, NOW} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const START = NOW - 10 * 24 * HOUR;
const open = new Set<Database>();
afterEach(async () => {
  for (const db of open) await db.close();
  open.clear();
});
const close = async (db: Database) => {
  open.delete(db);
  await db.close();
};

const settlements = (): FundingRow[] =>
  Array.from({length: 60}, (_, i) => ({tsMs: START + i * 4 * HOUR, rate: "0.0001"}));

/** The same with a correction of the newest, five milliseconds later. */
const corrected = (): FundingRow[] => [...settlements(), {tsMs: START + 59 * 4 * HOUR + 5, rate: "0.0007"}];

/** A queue over a venue whose settlements and rejected rows the test changes. */
async function start(dir = tmp()) {
  const clock = virtualClock(NOW);
  const state: {rows: FundingRow[]; rejected: Page<FundingRow>["rejected"]; asked: number[]; absence?: Absence} = {
    rows: settlements(),
    rejected: [],
    asked: []
  };
  const exchange = madeExchange({
    venue: "binance",
    absence: () => state.absence,
    settlements: async (_: string, untilMs: number) => ({
      rows: (state.asked.push(untilMs), state.rows.filter(({tsMs}) => tsMs <= untilMs)),
      rejected: state.rejected,
      repeats: 0,
      outside: 0,
      asOfMs: NOW
    })
  });
  const db = await openDatabase(dir, {now: clock.now});
  open.add(db);
  const service = await JobService.open(db, {connect: async () => exchange, clock, random: () => 0.5});
  const fetchAll = async (from = START, kind: "backfill" | "update" = "backfill") => {
    const histories = [{key: funding, wanted: {from, to: NOW}}];
    const batch = await service.submit({kind, venue: "binance", histories});
    await service.run({batches: [batch.id]});
    expect(service.get(batch.id)).toMatchObject({status: "completed", error: null});
  };
  const remarks = async () => (await remarksByHistory(db)).get("binance|BTC/USDT|funding|") ?? [];
  return {db, dir, state, fetchAll, remarks};
}

describe("a settlement that the venue gives another rate", () => {
  it("later: its newest word stands, both values are kept, once, and `gaps` lists them", async () => {
    const {db, dir, state, fetchAll, remarks} = await start();
    await fetchAll();
    expect(await remarks()).toEqual([]);
    expect(readManifest(dir)!.series[0]).not.toHaveProperty("remarks");
    state.rows = corrected();
    await fetchAll();
    await fetchAll();
    const revised = {kind: "revised", ts: START + 59 * 4 * HOUR, was: "0.0001", now: "0.0007"};
    expect(await remarks()).toMatchObject([revised]);
    const rows = await rowsOf<{rate: string}>(db.connection, "select rate::varchar as rate from funding order by ts");
    expect(rows).toHaveLength(60);
    expect(Number(rows.at(-1)!.rate)).toBe(0.0007);
    expect(readManifest(dir)!.series[0]!.remarks).toMatchObject([revised]);
    await close(db);
    const listed = await cli(["gaps", "--json", "--data", dir]);
    expect(JSON.parse(listed.stdout)).toMatchObject([{state: "revised", was: "0.0001", now: "0.0007", rows: 0}]);
  });

  it("survives the loss of the store: the lake gives it back", async () => {
    const {db, dir, state, fetchAll} = await start();
    await fetchAll();
    state.rows = corrected();
    await fetchAll();
    await close(db);
    rmSync(databasePath(dir));
    const again = await openDatabase(dir);
    open.add(again);
    await recoverFromLake(again, readManifest(dir));
    expect([...(await remarksByHistory(again)).values()].flat()).toMatchObject([{kind: "revised", now: "0.0007"}]);
  });
});

describe("a rejected row", () => {
  const ts = START + 30 * 4 * HOUR;

  it("leaves its instant in doubt: no coverage, no inferred interval, a finding; a valid row resolves it", async () => {
    const {db, state, fetchAll, remarks} = await start();
    state.rows = settlements().filter((row) => row.tsMs !== ts);
    state.rejected = [{tsMs: ts, reason: "missing rate"}];
    await fetchAll();
    expect(await remarks()).toMatchObject([{kind: "doubt", reason: "missing rate"}]);
    const spans = await rowsOf<{from: number; to: number}>(
      db.connection,
      `select from_ts as "from", to_ts as "to" from coverage order by 1`
    );
    expect(spans.some(({from, to}) => from <= ts && to > ts)).toBe(false);
    expect(spans).toHaveLength(2);
    const sourceAt = async (at: number) =>
      (
        await rowsOf<{source: string | null}>(
          db.connection,
          `select interval_source as source from funding where boundary_ts = ${at}`
        )
      )[0]!.source;
    expect(await sourceAt(ts + 4 * HOUR)).toBe("ambiguous");

    state.rows = settlements();
    state.rejected = [];
    await fetchAll();
    expect(await remarks()).toEqual([]);
    expect(await sourceAt(ts + 4 * HOUR)).toBe("inferred");
    expect(await rowsOf(db.connection, "select * from holes")).toEqual([]);
    expect(await rowsOf(db.connection, "select * from coverage")).toHaveLength(1);
  });

  it("at the second settlement shows no interval of twice the length", async () => {
    const {db, state, fetchAll} = await start();
    state.rows = settlements().filter((_, i) => i !== 1);
    state.rejected = [{tsMs: START + 4 * HOUR, reason: "missing rate"}];
    await fetchAll();
    const rows = await rowsOf<{hours: number | null}>(
      db.connection,
      "select interval_hours as hours from funding order by ts limit 3"
    );
    expect(rows.map(({hours}) => hours)).toEqual([null, null, 4]);
  });
});

it("an absence that the venue could not tell is not believed: coverage begins at the first row and says why", async () => {
  const {db, state, fetchAll, remarks} = await start();
  state.absence = {from: Infinity, reason: "binance does not say how far back its settlements go"};
  const wanted = START - 100 * 24 * HOUR;
  await fetchAll(wanted);
  expect(await remarks()).toMatchObject([{kind: "begins", ts: START, reason: state.absence.reason}]);
  const [first] = await rowsOf<{from: number}>(db.connection, `select min(from_ts) as "from" from coverage`);
  expect(first!.from).toBe(START);
  const older = () => state.asked.splice(0).filter((until) => until < START).length;
  expect(older()).toBe(2);
  await fetchAll(wanted, "update");
  expect(older()).toBe(0);
  await fetchAll(wanted);
  expect(older()).toBe(2);
});

it("a store of an earlier version, without remarks, opens and keeps them from then on", async () => {
  const dir = tmp();
  const old = await openDatabase(dir);
  await old.connection.run("drop table remarks");
  await old.close();
  const db = await openDatabase(dir);
  open.add(db);
  expect(await remarksByHistory(db)).toEqual(new Map());
});
