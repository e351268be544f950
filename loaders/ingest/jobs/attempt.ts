import type {Clock, Exchange, Priority} from "../../exchange/types.js";
import type {Database} from "../../store/database.js";
import {keyText, type SeriesKey} from "../../store/key.js";
import type {Series} from "../../../src/lib/market/pair.js";
import type {Job} from "../../../src/lib/wire/job.js";
import {fetchHistory, type FetchContext} from "./fetch.js";
import {endedJob} from "./gone.js";
import {repairHoles} from "./repair.js";
import {Watch} from "./watch.js";

interface AttemptContext {
  db: Database;
  exchange: Exchange;
  clock: Clock;
  /** each ends the attempt between two writes */
  signals: readonly AbortSignal[];
  log: (text: string) => void;
  /** receives the job at each step, until the attempt is over */
  onProgress: (job: Job) => void;
  /** called after each committed write */
  onWritten: () => Promise<void>;
}

/** Queue priority by kind of work. */
const PRIORITY: Record<string, Priority> = {update: "update", repair: "repair", backfill: "backfill"};

/**
 * Works once on the history of a job: fetches what is missing, or refetches its holes. A market that the venue no longer
 * lists ends the job.
 * @returns the job with its final figures
 * @throws ExchangeError where nothing moves for the venue's patience, and whatever the work throws
 */
export async function attempt(job: Job, {signals, exchange, onProgress, ...given}: AttemptContext): Promise<Job> {
  const key = keyOf(job);
  const watch = new Watch(keyText(key), exchange.patienceMs, given.clock);
  const signal = AbortSignal.any([...signals, watch.signal]);
  const context: FetchContext = {
    ...given,
    exchange,
    priority: PRIORITY[job.kind]!,
    signal,
    watch,
    onProgress: (next) => {
      if (!signal.aborted) onProgress({...next, status: "in_progress"});
    }
  };
  const work =
    job.kind === "repair"
      ? repairHoles(job, key, context)
      : fetchHistory(job, key, {from: job.from!, to: job.to!}, context);
  return watch.run(
    work.catch(async (error: unknown) => {
      const ended = await endedJob(job, key, error, context);
      if (ended) return ended;
      throw error;
    })
  );
}

const keyOf = ({venue, pair, series, timeframe}: Job): SeriesKey => ({
  venue: venue!,
  pair: pair!,
  series: series as Series,
  timeframe: timeframe!
});
