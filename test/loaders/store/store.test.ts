import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {rowsOf, type Database} from "../../../loaders/store/database.js";
import type {SeriesKey} from "../../../loaders/store/key.js";
import type {MarketRow} from "../../../loaders/rows.js";
import {gridHoles} from "../../../src/lib/market/coverage.js";
import {candle, dumpHash, funding, HOUR, NOW, open, perp, settlement, T0, write} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

async function withDb<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const db = await open(tmp());
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
const count = async (db: Database, table: string) =>
  (await rowsOf<{n: number}>(db.connection, `select count(*) as n from ${table}`))[0]!.n;
const holes = (db: Database) =>
  rowsOf<{from: number; to: number; rows: number; state: string}>(
    db.connection,
    `select (from_ts - ${T0}) // ${HOUR} as "from", (to_ts - ${T0}) // ${HOUR} as "to", missing as rows, state from holes order by from_ts`
  );

describe("writes", () => {
  it("writing the same rows again changes nothing", () =>
    withDb(async (db) => {
      const rows = [0, 1, 2, 5].map((h) => candle(h));
      expect((await write(db, perp, rows)).changed).toBe(4);
      const before = await dumpHash(db);
      expect((await write(db, perp, rows)).changed).toBe(0);
      expect(await dumpHash(db)).toBe(before);
    }));

  it("files in any order and overlap give the same store", async () => {
    const hours = fc.uniqueArray(fc.nat(30), {minLength: 1, maxLength: 12});
    await fc.assert(
      fc.asyncProperty(fc.array(hours, {minLength: 1, maxLength: 4}), async (files) => {
        const run = (order: number[][]) =>
          withDb(async (db) => {
            for (const file of order)
              await write(
                db,
                perp,
                file.map((h) => candle(h))
              );
            for (const file of order)
              await write(
                db,
                funding,
                file.map((h) => settlement(h * 8))
              );
            return dumpHash(db);
          });
        expect(await run([...files].reverse())).toBe(await run(files));
      }),
      {numRuns: 6}
    );
  });

  it("a file with a hole deletes no row; an authoritative range does", () =>
    withDb(async (db) => {
      await write(
        db,
        perp,
        [0, 1, 2, 3].map((h) => candle(h))
      );
      await write(
        db,
        perp,
        [0, 3].map((h) => candle(h))
      );
      expect(await count(db, "candles")).toBe(4);
      await write(
        db,
        perp,
        [0, 3].map((h) => candle(h)),
        {mode: "range", proven: {from: T0, to: T0 + 4 * HOUR}}
      );
      expect(await count(db, "candles")).toBe(2);
      expect(await holes(db)).toEqual([{from: 1, to: 3, rows: 2, state: "open"}]);
    }));

  it("an empty reply proves its span and deletes no row", () =>
    withDb(async (db) => {
      await write(
        db,
        perp,
        [0, 1].map((h) => candle(h))
      );
      const proven = {from: T0, to: T0 + 9 * HOUR};
      expect(await write(db, perp, [], {mode: "range", proven})).toEqual({rows: 0, changed: 0, repeats: 0, revised: 0});
      expect(await count(db, "candles")).toBe(2);
      expect(await rowsOf(db.connection, `select from_ts as "from", to_ts as "to" from coverage`)).toEqual([proven]);
    }));

  it("a field that one source lacks keeps another's value", () =>
    withDb(async (db) => {
      await write(db, perp, [{...candle(0), turnover: "1000.5"}]);
      await write(db, perp, [candle(0)]);
      const [row] = await rowsOf<{turnover: string}>(
        db.connection,
        "select turnover::varchar as turnover from candles"
      );
      expect(Number(row!.turnover)).toBe(1000.5);
    }));

  it("an observation keeps its notional, and one with another value or another instant of knowledge differs", () =>
    withDb(async (db) => {
      const key = {...perp, series: "open-interest" as const};
      const row = {tsMs: T0, knownMs: T0, value: "5", notional: "100"};
      expect((await write(db, key, [row])).changed).toBe(1);
      expect((await write(db, key, [{...row, notional: undefined}])).changed).toBe(0);
      expect((await write(db, key, [{...row, knownMs: T0 + HOUR}])).changed).toBe(1);
      expect((await write(db, key, [{tsMs: T0, knownMs: T0 + HOUR, value: "6"}])).changed).toBe(1);
      expect(
        await rowsOf(
          db.connection,
          "select known_ts, value::varchar as value, notional::varchar as notional from observations"
        )
      ).toEqual([{known_ts: T0 + HOUR, value: "6.000000000000000000", notional: "100.000000000000000000"}]);
    }));

  it("SEMANTICS §8.16: equal duplicates merge; different rows of one instant are rejected with the whole write", () =>
    withDb(async (db) => {
      expect((await write(db, perp, [candle(1), candle(0), candle(1)])).repeats).toBe(1);
      await expect(write(db, perp, [candle(7), candle(7, 5)])).rejects.toThrow(/lines 1 and 2 .* different values/);
      expect(await count(db, "candles")).toBe(2);
    }));

  it("SEMANTICS §8.5: decimals survive to the last digit in every cast from text", () =>
    withDb(async (db) => {
      const values = [
        "0.000000000000000001",
        "99999999999999999999.999999999999999999",
        "123456789.123456789",
        "7",
        "12345678901.123456789012345678"
      ];
      for (const [i, close] of values.entries()) await write(db, perp, [{tsMs: T0 + i * HOUR, close}]);
      await write(
        db,
        {...perp, pair: "X/USDT"},
        values.map((close, i) => ({tsMs: T0 + i * HOUR, close}))
      );
      const rows = await rowsOf<{close: string}>(
        db.connection,
        "select rtrim(rtrim(close::varchar, '0'), '.') as close from candles order by key_id, ts"
      );
      expect(rows.map((row) => row.close)).toEqual([...values, ...values]);
      const rates = ["-0.00012359", "0", "0.000074660496049912", "-0.03"];
      await write(
        db,
        funding,
        rates.map((rate, i) => settlement(i * 8, rate))
      );
      const stored = await rowsOf<{rate: string}>(
        db.connection,
        "select rtrim(rtrim(rate::varchar, '0'), '.') as rate from funding order by ts"
      );
      expect(stored.map((row) => row.rate)).toEqual(rates);
    }));

  it("a number with more digits than a stored decimal is rejected, never rounded", () =>
    withDb(async (db) => {
      await expect(write(db, perp, [{tsMs: T0, close: "0.0000000000000000001"}])).rejects.toThrow(
        "invalid close: 0.0000000000000000001"
      );
    }));

  it("rows, coverage and job are one transaction: when saving the job fails, nothing is stored", () =>
    withDb(async (db) => {
      const also = () => Promise.reject(new Error("no"));
      await expect(write(db, perp, [candle(0)], {also})).rejects.toThrow("no");
      expect([
        await count(db, "candles"),
        await count(db, "coverage"),
        await count(db, "holes"),
        await count(db, "dirty")
      ]).toEqual([0, 0, 0, 0]);
    }));
});

