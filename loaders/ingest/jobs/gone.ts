import {CarrybookError, ExchangeError} from "../../errors.js";
import type {Job} from "../../../src/lib/wire/job.js";
import type {SeriesKey} from "../../store/key.js";
import {wasListed} from "../../store/instruments.js";
import {firstTs, noteEnd} from "../../store/remarks.js";
import {storedKey} from "../../store/database.js";
import type {FetchContext} from "./fetch.js";

/**
 * Returns the completed job of a market that has ended: refused by the venue, gone from its list, and known from before.
 * Its history stays, and later updates leave it out (§8.14). Undefined for any other failure.
 */
export async function endedJob(
  job: Job,
  key: SeriesKey,
  error: unknown,
  {db, exchange, priority, signal, watch, log}: FetchContext
): Promise<Job | undefined> {
  if (!isRefusal(error) || signal.aborted) return undefined;
  const market = key.series === "spot" ? "spot" : "perp";
  const listed = await exchange.instruments({priority, signal, pulse: watch.pulse});
  if (listed.length === 0 || listed.some((own) => own.market === market && own.pair === key.pair)) return undefined;
  return watch.apart(() =>
    db.exclusive(async () => {
      const stored = await storedKey(db, key);
      if ((await firstTs(db, stored)) === undefined && !(await wasListed(db, key))) return undefined;
      await noteEnd(db, stored, `gone from the list of ${key.venue} and refused`);
      log(`ended: gone from the list of ${key.venue} and refused; its history stays`);
      return {...job, quality: {...job.quality, ended: 1}};
    })
  );
}

/** True for a request that the venue would refuse again, or for a market that its client no longer knows. */
const isRefusal = (error: unknown): boolean =>
  (error instanceof ExchangeError && error.code === "venue-refused") ||
  (error instanceof CarrybookError && error.code === "missing-market");
