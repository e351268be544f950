import {isOwnSeries, type Series} from "../../src/lib/market/pair.js";
import type {VenueInstrument} from "../rows.js";
import {DAY_MS, floorTo} from "../../src/lib/time/grid.js";
import {inTransaction, rowsOf, type Database} from "./database.js";
import {literal, type SeriesKey} from "./key.js";

/** A market as the venue listed it on one UTC day. `turnover24h` is in quote, of the perp or spot itself. */
export interface ListedInstrument extends VenueInstrument {
  venue: string;
  dayTs: number;
  turnover24h?: string | undefined;
}

const COLUMNS = [
  "venue",
  "day_ts",
  "observed_ts",
  "market",
  "pair",
  "symbol",
  "coin",
  "multiplier",
  "quote",
  "active",
  "status",
  "launch_ts",
  "delist_ts",
  "contract_size",
  "tick",
  "step",
  "min_qty",
  "min_notional",
  "funding_interval_hours",
  "turnover_24h"
] as const;

/**
 * Stores a venue's listing as the snapshot of its UTC day, replacing an earlier one, so that past universes can be
 * queried (§8.14).
 * @param turnovers 24 h turnover in quote by `market|pair`
 */
export async function saveInstruments(
  db: Database,
  venue: string,
  observedTs: number,
  instruments: readonly VenueInstrument[],
  turnovers: ReadonlyMap<string, string> = new Map()
): Promise<void> {
  if (instruments.length === 0) return;
  const dayTs = floorTo(observedTs, DAY_MS);
  const value = (v: string | number | boolean | undefined) =>
    v === undefined ? "null" : typeof v === "boolean" ? String(v) : literal(v);
  const rows = instruments.map((i) =>
    [
      venue,
      dayTs,
      observedTs,
      i.market,
      i.pair,
      i.symbol,
      i.coin,
      i.multiplier,
      i.quote,
      i.active,
      i.status,
      i.launchTs,
      i.delistTs,
      i.contractSize,
      i.tick,
      i.step,
      i.minQty,
      i.minNotional,
      i.fundingIntervalHours,
      turnovers.get(`${i.market}|${i.pair}`)
    ]
      .map(value)
      .join(", ")
  );
  await inTransaction(db.connection, async () => {
    await db.connection.run(`delete from instruments where venue = ${literal(venue)} and day_ts = ${dayTs}`);
    for (let i = 0; i < rows.length; i += 500) {
      const chunk = rows.slice(i, i + 500).map((row) => `(${row})`);
      await db.connection.run(`insert into instruments (${COLUMNS.join(", ")}) values ${chunk.join(", ")}`);
    }
  });
  forgetLives(db);
}

/** Returns when a venue's listing was last stored, UTC ms; undefined when it never was. */
export async function newestSnapshotTs(db: Database, venue: string): Promise<number | undefined> {
  const [row] = await rowsOf<{ts: number | null}>(
    db.connection,
    `select max(observed_ts) as ts from instruments where venue = ${literal(venue)}`
  );
  return row?.ts ?? undefined;
}

/** Returns a venue's last stored listing; empty when there is none. */
export async function newestInstruments(db: Database, venue: string): Promise<ListedInstrument[]> {
  const rows = await rowsOf<Record<string, string | number | boolean | null>>(
    db.connection,
    `select ${COLUMNS.join(", ")} from instruments where venue = ${literal(venue)}
       and day_ts = (select max(day_ts) from instruments where venue = ${literal(venue)}) order by market, pair`
  );
  return rows.map(readInstrument);
}

/** Converts a row of the snapshot table, of the store or of the lake, to an object. */
export function readInstrument(row: Record<string, string | number | boolean | null>): ListedInstrument {
  const text = (name: string) => (row[name] === null ? undefined : String(row[name]));
  const number = (name: string) => (row[name] === null ? undefined : Number(row[name]));
  return {
    venue: String(row.venue),
    dayTs: Number(row.day_ts),
    market: row.market as "spot" | "perp",
    pair: String(row.pair),
    symbol: String(row.symbol),
    coin: String(row.coin),
    multiplier: Number(row.multiplier),
    quote: String(row.quote),
    active: row.active === true,
    status: String(row.status),
    launchTs: number("launch_ts"),
    delistTs: number("delist_ts"),
    contractSize: String(row.contract_size),
    tick: text("tick"),
    step: text("step"),
    minQty: text("min_qty"),
    minNotional: text("min_notional"),
    fundingIntervalHours: number("funding_interval_hours"),
    turnover24h: text("turnover_24h")
  };
}

