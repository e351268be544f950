import {readFileSync} from "node:fs";
import {join} from "node:path";
import {DuckDBInstance} from "@duckdb/node-api";
import {expect, it} from "vitest";
import {backfill, historiesFor, rig, SIM_NOW} from "../../helpers/ingest.js";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {tmp} from "../../helpers/tmp.js";

it("the queries of the lake page run unchanged in a plain DuckDB", async () => {
  const text = readFileSync(join(import.meta.dirname, "../../../src/reference/lake.md"), "utf8");
  const queries = [...text.matchAll(/```sql[^\n]*\n([\s\S]*?)```/g)]
    .flatMap(([, block]) => block!.split(";"))
    .map((query) => query.replaceAll(/^--.*$/gm, "").trim())
    .filter((query) => query.includes("data/lake/"));
  expect(queries.length).toBeGreaterThanOrEqual(3);
  const dir = tmp();
  const own = await rig(dir);
  try {
    const keys = await historiesFor(own, ["BTC/USDT", "ETH/USDT"], ["funding", "spot", "perp", "open-interest"]);
    await backfill(own, keys, {from: SIM_NOW - 5 * DAY_MS, to: SIM_NOW});
  } finally {
    await own.close();
  }
  const other = await (await DuckDBInstance.create(":memory:")).connect();
  for (const query of queries) {
    const rows = (await other.runAndReadAll(query.replaceAll("data/lake/", `${dir}/lake/`))).getRows();
    expect(new Set(rows.flat().filter((value) => /^[A-Z]+-USDT$/.test(String(value)))), query).toEqual(
      new Set(["BTC-USDT", "ETH-USDT"])
    );
  }
  other.closeSync();
});
