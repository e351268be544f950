import type {Settlement} from "../feed/types.js";

/** A settlement with the cumulative funding of the window. */
export interface Cumulated extends Settlement {
  /** Sum of settled rates since the first row of the window, share of notional. */
  total: number;
}

/**
 * Adds up settled rates from the start of a window: the funding a short position received per unit of notional.
 * Rows ascend in time. Rows with an ambiguous interval pay like any other; a missing rate adds nothing.
 */
export function cumulate(rows: readonly Settlement[]): Cumulated[] {
  let total = 0;
  return rows.map((d) => ({...d, total: (total += d.rate ?? 0)}));
}
