import type {Instrument} from "./marketdata.js";
import type {Timeframe} from "../time/grid.js";

/** Timeframes whose candles pages are given; finer ones stay in the lake, where the command line reads them. */
export const PAGE_TIMEFRAMES = ["1h", "4h", "8h", "1d"] as const satisfies readonly Timeframe[];
export type PageTimeframe = (typeof PAGE_TIMEFRAMES)[number];

/** One history as a file of its own, so that a page fetches what it shows and nothing else. */
export interface SeriesFile {
  /** relative to the folder of the catalogue */
  path: string;
  rows: number;
  /** first row and end of the newest, UTC ms */
  from: number;
  to: number;
}

/** The candles that a backtest of one timeframe reads. */
export interface CandleFiles {
  timeframe: PageTimeframe;
  spot: SeriesFile;
  perp: SeriesFile;
  mark: SeriesFile | null;
}

/** One pair at one venue: its settlements, and its candles where both markets have some. */
export interface CatalogueEntry {
  pair: string;
  /** `BTC-USDT` */
  slug: string;
  venue: string;
  /** coins in one unit of the perp's candles */
  perpMultiplier: number;
  /** steps, ticks and minimums as the venue last listed them; null where no list is known, e.g. for imported files */
  instrument: Instrument | null;
  funding: SeriesFile;
  candles: CandleFiles[];
}

/** What there is for pages to load on demand. */
export interface Catalogue {
  /** changes whenever the data does; part of every file's address, so that no cache serves yesterday's rows */
  version: string;
  simulated: boolean;
  entries: CatalogueEntry[];
}

/** The entry of a pair, at one venue or at the first that has it. */
export const entryOf = (catalogue: Catalogue, pair: string, venue?: string): CatalogueEntry | undefined =>
  catalogue.entries.find((entry) => entry.pair === pair && (!venue || entry.venue === venue));
