import {DAY_MS, timeframeMs} from "../time/grid.js";
import type {Candles} from "./marketdata.js";

/** A price that changes by this factor within a bar or between two was redenominated or mistaken, not traded. */
export const JUMP_FACTOR = 10;

/** A change of price that no market makes. */
export interface Jump {
  /** open of the bar in which the price is another, UTC ms */
  ts: number;
  /** new price over old one */
  factor: number;
}

/**
 * Returns the bars at which a price changes by a factor of ten or more: against the close before, or within the bar.
 * A bar without an open begins at its close; one without either is passed over.
 */
export function jumpsOf({ts, open, close}: Pick<Candles, "ts" | "open" | "close">): Jump[] {
  const jumps: Jump[] = [];
  let before = NaN;
  for (let i = 0; i < ts.length; i++) {
    const first = Number.isNaN(open[i]!) ? close[i]! : open[i]!;
    const between = first / before;
    const within = close[i]! / first;
    const factor = isJump(between) ? between : isJump(within) ? within : undefined;
    if (factor !== undefined) jumps.push({ts: ts[i]!, factor});
    if (!Number.isNaN(close[i]!)) before = close[i]!;
  }
  return jumps;
}

const isJump = (factor: number): boolean => factor >= JUMP_FACTOR || factor <= 1 / JUMP_FACTOR;

/**
 * Returns the stretches `[from, to)` of a day or longer in which every bar has a volume of zero: a market that is listed
 * and not traded, or a file that was filled up. A missing volume is not zero and ends a stretch.
 */
export function idleStretches({ts, volume, timeframe}: Candles): {from: number; to: number}[] {
  const step = timeframeMs(timeframe);
  const stretches: {from: number; to: number}[] = [];
  for (let i = 0; i < ts.length; i++) {
    if (volume[i] !== 0) continue;
    const from = ts[i]!;
    while (i + 1 < ts.length && volume[i + 1] === 0 && ts[i + 1] === ts[i]! + step) i++;
    const to = ts[i]! + step;
    if (to - from >= DAY_MS) stretches.push({from, to});
  }
  return stretches;
}
