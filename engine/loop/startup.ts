import {ConfigError, ExchangeError, UsageError} from "../../loaders/errors.js";
import {loadFunding} from "../../loaders/snapshots/funding-rows.js";
import {boundaryTs, DAY_MS} from "../../src/lib/time/grid.js";
import {feeNote} from "./notes.js";
import type {LiveFeed} from "./feed.js";
import type {PairQuote} from "../trader/quotes.js";
import {configEntries} from "../../src/lib/strategy/config.js";
import type {WarmedEvent} from "../journal/events.js";
import {isReal, type RealVenue} from "../execution/venue.js";
import type {LoopState} from "./state.js";

/** Number of pairs traded when none are configured. */
const TOP_PAIRS = 20;
/** Span of settlements fetched for a pair without stored history, ms. */
const WARM_MS = 120 * DAY_MS;

/**
 * Returns the pairs to trade: the configured ones, else the tracked ones, else the largest by turnover; plus open
 * hedges.
 */
export async function choosePairs({options, feed, quotes, trader}: LoopState): Promise<string[]> {
  const {pairs, data, log} = options;
  const named = pairs.length > 0 ? [...pairs] : ((await data?.tracked()) ?? []);
  const wanted = named.length > 0 ? named : largest(feed, quotes, Number(trader.minTurnover24h));
  const listed = wanted.filter((pair) => feed.markets.has(pair));
  const unknown = wanted.filter((pair) => !feed.markets.has(pair));
  if (unknown.length > 0) log.warn(`the venue lists no perpetual of ${unknown.join(", ")}; they are not traded`);
  return [...new Set([...listed, ...trader.open.map(({order}) => order.pair)])].sort();
}

function largest(feed: LiveFeed, quotes: ReadonlyMap<string, PairQuote>, minTurnover: number): string[] {
  const turnover = (pair: string) => Number(quotes.get(pair)?.turnover24h ?? 0);
  return [...feed.markets.values()]
    .filter(({pair, active}) => active && turnover(pair) >= minTurnover)
    .sort((a, b) => turnover(b.pair) - turnover(a.pair) || (a.pair < b.pair ? -1 : 1))
    .slice(0, TOP_PAIRS)
    .map(({pair}) => pair);
}

/**
 * Adds pairs to the trader and warms up their signals, from the lake and, for newer settlements, from the venue. Pairs
 * already warmed in the journal are skipped.
 * @param onProgress called with the number of pairs done
 */
export async function warmPairs(
  pairs: readonly string[],
  {loop, onProgress}: {loop: LoopState; onProgress?: ((done: number) => void) | undefined}
): Promise<void> {
  const {feed, options} = loop;
  const {dataDir, venueName, signal} = options;
  const venueMs = loop.now();
  await loop.guarded(async () => {
    for (const pair of pairs) {
      const instrument = feed.markets.get(pair)?.instrument ?? null;
      const known = loop.trader.pairs.get(pair);
      // Compared as text, because the objects are new at every listing.
      if (!known || JSON.stringify(known.instrument ?? null) !== JSON.stringify(instrument)) {
        loop.trader.list({type: "listed", ts: venueMs, pair, instrument});
      }
    }
  });
  const cold = pairs.filter((pair) => !loop.trader.pair(pair).warmed);
  const stored = cold.length > 0 ? await loadFunding(dataDir, venueName, cold) : new Map<string, never>();
  let done = pairs.length - cold.length;
  onProgress?.(done);
  for (const pair of cold) {
    signal.throwIfAborted();
    const rows = (stored.get(pair) ?? []).filter(({tsMs}) => tsMs <= venueMs);
    const newest = rows.at(-1);
    const after = newest ? boundaryTs(newest.tsMs) : venueMs - WARM_MS;
    const tail = await feed.settlements(pair, after, venueMs);
    const warm = [...rows, ...tail].map(({tsMs, rate, reportedHours}): WarmedEvent["rows"][number] => [
      tsMs,
      String(rate),
      reportedHours ?? null
    ]);
    // the network call is outside `guarded`, so it never blocks the trader
    await loop.guarded(async () => loop.trader.warm({type: "warmed", ts: venueMs, pair, rows: warm}));
    onProgress?.(++done);
  }
}

/** Missing first rates are reported after this long, ms; the loop keeps waiting. */
const FIRST_RATES_MS = 30_000;
const RETRY_MS = 2_000;
/** Polling interval of the history's progress, ms. */
const POLL_MS = 250;

/**
 * Prepares the first cycle: waits for markets and first rates, complete history and warm signals. Each wait reports its
 * reason in `blockedBy`.
 * @throws the signal's reason; UsageError or ConfigError for an unusable account
 */
