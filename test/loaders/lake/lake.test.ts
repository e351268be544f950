import {existsSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {listParts} from "../../../loaders/lake/files.js";
import {lakeDir, manifestPath, readManifest} from "../../../loaders/lake/manifest.js";
import {compact, markEverything, MAX_PARTS, publish} from "../../../loaders/lake/publish.js";
import {withLake} from "../../../loaders/lake/reader.js";
import {recoverFromLake} from "../../../loaders/lake/restore.js";
import {weightedDeviation, weightedMean} from "../../../src/lib/stats/quantile.js";
import {databasePath, rowsOf} from "../../../loaders/store/database.js";
import {
  candle,
  dumpHash,
  funding,
  HOUR,
  lakeHash,
  open,
  perp,
  settlement,
  spot,
  T0,
  write
} from "../../helpers/store.js";
import {tmp} from "../../helpers/tmp.js";

const DAY = 24;
const days = (from: number, to: number) => Array.from({length: (to - from) * DAY}, (_, i) => from * DAY + i);
const price = (h: number) => 100 + Math.round(20 * Math.sin(h / 50));

describe("publishing", () => {
  it("an update adds one small part and changes no other; the manifest names exactly the files that exist", async () => {
    const dir = tmp();
    const db = await open(dir);
    await write(
      db,
      perp,
      days(0, 10).map((h) => candle(h))
    );
    const first = await publish(db);
    const before = new Map(first.parts.map((part) => [part.path, part.sha256]));
    await write(
      db,
      perp,
      days(10, 11).map((h) => candle(h))
    );
    const second = await publish(db);
    const market = second.parts.filter((part) => part.series === "perp");
    expect(market.map((part) => part.rows)).toEqual([240, 24]);
    expect(before.get(market[0]!.path)).toBe(market[0]!.sha256);
    expect(listParts(lakeDir(dir))).toEqual(second.parts.map((part) => part.path).sort());
    expect(second.series.find((s) => s.series === "perp")).toMatchObject({
      rows: 264,
      from: T0,
      to: T0 + 264 * HOUR,
      coverage: 1
    });
    await db.close();
  });

  it("readers see the same rows after many updates, after compaction, and after publishing everything again", async () => {
    const dir = tmp();
    const db = await open(dir);
    for (let d = 0; d < MAX_PARTS + 3; d++) {
      await write(
        db,
        perp,
        days(d, d + 1).map((h) => candle(h, price(h)))
      );
      await write(
        db,
        spot,
        days(d, d + 1).map((h) => candle(h, price(h) - 1))
      );
      await write(
        db,
        funding,
        [0, 8, 16].map((h) => settlement(d * DAY + h, "0.0001", h))
      );
      await publish(db);
    }
    const parts = readManifest(dir)!.parts.filter((part) => part.series === "perp").length;
    expect(parts).toBeGreaterThan(1);
    expect(parts).toBeLessThanOrEqual(MAX_PARTS);
    const hash = await lakeHash(dir);
    expect((await compact(db)).parts.filter((part) => part.series === "perp").length).toBe(1);
    expect(await lakeHash(dir)).toBe(hash);
    await markEverything(db);
    await publish(db);
    expect(await lakeHash(dir)).toBe(hash);
    await db.close();
  });

  it("publishing with nothing new keeps every part", async () => {
    const dir = tmp();
    const db = await open(dir);
    await write(db, perp, [candle(0)]);
    const {parts} = await publish(db);
    expect((await publish(db)).parts).toEqual(parts);
    await db.close();
  });

  it("the views exist and are empty without data", async () => {
    const rows = await withLake(tmp(), ({connection}) =>
      rowsOf<{n: number}>(
        connection,
        "select (select count(*) from funding) + (select count(*) from candles) + (select count(*) from features_funding) + (select count(*) from features_price) as n"
      )
    );
    expect(rows).toEqual([{n: 0}]);
  });

  it("a reader that opened the lake before an update reads the old rows or starts again, never a mixture", async () => {
    const dir = tmp();
    const db = await open(dir);
    await write(
      db,
      perp,
      days(0, 3).map((h) => candle(h))
    );
    await publish(db);
    let attempts = 0;
    const total = await withLake(dir, async ({connection}) => {
      if (attempts++ === 0) {
        await write(db, perp, [candle(5, 999)]);
        await publish(db);
      }
      return (
        await rowsOf<{n: number; s: number}>(connection, "select count(*) as n, max(open) as s from candles")
      )[0]!;
    });
    expect([
      {n: 72, s: 171},
      {n: 72, s: 999}
    ]).toContainEqual(total);
    await db.close();
  });

  it("an invalid manifest is an error with a fix, not an empty lake", async () => {
    const dir = tmp();
    const db = await open(dir);
    await write(db, perp, [candle(0)]);
    await publish(db);
    await db.close();
    writeFileSync(manifestPath(dir), readFileSync(manifestPath(dir), "utf8").slice(0, 40));
    expect(() => readManifest(dir)).toThrow("invalid manifest");
    writeFileSync(manifestPath(dir), `{"version": 7}`);
    expect(() => readManifest(dir)).toThrow("version");
  });

  it("a lost database is restored from the lake: rows, intervals, coverage and holes", async () => {
    const dir = tmp();
    let db = await open(dir);
    await write(
      db,
      perp,
      [0, 1, 5].map((h) => candle(h))
    );
    await write(
      db,
      funding,
      [0, 8, 16, 24, 26, 28, 36].map((h) => settlement(h))
    );
    await publish(db);
    const hash = await dumpHash(db);
    await db.close();
    rmSync(databasePath(dir));
    db = await open(dir);
    expect(await recoverFromLake(db, readManifest(dir))).toHaveLength(2);
    expect(await dumpHash(db)).toBe(hash);
    expect(await recoverFromLake(db, readManifest(dir))).toEqual([]);
    await db.close();
  });

  it("drafts of an interrupted run are removed, and match no glob over the lake", async () => {
    const dir = tmp();
    const db = await open(dir);
    await write(db, perp, [candle(0)]);
    await publish(db);
    writeFileSync(join(dir, ".drafts", "9-9.parquet"), "half");
    await write(db, perp, [candle(1)]);
    await publish(db);
    expect(existsSync(join(dir, ".drafts", "9-9.parquet"))).toBe(false);
    expect(listParts(lakeDir(dir)).some((path) => path.includes("draft"))).toBe(false);
    await db.close();
  });
});

describe("features", () => {
  const seed = async (dir: string, n: number) => {
    const db = await open(dir);
    await write(
      db,
      perp,
      days(0, n).map((h) => candle(h, price(h)))
    );
    await write(
      db,
      spot,
      days(0, n).map((h) => candle(h, price(h) - 1))
    );
    await write(
      db,
      funding,
      Array.from({length: n * 3}, (_, i) => settlement(i * 8, (Math.sin(i / 9) / 1000).toFixed(8)))
    );
    return db;
  };
  const features = (dir: string, untilDay: number) =>
    withLake(dir, async ({connection}) => [
      await rowsOf(connection, `select * from features_funding where ts < ${T0 + untilDay * DAY * HOUR} order by ts`),
      await rowsOf(connection, `select * from features_price where ts < ${T0 + untilDay * DAY * HOUR} order by ts`)
    ]);

  it("SEMANTICS §1, no look-ahead: features up to an instant do not change with later history", async () => {
    const [short, long] = [tmp(), tmp()];
    for (const [dir, n] of [
      [short, 100],
      [long, 130]
    ] as const) {
      const db = await seed(dir, n);
      await publish(db);
      await db.close();
    }
    const known = await features(short, 100);
    expect(known[0]).toHaveLength(300);
    expect(known[1]).toHaveLength(100);
    expect(await features(long, 100)).toEqual(known);
  });

  it("§2: weigh time where the interval switches", async () => {
    const dir = tmp();
    const db = await open(dir);
    const hours = [...Array<number>(60).fill(8), ...Array<number>(100).fill(1)];
    let hour = 0;
    const rows = hours.map((h, i) => settlement((hour += h), ((1 + (i % 5)) / 10_000).toFixed(4)));
    await write(db, funding, rows);
    await publish(db);
    await db.close();
    const [found] = (await features(dir, 1000)) as [Record<string, number | null>[]];
    const last = found.at(-1)!;
    const known = found.map((row, i) => ({ts: Number(row.ts), rate: row.rate8h, hours: hours[i]!}));
    const inside = known.filter(({ts, rate}) => rate !== null && ts > known.at(-1)!.ts - 7 * 24 * HOUR);
    const rates = inside.map(({rate}) => rate);
    const weights = inside.map((row) => row.hours);
    expect(new Set(weights)).toEqual(new Set([8, 1]));
    expect(last.mean7).toBeCloseTo(weightedMean(rates, weights)!, 12);
    expect(last.sd7).toBeCloseTo(weightedDeviation(rates, weights)!, 10);
  });

  it("are made anew when an earlier version made them", async () => {
    const dir = tmp();
    const db = await seed(dir, 100);
    const first = await publish(db);
    expect((await publish(db)).parts).toEqual(first.parts);
    await db.connection.run("update meta set value = '1' where key = 'features'");
    const again = await publish(db);
    const made = (manifest: typeof first) => manifest.parts.filter(({series}) => series.startsWith("features-"));
    expect(made(again).map(({path}) => path)).not.toEqual(made(first).map(({path}) => path));
    expect(again.parts.filter(({series}) => series === "funding")).toEqual(
      first.parts.filter(({series}) => series === "funding")
    );
    await db.close();
  });

  it("equal a direct computation, and are missing where the window is not full", async () => {
    const dir = tmp();
    const db = await seed(dir, 100);
    await publish(db);
    await db.close();
    const [rows, price100] = (await features(dir, 1000)) as [
      Record<string, number | null>[],
      Record<string, number | null>[]
    ];
    const rates = rows.map((row) => row.rate8h!);
    expect(rows[20]!.mean7).toBeNull();
    const window = rates.slice(-21);
    const mean = window.reduce((a, b) => a + b, 0) / 21;
    const sd = Math.sqrt(window.reduce((a, b) => a + (b - mean) ** 2, 0) / 20);
    expect(rows.at(-1)!.mean7).toBeCloseTo(mean, 12);
    expect(rows.at(-1)!.sd7).toBeCloseTo(sd, 12);
    expect(rows.at(-1)!.z7).toBeCloseTo((window.at(-1)! - mean) / sd, 9);
    const last = price100.at(-1)!;
    expect(last.basis).toBeCloseTo((last.close! - last.spot_close!) / last.spot_close!, 12);
    expect(price100[12]!.atr14).toBeNull();
    expect(last.rsi14).toBeGreaterThan(0);
    expect(last.rsi14).toBeLessThan(100);
    expect(price100[29]!.vol30).toBeNull();
    const returns = price100
      .slice(-31)
      .map((row) => Math.log(row.close!))
      .map((x, i, all) => x - (all[i - 1] ?? x))
      .slice(1);
    const mu = returns.reduce((a, b) => a + b, 0) / 30;
    expect(last.vol30).toBeCloseTo(Math.sqrt((returns.reduce((a, b) => a + (b - mu) ** 2, 0) / 29) * 365), 10);
  });

  it("a day with a hole has no bar, not a zero", async () => {
    const dir = tmp();
    const db = await open(dir);
    await write(
      db,
      perp,
      days(0, 3)
        .filter((h) => h !== 30)
        .map((h) => candle(h))
    );
    await publish(db);
    await db.close();
    const [, rows] = (await features(dir, 10)) as [unknown, {ts: number}[]];
    expect(rows.map((row) => (row.ts - T0) / HOUR / DAY)).toEqual([0, 2]);
  });
});
