import type {VenueInstrument} from "../rows.js";
import {DAY_MS, floorTo} from "../../src/lib/time/grid.js";
import {inTransaction, rowsOf, type Database} from "./database.js";
import {literal, type SeriesKey} from "./key.js";

/** A market as the venue listed it on one day. `turnover24h` in quote, of the perp or spot itself. */
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
 * Keeps what a venue lists as the snapshot of that UTC day, in the place of an earlier one of the same day, so that past
 * universes can be asked for (§8.14).
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

/** When a venue's list was last kept, UTC ms; undefined when it never was. */
export async function newestSnapshotTs(db: Database, venue: string): Promise<number | undefined> {
  const [row] = await rowsOf<{ts: number | null}>(
    db.connection,
    `select max(observed_ts) as ts from instruments where venue = ${literal(venue)}`
  );
  return row?.ts ?? undefined;
}

/** The venue's list as it was last kept; empty when it never was. */
export async function newestInstruments(db: Database, venue: string): Promise<ListedInstrument[]> {
  const rows = await rowsOf<Record<string, string | number | boolean | null>>(
    db.connection,
    `select ${COLUMNS.join(", ")} from instruments where venue = ${literal(venue)}
       and day_ts = (select max(day_ts) from instruments where venue = ${literal(venue)}) order by market, pair`
  );
  return rows.map(readInstrument);
}

/** A row of the snapshot table, of the store or of the lake, as an object. */
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

/** When a market began and ended, as far as its venue told; undefined where it did not. */
export interface Life {
  launchTs: number | undefined;
  endTs: number | undefined;
}

const known = new WeakMap<Database, Map<string, Map<string, Life>>>();

/** To be called when the lists of markets have changed. */
export const forgetLives = (db: Database): void => void known.delete(db);

const UNKNOWN: Life = {launchTs: undefined, endTs: undefined};

/** A market has to be missing from this many lists in a row to have ended: one may have been cut short. */
const MISSED_LISTS = 2;

/**
 * The life of the market behind a history. A market that later lists no longer have has ended: at the instant the venue
 * told, else when it was first missed.
 */
export async function lifeOf(db: Database, {venue, pair, series}: SeriesKey): Promise<Life> {
  let venues = known.get(db);
  if (!venues) known.set(db, (venues = new Map()));
  let lives = venues.get(venue);
  if (!lives) venues.set(venue, (lives = await livesOf(db, venue)));
  return lives.get(`${series === "spot" ? "spot" : "perp"}|${pair}`) ?? UNKNOWN;
}

async function livesOf(db: Database, venue: string): Promise<Map<string, Life>> {
  const rows = await rowsOf<{id: string; launch: number | null; told: number | null; missed: number | null}>(
    db.connection,
    `with own as (select * from instruments where venue = ${literal(venue)}),
          seen as (select market || '|' || pair as id, min(launch_ts) as launch, max(delist_ts) as told, max(observed_ts) as last
                   from own group by 1)
     select id, launch, told, (select case when count(distinct observed_ts) >= ${MISSED_LISTS} then min(observed_ts) end
                               from own where observed_ts > last) as missed from seen`
  );
  return new Map(
    rows.map(({id, launch, told, missed}) => [
      id,
      {launchTs: launch ?? undefined, endTs: (told !== null && told > 0 ? told : missed) ?? undefined}
    ])
  );
}

/** The names a snapshot partition of the lake carries, in order. */
export const INSTRUMENT_COLUMNS: readonly string[] = COLUMNS;
