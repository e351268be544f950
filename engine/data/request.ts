import {DataError, UsageError} from "../../loaders/errors.js";
import {SERIES, parsePair, type Series} from "../../src/lib/market/pair.js";
import {DAY_MS, TIMEFRAMES, isTimeframe, type Timeframe} from "../../src/lib/time/grid.js";
import {formatInstant, parseInstant} from "../../src/lib/time/instant.js";

/** The histories a person names by series and timeframes, comma-separated. */
export interface SeriesFlags {
  series?: string;
  timeframe?: string;
}

/** How far back history is wanted, as text: days, or instants. */
interface SpanFlags {
  days?: string;
  from?: string;
  to?: string;
}

/** The same, read: days before the end, or the first instant; the end is exclusive. Instants in UTC ms. */
interface WantedSpan {
  days?: number | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

/** What a backfill is asked for, once its words are understood. */
export interface BackfillRequest extends WantedSpan {
  /** a ccxt id; `sim` where `url` is a simulated venue */
  venue: string;
  /** replaces the venue's API base */
  url?: string | undefined;
  /** how many pairs by turnover, where none are named */
  top: number;
  pairs?: string[] | undefined;
  series: Series[];
  timeframes: Timeframe[];
}

/** What a backfill fetches when nothing else is said: settlements, both legs, and the mark that liquidates. */
export const DEFAULT_SERIES: readonly Series[] = ["funding", "spot", "perp", "mark"];

/** Days of history where nothing is said. */
const DEFAULT_DAYS = 365;

/** Reads `--series` and `--timeframe`. @throws UsageError naming the one that is not known */
export function readSeries({series, timeframe}: SeriesFlags): {series: Series[]; timeframes: Timeframe[]} {
  const names = series === undefined ? [...DEFAULT_SERIES] : list(series);
  for (const name of names) {
    if (!SERIES.includes(name as Series) || name === "predicted") {
      throw new UsageError(`invalid series: ${name}`, {
        fix: "funding, spot, perp, mark or index, e.g. --series funding,perp"
      });
    }
  }
  const frames = timeframe === undefined ? ["1h"] : list(timeframe);
  for (const frame of frames) {
    if (!isTimeframe(frame)) {
      throw new UsageError(`invalid timeframe: ${frame}`, {fix: `one or more of ${TIMEFRAMES.join(", ")}`});
    }
  }
  return {series: names as Series[], timeframes: frames as Timeframe[]};
}

/** Reads a list of pairs. @throws UsageError naming the one that is none */
export function readPairs(values: readonly string[]): string[] {
  return [
    ...new Set(
      values.flatMap(list).map((value) => {
        try {
          return parsePair(value);
        } catch (error) {
          throw new UsageError((error as Error).message, {fix: "write it as BTC/USDT", cause: error});
        }
      })
    )
  ];
}

/** Reads the name of a venue. @throws UsageError */
export function readVenue(name: string): string {
  if (!/^[a-z0-9]{1,40}$/.test(name)) {
    throw new UsageError(`invalid venue: ${name}`, {fix: "give a ccxt id such as bybit, binance or okx"});
  }
  return name;
}

/** Reads a whole number of a flag. @throws UsageError */
export function readCount(name: string, text: string, {most}: {most: number}): number {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value < 1 || value > most) {
    throw new UsageError(`invalid ${name}: ${text}`, {fix: `give a whole number from 1 to ${most}`});
  }
  return value;
}

/** Reads `--days`, or `--from` and `--to`, as they stand. @throws UsageError */
export function readWanted({days, from, to}: SpanFlags): WantedSpan {
  if (days !== undefined && from !== undefined) {
    throw new UsageError("invalid days: it contradicts --from", {fix: "give one of the two"});
  }
  const instant = (name: string, text: string) => {
    try {
      return parseInstant(text, name);
    } catch (error) {
      throw new UsageError((error as Error).message, {
        fix: "write it as 2026-01-31 or 2026-01-31T08:00Z",
        cause: error
      });
    }
  };
  return {
    days: days === undefined ? undefined : readCount("days", days, {most: 3_650}),
    from: from === undefined ? undefined : instant("from", from),
    to: to === undefined ? undefined : instant("to", to)
  };
}

/** The stretch that is wanted, against the venue's clock. @throws DataError when nothing is left of it */
export function spanOf(
  {days = DEFAULT_DAYS, from, to}: WantedSpan,
  nowMs: number
): {from: number; to: number; days: number} {
  const end = to === undefined ? nowMs : Math.min(nowMs, to);
  const begin = from ?? end - days * DAY_MS;
  if (begin >= end) {
    throw new DataError(`invalid from: ${formatInstant(begin)} is not before ${formatInstant(end)}`, {
      fix: "give an earlier --from"
    });
  }
  return {from: begin, to: end, days: Math.ceil((end - begin) / DAY_MS)};
}

/** The stretch that `--days` or `--from` and `--to` ask for. @throws UsageError, DataError */
export const readSpan = (flags: SpanFlags, nowMs: number): {from: number; to: number; days: number} =>
  spanOf(readWanted(flags), nowMs);

const list = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
