import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {describe, expect, it} from "vitest";
import {publish} from "../../loaders/lake/publish.js";
import {lakeDir, readManifest} from "../../loaders/lake/manifest.js";
import {recoverFromLake} from "../../loaders/lake/restore.js";
import {databasePath, rowsOf} from "../../loaders/store/database.js";
import {generator} from "../../src/lib/stats/random.js";
import {candle, dumpHash, lakeHash, open, perp, write} from "../helpers/store.js";
import {tmp} from "../helpers/tmp.js";

/** Creates a store as a power cut leaves it: with the log not yet merged into the database. */
async function storeWithLog(): Promise<{dir: string; committed: number; hash: string}> {
  const dir = tmp();
  const db = await open(join(dir, "live"));
  await write(
    db,
    perp,
    Array.from({length: 500}, (_, h) => candle(h))
  );
  await publish(db);
  for (let i = 0; i < 10; i++)
    await write(
      db,
      perp,
      Array.from({length: 50}, (_, h) => candle(500 + i * 50 + h))
    );
  const hash = await dumpHash(db);
  cpSync(databasePath(join(dir, "live")), join(dir, "market.duckdb"));
  cpSync(`${databasePath(join(dir, "live"))}.wal`, join(dir, "market.duckdb.wal"));
  cpSync(lakeDir(join(dir, "live")), join(dir, "lake"), {recursive: true});
  await db.close();
  return {dir, committed: 1_000, hash};
}

describe("damaged write-ahead log", () => {
  it("damaged log is set aside, never deleted; database and lake keep their rows; a new import restores the rest", async () => {
    const {dir, committed, hash} = await storeWithLog();
    const wal = readFileSync(join(dir, "market.duckdb.wal"));
    const next = generator(7);
    let asideCount = 0;
    for (let i = 0; i < 12; i++) {
      const copy = join(dir, `copy-${i}`);
      mkdirSync(copy);
      cpSync(join(dir, "market.duckdb"), databasePath(copy));
      cpSync(join(dir, "lake"), lakeDir(copy), {recursive: true});
      const damaged = Buffer.from(wal);
      const at = Math.floor(next() * damaged.length);
      damaged[at]! ^= 1 << Math.floor(next() * 8);
      writeFileSync(`${databasePath(copy)}.wal`, damaged);
      const said: string[] = [];
      const db = await open(copy, {onIncident: (text) => said.push(text)});
      await recoverFromLake(db, readManifest(copy));
      const [{n}] = (await rowsOf<{n: number}>(db.connection, "select count(*) as n from candles")) as [{n: number}];
      expect(n).toBeGreaterThanOrEqual(500);
      expect(n).toBeLessThanOrEqual(committed);
      const aside = readdirSync(copy).filter((name) => name.includes(".wal.damaged-"));
      expect(said.length).toBe(aside.length);
      if (aside.length > 0) {
        asideCount++;
        expect(statSync(join(copy, aside[0]!)).size).toBe(wal.length);
        expect((await rowsOf(db.connection, "select * from incidents")).length).toBe(1);
      }
      await write(
        db,
        perp,
        Array.from({length: 1_000}, (_, h) => candle(h))
      );
      expect(await dumpHash(db)).toBe(hash);
      await publish(db);
      await db.close();
    }
    expect(asideCount).toBeGreaterThan(0);
    console.log(`${asideCount} of 12 logs with one flipped bit had to be set aside`);
  });

  it("log truncated by a power cut is replayed up to the cut", async () => {
    const {dir} = await storeWithLog();
    const wal = readFileSync(join(dir, "market.duckdb.wal"));
    writeFileSync(join(dir, "market.duckdb.wal"), wal.subarray(0, Math.floor(wal.length * 0.7)));
    const db = await open(dir);
    const [{n}] = (await rowsOf<{n: number}>(db.connection, "select count(*) as n from candles")) as [{n: number}];
    expect(n % 50).toBe(0);
    expect(n).toBeGreaterThanOrEqual(500);
    await write(
      db,
      perp,
      Array.from({length: 1_000}, (_, h) => candle(h))
    );
    await publish(db);
    const clean = await open(join(dir, "clean"));
    await write(
      clean,
      perp,
      Array.from({length: 1_000}, (_, h) => candle(h))
    );
    await publish(clean);
    expect(await lakeHash(dir)).toBe(await lakeHash(join(dir, "clean")));
    await clean.close();
    expect(existsSync(join(dir, "lake", "manifest.json"))).toBe(true);
    await db.close();
  });
});
