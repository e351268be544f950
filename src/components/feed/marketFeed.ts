import {tableFromIPC} from "npm:@uwdata/flechette";
import {entryOf, type Catalogue, type CatalogueEntry, type SeriesFile} from "../../lib/market/catalogue.js";
import type {Candles, FundingRow, MarketData} from "../../lib/market/marketdata.js";
import type {Timeframe} from "../../lib/time/grid.js";

/** Settlements of one pair as columns: instants in UTC ms, rates as shares, missing as NaN. */
export interface FundingSeries {
  pair: string;
  venue: string;
  t: Float64Array;
  /** as settled, for its own interval */
  rate: Float64Array;
  /** NaN where the interval is ambiguous or unknown */
  rate8h: Float64Array;
  /** hours that the rate was paid for; NaN where `rate8h` is */
  intervalHours: Float64Array;
}

/** The part of Framework's FileAttachment that this module uses. */
interface CatalogueFile {
  json(): Promise<unknown>;
  url(): Promise<string>;
}

/** Loads histories on demand, each once. */
export interface MarketFeed {
  catalogue: Catalogue;
  /** the newest instant that any history reaches, UTC ms */
  lastMs: number | undefined;
  funding(pair: string, venue?: string): Promise<FundingSeries>;
  /** all data that a backtest of a pair reads */
  market(request: {pair: string; venue?: string; timeframe: Timeframe}): Promise<MarketData>;
}

const EMPTY: Catalogue = {version: "", simulated: false, entries: []};

/**
 * Opens the feed of a catalogue. The built site serves histories under `series/`, the preview under `_file/`; the URL of
 * the catalogue shows which of the two applies. An unreadable catalogue counts as empty.
 */
export async function openFeed(file: CatalogueFile): Promise<MarketFeed> {
  const catalogue = ((await file.json().catch(() => null)) as Catalogue | null) ?? EMPTY;
  return marketFeed(catalogue, folderOf(await file.url()));
}

/** Returns the folder URL of the histories, from the URL of their catalogue. */
export function folderOf(catalogueUrl: string): string {
  const url = new URL(catalogueUrl, globalThis.document?.baseURI);
  const folder = new URL(".", url);
  const isPreview = url.pathname.endsWith("/catalogue.json");
  return isPreview ? folder.href : folder.href.replace("/_file/", "/");
}

/** Returns the feed of a catalogue whose files are below `folder`. */
export function marketFeed(
  catalogue: Catalogue,
  folder: string,
  get: (url: string) => Promise<Response> = (url) => fetch(url)
): MarketFeed {
  const cache = new Map<string, Promise<Columns>>();
  const read = ({path}: SeriesFile): Promise<Columns> => {
    let columns = cache.get(path);
    if (!columns) {
      columns = readColumns(`${folder}${path}?v=${encodeURIComponent(catalogue.version)}`, path, get);
      // a failed load is not cached, so the next request repeats it
      columns.catch(() => cache.delete(path));
      cache.set(path, columns);
    }
    return columns;
  };
  const find = (pair: string, venue?: string): CatalogueEntry => {
    const entry = entryOf(catalogue, pair, venue);
    if (!entry) throw new Error(`missing data: ${pair}${venue ? ` at ${venue}` : ""}`);
    return entry;
  };
  return {
    catalogue,
    lastMs: catalogue.entries.length ? Math.max(...catalogue.entries.map(({funding}) => funding.to)) : undefined,
    async funding(pair, venue) {
      const entry = find(pair, venue);
      const columns = await read(entry.funding);
      return {
        pair,
        venue: entry.venue,
        t: columns.floats("boundaryTs"),
        rate: Float64Array.from(columns.texts("rate"), Number),
        rate8h: columns.floats("rate8h"),
        intervalHours: columns.floats("intervalHours")
      };
    },
    async market({pair, venue, timeframe}) {
      const entry = find(pair, venue);
      const files = entry.candles.find((c) => c.timeframe === timeframe);
      if (!files) throw new Error(`missing candles: ${pair} has no ${timeframe} bars of both markets`);
      const candles = async (file: SeriesFile): Promise<Candles> => candlesFrom(await read(file), timeframe);
      const [funding, spot, perp, mark] = await Promise.all([
        read(entry.funding),
        candles(files.spot),
        candles(files.perp),
        files.mark ? candles(files.mark) : undefined
      ]);
      return {
        pair,
        venue: entry.venue,
        timeframe,
        funding: settlementsFrom(funding),
        spot,
        perp,
        mark,
        perpMultiplier: entry.perpMultiplier,
        instrument: entry.instrument ?? undefined
      };
    }
  };
}

interface Columns {
  floats(name: string): Float64Array;
  texts(name: string): (string | null)[];
}

async function readColumns(url: string, path: string, get: (url: string) => Promise<Response>): Promise<Columns> {
  const response = await get(url);
  if (!response.ok) throw new Error(`cannot load series/${path}: ${response.status}`);
  const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()), {useBigInt: false, useDate: false});
  const column = (name: string) => {
    const values = table.getChild(name);
    if (!values) throw new Error(`cannot load series/${path}: no column ${name}`);
    return values.toArray() as ArrayLike<unknown>;
  };
  return {
    floats: (name) => Float64Array.from(column(name) as ArrayLike<number | null>, (value) => value ?? NaN),
    texts: (name) => Array.from(column(name) as ArrayLike<string | null>)
  };
}

/** Returns settlements with exact rates; `reportedHours` is set only when the venue reported the interval. */
function settlementsFrom(columns: Columns): FundingRow[] {
  const rate = columns.texts("rate");
  const source = columns.texts("intervalSource");
  const hours = columns.floats("intervalHours");
  return Array.from(columns.floats("ts"), (tsMs, i) => ({
    tsMs,
    rate: rate[i]!,
    reportedHours: source[i] === "reported" ? hours[i] : undefined
  }));
}

function candlesFrom(columns: Columns, timeframe: Timeframe): Candles {
  const turnover = columns.floats("turnover");
  return {
    timeframe,
    ts: columns.floats("ts"),
    open: columns.floats("open"),
    high: columns.floats("high"),
    low: columns.floats("low"),
    close: columns.floats("close"),
    volume: columns.floats("volume"),
    turnover: turnover.some((value) => !Number.isNaN(value)) ? turnover : undefined
  };
}