export async function begin(loop: LoopState): Promise<void> {
  const {options} = loop;
  const {log, signal, strategy, settings, venueName, origin, simulated, version, mode} = options;
  loop.phase = "blocked";
  await awaitFirstRates(loop);
  await awaitHistory(loop);
  const pairs = await choosePairs(loop);
  await checkFees(loop, pairs);
  const {minTurnover24h, intervalMs} = settings;
  const file = {strategy: configEntries(strategy), minTurnover24h, intervalMs};
  await loop.guarded(async () => {
    const ts = loop.now();
    loop.trader.start({type: "started", ts, version, mode, venue: venueName, origin, simulated, file});
  });
  await checkAccount(loop);
  const block = (done: number) => {
    loop.blockedBy = {
      what: `signals of ${pairs.length} pairs`,
      progress: pairs.length === 0 ? 1 : done / pairs.length,
      etaMs: null
    };
  };
  await untilDone(loop, "warming up", async () => {
    await warmPairs(pairs, {loop, onProgress: block});
  });
  signal.throwIfAborted();
  loop.blockedBy = null;
  log.info(`${pairs.length} pairs are followed: ${pairs.join(", ")}`);
}

/** Records the baseline of a new real account's journal. @throws UsageError when the journal is of another account */
async function checkAccount(loop: LoopState): Promise<void> {
  if (!isReal(loop.trader.venue)) return;
  loop.blockedBy = {what: "account", progress: null, etaMs: null};
  loop.why = "reading the account";
  await untilDone(loop, "account", async () => {
    // read at each attempt: a rebuild replaces the venue
    const venue = loop.trader.venue as RealVenue;
    const known = venue.baseline;
    if (!known) {
      const baseline = await venue.readBaseline();
      await loop.guarded(async () => loop.trader.baseline({type: "baseline", ...baseline}));
      return;
    }
    const account = await venue.accountId();
    if (account !== known.account) {
      throw new UsageError(`invalid account: the keys are of ${account}, the journal of ${known.account}`, {
        fix: "use the keys of the journal's account, or another data directory"
      });
    }
  });
  await untilDone(loop, "reconciliation", () => loop.exclusive(() => loop.reconcile()));
}

/** Compares the account's fees with the configured ones; a venue that does not report fees blocks nothing. */
async function checkFees(loop: LoopState, pairs: readonly string[]): Promise<void> {
  const {fees, log, notify, signal} = loop.options;
  if (!fees) return;
  try {
    loop.feeRows = await fees(pairs);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ExchangeError)) throw error;
    log.warn(`the account's fees are not known: ${error.message}`);
    return;
  }
  for (const row of loop.feeRows) {
    if (row.agrees) continue;
    log.warn(row.says);
    notify(feeNote(loop.now(), row));
  }
}

/** Waits for the venue's markets and first prices, and reports a delay. */
async function awaitFirstRates(loop: LoopState): Promise<void> {
  const {clock} = loop.options;
  const began = clock.monotonic();
  loop.blockedBy = {what: "first rates", progress: null, etaMs: null};
  loop.why = "waiting for the venue's first rates";
  await untilDone(
    loop,
    "first rates",
    async () => {
      await loop.feed.list();
      await loop.scan();
    },
    () => {
      if (clock.monotonic() - began < FIRST_RATES_MS) return;
      loop.why = `the venue has given no rates for ${Math.round((clock.monotonic() - began) / 1_000)} s; still trying`;
    }
  );
}

/** Updates the history and waits for it, reporting progress. Failures are logged; missing rates come from the venue. */
async function awaitHistory(loop: LoopState): Promise<void> {
  const {data, clock, signal, log} = loop.options;
  if (!data || (await data.tracked()).length === 0) return;
  loop.why = "waiting for complete history";
  loop.blockedBy = {what: "history", progress: 0, etaMs: null};
  let ids: string[] = [];
  try {
    ids = (await data.update()).batches.map(({id}) => id);
  } catch (error) {
    signal.throwIfAborted();
    log.warn(`history: ${(error as Error).message}; what is stored is used, the rest comes from the venue`);
    return;
  }
  for (;;) {
    signal.throwIfAborted();
    const states = ids.map((id) => data.progress(id));
    const etas = states.flatMap(({etaMs}) => etaMs ?? []);
    loop.blockedBy = {
      what: "history",
      progress: states.length === 0 ? 1 : states.reduce((sum, {progress}) => sum + progress, 0) / states.length,
      etaMs: etas.length > 0 ? Math.max(...etas) : null
    };
    loop.publish();
    if (states.every(({ended}) => ended)) {
      for (const {failed} of states) if (failed !== null) log.warn(`history: ${failed}`);
      return;
    }
    await clock.sleep(POLL_MS, signal);
  }
}

/** Tries something until it succeeds, pausing between attempts. */
async function untilDone(
  loop: LoopState,
  name: string,
  work: () => Promise<void>,
  onFailure: () => void = () => undefined
): Promise<void> {
  const {clock, signal, log} = loop.options;
  for (;;) {
    signal.throwIfAborted();
    loop.publish();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UsageError || error instanceof ConfigError) throw error;
      log.warn(`${name}: ${(error as Error).message}`);
      onFailure();
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
