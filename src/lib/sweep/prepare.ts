import {markAt} from "../market/marks.js";
import type {PairWindow} from "../backtest/window.js";
import {toNumber} from "../money/decimal.js";
import type {MarketData} from "../market/marketdata.js";
import {maxTree, type MaxTree} from "./maxtree.js";
import {BASIS_FULL, LEVEL_FULL, PERSISTENCE_FULL} from "../strategy/signals.js";
import {gridOf, gridPrices, type Grid} from "../backtest/curve.js";
import {ceilTo, DAY_MS, timeframeMs} from "../time/grid.js";
import {firstAtOrAfter, indexOf} from "../time/search.js";

/** Significant digits up to which decimals and their nearest doubles compare alike. */
export const SAFE_DIGITS = 15;

/** One pair's window as typed arrays, computed once and shared by all trials of a sweep. */
export interface Prepared {
  window: PairWindow;
  barMs: number;
  startMs: number;
  endMs: number;
  /** index in the pair's history of the first settlement of the run */
  firstSettlement: number;
  /** boundaries of the run's settlements; the columns up to `missingBar` are parallel to it */
  t: Float64Array;
  /** rate per 8 h; NaN for a row without one */
  rate8h: Float64Array;
  /** 1 if `rate8h` has at most 15 digits, so float comparison is exact */
  safe: Uint8Array;
  /** true if every row of the history is safe */
  allSafe: boolean;
  level: Float64Array;
  trend: Float64Array;
  persistence: Float64Array;
  /** basis score; NaN if an open is missing */
  basis: Float64Array;
  /** mark × rate, in quote per coin */
  payment: Float64Array;
  /** first perp open, before the next settlement, at which that settlement is overdue; else Infinity */
  missingBar: Float64Array;
  ambiguous: number;
  /** instants at which both markets open, with both opens */
  bothTs: Float64Array;
  bothSpot: Float64Array;
  bothPerp: Float64Array;
  /** spot opens in the run, for selling the coin of a liquidated hedge */
  spotTs: Float64Array;
  spotOpen: Float64Array;
  /** perp opens in the run */
  perpTs: Float64Array;
  lastSpotClose: number;
  lastPerpClose: number;
  barOpen: Float64Array;
  barEnd: Float64Array;
  barHigh: Float64Array;
  barTree: MaxTree;
  grid: Grid;
  gridSpot: Float64Array;
  gridPerp: Float64Array;
  /** grid index of the first midnight, and the number of midnights */
  firstMidnight: number;
  midnights: number;
}

/** Computes the kernel's typed arrays of one window. */
export function prepare(window: PairWindow): Prepared {
  const {data, history, bars, startMs, endMs, last} = window;
  const first = firstAtOrAfter(history.t, startMs);
  const end = firstAtOrAfter(history.t, endMs);
  const n = end - first;
  const column = (read: (i: number) => number) => Float64Array.from({length: n}, (_, k) => read(first + k));
  const perpStart = firstAtOrAfter(data.perp.ts, startMs);
  const perpTs = data.perp.ts.subarray(perpStart, firstAtOrAfter(data.perp.ts, endMs));
  const spotStart = firstAtOrAfter(data.spot.ts, startMs);
  const spotEnd = firstAtOrAfter(data.spot.ts, endMs);
  const both = bothOpens(window, spotStart, spotEnd);
  const grid = gridOf(window);
  const prices = gridPrices(window, grid);
  const firstMidnight = (ceilTo(grid.startMs, DAY_MS) - grid.startMs) / grid.stepMs;
  const barStart = firstAtOrAfter(bars.end, startMs + 1);
  const barHigh = bars.high.subarray(barStart);
  const t = history.t.subarray(first, end);
  return {
    window,
    barMs: timeframeMs(data.timeframe),
    startMs,
    endMs,
    firstSettlement: first,
    t,
    rate8h: column((i) => maybe(history.settlements[i]!.rate8h)),
    safe: Uint8Array.from({length: n}, (_, k) =>
      (history.settlements[first + k]!.rate8h?.sd() ?? 0) <= SAFE_DIGITS ? 1 : 0
    ),
    allSafe: history.settlements.every(({rate8h}) => (rate8h?.sd() ?? 0) <= SAFE_DIGITS),
    level: column((i) => share(maybe(history.settlements[i]!.rate8h), LEVEL_FULL_FLOAT)),
    trend: column((i) => TREND_FLOAT[history.signals(i)?.trend ?? "none"]),
    persistence: column((i) => share(history.signals(i)?.streak ?? NaN, PERSISTENCE_FULL)),
    basis: column((i) => share(basisFloat(data, history.t[i]!), BASIS_FULL_FLOAT)),
    payment: column((i) => maybe(markAt(data, history.t[i]!)?.mark) * toNumber(history.settlements[i]!.rate)),
    missingBar: missingBars(window, first, end, perpTs),
    ambiguous: history.settlements.slice(first, end).filter((s) => s.intervalSource === "ambiguous").length,
    ...both,
    spotTs: data.spot.ts.subarray(spotStart, spotEnd),
    spotOpen: data.spot.open.subarray(spotStart, spotEnd),
    perpTs,
    lastSpotClose: data.spot.close[last.spot]!,
    lastPerpClose: data.perp.close[last.perp]!,
    barOpen: bars.open.subarray(barStart),
    barEnd: bars.end.subarray(barStart),
    barHigh,
    barTree: maxTree(barHigh),
    grid,
    gridSpot: prices.spot,
    gridPerp: prices.perp,
    firstMidnight,
    midnights: Math.max(0, Math.floor((grid.length - 1 - firstMidnight) / 24) + 1)
  };
}

/** Float scales of the scores; their error is far below the noise bounds of the decisions. */
const LEVEL_FULL_FLOAT = toNumber(LEVEL_FULL);
const BASIS_FULL_FLOAT = toNumber(BASIS_FULL);
const TREND_FLOAT = {rising: 1, stable: 0.5, falling: 0, none: NaN};

const share = (value: number, full: number): number => Math.min(Math.max(value, 0) / full, 1);

function basisFloat({spot, perp}: MarketData, t: number): number {
  const i = indexOf(spot.ts, t);
  const j = indexOf(perp.ts, t);
  return i < 0 || j < 0 ? NaN : (perp.open[j]! - spot.open[i]!) / spot.open[i]!;
}

const maybe = (value: Parameters<typeof toNumber>[0] | undefined): number => (value ? toNumber(value) : NaN);

function bothOpens({data}: PairWindow, start: number, end: number) {
  const {spot, perp} = data;
  const ts: number[] = [];
  const spots: number[] = [];
  const perps: number[] = [];
  for (let i = start; i < end; ++i) {
    const j = indexOf(perp.ts, spot.ts[i]!);
    if (j < 0) continue;
    ts.push(spot.ts[i]!);
    spots.push(spot.open[i]!);
    perps.push(perp.open[j]!);
  }
  return {bothTs: Float64Array.from(ts), bothSpot: Float64Array.from(spots), bothPerp: Float64Array.from(perps)};
}

function missingBars({history, endMs}: PairWindow, first: number, end: number, perpTs: Float64Array): Float64Array {
  return Float64Array.from({length: end - first}, (_, k) => {
    const bar = perpTs[firstAtOrAfter(perpTs, history.missingFrom(first + k))];
    const next = Math.min(history.t[first + k + 1] ?? Infinity, endMs);
    return bar !== undefined && bar < next ? bar : Infinity;
  });
}
