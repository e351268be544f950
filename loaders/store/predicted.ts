import {inTransaction, storedKey, type Database} from "./database.js";
import {literal} from "./key.js";
import {DECIMAL_SQL} from "./schema.js";

/**
 * A rate that a venue predicted for its next settlement, with its time of observation. Never a settled rate
 * (§1).
 */
export interface PredictedRow {
  pair: string;
  /** the venue's time of the observation, UTC ms: the rate is known from then on */
  observedTs: number;
  /** canonical decimal text, per settlement interval */
  rate: string;
  nextFundingTs: number;
}

/** Stores observations, replacing earlier ones of the same instant. */
export async function savePredicted(db: Database, venue: string, rows: readonly PredictedRow[]): Promise<void> {
  if (rows.length === 0) return;
  await inTransaction(db.connection, async () => {
    const values: string[] = [];
    for (const {pair, observedTs, rate, nextFundingTs} of rows) {
      const key = await storedKey(db, {venue, series: "predicted", pair, timeframe: ""});
      await db.connection.run(`delete from predicted where key_id = ${key.id} and observed_ts = ${observedTs}`);
      values.push(`(${key.id}, ${observedTs}, ${nextFundingTs}, ${literal(rate)}::${DECIMAL_SQL})`);
    }
    await db.connection.run(`insert into predicted values ${values.join(", ")}`);
  });
}
