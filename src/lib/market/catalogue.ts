import type {Instrument} from "./marketdata.js";
import type {Timeframe} from "../time/grid.js";

/** Timeframes of the candles published to pages; the command line reads finer ones from the lake. */
export const PAGE_TIMEFRAMES = ["1h", "4h", "8h", "1d"] as const satisfies readonly Timeframe[];
type PageTimeframe = (typeof PAGE_TIMEFRAMES)[number];

/** One history as a separate file, so that a page fetches only what it shows. */
export interface SeriesFile {
  /** relative to the catalogue's folder */
  path: string;
  rows: number;
  /** start of the first row and end of the newest, UTC ms */
  from: number;
  to: number;
}

/** The candle files of one timeframe. */
export interface CandleFiles {
  timeframe: PageTimeframe;
  spot: SeriesFile;
  perp: SeriesFile;
  mark: SeriesFile | null;
}

/** One pair at one venue: its settlements, and its candles if both markets have some. */
export interface CatalogueEntry {
  pair: string;
  /** `BTC-USDT` */
  slug: string;
  venue: string;
  /** coins in one unit of the perp's candles */
  perpMultiplier: number;
  /** the venue's newest instrument specification; null if unknown, e.g. for imported files */
  instrument: Instrument | null;
  funding: SeriesFile;
  candles: CandleFiles[];
}

/** The data files that pages load on demand. */
export interface Catalogue {
  /** changes with the data; part of every file's URL, so that caches never serve old rows */
  version: string;
  simulated: boolean;
  entries: CatalogueEntry[];
}

/** Returns the entry of a pair at the given venue, by default at the first that lists it. */
export const entryOf = (catalogue: Catalogue, pair: string, venue?: string): CatalogueEntry | undefined =>
  catalogue.entries.find((entry) => entry.pair === pair && (!venue || entry.venue === venue));
