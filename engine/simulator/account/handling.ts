import type {Matching} from "./matching.js";
import type {Order} from "./types.js";

/** Faults injected when an order arrives. */
export interface Handling extends Matching {
  rejectLate?: boolean;
  fillAfterMs?: number;
  hide?: {queries: number; forMs: number};
}

/** Returns the orders visible to a query; each query reduces a hidden order's remaining misses by one. */
export function visibleOrders<T extends Pick<Order, "hidden">>(orders: readonly T[], nowMs: number): T[] {
  return orders.filter((order) => {
    const shown = visible(order, nowMs);
    if (order.hidden.queries > 0) order.hidden.queries--;
    return shown;
  });
}

/** Returns true when an order is no longer hidden from queries. */
export const visible = (order: Pick<Order, "hidden">, nowMs: number): boolean =>
  order.hidden.queries === 0 && order.hidden.untilMs <= nowMs;
