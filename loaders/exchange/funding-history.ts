import type {Span} from "../../src/lib/market/coverage.js";
import {boundaryTs, HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {ExchangeError} from "../errors.js";
import type {FundingRow} from "../rows.js";
import type {Exchange, Page, HistoryOptions, Stretch} from "./types.js";

/** The longest and the shortest interval between settlements (SEMANTICS §2). */
const LONGEST_MS = 8 * HOUR_MS;
const SHORTEST_MS = HOUR_MS;
/** Venues publish a settlement seconds after its instant; the last minutes are not proven empty. */
export const SETTLEMENT_LAG_MS = 5 * MINUTE_MS;

/**
 * The settlements of a span, newest first, walked backward by the end alone: the next page ends just before the oldest
 * row of the last one. Fewer rows than a page holds say nothing of what is older; only an empty page, or a row at the
 * span's start, ends the walk. What would leave a hole (an empty page, a distance longer than any interval) is asked for
 * once more before it is believed.
 *
 * The proven spans tile the span downward from its end without a gap or an overlap. They end early where the venue
 * could not know yet, and begin late where it serves no more (`fundingDepthMs`).
 */
export async function* fundingHistory(
  exchange: Exchange,
  pair: string,
  span: Span,
  {priority, signal, launchTs}: HistoryOptions = {}
): AsyncGenerator<Stretch<FundingRow>> {
  const ask = (untilMs: number) => exchange.settlements(pair, untilMs, {...(priority && {priority}), signal});
  let end = span.to;
  /** the boundary of the oldest row so far, and whether the distance below it has been seen already */
  let newer: number | undefined;
  let witnessed = false;
  while (end > span.from) {
    if (launchTs !== undefined && end <= launchTs) {
      yield nothing({from: span.from, to: end});
      return;
    }
    const until = end - 1;
    let page = below(await ask(until), newer);
    if (leavesHole(page, newer ?? until, launchTs) && !witnessed) page = merge(page, below(await ask(until), newer));
    const seen = unsoundEnd(page, until, `${exchange.venue} ${pair}`);
    const from = depthStart(span.from, exchange.fundingDepthMs, page.asOfMs, launchTs);
    const rows = connected(page.rows);
    const oldest = rows[0]?.tsMs ?? seen;
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
        outside: page.outside
      };
    }
    if (last) return;
    witnessed = rows.length < page.rows.length;
    end = oldest;
    newer = boundaryTs(oldest);
  }
}

const nothing = (proven: Span): Stretch<FundingRow> => ({proven, rows: [], rejected: [], repeats: 0, outside: 0});

/** A settlement whose stamp came back some milliseconds off is the one that is there already. */
function below(page: Page<FundingRow>, newer: number | undefined): Page<FundingRow> {
  const rows = newer === undefined ? page.rows : page.rows.filter(({tsMs}) => boundaryTs(tsMs) < newer);
  return {...page, rows, repeats: page.repeats + page.rows.length - rows.length};
}

/** True when believing this page would leave out more than any interval explains. */
function leavesHole(page: Page<FundingRow>, newerMs: number, launchTs: number | undefined): boolean {
  const newest = page.rows.at(-1);
  const known = Math.min(newerMs, page.asOfMs);
  if (newest) return known - newest.tsMs > LONGEST_MS + MINUTE_MS;
  return launchTs === undefined || known - launchTs >= SHORTEST_MS;
}

function merge(a: Page<FundingRow>, b: Page<FundingRow>): Page<FundingRow> {
  const byBoundary = new Map([...a.rows, ...b.rows].map((row) => [boundaryTs(row.tsMs), row]));
  const rows = [...byBoundary.values()].sort((x, y) => x.tsMs - y.tsMs);
  return {...b, rows};
}

/**
 * The rows that hang together with the newest one. A row beyond a distance longer than any interval may be a stray one,
 * and the walk would jump to it: the next page shows what truly comes before.
 */
function connected(rows: readonly FundingRow[]): FundingRow[] {
  for (let i = rows.length - 1; i > 0; i--) {
    if (rows[i]!.tsMs - rows[i - 1]!.tsMs > LONGEST_MS + MINUTE_MS) return rows.slice(i);
  }
  return [...rows];
}

/**
 * Where a page without one sound row ends: at its newest unsound one, since the stamps of such a page may be anything.
 * @throws ExchangeError when that cannot be told, since the walk would take such a page for the end of history
 */
function unsoundEnd({rows, rejected, outside}: Page<FundingRow>, untilMs: number, name: string): number | undefined {
  if (rows.length > 0 || (rejected.length === 0 && outside === 0)) return undefined;
  const stamps = rejected.flatMap(({tsMs}) => (tsMs !== undefined && tsMs <= untilMs ? [tsMs] : []));
  if (stamps.length > 0) return Math.max(...stamps);
  throw new ExchangeError(
    `${name}: a page of settlements holds no readable row (${rejected[0]?.reason ?? "none is inside what was asked for"})`,
    {
      code: "bad-response",
      fix: "try again later; if it stays so, the venue has changed its replies"
    }
  );
}

/** Where proof can begin: a venue that forgets proves nothing about what it has forgotten, unless it was never there. */
function depthStart(from: number, depthMs: number | undefined, asOfMs: number, launchTs: number | undefined): number {
  if (depthMs === undefined) return from;
  const remembered = asOfMs - depthMs;
  return launchTs !== undefined && launchTs >= remembered ? from : Math.max(from, remembered);
}
