import type {Span} from "../../src/lib/market/coverage.js";
import {boundaryTs, HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {ExchangeError} from "../errors.js";
import type {FundingRow} from "../rows.js";
import type {Exchange, Page, HistoryOptions, Stretch} from "./types.js";

/** Longest and shortest interval between settlements, in ms (§2). */
const LONGEST_MS = 8 * HOUR_MS;
const SHORTEST_MS = HOUR_MS;
/** Span before the present that an empty reply does not prove, in ms: venues publish a settlement seconds late. */
const SETTLEMENT_LAG_MS = 5 * MINUTE_MS;

/**
 * Fetches the settlements of a span, newest first. Pages backward by the end alone: the next page ends just before the
 * oldest row of the last one. A short page proves nothing about older rows; only an empty page or a row at the span's
 * start ends the walk. A page that would leave a hole (empty, or further away than any interval) is requested twice
 * before it is accepted.
 *
 * The proven spans tile the span downward from its end, without a gap or an overlap. They end early where the venue
 * could not know yet, and begin late where it serves no more (`fundingDepthMs`).
 */
export async function* fundingHistory(
  exchange: Exchange,
  pair: string,
  span: Span,
  {priority, signal, pulse, launchTs, onBegin}: HistoryOptions = {}
): AsyncGenerator<Stretch<FundingRow>> {
  const request = (untilMs: number) =>
    exchange.settlements(pair, untilMs, {...(priority && {priority}), signal, pulse});
  let end = span.to;
  /** boundary of the oldest row so far, and whether the distance below it is confirmed */
  let newer: {ts: number; rate: string | undefined} | undefined;
  let confirmed = false;
  while (end > span.from) {
    if (launchTs !== undefined && end <= launchTs) {
      yield emptyStretch({from: span.from, to: end});
      return;
    }
    const until = end - 1;
    let page = below(await request(until), newer);
    if (leavesHole(page, newer?.ts ?? until, launchTs) && !confirmed)
      page = merge(page, below(await request(until), newer));
    const invalidTs = invalidEnd(page, until, `${exchange.venue} ${pair}`);
    const from = depthStart(span.from, exchange.fundingDepthMs, page.asOfMs, launchTs);
    const rows = connected(page.rows);
    const absence = exchange.absence?.(undefined, page.asOfMs);
    const oldest = rows[0]?.tsMs ?? invalidTs ?? askedFrom(page, span.from);
    if (from > span.from && absence && (oldest ?? from) <= from) onBegin?.({...absence, from});
    const nothing = rows.length === 0 && invalidTs === undefined;
    if (nothing && absence?.from === Infinity && !(launchTs !== undefined && end - launchTs <= LONGEST_MS)) {
      // The venue may serve no more than this: where the rows begin, coverage does.
      onBegin?.({...absence, from: end});
      return;
    }
    const newest = rows.at(-1);
    const to =
      newer === undefined
        ? Math.min(end, Math.max((newest?.tsMs ?? -Infinity) + 1, page.asOfMs - SETTLEMENT_LAG_MS))
        : end;
    const last = oldest === undefined || oldest <= from;
    const proven = {from: last ? from : oldest, to};
    if (proven.to > proven.from) {
      yield {
        proven,
        rows: rows.filter(({tsMs}) => tsMs >= proven.from),
        rejected: page.rejected.filter(({tsMs}) => tsMs === undefined || tsMs >= proven.from),
        repeats: page.repeats,
        outside: page.outside,
        revised: page.revised ?? []
      };
    }
    if (last) return;
    confirmed = rows.length < page.rows.length;
    end = oldest;
    // A window without rows leaves the newest row known as it was.
    if (rows[0] ?? invalidTs) newer = {ts: boundaryTs(oldest), rate: rows[0]?.rate};
  }
}

const emptyStretch = (proven: Span): Stretch<FundingRow> => ({proven, rows: [], rejected: [], repeats: 0, outside: 0});

/**
 * Drops settlements that an earlier page had: stamps of one settlement may differ by some milliseconds. One with another
 * rate is the older word of a revised settlement.
 */
function below(page: Page<FundingRow>, newer: {ts: number; rate: string | undefined} | undefined): Page<FundingRow> {
  if (newer === undefined) return page;
  const rows = page.rows.filter(({tsMs}) => boundaryTs(tsMs) < newer.ts);
  const older = page.rows.find(({tsMs}) => boundaryTs(tsMs) === newer.ts);
  const revised =
    older === undefined || newer.rate === undefined || older.rate === newer.rate
      ? []
      : [{boundaryTs: newer.ts, was: older.rate, now: newer.rate}];
  return {
    ...page,
    rows,
    repeats: page.repeats + page.rows.length - rows.length,
    revised: [...(page.revised ?? []), ...revised]
  };
}

/** Returns where an empty page's question began, UTC ms; undefined where it asked for all that is older. */
const askedFrom = ({rows, fromMs}: Page<FundingRow>, fromTs: number): number | undefined =>
  rows.length === 0 && fromMs !== undefined && fromMs > fromTs ? fromMs : undefined;

/** Returns true when accepting this page would leave a distance longer than any interval. */
function leavesHole(page: Page<FundingRow>, newerMs: number, launchTs: number | undefined): boolean {
  const newest = page.rows.at(-1);
  const knownTs = Math.min(newerMs, page.asOfMs);
  if (newest) return knownTs - newest.tsMs > LONGEST_MS + MINUTE_MS;
  return launchTs === undefined || knownTs - launchTs >= SHORTEST_MS;
}

function merge(a: Page<FundingRow>, b: Page<FundingRow>): Page<FundingRow> {
  const byBoundary = new Map([...a.rows, ...b.rows].map((row) => [boundaryTs(row.tsMs), row]));
  const rows = [...byBoundary.values()].sort((x, y) => x.tsMs - y.tsMs);
  return {...b, rows, revised: [...(a.revised ?? []), ...(b.revised ?? [])]};
}

/**
 * Returns the newest rows without a distance longer than any interval. A row beyond one may be a stray, and the walk
 * would skip the rows between; the next page shows what comes before.
 */
function connected(rows: readonly FundingRow[]): FundingRow[] {
  for (let i = rows.length - 1; i > 0; i--) {
    if (rows[i]!.tsMs - rows[i - 1]!.tsMs > LONGEST_MS + MINUTE_MS) return rows.slice(i);
  }
  return [...rows];
}

/**
 * Returns where a page of invalid rows ends: at the newest invalid stamp, since its stamps are unreliable.
 * @throws ExchangeError when it has no readable stamp, since the walk would take the page for the end of history
 */
function invalidEnd({rows, rejected, outside}: Page<FundingRow>, untilMs: number, name: string): number | undefined {
  if (rows.length > 0 || (rejected.length === 0 && outside === 0)) return undefined;
  const stamps = rejected.flatMap(({tsMs}) => (tsMs !== undefined && tsMs <= untilMs ? [tsMs] : []));
  if (stamps.length > 0) return Math.max(...stamps);
  throw new ExchangeError(
    `${name}: a page of settlements has no readable row (${rejected[0]?.reason ?? "all lie outside the request"})`,
    {
      code: "bad-response",
      fix: "try again later; if it persists, the venue has changed its replies"
    }
  );
}

/** Returns where proof can begin. A venue proves nothing beyond its depth, unless the market was listed within it. */
function depthStart(from: number, depthMs: number | undefined, asOfMs: number, launchTs: number | undefined): number {
  if (depthMs === undefined) return from;
  const deepest = asOfMs - depthMs;
  return launchTs !== undefined && launchTs >= deepest ? from : Math.max(from, deepest);
}
