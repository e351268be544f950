import type {Settlement} from "../feed/types.js";

/** A settlement with the funding received since the start of the window. */
export interface Cumulated extends Settlement {
  /** Sum of settled rates from the first row of the window on, as a share of notional. */
  total: number;
}

/**
 * Adds up settled rates from the start of a window: what a short held through it received per unit of notional.
 * Ambiguous rows pay like any other. Rows ascend; a missing rate is no payment and is not counted as zero elsewhere.
 */
export function cumulate(rows: readonly Settlement[]): Cumulated[] {
  let total = 0;
  return rows.map((d) => ({...d, total: (total += d.rate ?? 0)}));
}
