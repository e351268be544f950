import {priceOf, type Candles} from "../market/marketdata.js";
import {Decimal, toNumber, ZERO} from "../money/decimal.js";
import {HOUR_MS, timeframeMs} from "../time/grid.js";
import {firstAtOrAfter} from "../time/search.js";
import {VOLUME_RATIO, VOLUME_WINDOW, type VolumeCheck} from "./signals.js";

/** Returns the turnover of one candle in quote: the venue's, else volume × close (§5); undefined if both are missing. */
function turnoverOf(candles: Candles, i: number): Decimal | undefined {
  const given = priceOf(candles.turnover?.[i]);
  if (given) return given;
  const volume = priceOf(candles.volume[i]);
  const close = priceOf(candles.close[i]);
  return volume && close ? volume.times(close) : undefined;
}

/**
 * Applies the volume filter at `t` (§5): the mean turnover of the newest 168 closed hourly candles must be at least 0.7 ×
 * that of the 168 before. A candle without a turnover is excluded from its mean, not counted as zero.
 */
export function volumeCheck(perp: Candles, t: number): VolumeCheck {
  const stepMs = timeframeMs(perp.timeframe);
  if (stepMs !== HOUR_MS) return {passes: true, ratio: undefined, why: "not-hourly"};
  const closed = firstAtOrAfter(perp.ts, t - stepMs + 1);
  if (closed < 2 * VOLUME_WINDOW) return {passes: true, ratio: undefined, why: "too-little-history"};
  const newest = closed - VOLUME_WINDOW;
  const ratio = mean(perp, newest, closed) / mean(perp, newest - VOLUME_WINDOW, newest);
  if (Number.isNaN(ratio)) return {passes: true, ratio: undefined, why: "too-little-history"};
  // close to the threshold decimals decide
  const near = Math.abs(ratio - toNumber(VOLUME_RATIO)) < 1e-9;
  const passes = near ? exactlyPasses(perp, newest, closed) : ratio > toNumber(VOLUME_RATIO);
  return {passes, ratio, why: passes ? "enough" : "too-low"};
}

function mean(perp: Candles, start: number, end: number): number {
  let sum = 0;
  let n = 0;
  for (let i = start; i < end; ++i) {
    const given = perp.turnover?.[i];
    const value = given === undefined || Number.isNaN(given) ? perp.volume[i]! * perp.close[i]! : given;
    if (Number.isNaN(value)) continue;
    sum += value;
    ++n;
  }
  return sum / n;
}

function exactlyPasses(perp: Candles, newest: number, closed: number): boolean {
  const newer = exactMean(perp, newest, closed)!;
  return newer.gte(exactMean(perp, newest - VOLUME_WINDOW, newest)!.times(VOLUME_RATIO));
}

function exactMean(perp: Candles, start: number, end: number): Decimal | undefined {
  let sum = ZERO;
  let n = 0;
  for (let i = start; i < end; ++i) {
    const value = turnoverOf(perp, i);
    if (!value) continue;
    sum = sum.plus(value);
    ++n;
  }
  return n > 0 ? sum.div(n) : undefined;
}
