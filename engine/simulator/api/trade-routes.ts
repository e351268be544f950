import {z} from "zod";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {VenueError} from "../market/venue.js";
import {arrive, close, end} from "../account/matching.js";
import {makeOrder, orderToCancel, createBody} from "../account/orders.js";
import {page, paging, read, spanOf, text, window} from "./query.js";
import {executionRow, marketOf, orderRow} from "./rows.js";
import type {Context} from "./context.js";
import {isOpen, type Order} from "../account/types.js";
import {type Handling, noticed, visible} from "../account/handling.js";

const category = z.enum(["spot", "linear"]);
const WEEK_MS = 7 * DAY_MS;
/** Closed orders that `realtime` still finds. */
const RECENT = 500;

/** `POST /v5/order/create`. The reply holds nothing but ids, whatever became of the order. */
export function createOrder({desk}: Context, body: unknown, handling: Handling = {}): unknown {
  const {order, market} = makeOrder(desk, read(createBody, body));
  const {account, nowMs} = desk;
  if (handling.hide) order.hidden = {queries: handling.hide.queries, untilMs: nowMs + handling.hide.forMs};
  if (handling.rejectLate) {
    account.addOrder(order);
    order.rejectReason = "EC_Others";
    close(account, order, "Rejected", nowMs);
  } else if (handling.fillAfterMs !== undefined) {
    order.fillAtMs = nowMs + handling.fillAfterMs;
    account.addOrder(order);
  } else {
    account.addOrder(order);
    arrive({...desk, market}, order, handling);
  }
  return {orderId: order.orderId, orderLinkId: order.orderLinkId};
}

const cancelBody = z.strictObject({
  category,
  symbol: z.string(),
  orderId: z.string().optional(),
  orderLinkId: z.string().optional(),
  orderFilter: z.literal("Order").optional()
});

/** `POST /v5/order/cancel`. */
export function cancelOrder({desk}: Context, body: unknown): unknown {
  const {category, symbol, ...ids} = read(cancelBody, body);
  const order = orderToCancel(desk, category, ids);
  if (order.symbol !== symbol) throw new VenueError(10001, "params error: symbol invalid");
  end(desk.account, order, {cancelType: "CancelByUser", ts: desk.nowMs});
  return {orderId: order.orderId, orderLinkId: order.orderLinkId};
}

const cancelAllBody = z.strictObject({
  category,
  symbol: z.string().optional(),
  baseCoin: z.string().optional(),
  settleCoin: z.string().optional(),
  orderFilter: z.literal("Order").optional()
});

/**
 * `POST /v5/order/cancel-all`: every open order of the account that matches, whoever placed it; one that the venue does
 * not know yet stays.
 */
export function cancelAll({desk}: Context, body: unknown): unknown {
  const {category, symbol, baseCoin, settleCoin} = read(cancelAllBody, body);
  if (category === "linear" && !symbol && !baseCoin && !settleCoin)
    throw new VenueError(10001, "params error: symbol, baseCoin or settleCoin is required");
  const look = {venue: desk.venue, nowMs: desk.nowMs};
  const doomed = [...desk.account.open].filter(
    (order) =>
      order.category === category &&
      (symbol === undefined || order.symbol === symbol) &&
      (baseCoin === undefined || marketOf(order, look).base === baseCoin) &&
      (settleCoin === undefined || settleCoin === "USDT") &&
      order.hidden.untilMs <= desk.nowMs
  );
  for (const order of doomed) end(desk.account, order, {cancelType: "CancelAllByUser", ts: desk.nowMs});
  return {list: doomed.map(({orderId, orderLinkId}) => ({orderId, orderLinkId})), success: "1"};
}

const ordersQuery = {
  category,
  symbol: text,
  baseCoin: text,
  settleCoin: text,
  orderId: text,
  orderLinkId: text,
  orderFilter: z.literal("Order").optional(),
  ...paging(20, 50)
};

const realtimeQuery = z.strictObject({...ordersQuery, openOnly: z.enum(["0", "1", "2"]).optional()});

/**
 * `GET /v5/order/realtime`: open orders; closed ones among the newest 500 with `openOnly=1` or when an id is asked for.
 * An order that the venue hides is missed by as many queries for it as it was told.
 */
