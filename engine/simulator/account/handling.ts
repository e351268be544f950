import type {Matching} from "./matching.js";
import type {Order} from "./types.js";

/** What is made of an order on its way in, where the venue was told to misbehave. */
export interface Handling extends Matching {
  rejectLate?: boolean;
  fillAfterMs?: number;
  hide?: {queries: number; forMs: number};
}

/** The orders of a list that a query may show; each look at a hidden one uses up one of the looks that miss it. */
export function noticed<T extends Pick<Order, "hidden">>(orders: readonly T[], nowMs: number): T[] {
  return orders.filter((order) => {
    const shown = visible(order, nowMs);
    if (order.hidden.queries > 0) order.hidden.queries--;
    return shown;
  });
}

/** True for an order that a query may show: it is not hidden any more. */
export const visible = (order: Pick<Order, "hidden">, nowMs: number): boolean =>
  order.hidden.queries === 0 && order.hidden.untilMs <= nowMs;
