import {
  onePerBoundary,
  readTs,
  readCandle,
  readFunding,
  readObservation,
  type RawRow,
  type CandleRow,
  type FundingRow,
  type MarketRow,
  type ObservationRow
} from "../rows.js";
import type {Span} from "../../src/lib/market/coverage.js";
import type {ObservationSeries} from "../../src/lib/market/pair.js";
import {onGrid, timeframeMs} from "../../src/lib/time/grid.js";
import {Refusal} from "./classify.js";
import type {Attempt} from "./retry.js";
import {objectOf, textOf, type Fields} from "./values.js";
import type {Page, Rejected} from "./types.js";

interface Rules<Row> {
  /** converts a raw row to text fields; throws when its shape is wrong */
  fields: (raw: unknown) => RawRow;
  /** parses the fields; undefined for a candle in progress or a future settlement */
  row: (fields: RawRow) => Row | undefined;
  inside: (tsMs: number) => boolean;
  asOfMs: number;
}

/**
 * Parses the rows of one reply: validates each, sorts them, and drops duplicates and rows outside the request. Rejects
 * two different rows with one stamp, because nothing shows which of them is right.
 */
function readPage<Row extends MarketRow>(list: readonly unknown[], rules: Rules<Row>): Attempt<Page<Row>> {
  const {fields, row: read, inside, asOfMs} = rules;
  const byTs = new Map<number, {row: Row; clash: boolean}>();
  const rejected: Rejected[] = [];
  let repeats = 0;
  let outside = 0;
  for (const raw of list) {
    let text: RawRow | undefined;
    try {
      text = fields(raw);
      const row = read(text);
      if (!row) continue;
      if (!inside(row.tsMs)) {
        outside++;
        continue;
      }
      const known = byTs.get(row.tsMs);
      if (!known) byTs.set(row.tsMs, {row, clash: false});
      else if (JSON.stringify(known.row) === JSON.stringify(row)) repeats++;
      else known.clash = true;
    } catch (error) {
      const ts = Number(text?.ts);
      rejected.push({
        tsMs: Number.isSafeInteger(ts) && ts > 0 ? ts : undefined,
        reason: (error as Error).message
      });
    }
  }
  const rows: Row[] = [];
  for (const [tsMs, {row, clash}] of byTs) {
    if (clash) rejected.push({tsMs, reason: "two different rows with one stamp"});
    else rows.push(row);
  }
  rows.sort((a, b) => a.tsMs - b.tsMs);
  const value = {rows, rejected, repeats, outside, asOfMs};
  return {value, doubtful: rejected.length > 0 || repeats > 0 || outside > 0};
}

/** Applies {@link readPage} to candles that open in a window; drops those in progress at `asOfMs` (§8.3). */
export function readCandles(
  list: readonly unknown[],
  fields: (raw: unknown) => RawRow,
  {timeframe, window, asOfMs, signed = false}: {timeframe: string; window: Span; asOfMs: number; signed?: boolean}
): Attempt<Page<CandleRow>> {
  const stepMs = timeframeMs(timeframe);
  requireStep(list, fields, stepMs);
  const page = readPage(list, {
    fields,
    row: (raw) => readCandle(raw, {stepMs, closeOnly: false, signed, nowMs: asOfMs}),
    inside: (ts) => ts >= window.from && ts < window.to,
    asOfMs
  });
  const {outside, rows} = page.value;
  if (outside > rows.length) throw new Refusal("content", "the reply is for another window");
  return page;
}

/** Rows from which evenly spaced candles show their length; fewer may be a market with few trades. */
const ENOUGH_ROWS = 10;

/** Checks the distance of rows. @throws Refusal for candles of another length than was asked for */
function requireStep(list: readonly unknown[], fields: (raw: unknown) => RawRow, stepMs: number): void {
  const stamps = list
    .flatMap((raw) => {
      try {
        return [readTs(fields(raw).ts)];
      } catch {
        return [];
      }
    })
    .sort((a, b) => a - b);
  const off = stamps.filter((ts) => !onGrid(ts, stepMs)).length;
  const distances = new Set(stamps.slice(1).map((ts, i) => ts - stamps[i]!));
  const [distance] = distances;
  const longer = stamps.length >= ENOUGH_ROWS && distances.size === 1 && distance! > stepMs;
  if ((off > 1 && 2 * off > stamps.length) || longer)
    throw new Refusal("content", "the reply has candles of another length");
}

/**
 * Checks the number of columns.
 * @throws Refusal where no row has the columns of what was asked for, e.g. candles of a price without a volume
 */
export function requireWidth(list: readonly unknown[], width: number): void {
  const rows = list.filter((row): row is unknown[] => Array.isArray(row));
  if (rows.length > 0 && rows.every((row) => row.length !== width))
    throw new Refusal("content", `the reply has rows of ${rows[0]!.length} columns, not of ${width}`);
}

/**
 * Returns the symbol check of a page's rows.
 * @throws Refusal where every row names another symbol: the reply belongs to another request
 */
export function symbolCheck(list: readonly unknown[], field: string, asked: string): (row: Fields) => void {
  const named = list.map((raw) => objectOf(raw)[field]);
  if (named.length > 0 && named.every((symbol) => symbol !== undefined && symbol !== asked))
    requireSame("symbol", named[0], asked);
  return (row) => {
    if (row[field] !== asked) throw new RangeError(`invalid symbol: ${textOf(row[field])}`);
  };
}

/**
 * Checks what a part of a reply names; an absent one names nothing.
 * @throws Refusal for something else than was asked for
 */
export function requireSame(name: string, value: unknown, asked: string): void {
  if (value !== undefined && value !== asked)
    throw new Refusal("content", `the reply is for the ${name} ${textOf(value) ?? "?"}, not for ${asked}`);
}

/** Applies {@link readPage} to observations of a window; drops those that are not known yet. */
export function readObservations(
  list: readonly unknown[],
  fields: (raw: unknown) => RawRow,
  {
    series,
    timeframe,
    window,
    asOfMs,
    endStamped
  }: {series: ObservationSeries; timeframe: string; window: Span; asOfMs: number; endStamped: boolean}
): Attempt<Page<ObservationRow>> {
  const stepMs = timeframeMs(timeframe);
  requireStep(list, fields, stepMs);
  const page = readPage(list, {
    fields,
    row: (raw) => readObservation(raw, {series, stepMs, lagMs: endStamped ? 0 : stepMs, nowMs: asOfMs}),
    inside: (ts) => ts >= window.from && ts < window.to,
    asOfMs
  });
  const {outside, rows} = page.value;
  if (outside > rows.length) throw new Refusal("content", "the reply is for another window");
  return page;
}

/** Applies {@link readPage} to settlements at or before `untilMs`; of two with one boundary the later stands. */
export function readSettlements(
  list: readonly unknown[],
  fields: (raw: unknown) => RawRow,
  {untilMs, asOfMs}: {untilMs: number; asOfMs: number}
): Attempt<Page<FundingRow>> {
  const {value, doubtful} = readPage(list, {
    fields,
    // A stamp may be slightly ahead of the venue's reported time; 2 s are allowed.
    row: (raw) => readFunding(raw, {nowMs: asOfMs + 2_000}),
    inside: (ts) => ts <= untilMs,
    asOfMs
  });
  const {rows, revised} = onePerBoundary(value.rows);
  return {
    value: {...value, rows, repeats: value.repeats + value.rows.length - rows.length, revised},
    doubtful
  };
}
