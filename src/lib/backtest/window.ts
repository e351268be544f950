import {rulesOf, type Rules} from "../ledger/rules.js";
import type {StrategyConfig} from "../strategy/config.js";
import {PairHistory} from "../strategy/history.js";
import {boundaryTs, timeframeMs} from "../time/grid.js";
import {firstAtOrAfter, indexOf} from "../time/search.js";
import {inCoins} from "../market/multiplier.js";
import {marginBars, type MarginBars} from "./bars.js";
import {checkCandles, cutCandles, type MarketData} from "../market/marketdata.js";
import {DataError} from "../errors.js";

/** A half-open range `[fromMs, toMs)` in UTC ms; an undefined end is unbounded. */
export interface Range {
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** One pair's data cut to a run's range, with precomputed history and bars. All trials of a sweep share it. */
export interface PairWindow {
  pair: string;
  /** cut to the range; with warm-up, earlier rows are kept */
  data: MarketData;
  history: PairHistory;
  bars: MarginBars;
  /** the first instant of the run */
  startMs: number;
  /** the end of the last bar that both markets have, where the run ends */
  endMs: number;
  /** that bar's index in spot and perp */
  last: {spot: number; perp: number};
  /** every instant in `[startMs, endMs]` with a possible event, ascending */
  instants: Float64Array;
}

/**
 * Cuts a pair's data to a run's range (§3). `toMs` always cuts; `fromMs` cuts only without warm-up.
 * @throws DataError if the range has no bar common to both markets, or no settlement
 * @throws RangeError `invalid range: …`
 */
export function windowOf(data: MarketData, {fromMs, toMs}: Range, warmup: boolean): PairWindow {
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    throw new RangeError(`invalid range: from ${fromMs} is not before to ${toMs}`);
  }
  checkCandles(data.spot, "spot");
  checkCandles(data.perp, "perp");
  if (data.mark) checkCandles(data.mark, "mark");
  const cut = cutData(inCoins(data), warmup ? -Infinity : (fromMs ?? -Infinity), toMs ?? Infinity);
  const {spot, perp, funding} = cut;
  if (spot.ts.length === 0) throw new DataError(`missing spot candles: ${data.pair} ${data.timeframe}`);
  if (perp.ts.length === 0) throw new DataError(`missing perp candles: ${data.pair} ${data.timeframe}`);
  const first = Math.min(spot.ts[0]!, perp.ts[0]!, funding.length ? boundaryTs(funding[0]!.tsMs) : Infinity);
  const startMs = Math.max(fromMs ?? -Infinity, first);
  const last = lastCommon(spot.ts, perp.ts, startMs);
  if (!last) throw new DataError(`missing data: ${data.pair} has no bar of both markets in the window`);
  const history = new PairHistory(cut);
  const endMs = spot.ts[last.spot]! + timeframeMs(cut.timeframe);
  if (firstAtOrAfter(history.t, startMs) >= firstAtOrAfter(history.t, endMs)) {
    throw new DataError(`missing funding: ${data.pair} has no settlement in the window`);
  }
  const bars = marginBars(cut);
  const instants = instantsOf([spot.ts, perp.ts, bars.end, history.t], startMs, endMs);
  return {pair: data.pair, data: cut, history, bars, startMs, endMs, last, instants};
}

/** Returns the rows of a pair in `[fromMs, toMs)`: funding by its boundary, candles by their open (§3). */
export function cutData(data: MarketData, fromMs: number, toMs: number): MarketData {
  const {finer} = data;
  return {
    ...data,
    funding: data.funding.filter(({tsMs}) => boundaryTs(tsMs) >= fromMs && boundaryTs(tsMs) < toMs),
    spot: cutCandles(data.spot, fromMs, toMs),
    perp: cutCandles(data.perp, fromMs, toMs),
    mark: data.mark && cutCandles(data.mark, fromMs, toMs),
    finer: finer && {
      perp: cutCandles(finer.perp, fromMs, toMs),
      mark: finer.mark && cutCandles(finer.mark, fromMs, toMs)
    }
  };
}

function lastCommon(spot: Float64Array, perp: Float64Array, fromMs: number): {spot: number; perp: number} | undefined {
  for (let i = spot.length - 1; i >= 0 && spot[i]! >= fromMs; --i) {
    const j = indexOf(perp, spot[i]!);
    if (j >= 0) return {spot: i, perp: j};
  }
  return undefined;
}

/** Returns the sorted union of ascending arrays within `[fromMs, toMs)`, plus `toMs`. */
export function instantsOf(columns: readonly Float64Array[], fromMs: number, toMs: number): Float64Array {
  let merged: Float64Array = Float64Array.of(toMs);
  for (const column of columns) {
    const start = firstAtOrAfter(column, fromMs);
    merged = union(merged, column.subarray(start, firstAtOrAfter(column, toMs, start)));
  }
  return merged;
}

function union(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  let n = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const value = j >= b.length || a[i]! <= b[j]! ? a[i++]! : b[j++]!;
    if (n === 0 || value !== out[n - 1]) out[n++] = value;
  }
  return out.slice(0, n);
}

/** Returns the instrument rules of the window's pair under a config. */
export const windowRules = (window: PairWindow, config: StrategyConfig): Rules =>
  rulesOf(window.data.instrument, config);