describe("findings", () => {
  it("SEMANTICS §8.13: middle, one-row and joined holes appear as rows arrive and vanish as they are filled", () =>
    withDb(async (db) => {
      await write(
        db,
        perp,
        [0, 2, 3, 7].map((h) => candle(h))
      );
      expect(await holes(db)).toEqual([
        {from: 1, to: 2, rows: 1, state: "open"},
        {from: 4, to: 7, rows: 3, state: "open"}
      ]);
      await write(db, perp, [candle(5)]);
      await write(db, perp, [candle(9)]);
      expect((await holes(db)).map((h) => [h.from, h.to])).toEqual([
        [1, 2],
        [4, 5],
        [6, 7],
        [8, 9]
      ]);
      await write(
        db,
        perp,
        [1, 4, 6, 8].map((h) => candle(h))
      );
      expect(await holes(db)).toEqual([]);
    }));

  const openInterest: SeriesKey = {...perp, series: "open-interest"};
  it.each([
    ["candles", perp, (h: number): MarketRow => candle(h)],
    [
      "observations",
      openInterest,
      (h: number): MarketRow => ({tsMs: T0 + h * HOUR, knownMs: T0 + (h + 1) * HOUR, value: String(h)})
    ]
  ])(
    "findings of %s equal those of one check of all rows, in whatever order the rows arrived",
    async (_, key, made) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.uniqueArray(fc.nat(40), {minLength: 1, maxLength: 10}), {minLength: 1, maxLength: 5}),
          (files) =>
            withDb(async (db) => {
              for (const file of files) await write(db, key, file.map(made));
              const all = [...new Set(files.flat())].sort((a, b) => a - b);
              const span = {from: T0 + all[0]! * HOUR, to: T0 + (all.at(-1)! + 1) * HOUR};
              const opens = all.map((h) => T0 + h * HOUR);
              const expected = gridHoles(opens, span, HOUR).map(({from, to}) => [(from - T0) / HOUR, (to - T0) / HOUR]);
              expect((await holes(db)).map((hole) => [hole.from, hole.to])).toEqual(expected);
            })
        ),
        {numRuns: 15}
      );
    }
  );

  it("SEMANTICS §2: intervals inferred as rows arrive, in any order, equal those of the complete history", () =>
    withDb(async (db) => {
      const hours = [0, 8, 16, 20, 24, 26, 28, 36, 44, 60];
      for (const h of [44, 8, 60, 0, 24, 16, 20, 36, 26, 28])
        await write(db, funding, [settlement(h, "0.0001", h % 7)]);
      const rows = await rowsOf<{h: number; hours: number | null; source: string | null}>(
        db.connection,
        `select (boundary_ts - ${T0}) // ${HOUR} as h, interval_hours as hours, interval_source as source from funding order by ts`
      );
      expect(rows.map((row) => row.h)).toEqual(hours);
      expect(rows.map((row) => row.hours)).toEqual([null, 8, 8, 4, 4, 2, 2, null, 8, null]);
      expect(await holes(db)).toEqual([
        {from: 30, to: 36, rows: 3, state: "ambiguous"},
        {from: 52, to: 60, rows: 1, state: "open"}
      ]);
    }));

  it("a settlement repeated with another jitter is the same settlement", () =>
    withDb(async (db) => {
      await write(db, funding, [settlement(0, "0.0001", 3), settlement(8)]);
      await write(db, funding, [settlement(0, "0.0002", 11)]);
      const rows = await rowsOf<{rate: number}>(db.connection, "select rate::double as rate from funding order by ts");
      expect(rows.map((row) => row.rate)).toEqual([0.0002, 0.0001]);
    }));
});

