import {basename} from "node:path";
import {isSeries, pairFromVenueSymbol, parsePair, type Series} from "../../../src/lib/market/pair.js";
import {isTimeframe} from "../../../src/lib/time/grid.js";
import {UsageError} from "../../errors.js";
import type {SeriesKey} from "../../store/key.js";

/** What the command line says of all files of an import. */
export interface Given {
  venue: string;
  pair?: string | undefined;
  series?: string | undefined;
  timeframe?: string | undefined;
}

/** Folder and file names of the exchanges' public archives, and plain words, that tell the series. */
const SERIES_WORDS: readonly (readonly [RegExp, Series])[] = [
  [/funding/i, "funding"],
  [/mark(-?price)?/i, "mark"],
  [/index(-?price)?/i, "index"],
  [/(^|[^a-z])(perp|perpetual|swap|linear|futures)([^a-z]|$)/i, "perp"],
  [/(^|[^a-z])spot([^a-z]|$)/i, "spot"]
];

/**
 * Says which history a file belongs to: what the command line gives, else what its name and folders tell
 * (`futures/um/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2023-01.zip`, `candles-8h-perp/BTCUSDT.parquet`).
 * @throws UsageError naming what neither of them tells
 */
export function identify(path: string, given: Given): SeriesKey {
  const folders = path.split(/[\\/]/).slice(-8);
  const name = basename(path).replace(/(\.(csv|gz|zip|parquet))+$/i, "");
  const series = given.series ?? seriesOf(folders);
  if (series === undefined) throw missing("series", path, "--series funding|spot|perp|mark|index");
  if (!isSeries(series) || series === "predicted") {
    throw new UsageError(`invalid series: ${series}`, {fix: "series are funding, spot, perp, mark, index"});
  }
  const symbol = name.split(/[-_]/)[0] ?? "";
  const pair = given.pair === undefined ? pairFromVenueSymbol(symbol) : readPair(given.pair);
  if (pair === undefined) throw missing("pair", path, "--pair BTC/USDT");
  if (series === "funding") return {venue: given.venue, series, pair, timeframe: ""};
  const timeframe = given.timeframe ?? timeframeOf(folders, name);
  if (timeframe === undefined) throw missing("timeframe", path, "--timeframe 1h");
  if (!isTimeframe(timeframe)) {
    throw new UsageError(`invalid timeframe: ${timeframe}`, {fix: "timeframes are 1m, 5m, 15m, 1h, 4h, 8h, 1d"});
  }
  return {venue: given.venue, series, pair, timeframe};
}

function readPair(value: string): string {
  try {
    return parsePair(value);
  } catch (error) {
    throw new UsageError((error as Error).message, {fix: "write it as BTC/USDT"});
  }
}

function seriesOf(folders: readonly string[]): Series | undefined {
  for (const folder of [...folders].reverse()) {
    const found = SERIES_WORDS.find(([pattern]) => pattern.test(folder));
    if (found) return found[1];
  }
  return undefined;
}

function timeframeOf(folders: readonly string[], name: string): string | undefined {
  const words = [name, ...[...folders].reverse()].flatMap((part) => part.split(/[-_.]/));
  return words.find((word) => isTimeframe(word));
}

const missing = (what: string, path: string, flag: string): UsageError =>
  new UsageError(`missing ${what}: ${path} does not tell it`, {fix: `pass ${flag}`});
