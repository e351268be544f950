import {readCandle, readFunding, type RawRow, type CandleRow, type FundingRow, type MarketRow} from "../rows.js";
import type {Span} from "../../src/lib/market/coverage.js";
import {timeframeMs} from "../../src/lib/time/grid.js";
import type {Attempt} from "./retry.js";
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
  {timeframe, window, asOfMs}: {timeframe: string; window: Span; asOfMs: number}
): Attempt<Page<CandleRow>> {
  const stepMs = timeframeMs(timeframe);
  return readPage(list, {
    fields,
    row: (raw) => readCandle(raw, {stepMs, closeOnly: false, nowMs: asOfMs}),
    inside: (ts) => ts >= window.from && ts < window.to,
    asOfMs
  });
}

/** Applies {@link readPage} to settlements at or before `untilMs`. */
export function readSettlements(
  list: readonly unknown[],
  fields: (raw: unknown) => RawRow,
  {untilMs, asOfMs}: {untilMs: number; asOfMs: number}
): Attempt<Page<FundingRow>> {
  return readPage(list, {
    fields,
    // A stamp may be slightly ahead of the venue's reported time; 2 s are allowed.
    row: (raw) => readFunding(raw, {nowMs: asOfMs + 2_000}),
    inside: (ts) => ts <= untilMs,
    asOfMs
  });
}

/** Returns a field that was sent as text or as a number, as text; undefined for any other type. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
