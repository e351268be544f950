import {exclusionsOf, UNIVERSE} from "../../src/lib/strategy/universe.js";
import {isCandleSeries, quoteOf, type Series} from "../../src/lib/market/pair.js";
import {DAY_MS, floorTo, type Timeframe} from "../../src/lib/time/grid.js";
import type {Exchange} from "../exchange/types.js";
import type {VenueInstrument} from "../rows.js";
import {readMeta, writeMeta, type Database} from "../store/database.js";
import {newestInstruments, newestSnapshotTs, saveInstruments, type ListedInstrument} from "../store/instruments.js";
import type {SeriesKey} from "../store/key.js";
import {dropUnselected, readTracked, track} from "../store/tracked.js";

/** Interval between two selections of a venue's pairs, in ms (DESIGN, data loaders). */
export const RESELECT_MS = 7 * DAY_MS;

/**
 * Returns the venue's current markets, fetched once per UTC day and stored as that day's snapshot.
 * @param nowMs the venue's clock, UTC ms
 */
export async function instrumentsOfToday(
  db: Database,
  exchange: Exchange,
  nowMs: number,
  signal?: AbortSignal
): Promise<ListedInstrument[]> {
  const newest = await db.exclusive(() => newestSnapshotTs(db, exchange.venue));
  if (newest === undefined || floorTo(newest, DAY_MS) !== floorTo(nowMs, DAY_MS)) {
    const {instruments, turnovers} = await fetchMarkets(exchange, signal);
    await db.exclusive(() => saveInstruments(db, exchange.venue, nowMs, instruments, turnovers));
  }
  return db.exclusive(() => newestInstruments(db, exchange.venue));
}

async function fetchMarkets(exchange: Exchange, signal?: AbortSignal) {
  const options = {priority: "update" as const, signal};
  const [instruments, perps, spots] = await Promise.all([
    exchange.instruments(options),
    exchange.tickers("perp", options),
    exchange.tickers("spot", options)
  ]);
  const turnovers = new Map<string, string>();
  for (const {market, pair, turnover24h} of [...perps, ...spots])
    if (turnover24h !== undefined) turnovers.set(`${market}|${pair}`, turnover24h);
  return {instruments, turnovers};
}

/** Fetches the venue's current markets without storing them: for estimates. */
export async function listMarkets(
  exchange: Exchange,
  nowMs: number,
  signal?: AbortSignal
): Promise<ListedInstrument[]> {
  const {instruments, turnovers} = await fetchMarkets(exchange, signal);
  const {venue} = exchange;
  return instruments.map((own) => ({
    ...own,
    venue,
    dayTs: floorTo(nowMs, DAY_MS),
    turnover24h: turnovers.get(`${own.market}|${own.pair}`)
  }));
}

/**
 * Returns the pairs of the universe with the highest 24 h turnover in quote (§5). They are active, with an
 * active spot market of the same coin; ties are by name.
 * @returns names of perp pairs, the highest turnover first
 */
export function topPairs(
  instruments: readonly ListedInstrument[],
  top: number,
  {quote = "USDT", minTurnover24h = UNIVERSE.minTurnover24h}: {quote?: string; minTurnover24h?: number} = {}
): string[] {
  const spots = new Set(instruments.filter((i) => i.market === "spot" && i.active).map((i) => `${i.coin}/${i.quote}`));
  return instruments
    .filter((i) => i.market === "perp" && i.active && i.quote === quote)
    .filter((i) => {
      const turnover24h = i.turnover24h === undefined ? undefined : Number(i.turnover24h);
      const candidate = {pair: i.pair, turnover24h, spotActive: spots.has(`${i.coin}/${i.quote}`), coverage: 1};
      return exclusionsOf(candidate, {...UNIVERSE, minTurnover24h}).length === 0;
    })
    .sort((a, b) => Number(b.turnover24h) - Number(a.turnover24h) || (a.pair < b.pair ? -1 : 1))
    .slice(0, top)
    .map((i) => i.pair);
}

/**
 * Returns the histories behind a perp pair: its settlements once, its candles in each timeframe. The spot leg of a perp
 * counted in thousands is the coin itself: `1000PEPE/USDT` hedges `PEPE/USDT`.
 */
export function historiesOf(
  venue: string,
  pair: string,
  {series, timeframes}: {series: readonly Series[]; timeframes: readonly Timeframe[]},
  instruments: readonly VenueInstrument[] = []
): SeriesKey[] {
  const perp = instruments.find((i) => i.market === "perp" && i.pair === pair);
  const spotPair = perp ? `${perp.coin}/${quoteOf(pair)}` : pair;
  return series.flatMap((name): SeriesKey[] =>
    isCandleSeries(name) || name === "open-interest"
      ? timeframes.map((timeframe) => ({venue, series: name, pair: name === "spot" ? spotPair : pair, timeframe}))
      : [{venue, series: name, pair, timeframe: name === "borrow" ? "1h" : ""}]
  );
}

/** Settings of a venue's selection of top pairs, with its newest result. `selectedTs` is UTC ms. */
export interface Selection {
  top: number;
  /** quote of the pairs; selections of earlier versions have none, and mean USDT */
  quote?: string;
  /** length of history for a newly selected pair, in days */
  days: number;
  series: Series[];
  timeframes: Timeframe[];
  selectedTs: number;
  pairs: string[];
}

/** Returns the current selection of a venue; undefined when only the operator has named pairs. */
export async function readSelection(db: Database, venue: string): Promise<Selection | undefined> {
  const text = await readMeta(db, `selection:${venue}`);
  return text === undefined ? undefined : (JSON.parse(text) as Selection);
}

/** Result of a selection: its pairs, and the difference to the one before. */
interface Selected {
  pairs: string[];
  added: string[];
  dropped: string[];
}

/**
 * Selects a venue's top pairs and adds their histories to the scheduled updates, removing those no longer selected.
 * What the operator added or removed stays.
 * @param nowMs the venue's clock, UTC ms
 * @param fromTs start of the histories to fetch, UTC ms
 */
export async function selectTop(
  db: Database,
  venue: string,
  instruments: readonly ListedInstrument[],
  {top, quote = "USDT", days, series, timeframes}: Pick<Selection, "top" | "quote" | "days" | "series" | "timeframes">,
  nowMs: number,
  fromTs = nowMs - days * DAY_MS
): Promise<Selected> {
  const pairs = topPairs(instruments, top, {quote});
  const before = (await readSelection(db, venue))?.pairs ?? [];
  const keys = pairs.flatMap((pair) => historiesOf(venue, pair, {series, timeframes}, instruments));
  const kept = new Set(keys.map(idOf));
  await track(db, keys, {fromTs, chosenBy: "top"});
  await dropUnselected(db, venue, (key) => kept.has(idOf(key)));
  const selection: Selection = {top, quote, days, series, timeframes, selectedTs: nowMs, pairs};
  await writeMeta(db, `selection:${venue}`, JSON.stringify(selection));
  return {
    pairs,
    added: pairs.filter((pair) => !before.includes(pair)),
    dropped: before.filter((pair) => !pairs.includes(pair))
  };
}

/** Returns true when a week has passed since the last selection. */
export const selectionDue = (selection: Selection | undefined, nowMs: number): selection is Selection =>
  selection !== undefined && nowMs - selection.selectedTs >= RESELECT_MS;

/** Returns the venues with a history in the scheduled updates. */
export async function trackedVenues(db: Database): Promise<string[]> {
  return [...new Set((await readTracked(db)).map((t) => t.venue))].sort();
}

const idOf = ({series, pair, timeframe}: SeriesKey): string => [series, pair, timeframe].join("|");