/** Launch and end of a market, UTC ms; undefined where unknown. */
export interface Life {
  launchTs: number | undefined;
  endTs: number | undefined;
}

const livesByStore = new WeakMap<Database, Map<string, Map<string, Life>>>();

/** Clears the cached lives; call it when the listings have changed. */
export const forgetLives = (db: Database): void => void livesByStore.delete(db);

const UNKNOWN: Life = {launchTs: undefined, endTs: undefined};

/** Number of consecutive listings without a market after which it has ended; a single one may be truncated. */
const MISSED_LISTS = 2;

/**
 * Returns the life of the market behind a history. A market that is missing from later listings has ended: at the
 * instant the venue published, else when it was first missing.
 */
export async function lifeOf(db: Database, {venue, pair, series}: SeriesKey): Promise<Life> {
  let venues = livesByStore.get(db);
  if (!venues) livesByStore.set(db, (venues = new Map()));
  let lives = venues.get(venue);
  if (!lives) venues.set(venue, (lives = await livesOf(db, venue)));
  const market = marketOf(series);
  return (market && lives.get(`${market}|${pair}`)) ?? UNKNOWN;
}

/**
 * The market whose life a history shares; undefined for borrow rates, which belong to the coin, and for series of a
 * person's own.
 */
const marketOf = (series: Series): "spot" | "perp" | undefined =>
  series === "spot" ? "spot" : series === "borrow" || isOwnSeries(series) ? undefined : "perp";

async function livesOf(db: Database, venue: string): Promise<Map<string, Life>> {
  const rows = await rowsOf<{id: string; launch: number | null; delist: number | null; missed: number | null}>(
    db.connection,
    `with own as (select * from instruments where venue = ${literal(venue)}),
          seen as (select market || '|' || pair as id, min(launch_ts) as launch, max(delist_ts) as delist, max(observed_ts) as last
                   from own group by 1)
     select id, launch, delist, (select case when count(distinct observed_ts) >= ${MISSED_LISTS} then min(observed_ts) end
                               from own where observed_ts > last) as missed from seen`
  );
  const lives = new Map<string, Life>(
    rows.map(({id, launch, delist, missed}) => [
      id,
      {launchTs: launch ?? undefined, endTs: (delist !== null && delist > 0 ? delist : missed) ?? undefined}
    ])
  );
  // A market that the venue refused and no longer lists has ended at its newest row, whatever the lists say.
  const ended = await rowsOf<{id: string; ts: number}>(
    db.connection,
    `select (case when series = 'spot' then 'spot' else 'perp' end) || '|' || pair as id, max(ts) as ts
     from remarks join keys on id = key_id
     where kind = 'ended' and venue = ${literal(venue)} and series <> 'borrow' and not starts_with(series, 'own:') group by 1`
  );
  for (const {id, ts} of ended) {
    const life = lives.get(id) ?? UNKNOWN;
    lives.set(id, {...life, endTs: Math.min(life.endTs ?? Infinity, ts)});
  }
  return lives;
}

/** Returns whether a venue ever listed the market behind a history. */
export async function wasListed(db: Database, {venue, pair, series}: SeriesKey): Promise<boolean> {
  const market = marketOf(series);
  if (market === undefined) return false;
  const rows = await rowsOf(
    db.connection,
    `select 1 from instruments where venue = ${literal(venue)} and market = '${market}' and pair = ${literal(pair)} limit 1`
  );
  return rows.length > 0;
}

/** Columns of a snapshot partition of the lake, in order. */
export const INSTRUMENT_COLUMNS: readonly string[] = COLUMNS;
