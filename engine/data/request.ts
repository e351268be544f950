import {QUOTES} from "../../loaders/exchange/fields.js";
import {DataError, UsageError} from "../../loaders/errors.js";
import {isOwnSeries, parsePair, SERIES, type Series} from "../../src/lib/market/pair.js";
import {DAY_MS, TIMEFRAMES, isTimeframe, type Timeframe} from "../../src/lib/time/grid.js";
import {formatInstant, parseInstant} from "../../src/lib/time/instant.js";

/** Flags that select histories, each a comma-separated list. */
export interface SeriesFlags {
  series?: string;
  timeframe?: string;
}

/** Flags that select a span, as text: days, or instants. */
interface SpanFlags {
  days?: string;
  from?: string;
  to?: string;
}

/** The parsed span: days before the end, or the first instant. Instants are UTC ms; the end is exclusive. */
interface WantedSpan {
  days?: number | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

/** A parsed backfill request. */
export interface BackfillRequest extends WantedSpan {
  /** a ccxt id; `sim` where `url` is a simulated venue */
  venue: string;
  /** replaces the venue's API base */
  url?: string | undefined;
  /** number of pairs by turnover, where none are named */
  top: number;
  /** quote of those pairs; undefined for USDT, or USDC where the venue has none in USDT */
  quote?: string | undefined;
  pairs?: string[] | undefined;
  series: Series[];
  timeframes: Timeframe[];
}

/** Default series of a backfill: settlements, both legs, and the mark price for liquidations. */
export const DEFAULT_SERIES: readonly ("funding" | "spot" | "perp" | "mark")[] = ["funding", "spot", "perp", "mark"];

/** Series that venues serve; predicted rates come with their lists, and a person's own series from files. */
export const FETCHED_SERIES = SERIES.filter((series) => series !== "predicted");
export type FetchedSeries = (typeof FETCHED_SERIES)[number];

const DEFAULT_DAYS = 365;

/** Reads `--series` and `--timeframe`. @throws UsageError naming the unknown value */
export function readSeries({series, timeframe}: SeriesFlags): {series: Series[]; timeframes: Timeframe[]} {
  const names = series === undefined ? [...DEFAULT_SERIES] : list(series);
  for (const name of names) {
    if (!(FETCHED_SERIES as readonly string[]).includes(name)) {
      throw new UsageError(`invalid series: ${name}`, {
        fix: isOwnSeries(name)
          ? "import its files: npx carrybook import FILE… --series own:NAME"
          : `one or more of ${FETCHED_SERIES.join(", ")}, e.g. --series funding,perp`
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

/** Reads a list of pairs. @throws UsageError naming the malformed pair */
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

/** Parses the quote of the top pairs. @throws UsageError for one that no market is listed in */
export function readQuote(text: string): string {
  const quote = text.trim().toUpperCase();
  if (!QUOTES.includes(quote)) throw new UsageError(`invalid quote: ${text}`, {fix: `use ${QUOTES.join(" or ")}`});
  return quote;
}

/** Reads a flag's whole number from 1 to `most`. @throws UsageError */
export function readCount(name: string, text: string, {most}: {most: number}): number {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value < 1 || value > most) {
    throw new UsageError(`invalid ${name}: ${text}`, {fix: `give a whole number from 1 to ${most}`});
  }
  return value;
}

/** Reads `--days`, or `--from` and `--to`, without resolving them. @throws UsageError */
export function readWanted({days, from, to}: SpanFlags): WantedSpan {
  if (days !== undefined && from !== undefined) {
    throw new UsageError("invalid days: it conflicts with --from", {fix: "give only one of them"});
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

/** Resolves the span against the venue's clock. @throws DataError when it is empty */
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

/** Reads and resolves the span of `--days`, or of `--from` and `--to`. @throws UsageError, DataError */
export const readSpan = (flags: SpanFlags, nowMs: number): {from: number; to: number; days: number} =>
  spanOf(readWanted(flags), nowMs);

const list = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
