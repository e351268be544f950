import {z} from "zod";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {VenueError} from "../market/venue.js";
import {acceptOrder, close, end} from "../account/matching.js";
import {makeOrder, orderToCancel, createBody} from "../account/orders.js";
import {page, paging, read, spanOf, text, window} from "./query.js";
import {executionRow, marketOf, orderRow} from "./rows.js";
import type {Context} from "./context.js";
import {isOpen, type Order} from "../account/types.js";
import {type Handling, visibleOrders, visible} from "../account/handling.js";

const category = z.enum(["spot", "linear"]);
const WEEK_MS = 7 * DAY_MS;
/** Number of closed orders that `realtime` still finds. */
const RECENT = 500;

/** `POST /v5/order/create`: the reply has only ids, whatever the order's result. */
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
    acceptOrder({...desk, market}, order, handling);
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
 * `POST /v5/order/cancel-all`: cancels every matching open order, manual ones included. Hidden orders stay.
 */
export function cancelAll({desk}: Context, body: unknown): unknown {
  const {category, symbol, baseCoin, settleCoin} = read(cancelAllBody, body);
  if (category === "linear" && !symbol && !baseCoin && !settleCoin)
    throw new VenueError(10001, "params error: symbol, baseCoin or settleCoin is required");
  const valuation = {venue: desk.venue, nowMs: desk.nowMs};
  const doomed = [...desk.account.open].filter(
    (order) =>
      order.category === category &&
      (symbol === undefined || order.symbol === symbol) &&
      (baseCoin === undefined || marketOf(order, valuation).base === baseCoin) &&
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
 * `GET /v5/order/realtime`: open orders; also the newest 500 closed ones with `openOnly=1` or by id. Hidden orders are
 * missing from as many queries as their fault requests.
 */
export function openOrders({desk}: Context, query: unknown): unknown {
  const params = read(realtimeQuery, query);
  if (
    params.category === "linear" &&
    !params.symbol &&
    !params.baseCoin &&
    !params.settleCoin &&
    !params.orderId &&
    !params.orderLinkId
  )
    throw new VenueError(10001, "params error: symbol, baseCoin or settleCoin is required");
  const closed = desk.account.orders.filter((order) => !isOpen(order)).slice(-RECENT);
  const byId = params.orderId !== undefined || params.orderLinkId !== undefined;
  const pool = byId ? [...closed, ...desk.account.open] : params.openOnly === "1" ? closed : [...desk.account.open];
  return listOrders(desk, pool, params);
}

const historyQuery = z.strictObject({...ordersQuery, ...window, orderStatus: text});

/** `GET /v5/order/history`: ended orders; default span: the last seven days. */
export function orderHistory({desk}: Context, query: unknown): unknown {
  const params = read(historyQuery, query);
  const byId = params.orderId !== undefined || params.orderLinkId !== undefined;
  const {from, to} = spanOf(params, desk.nowMs, WEEK_MS);
  const pool = desk.account.orders.filter(
    (order) =>
      !isOpen(order) &&
      (byId || (order.createdMs >= from && order.createdMs <= to)) &&
      (params.orderStatus === undefined || order.status === params.orderStatus)
  );
  return listOrders(desk, pool, params);
}

interface OrderFilter {
  category: "spot" | "linear";
  symbol?: string | undefined;
  baseCoin?: string | undefined;
  settleCoin?: string | undefined;
  orderId?: string | undefined;
  orderLinkId?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

function listOrders({account, ...valuation}: Context["desk"], pool: readonly Order[], params: OrderFilter): unknown {
  const rows = pool
    .filter(
      (order) =>
        order.category === params.category &&
        (params.symbol === undefined || order.symbol === params.symbol) &&
        (params.orderId === undefined || order.orderId === params.orderId) &&
        (params.orderLinkId === undefined || order.orderLinkId === params.orderLinkId) &&
        (params.baseCoin === undefined || marketOf(order, valuation).base === params.baseCoin) &&
        (params.settleCoin === undefined || params.settleCoin === "USDT")
    )
    .sort((a, b) => account.rank(b) - account.rank(a));
  const {list, nextPageCursor} = page(visibleOrders(rows, valuation.nowMs), ({orderId}) => orderId, params);
  return {
    list: list.map((order) => orderRow(order, marketOf(order, valuation))),
    nextPageCursor,
    category: params.category
  };
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

/** `GET /v5/execution/list`: fills and settlements, newest first; default span: the last seven days. */
export function executions({desk}: Context, query: unknown): unknown {
  const params = read(executionQuery, query);
  const {from, to} = spanOf(params, desk.nowMs, WEEK_MS);
  const {account, ...valuation} = desk;
  const byId = params.orderId !== undefined || params.orderLinkId !== undefined;
  const rows = account.executions
    .filter(
      (row) =>
        row.category === params.category &&
        (byId || (row.ts >= from && row.ts <= to)) &&
        (params.symbol === undefined || row.symbol === params.symbol) &&
        (params.orderId === undefined || row.orderId === params.orderId) &&
        (params.orderLinkId === undefined || row.orderLinkId === params.orderLinkId) &&
        (params.execType === undefined || row.execType === params.execType) &&
        (params.baseCoin === undefined || marketOf(row, valuation).base === params.baseCoin)
    )
    .filter((row) => {
      const order = account.orderById(row.orderId);
      return order === undefined || visible(order, desk.nowMs);
    })
    .reverse();
  const {list, nextPageCursor} = page(rows, ({execId}) => execId, params);
  return {
    nextPageCursor,
    category: params.category,
    list: list.map((row) => executionRow(row, marketOf(row, valuation)))
  };
}
