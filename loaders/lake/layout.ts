import {pairSlug} from "../../src/lib/market/pair.js";

/** One folder of the lake: a year of one history. Derived series have their own names; market listings have no pair. */
export interface Partition {
  venue: string;
  series: string;
  pair: string;
  timeframe: string;
  year: number;
}

/** Folder of a series: `own-NAME` for `own:NAME`, since a colon is no character of a file's name everywhere. */
const folderOf = (series: string): string => series.replace(/^own:/, "own-");

/** Returns the SQL that reads the series back from a folder's name. */
export const seriesOfFolderSql = (folder: string): string => `regexp_replace(${folder}, '^own-', 'own:')`;

/** Returns a Hive path, e.g. `perp/venue=binance/symbol=BTC-USDT/timeframe=1h/year=2024`. */
export function partitionPath({venue, series, pair, timeframe, year}: Partition): string {
  const symbol = pair ? `/symbol=${pairSlug(pair)}` : "";
  const frame = timeframe ? `/timeframe=${timeframe}` : "";
  return `${folderOf(series)}/venue=${venue}${symbol}${frame}/year=${year}`;
}

/** Returns true if two partitions hold the same history in the same year. */
export const samePartition = (a: Partition, b: Partition): boolean =>
  a.venue === b.venue && a.series === b.series && a.pair === b.pair && a.timeframe === b.timeframe && a.year === b.year;

export const partitionKey = ({venue, series, pair, timeframe, year}: Partition): string =>
  [venue, series, pair, timeframe, year].join("|");
