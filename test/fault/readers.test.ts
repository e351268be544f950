import {join} from "node:path";
import {expect, it} from "vitest";
import {publish} from "../../loaders/lake/publish.js";
import {withLake} from "../../loaders/lake/reader.js";
import {rowsOf} from "../../loaders/store/database.js";
import {cliProcess} from "../helpers/cli-process.js";
import {candle, funding, HOUR, open, perp, settlement, T0, write} from "../helpers/store.js";
import {tmp} from "../helpers/tmp.js";

it("concurrent reader sees complete generations: no error, no duplicate, no row beyond the manifest", async () => {
  const dir = join(tmp(), "data");
  const db = await open(dir, {now: Date.now});
  await write(db, perp, [candle(0)]);
  await publish(db);
  let writing = true;
  let reads = 0;
  let generations = new Set<number>();
  const reader = async () => {
    while (writing) {
      await withLake(dir, async ({connection, manifest}) => {
        const [row] = await rowsOf<{n: number; distinct: number; f: number}>(
          connection,
          "select (select count(*) from candles) as n, (select count(distinct ts) from candles) as distinct, (select count(*) from funding) as f"
        );
        const counted = (series: string) =>
          manifest.parts.filter((p) => p.series === series).reduce((sum, p) => sum + p.rows, 0);
        expect(row).toEqual({n: counted("perp"), distinct: counted("perp"), f: counted("funding")});
        reads++;
        generations.add(manifest.generation);
      });
    }
  };
  const outside = async () => {
    while (writing) {
      const {code, stderr} = await cliProcess(["status", "--json", "--data", dir]);
      expect(code, stderr).toBe(0);
    }
  };
  const readers = [reader(), reader(), outside()];
  for (let day = 0; day < 60; day++) {
    await write(
      db,
      perp,
      Array.from({length: 24}, (_, h) => candle(1 + day * 24 + h))
    );
    await write(db, funding, [settlement(day * 8)]);
    // Every tenth write is in the past, so whole partitions are replaced under the readers.
    if (day % 10 === 9)
      await write(db, perp, [{...candle(5), close: String(105 + day / 100)}], {
        mode: "range",
        proven: {from: T0 + 5 * HOUR, to: T0 + 6 * HOUR}
      });
    await publish(db);
  }
  writing = false;
  await Promise.all(readers);
  await db.close();
  console.log(`${reads} reads of ${generations.size} generations, none bad`);
  expect(reads).toBeGreaterThan(30);
  expect(generations.size).toBeGreaterThan(5);
});
