import {RANGES, type Range} from "../../src/lib/market/snapshot.js";
import {DAY_MS} from "../../src/lib/time/grid.js";

/** The start of a range that ends at `asOfTs`, exclusive for settlements; `-Infinity` for the whole history. */
export function rangeFrom(id: Range, asOfTs: number): number {
  const days = RANGES.find((range) => range.id === id)!.days;
  return days === undefined ? -Infinity : asOfTs - days * DAY_MS;
}
