import {serves} from "../../loaders/exchange/expect.js";
import {isObservationSeries} from "../../src/lib/market/pair.js";
import {DataError} from "../../loaders/errors.js";
import type {Job} from "../../src/lib/wire/job.js";
import {publish} from "../../loaders/lake/publish.js";
import {checkHistory, reopenHoles, type Checked} from "../../loaders/store/check.js";
import {knownKey, type Database} from "../../loaders/store/database.js";
import {keyText, type SeriesKey, type StoredKey} from "../../loaders/store/key.js";
import type {PlanContext} from "./plan.js";

/** Checks one history's rows for holes; publishes the lake where the coverage ledger disagreed. */
export function checkGaps(db: Database, key: SeriesKey): Promise<SeriesKey & Checked> {
  return db.exclusive(async () => {
    const checked = await checkHistory(db, requireKey(db, key));
    if (checked.changed) await publish(db, {features: false});
    return {...key, ...checked};
  });
}

/**
 * Queues the refetch of one hole, or of every hole of one history. Reopens holes confirmed missing.
 * @throws DataError where there is no hole, or for a history that is read from files alone
 */
export async function planFill(
  {db, service, exchange}: PlanContext,
  key: SeriesKey,
  {from = 0, to = Number.MAX_SAFE_INTEGER}: {from?: number | undefined; to?: number | undefined}
): Promise<Job> {
  const stored = requireKey(db, key);
  if (isObservationSeries(key.series) && !serves(await exchange(key.venue), key.series)) {
    throw new DataError(`missing source: ${keyText(key)} is read from files`, {
      fix: `import one with the missing rows: npx carrybook import FILE… --venue ${key.venue} --series ${key.series}`
    });
  }
  const holes = await db.exclusive(() => reopenHoles(db, stored, {from, to}));
  if (holes === 0) {
    throw new DataError(`missing hole: ${keyText(key)} has none there`, {
      fix: "`npx carrybook gaps` lists them; POST /gaps/check checks again"
    });
  }
  return service.submit({kind: "repair", venue: key.venue, histories: [{key, wanted: {from, to}}]});
}

function requireKey(db: Database, key: SeriesKey): StoredKey {
  const stored = knownKey(db, key);
  if (stored) return stored;
  throw new DataError(`missing series: ${keyText(key)} is not in the store`, {fix: "`npx carrybook status` lists them"});
}
