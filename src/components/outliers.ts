import {quantile, sorted} from "../lib/stats/quantile.js";

/** A chart shows rates up to so many times the size that three of four stay under. */
const TIMES = 10;
/** A rate only a little beyond that is shown whole. */
const TOLERANCE = 1.4;

/**
 * The size beyond which a rate is cut off in a chart, so that one extreme week does not flatten the year; Infinity
 * where nothing stands out.
 */
export function cutOf(rates: readonly number[]): number {
  const sizes = sorted(rates.map(Math.abs));
  const limit = TIMES * (quantile(sizes, 0.75) ?? 0);
  const most = sizes.at(-1) ?? 0;
  return limit > 0 && most > TOLERANCE * limit ? limit : Infinity;
}

/** Whether a rate is cut off. */
export const isBeyond = (rate: number, cut: number): boolean => Math.abs(rate) > cut;
