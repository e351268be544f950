import {createHash} from "node:crypto";
import {openDatabase, rowsOf, type Database, type OpenOptions} from "../../loaders/store/database.js";
import {Stage} from "../../loaders/store/stage.js";
import type {CandleRow, FundingRow, MarketRow} from "../../loaders/rows.js";
import {writeStage, type WriteOptions, type WriteResult} from "../../loaders/store/write.js";
import type {SeriesKey} from "../../loaders/store/key.js";
import {withLake} from "../../loaders/lake/reader.js";

export const HOUR = 3_600_000;
export const T0 = Date.UTC(2024, 0, 1);
/** Clock of the tests, UTC ms: later than every row they make. */
export const NOW = Date.UTC(2026, 0, 1);

export const perp: SeriesKey = {venue: "binance", series: "perp", pair: "BTC/USDT", timeframe: "1h"};
export const spot: SeriesKey = {...perp, series: "spot"};
export const funding: SeriesKey = {venue: "binance", series: "funding", pair: "BTC/USDT", timeframe: ""};

export const open = (dir: string, options: OpenOptions = {}): Promise<Database> =>
  openDatabase(dir, {now: () => NOW, ...options});

/** Returns a candle whose prices encode its hour. */
export const candle = (hour: number, price = 100 + hour, stepMs = HOUR): CandleRow => ({
  tsMs: T0 + hour * stepMs,
  open: String(price),
  high: String(price + 1),
  low: String(price - 1),
  close: String(price + 0.5),
  volume: "10"
});

export const settlement = (hour: number, rate = "0.0001", jitter = 0): FundingRow => ({
  tsMs: T0 + hour * HOUR + jitter,
  rate
});

/** Writes rows in one transaction; `proven` defaults to the span of the rows. */
export async function write(
  db: Database,
  key: SeriesKey,
  rows: readonly MarketRow[],
  options: Partial<WriteOptions> = {}
): Promise<WriteResult> {
  const stage = await Stage.open(db, key);
  rows.forEach((row, i) => stage.add(row, i + 1));
  const span = {from: Math.min(...rows.map((r) => r.tsMs)), to: Math.max(...rows.map((r) => r.tsMs)) + HOUR};
  return writeStage(db, stage, {proven: span, mode: "rows", origin: "file", ...options});
}

/** Returns a hash over every fact of the store in a fixed order; excludes write times, which are not facts. */
export async function dumpHash(db: Database): Promise<string> {
  const named = "join keys k on k.id = key_id";
  const key = "k.venue, k.series, k.pair, k.timeframe";
  const queries = [
    `select ${key}, f.* exclude (key_id) from funding f ${named} order by all`,
    `select ${key}, c.* exclude (key_id) from candles c ${named} order by all`,
    `select ${key}, o.* exclude (key_id) from observations o ${named} order by all`,
    `select ${key}, from_ts, to_ts, origin from coverage ${named} order by all`,
    `select ${key}, from_ts, to_ts, missing, state from holes ${named} order by all`
  ];
  const hash = createHash("sha256");
  for (const sql of queries) hash.update(JSON.stringify(await rowsOf(db.connection, sql)));
  return hash.digest("hex");
}

/** Returns the same hash over the rows that a reader of the lake sees. */
export const lakeHash = (dir: string): Promise<string> =>
  withLake(dir, async ({connection}) => {
    const hash = createHash("sha256");
    for (const view of ["funding_exact", "candles_exact", "features_funding", "features_price"]) {
      hash.update(JSON.stringify(await rowsOf(connection, `select * from ${view} order by all`)));
    }
    return hash.digest("hex");
  });
