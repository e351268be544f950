import {join} from "node:path";
import {rowsOf, storedKey, type Database} from "../store/database.js";
import {literal} from "../store/key.js";
import type {Partition} from "./layout.js";
import {lakeDir, type Part} from "./manifest.js";

/** The lake's series of predicted rates; `ts` is the time of observation. */
export const PREDICTED_SERIES = "predicted";

/** A year of one pair's observations that the lake does not have yet. */
interface PredictedPartition extends Partition {
  /** only observations after this instant are new; undefined rewrites the whole year as one part */
  afterTs: number | undefined;
}

/**
 * Returns the observations to publish. They are append-only, so all that is newer than the newest part is new.
 * @param maxParts number of parts at which a year is merged into one
 */
export async function stalePredicted(
  db: Database,
  parts: readonly Part[],
  maxParts: number
): Promise<PredictedPartition[]> {
  const rows = await rowsOf<{venue: string; pair: string; year: number; newest: number}>(
    db.connection,
    `select venue, pair, year(make_timestamp(observed_ts * 1000)) as year, max(observed_ts) as newest
     from predicted join keys on id = key_id group by all order by all`
  );
  return rows.flatMap(({venue, pair, year, newest}) => {
    const own = parts.filter(
      (p) => p.series === PREDICTED_SERIES && p.venue === venue && p.pair === pair && p.year === year
    );
    const last = own.length === 0 ? undefined : Math.max(...own.map((p) => p.maxTs));
    if (last !== undefined && newest <= last) return [];
    const afterTs = own.length >= maxParts ? undefined : last;
    return [{venue, series: PREDICTED_SERIES, pair, timeframe: "", year, afterTs}];
  });
}

/** Returns the SQL of one such part. */
export async function predictedSql(db: Database, {venue, pair, year, afterTs}: PredictedPartition): Promise<string> {
  const {id} = await storedKey(db, {venue, series: "predicted", pair, timeframe: ""});
  return `select observed_ts as ts, next_ts, rate from predicted where key_id = ${id}
    and observed_ts > ${afterTs ?? Date.UTC(year, 0, 1) - 1} and observed_ts < ${Date.UTC(year + 1, 0, 1)} order by observed_ts`;
}

/**
 * Restores the lake's observations to a store that has none.
 * @returns the number of rows restored
 */
export async function restorePredicted(db: Database, parts: readonly Part[]): Promise<number> {
  const own = parts.filter((part) => part.series === PREDICTED_SERIES);
  const [have] = await rowsOf<{n: number}>(db.connection, "select count(*) as n from predicted");
  if (own.length === 0 || have!.n > 0) return 0;
  for (const {venue, pair, path} of own) {
    const {id} = await storedKey(db, {venue, series: "predicted", pair, timeframe: ""});
    await db.connection.run(
      `insert into predicted select ${id}, ts, next_ts, rate
       from read_parquet(${literal(join(lakeDir(db.dataDir), path))}, hive_partitioning = false)`
    );
  }
  return own.reduce((sum, part) => sum + part.rows, 0);
}
