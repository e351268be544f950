import {ExchangeError, UsageError} from "../errors.js";
import {difference, normalise, type Span} from "../../src/lib/market/coverage.js";
import {isObservationSeries, type CandleSeries, type ObservationSeries} from "../../src/lib/market/pair.js";
import {ceilTo, DAY_MS, floorTo, timeframeMs} from "../../src/lib/time/grid.js";
import type {CandleRow, ObservationRow} from "../rows.js";
import {rowsOfPage} from "./expect.js";
import type {CallOptions, Exchange, Page, HistoryOptions, Stretch} from "./types.js";

/** A row of a series on a grid. */
type GridRow = CandleRow | ObservationRow;

/** Asks for the rows of a window of one page in a timeframe. */
type Ask<Row> = (timeframe: string, window: Span, options: CallOptions) => Promise<Page<Row>>;

interface GridOptions extends HistoryOptions {
  /** windows in flight at once */
  parallel?: number;
}

/** Requests for what lies before the first row of a window, at most. */
const MAX_HEADS = 20;

/** Fetches the closed candles that open in a span, as {@link gridHistory} does. */
export function candleHistory(
  exchange: Exchange,
  pair: string,
  series: CandleSeries,
  timeframe: string,
  span: Span,
  options: GridOptions = {}
): AsyncGenerator<Stretch<CandleRow>> {
  const ask: Ask<CandleRow> = (frame, window, call) => exchange.candles(pair, series, frame, window, call);
  return gridHistory({exchange, pair, series, ask}, timeframe, span, options);
}

/**
 * Fetches the observations of a span, as {@link gridHistory} does.
 * @throws UsageError for a series that the client does not fetch
 */
export function observationHistory(
  exchange: Exchange,
  pair: string,
  series: ObservationSeries,
  timeframe: string,
  span: Span,
  options: GridOptions = {}
): AsyncGenerator<Stretch<ObservationRow>> {
  const ask: Ask<ObservationRow> = (frame, window, call) =>
    askObservations(exchange, pair, series, frame, window, call);
  return gridHistory({exchange, pair, series, ask}, timeframe, span, options);
}

/** Fetches one page of observations. @throws UsageError for a series that the client does not fetch */
export function askObservations(
  exchange: Exchange,
  pair: string,
  series: ObservationSeries,
  timeframe: string,
  window: Span,
  options: CallOptions
): Promise<Page<ObservationRow>> {
  if (exchange.observations && exchange.observed?.[series])
    return exchange.observations(pair, series, timeframe, window, options);
  throw new UsageError(`invalid series: ${series} (it is not fetched from ${exchange.venue})`, {
    fix: `import its files: npx carrybook import FILE… --series ${series}`
  });
}

interface GridSource<Row> {
  exchange: Exchange;
  pair: string;
  series: CandleSeries | ObservationSeries;
  ask: Ask<Row>;
}

/**
 * Fetches the rows of a grid in a span, in windows of one page, newest first, several in flight. Yields each window on
 * arrival, so neighbours may be out of order. Requests a window with missing rows once more and merges the two replies;
 * what is still missing is left to the coverage ledger.
 *
 * The proven spans tile the span up to the first row whose step had not ended yet.
 */
