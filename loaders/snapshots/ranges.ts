import {DAY_MS} from "../../src/lib/time/grid.js";

/** The ranges a reader chooses between; `days` is absent for the whole history. */
export const RANGES = [
  {id: "7d", days: 7},
  {id: "30d", days: 30},
  {id: "90d", days: 90},
  {id: "1y", days: 365},
  {id: "all", days: undefined}
] as const;
export type Range = (typeof RANGES)[number]["id"];

/** The start of a range that ends at `asOfTs`, exclusive for settlements; `-Infinity` for the whole history. */
export function rangeFrom(id: Range, asOfTs: number): number {
  const days = RANGES.find((range) => range.id === id)!.days;
  return days === undefined ? -Infinity : asOfTs - days * DAY_MS;
}