export function openOrders({desk}: Context, query: unknown): unknown {
  const asked = read(realtimeQuery, query);
  if (
    asked.category === "linear" &&
    !asked.symbol &&
    !asked.baseCoin &&
    !asked.settleCoin &&
    !asked.orderId &&
    !asked.orderLinkId
  )
    throw new VenueError(10001, "params error: symbol, baseCoin or settleCoin is required");
  const closed = desk.account.orders.filter((order) => !isOpen(order)).slice(-RECENT);
  const byId = asked.orderId !== undefined || asked.orderLinkId !== undefined;
  const pool = byId ? [...closed, ...desk.account.open] : asked.openOnly === "1" ? closed : [...desk.account.open];
  return listOrders(desk, pool, asked);
}

const historyQuery = z.strictObject({...ordersQuery, ...window, orderStatus: text});

/** `GET /v5/order/history`: orders that have ended, of the last seven days unless a span is given. */
export function orderHistory({desk}: Context, query: unknown): unknown {
  const asked = read(historyQuery, query);
  const byId = asked.orderId !== undefined || asked.orderLinkId !== undefined;
  const {from, to} = spanOf(asked, desk.nowMs, WEEK_MS);
  const pool = desk.account.orders.filter(
    (order) =>
      !isOpen(order) &&
      (byId || (order.createdMs >= from && order.createdMs <= to)) &&
      (asked.orderStatus === undefined || order.status === asked.orderStatus)
  );
  return listOrders(desk, pool, asked);
}

interface Asked {
  category: "spot" | "linear";
  symbol?: string | undefined;
  baseCoin?: string | undefined;
  settleCoin?: string | undefined;
  orderId?: string | undefined;
  orderLinkId?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

function listOrders({account, ...look}: Context["desk"], pool: readonly Order[], asked: Asked): unknown {
  const rows = pool
    .filter(
      (order) =>
        order.category === asked.category &&
        (asked.symbol === undefined || order.symbol === asked.symbol) &&
        (asked.orderId === undefined || order.orderId === asked.orderId) &&
        (asked.orderLinkId === undefined || order.orderLinkId === asked.orderLinkId) &&
        (asked.baseCoin === undefined || marketOf(order, look).base === asked.baseCoin) &&
        (asked.settleCoin === undefined || asked.settleCoin === "USDT")
    )
    .sort((a, b) => account.rank(b) - account.rank(a));
  const {list, nextPageCursor} = page(noticed(rows, look.nowMs), ({orderId}) => orderId, asked);
  return {list: list.map((order) => orderRow(order, marketOf(order, look))), nextPageCursor, category: asked.category};
}

const executionQuery = z.strictObject({
  category,
  symbol: text,
  orderId: text,
  orderLinkId: text,
  baseCoin: text,
  execType: text,
  ...window,
  ...paging(50, 100)
});

/** `GET /v5/execution/list`: fills and settlements of the last seven days unless a span is given, newest first. */
export function executions({desk}: Context, query: unknown): unknown {
  const asked = read(executionQuery, query);
  const {from, to} = spanOf(asked, desk.nowMs, WEEK_MS);
  const {account, ...look} = desk;
  const byId = asked.orderId !== undefined || asked.orderLinkId !== undefined;
  const rows = account.executions
    .filter(
      (row) =>
        row.category === asked.category &&
        (byId || (row.ts >= from && row.ts <= to)) &&
        (asked.symbol === undefined || row.symbol === asked.symbol) &&
        (asked.orderId === undefined || row.orderId === asked.orderId) &&
        (asked.orderLinkId === undefined || row.orderLinkId === asked.orderLinkId) &&
        (asked.execType === undefined || row.execType === asked.execType) &&
        (asked.baseCoin === undefined || marketOf(row, look).base === asked.baseCoin)
    )
    .filter((row) => {
      const order = account.orderById(row.orderId);
      return order === undefined || visible(order, desk.nowMs);
    })
    .reverse();
  const {list, nextPageCursor} = page(rows, ({execId}) => execId, asked);
  return {nextPageCursor, category: asked.category, list: list.map((row) => executionRow(row, marketOf(row, look)))};
}