async function* gridHistory<Row extends GridRow>(
  {exchange, pair, series, ask}: GridSource<Row>,
  timeframe: string,
  span: Span,
  {priority, signal, pulse, launchTs, onBegin, parallel = 4}: GridOptions = {}
): AsyncGenerator<Stretch<Row>> {
  const stepMs = timeframeMs(timeframe);
  const stop = new AbortController();
  const options = {...(priority && {priority}), signal: stop.signal, pulse};
  const follow = () => stop.abort(signal!.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", follow, {once: true});
  const listing = new Listing(ask, rowsOfPage(exchange, series), span, options);
  const holes = sharedHoles(exchange, `${series} ${timeframe}`);

  /** venue time of the newest reply, by which the depth of its past is measured */
  let asOfMs = -Infinity;
  const absence = () =>
    isObservationSeries(series) ? exchange.absence?.(timeframe, asOfMs, series) : exchange.absence?.(timeframe, asOfMs);
  /** Cuts off what an absence of rows does not prove (§9.11). */
  const believed = (stretch: Stretch<Row>): Stretch<Row> => {
    const {proven, rows} = stretch;
    const absent = absence();
    if (absent === undefined || asOfMs === -Infinity) return stretch;
    const listedTs = launchTs ?? -Infinity;
    if (proven.to <= listedTs || Math.min(rows[0]?.tsMs ?? Infinity, absent.from) <= ceilTo(listedTs, stepMs))
      return stretch;
    const from = Math.max(proven.from, Math.min(rows[0]?.tsMs ?? Infinity, ceilTo(absent.from, stepMs)));
    if (from > proven.from) onBegin?.({...absent, from: Math.min(from, proven.to)});
    return {...stretch, proven: {from, to: proven.to}};
  };

  const fetchWindow = async (window: Span): Promise<Stretch<Row>> => {
    if (launchTs !== undefined && window.to <= launchTs) return emptyStretch(window);
    if (listing.knownEmpty(window)) return emptyStretch(window);
    const deepest = absence()?.from ?? -Infinity;
    if (deepest !== Infinity && window.to <= deepest) return emptyStretch(window);
    let page = await ask(timeframe, window, options);
    const expected = (closedMs: number) =>
      missing(
        page.rows,
        {from: Math.max(window.from, launchTs ?? -Infinity), to: closedEnd(window, closedMs, stepMs)},
        stepMs
      );
    asOfMs = Math.max(asOfMs, page.asOfMs);
    let missingTs = expected(page.asOfMs);
    let from = window.from;
    const head = () => missingTs.filter((ts) => ts < (page.rows[0]?.tsMs ?? -Infinity));
    const headless = page.rows.length > 0 && head().length > 0 && head().length === missingTs.length;
    if (headless && !head().every((ts) => holes.has(ts))) {
      // Half a page may be cut. It is the listing only where what lies before it answers empty: twice, or once where
      // the window before it is asked as well.
      const wanted = window.from <= span.from ? 2 : 1;
      let empty = 0;
      for (let n = 0; empty < wanted && n < MAX_HEADS && head().length > 0; n++) {
        const before = {from: window.from, to: page.rows[0]!.tsMs};
        const older = await ask(timeframe, before, options);
        if (older.rows.length === 0) empty++;
        page = extended(page, older);
        missingTs = expected(page.asOfMs);
      }
      if (empty < wanted && head().length > 0) from = page.rows[0]!.tsMs;
      missingTs = missingTs.filter((ts) => ts >= page.rows[0]!.tsMs);
    }
    // An empty window may lie before the listing. Daily candles show that, a thousand days per request.
    const unlisted =
      page.rows.length === 0 && missingTs.length > 0 && launchTs === undefined && timeframe !== "1d"
        ? await listing.emptyDays(window)
        : false;
    if (!unlisted && missingTs.length > 0 && !missingTs.every((ts) => holes.has(ts))) {
      const again = await ask(timeframe, window, options);
      page = join(page, again);
      missingTs = expected(page.asOfMs);
      const [first, last] = [page.rows[0]?.tsMs ?? Infinity, page.rows.at(-1)?.tsMs ?? -Infinity];
      for (const ts of missingTs) if (ts > first && ts < last) holes.add(ts);
    }
    if (page.rows.length === 0 && page.outside > 0) {
      throw new ExchangeError(
        `${exchange.venue} ${pair} ${series} ${timeframe}: no row lies inside the requested window`,
        {
          code: "bad-response",
          fix: "try again later; if it persists, the venue has changed its replies"
        }
      );
    }
    const {rows, rejected, repeats, outside} = page;
    return {proven: {from, to: closedEnd(window, page.asOfMs, stepMs)}, rows, rejected, repeats, outside};
  };

  const windows = windowsOf(span, rowsOfPage(exchange, series) * stepMs, stepMs);
  const running = new Set<Promise<{stretch: Stretch<Row>; self: () => void}>>();
  try {
    for (;;) {
      while (running.size < parallel) {
        const next = windows.next();
        if (next.done) break;
        const task: Promise<{stretch: Stretch<Row>; self: () => void}> = fetchWindow(next.value).then((stretch) => ({
          stretch: believed(stretch),
          self: () => running.delete(task)
        }));
        running.add(task);
      }
      if (running.size === 0) return;
      const {stretch, self} = await Promise.race(running);
      self();
      if (stretch.proven.to > stretch.proven.from) yield stretch;
    }
  } finally {
    signal?.removeEventListener("abort", follow);
    stop.abort(new Error("no longer wanted"));
    await Promise.allSettled(running);
  }
}

/** Splits a span into pages of the grid, newest first; the outermost two end where the span does. */
function* windowsOf({from, to}: Span, pageMs: number, stepMs: number): Generator<Span> {
  let end = to;
  while (end > from) {
    const start = Math.max(from, ceilTo(end, stepMs) - pageMs);
    yield {from: start, to: end};
    end = start;
  }
}

/** Returns the end of a window's proof: the open of the first candle that had not closed. */
const closedEnd = ({to}: Span, asOfMs: number, stepMs: number): number => Math.min(to, floorTo(asOfMs, stepMs));

const emptyStretch = (proven: Span): Stretch<never> => ({proven, rows: [], rejected: [], repeats: 0, outside: 0});

/** Returns the opens of a span's grid that have no row. */
function missing(rows: readonly GridRow[], {from, to}: Span, stepMs: number): number[] {
  const present = new Set(rows.map(({tsMs}) => tsMs));
  const result: number[] = [];
  for (let ts = ceilTo(from, stepMs); ts < to; ts += stepMs) if (!present.has(ts)) result.push(ts);
  return result;
}

function join<Row extends GridRow>(a: Page<Row>, b: Page<Row>): Page<Row> {
  const byTs = new Map([...a.rows, ...b.rows].map((row) => [row.tsMs, row]));
  const rows = [...byTs.values()].sort((x, y) => x.tsMs - y.tsMs);
  return {
    rows,
    rejected: b.rejected.filter(({tsMs}) => tsMs === undefined || !byTs.has(tsMs)),
    repeats: b.repeats,
    outside: b.outside,
    asOfMs: Math.min(a.asOfMs, b.asOfMs)
  };
}

/** Joins a page with one of the window before its first row. */
function extended<Row extends GridRow>(page: Page<Row>, older: Page<Row>): Page<Row> {
  return {
    rows: [...older.rows, ...page.rows],
    rejected: [...older.rejected, ...page.rejected],
    repeats: older.repeats + page.repeats,
    outside: older.outside + page.outside,
    asOfMs: page.asOfMs
  };
}

const confirmedHoles = new WeakMap<Exchange, Map<string, Set<number>>>();

/**
 * Returns the opens that were missing twice between existing candles of some market: an outage of the venue. A market
 * that lacks only these is not requested again, so an outage costs one extra request, not one per pair.
 */
function sharedHoles(exchange: Exchange, key: string): Set<number> {
  let byKey = confirmedHoles.get(exchange);
  if (!byKey) confirmedHoles.set(exchange, (byKey = new Map()));
  let holes = byKey.get(key);
  if (!holes) byKey.set(key, (holes = new Set()));
  return holes;
}

/**
 * Finds times without candles from daily candles, one page of days per request. A window whose days are all empty is
 * proven empty, before the listing or after the end. After an outage its days still have candles, so its minutes are
 * requested.
 */
class Listing {
  private empty: Span[] = [];
  private requested: Span[] = [];
  private probing: Promise<void> | undefined;

  constructor(
    private readonly ask: Ask<GridRow>,
    private readonly rows: number,
    private readonly span: Span,
    private readonly options: HistoryOptions
  ) {}

  knownEmpty({from, to}: Span): boolean {
    return difference([{from: floorTo(from, DAY_MS), to: ceilTo(to, DAY_MS)}], this.empty).length === 0;
  }

  /** Returns true when every day that a window touches is proven empty; requests each day at most once. */
  async emptyDays(window: Span): Promise<boolean> {
    const days = {from: floorTo(window.from, DAY_MS), to: ceilTo(window.to, DAY_MS)};
    while (difference([days], this.requested).length > 0) {
      this.probing ??= this.probe(days).finally(() => (this.probing = undefined));
      await this.probing;
    }
    return this.knownEmpty(window);
  }

  private async probe(days: Span): Promise<void> {
    const pageMs = this.rows * DAY_MS;
    const from = Math.min(days.from, Math.max(floorTo(this.span.from, DAY_MS), days.to - pageMs));
    const window = {from, to: days.to};
    const request = () => this.ask("1d", window, this.options);
    let page = await request();
    if (page.rows.length === 0) page = join(page, await request());
    this.requested = normalise([...this.requested, window]);
    // A day in progress has no closed candle yet and proves nothing.
    const to = Math.min(days.to, floorTo(page.asOfMs, DAY_MS));
    const present = page.rows.map(({tsMs}) => ({from: tsMs, to: tsMs + DAY_MS}));
    const invalid = page.rejected.flatMap(({tsMs}) =>
      tsMs === undefined ? [window] : [{from: tsMs, to: tsMs + DAY_MS}]
    );
    this.empty = normalise([...this.empty, ...difference([{from, to}], [...present, ...invalid])]);
  }
}
