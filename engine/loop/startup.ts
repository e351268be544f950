import {ConfigError, ExchangeError, UsageError} from "../../loaders/errors.js";
import {loadFunding} from "../../loaders/snapshots/funding-rows.js";
import {boundaryTs, DAY_MS} from "../../src/lib/time/grid.js";
import type {LiveFeed} from "./feed.js";
import type {PairQuote} from "../trader/quotes.js";
import {configEntries} from "../../src/lib/strategy/config.js";
import type {WarmedEvent} from "../journal/events.js";
import {isReal, type RealVenue} from "../execution/venue.js";
import type {LoopState} from "./state.js";

/** Pairs of the venue that are traded where nobody has said which. */
const TOP_PAIRS = 20;
/** How far back settlements are fetched for a pair of which nothing is stored. */
const WARM_MS = 120 * DAY_MS;

/** The pairs to trade: those that were named, else those whose history is followed, else the venue's largest. */
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
 * Makes pairs known to the trader and warms their signals up, from the lake as far as it goes and from the venue for the
 * rest. What a journal had already taken in is left as it is.
 * @param onProgress hears how many pairs are done
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
      // Text, because a venue that lists the same steps again has changed nothing.
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
    // the venue was asked outside: nothing that waits for the trader waits for the network
    await loop.guarded(async () => loop.trader.warm({type: "warmed", ts: venueMs, pair, rows: warm}));
    onProgress?.(++done);
  }
}

/** Without first rates for this long the page says so; the loop goes on waiting. */
const FIRST_RATES_MS = 30_000;
const RETRY_MS = 2_000;
/** How often the progress of the history is looked at. */
const WATCH_MS = 250;

/**
 * What comes before the first cycle: the venue's markets and first rates, complete history, warm signals. Each wait says
 * what it waits for and goes on by itself.
 * @throws what the signal says when it fires
 */
export async function begin(loop: LoopState): Promise<void> {
  const {options} = loop;
  const {log, signal, strategy, settings, venueName, origin, simulated, version, mode} = options;
  loop.phase = "blocked";
  await firstRates(loop);
  await completeHistory(loop);
  const pairs = await choosePairs(loop);
  await ownFees(loop, pairs);
  const {minTurnover24h, intervalMs} = settings;
  const file = {strategy: configEntries(strategy), minTurnover24h, intervalMs};
  await loop.guarded(async () => {
    const ts = loop.now();
    loop.trader.start({type: "started", ts, version, mode, venue: venueName, origin, simulated, file});
  });
  await ownAccount(loop);
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

/** A journal on a real account begins with what the account held; one of another account is not gone on with. */
async function ownAccount(loop: LoopState): Promise<void> {
  if (!isReal(loop.trader.venue)) return;
  loop.blockedBy = {what: "account", progress: null, etaMs: null};
  loop.why = "it looks at the account";
  await untilDone(loop, "account", async () => {
    // asked for the trader's present venue: a rebuilt one has replaced it
    const venue = loop.trader.venue as RealVenue;
    const known = venue.baseline;
    if (!known) {
      const baseline = await venue.lookAtAccount();
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

/** What the account pays is held against what decisions reckon with; a venue that does not tell is no reason to wait. */
async function ownFees(loop: LoopState, pairs: readonly string[]): Promise<void> {
  const {fees, log, tell, signal} = loop.options;
  if (!fees) return;
  try {
    loop.asides = await fees(pairs);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ExchangeError)) throw error;
    log.warn(`the account's fees are not known: ${error.message}`);
    return;
  }
  for (const {agrees, says, pair} of loop.asides) {
    if (agrees) continue;
    log.warn(says);
    tell({ts: loop.now(), level: "warn", event: "keys", text: says, pair});
  }
}

/** Waits for the venue's list and first prices, and says so when they are late. */
async function firstRates(loop: LoopState): Promise<void> {
  const {clock} = loop.options;
  const began = clock.monotonic();
  loop.blockedBy = {what: "first rates", progress: null, etaMs: null};
  loop.why = "it waits for the venue's first rates";
  await untilDone(
    loop,
    "first rates",
    async () => {
      await loop.feed.list();
      await loop.scan();
    },
    () => {
      if (clock.monotonic() - began < FIRST_RATES_MS) return;
      loop.why = `the venue has given no rates for ${Math.round((clock.monotonic() - began) / 1_000)} s; it goes on asking`;
    }
  );
}

/** Brings the history up and waits for it, with its progress. What fails is told; the venue itself fills what signals want. */
async function completeHistory(loop: LoopState): Promise<void> {
  const {data, clock, signal, log} = loop.options;
  if (!data || (await data.tracked()).length === 0) return;
  loop.why = "it waits for complete history";
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
    await clock.sleep(WATCH_MS, signal);
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
