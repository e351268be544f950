import {rmSync} from "node:fs";
import {join} from "node:path";
import {expect, it} from "vitest";
import {publish, compact} from "../../../loaders/lake/publish.js";
import {readManifest} from "../../../loaders/lake/manifest.js";
import {recoverFromLake} from "../../../loaders/lake/restore.js";
import {withLake} from "../../../loaders/lake/reader.js";
import {exportRows} from "../../../loaders/snapshots/export.js";
import {statusOf} from "../../../loaders/snapshots/status.js";
import {openDatabase, rowsOf, type Database} from "../../../loaders/store/database.js";
import {savePredicted, type PredictedRow} from "../../../loaders/store/predicted.js";
import {decimal, text} from "../../../src/lib/money/decimal.js";
import {tmp} from "../../helpers/tmp.js";

const T = Date.UTC(2025, 11, 31, 23, 50);
const row = (minutes: number, rate: string, pair = "BTC/USDT"): PredictedRow => ({
  pair,
  observedTs: T + minutes * 60_000,
  rate,
  nextFundingTs: Date.UTC(2026, 0, 1)
});

/** Returns the stored observations of BTC/USDT, oldest first. */
async function stored({connection}: Database): Promise<PredictedRow[]> {
  const rows = await rowsOf<{observedTs: number; nextFundingTs: number; rate: string}>(
    connection,
    `select observed_ts as "observedTs", next_ts as "nextFundingTs", rate::varchar as rate from predicted
     where key_id in (select id from keys where venue = 'sim' and series = 'predicted' and pair = 'BTC/USDT')
     order by observed_ts`
  );
  return rows.map(({rate, ...instants}) => ({pair: "BTC/USDT", ...instants, rate: text(decimal(rate))}));
}

it("predicted rates keep their time of observation in store, lake and export, across a year's end", async () => {
  const dir = tmp();
  const db = await openDatabase(dir, {kind: "simulated"});
  const rows = [row(0, "0.0001"), row(5, "-0.00012345"), row(15, "0")];
  await savePredicted(db, "sim", rows);
  // the same observation replaces itself
  await savePredicted(db, "sim", [rows[1]!, row(3, "0.0002", "ETH/USDT")]);
  expect(await stored(db)).toEqual(rows);
  await publish(db);
  await savePredicted(db, "sim", [row(20, "0.0003")]);
  await publish(db);
  const inLake = () =>
    withLake(dir, ({connection}) =>
      rowsOf<{pair: string; ts: number; rate: number}>(
        connection,
        "select pair, ts, rate from predicted order by pair, ts"
      )
    );
  const all = [
    {pair: "BTC/USDT", ts: T, rate: 0.0001},
    {pair: "BTC/USDT", ts: T + 300_000, rate: -0.00012345},
    {pair: "BTC/USDT", ts: T + 900_000, rate: 0},
    {pair: "BTC/USDT", ts: T + 1_200_000, rate: 0.0003},
    {pair: "ETH/USDT", ts: T + 180_000, rate: 0.0002}
  ];
  expect(await inLake()).toEqual(all);
  expect(readManifest(dir)!.parts.filter(({series}) => series === "predicted")).toHaveLength(4);
  // predicted rates are not a series with coverage, nor settlements
  expect(statusOf(dir, T).series).toEqual([]);
  await withLake(dir, async ({connection}) => expect(await rowsOf(connection, "select * from funding")).toEqual([]));
  let csv = "";
  await exportRows(dir, {series: "predicted", format: "csv", pair: "BTC/USDT", write: (text) => (csv += text)});
  expect(csv.split("\n")[2]).toBe(`sim,BTC/USDT,${T + 300_000},${Date.UTC(2026, 0, 1)},-0.00012345`);
  await compact(db);
  expect(await inLake()).toEqual(all);
  await db.close();
  rmSync(join(dir, "market.duckdb"));
  const again = await openDatabase(dir, {kind: "simulated"});
  expect(await recoverFromLake(again, readManifest(dir))).toEqual(["predicted rates, 5 rows"]);
  expect(await stored(again)).toEqual([...rows, row(20, "0.0003")]);
  await again.close();
});