describe("the owner", () => {
  it("a store of one kind cannot be opened as the other", async () => {
    const dir = tmp();
    const db = await open(dir);
    await write(db, perp, [candle(0)]);
    await db.close();
    await expect(open(dir, {kind: "simulated"})).rejects.toThrow("it holds real data, not simulated");
  });

  it("a store of version 1 gains what it lacks, and loses nothing", async () => {
    const dir = tmp();
    const old = await open(dir);
    await write(
      old,
      perp,
      [0, 1, 2, 5].map((h) => candle(h))
    );
    await write(
      old,
      funding,
      [0, 8, 16].map((h) => settlement(h))
    );
    const before = await dumpHash(old);
    // version 1 was this layout without the table of observations
    await old.connection.run("drop table observations");
    await old.connection.run("update meta set value = '1' where key = 'version'");
    await old.close();
    for (let opened = 0; opened < 2; opened++) {
      const db = await open(dir);
      expect(await dumpHash(db)).toBe(before);
      expect(await count(db, "observations")).toBe(0);
      expect(await rowsOf(db.connection, "select value from meta where key = 'version'")).toEqual([{value: "2"}]);
      await db.close();
    }
    const db = await open(dir);
    const rows = [{tsMs: T0, knownMs: T0 + HOUR, value: "-1.5"}];
    expect((await write(db, {...perp, series: "own:mine"}, rows)).changed).toBe(1);
    await db.close();
  });

  it("a store of a newer version is rejected", async () => {
    const dir = tmp();
    const db = await open(dir);
    await db.connection.run("update meta set value = '99' where key = 'version'");
    await db.close();
    await expect(open(dir)).rejects.toThrow("invalid store version: 99");
  });

  it("a second owner is rejected with the holder's name, and admitted once the first has exited", async () => {
    const dir = tmp();
    const first = await open(dir, {command: "backfill --days 30"});
    await expect(open(dir)).rejects.toThrow(new RegExp(`pid ${process.pid} .*backfill --days 30`));
    const second = open(dir, {waitMs: 5_000, now: Date.now});
    await first.close();
    await (await second).close();
  });

  it("a write uses the injected clock", () =>
    withDb(async (db) => {
      await write(db, perp, [candle(0)]);
      expect((await rowsOf<{v: number}>(db.connection, "select verified_ts as v from coverage"))[0]!.v).toBe(NOW);
    }));
});
