import {join} from "node:path";
import {rowsOf, type Database} from "../store/database.js";
import {forgetLives, INSTRUMENT_COLUMNS} from "../store/instruments.js";
import {literal} from "../store/key.js";
import type {Partition} from "./layout.js";
import {lakeDir, type Part} from "./manifest.js";

/** The lake's series of venue listings, by UTC day. */
export const INSTRUMENT_SERIES = "instruments";

/** Returns the snapshot partitions whose newest listing or row count differs from the lake's. */
export async function staleInstruments(db: Database, parts: readonly Part[]): Promise<Partition[]> {
  const rows = await rowsOf<{venue: string; year: number; rows: number; newest: number}>(
    db.connection,
    `select venue, year(make_timestamp(day_ts * 1000)) as year, count(*) as rows, max(observed_ts) as newest
     from instruments group by all order by all`
  );
  return rows
    .filter(({venue, year, rows: n, newest}) => {
      const part = parts.find((p) => p.series === INSTRUMENT_SERIES && p.venue === venue && p.year === year);
      return part === undefined || part.rows !== n || part.maxTs !== newest;
    })
    .map(({venue, year}) => ({venue, series: INSTRUMENT_SERIES, pair: "", timeframe: "", year}));
}

/** Returns the SQL of one snapshot partition. */
export const instrumentSql = ({venue, year}: Partition): string =>
  `select observed_ts as ts, ${INSTRUMENT_COLUMNS.filter((name) => name !== "observed_ts" && name !== "venue").join(", ")}
   from instruments where venue = ${literal(venue)} and day_ts >= ${Date.UTC(year, 0, 1)} and day_ts < ${Date.UTC(year + 1, 0, 1)}
   order by day_ts, market, pair`;

/**
 * Restores the lake's snapshots to a store that has none.
 * @returns the number of rows restored
 */
export async function restoreInstruments(db: Database, parts: readonly Part[]): Promise<number> {
  const own = parts.filter((part) => part.series === INSTRUMENT_SERIES);
  const [have] = await rowsOf<{n: number}>(db.connection, "select count(*) as n from instruments");
  if (own.length === 0 || have!.n > 0) return 0;
  const names = INSTRUMENT_COLUMNS.filter((name) => name !== "observed_ts" && name !== "venue");
  for (const {venue, path} of own) {
    await db.connection.run(
      `insert into instruments (venue, observed_ts, ${names.join(", ")})
       select ${literal(venue)}, ts, ${names.join(", ")} from read_parquet(${literal(join(lakeDir(db.dataDir), path))}, hive_partitioning = false)`
    );
  }
  forgetLives(db);
  return own.reduce((sum, part) => sum + part.rows, 0);
}
