import type {Decimal} from "../money/decimal.js";
import {priceOf, type Candles} from "../market/marketdata.js";
import {HOUR_MS, timeframeMs} from "../time/grid.js";
import {basisOf} from "./signals.js";

/** Age beyond which a close says nothing of a settlement's basis, ms (§7). */
export const CLOSES_MS = 2 * HOUR_MS;

/**
 * Returns the basis at the newest instant, at most two hours before `t`, at which both markets closed a candle (§7). It
 * stands in for the two opens at `t` while their candles are still open.
 * @param t the settlement, UTC ms; closes after it are not known at it and are not used
 * @returns the basis as a share, and the instant of the closes, UTC ms; undefined where there is no such instant
 */
export function newestCloses(spot: Candles, perp: Candles, t: number): {ts: number; basis: Decimal} | undefined {
  const spotMs = timeframeMs(spot.timeframe);
  const perpMs = timeframeMs(perp.timeframe);
  const at = new Map(Array.from(spot.ts, (ts, i) => [ts + spotMs, i]));
  for (let i = perp.ts.length - 1; i >= 0; i--) {
    const ts = perp.ts[i]! + perpMs;
    if (ts > t) continue;
    if (ts < t - CLOSES_MS) return undefined;
    const j = at.get(ts);
    const basis = j === undefined ? undefined : basisOf(priceOf(spot.close[j]), priceOf(perp.close[i]));
    if (basis) return {ts, basis};
  }
  return undefined;
}
