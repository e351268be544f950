import {RANGES, type Range} from "../../src/lib/market/snapshot.js";
import {DAY_MS} from "../../src/lib/time/grid.js";

/**
 * Returns the start of a range that ends at `asOfTs`, UTC ms, exclusive for settlements; `-Infinity` for all history.
 */
export function rangeFrom(id: Range, asOfTs: number): number {
  const days = RANGES.find((range) => range.id === id)!.days;
  return days === undefined ? -Infinity : asOfTs - days * DAY_MS;
}
