import type {Series} from "../../src/lib/market/pair.js";
import {TRIES_UNTIL_CONFIRMED} from "../../src/lib/market/coverage.js";
import {rowsOf, type Database} from "../store/database.js";
import type {BatchRequest} from "./jobs/batch.js";

/** Returns one repair request per venue, with every history that has a hole which another refetch may resolve. */
export async function repairPlan(db: Database): Promise<BatchRequest[]> {
  const rows = await rowsOf<{venue: string; series: Series; pair: string; timeframe: string; from: number; to: number}>(
    db.connection,
    `select venue, series, pair, timeframe, min(from_ts) as "from", max(to_ts) as "to"
     from holes join keys on id = key_id where state <> 'confirmed missing' and tries < ${TRIES_UNTIL_CONFIRMED}
     group by all order by venue, pair, series, timeframe`
  );
  return [...new Set(rows.map((row) => row.venue))].map((venue) => ({
    kind: "repair",
    venue,
    histories: rows.filter((row) => row.venue === venue).map(({from, to, ...key}) => ({key, wanted: {from, to}}))
  }));
}
