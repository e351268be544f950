import {z} from "zod";
import {DAY_MS} from "../../../src/lib/time/grid.js";
import {decimal, isDecimalText, text as canonical, type Decimal} from "../../../src/lib/money/decimal.js";
import {VenueError} from "../market/venue.js";
import {page, paging, read, spanOf, text, window} from "./query.js";
import type {Context} from "./context.js";
import {acceptSpread, endSpread, makeSpreadOrder} from "../account/spread-orders.js";
import {visibleOrders, type Handling} from "../account/handling.js";
import {isOpen, type SpreadOrder, type SpreadTrade} from "../account/types.js";
const WEEK_MS = 7 * DAY_MS;
/** A decimal, which may be negative: a spread's price can be. */
const number = z
  .union([z.string(), z.number().transform(String)])
  .refine((value) => isDecimalText(value))
  .transform((value): Decimal => decimal(value));

const createBody = z.strictObject({
  symbol: z.string(),
  side: z.enum(["Buy", "Sell"]),
  orderType: z.enum(["Limit", "Market"]),
  qty: number.refine((qty) => qty.gt(0)),
  price: number.optional(),
  orderLinkId: z.string().default(""),
  timeInForce: z.enum(["IOC", "FOK", "GTC", "PostOnly"]).default("GTC")
});

/** `POST /v5/spread/order/create`: both legs fill at once or not at all. */
export function createSpreadOrder({desk}: Context, body: unknown, handling?: Handling): unknown {
  const params = read(createBody, body);
  const {order, spread} = makeSpreadOrder(desk, {
    ...params,
    price: params.orderType === "Limit" ? params.price : undefined
  });
  acceptSpread(desk, order, spread, handling);
  return {orderId: order.orderId, orderLinkId: order.orderLinkId};
}

const cancelBody = z.strictObject({orderId: text, orderLinkId: text});

/** `POST /v5/spread/order/cancel`. */
export function cancelSpreadOrder({desk}: Context, body: unknown): unknown {
  const ids = read(cancelBody, body);
  if (!ids.orderId && !ids.orderLinkId) throw new VenueError(10001, "params error: orderId or orderLinkId is required");
  const order = desk.account.spreads.find((o) => named(o, ids) && o.hidden.untilMs <= desk.nowMs);
  if (!order || !isOpen(order)) throw new VenueError(110001, "order not exists or too late to cancel");
  endSpread(desk.account, order, "EC_PerCancelRequest", desk.nowMs);
  return {orderId: order.orderId, orderLinkId: order.orderLinkId};
}

const cancelAllBody = z.strictObject({symbol: text, cancelAll: z.boolean().optional()});

/** `POST /v5/spread/order/cancel-all`: of one symbol, or all with `cancelAll`. */
export function cancelAllSpreads({desk}: Context, body: unknown): unknown {
  const {symbol, cancelAll} = read(cancelAllBody, body);
  if (!symbol && cancelAll !== true) throw new VenueError(10001, "params error: symbol or cancelAll is required");
  const doomed = [...desk.account.openSpreads].filter(
    (order) => (cancelAll === true || order.symbol === symbol) && order.hidden.untilMs <= desk.nowMs
  );
  for (const order of doomed) endSpread(desk.account, order, "EC_PerCancelRequest", desk.nowMs);
  return {list: doomed.map(({orderId, orderLinkId}) => ({orderId, orderLinkId})), success: "1"};
}

const named = (order: SpreadOrder, ids: {orderId?: string | undefined; orderLinkId?: string | undefined}): boolean =>
  (ids.orderId === undefined || order.orderId === ids.orderId) &&
  (ids.orderLinkId === undefined || order.orderLinkId === ids.orderLinkId);

const ordersQuery = {symbol: text, baseCoin: text, orderId: text, orderLinkId: text, ...paging(20, 50)};
const realtimeQuery = z.strictObject(ordersQuery);

/** `GET /v5/spread/order/realtime`: open orders. */
export function openSpreads({desk}: Context, query: unknown): unknown {
  const params = read(realtimeQuery, query);
  const rows = desk.account.spreads.filter((order) => isOpen(order) && matches(order, params)).reverse();
  const {list, nextPageCursor} = page(visibleOrders(rows, desk.nowMs), ({orderId}) => orderId, params);
  return {nextPageCursor, list: list.map(openRow)};
}

const historyQuery = z.strictObject({...ordersQuery, ...window});

/** `GET /v5/spread/order/history`: ended orders; default span: the last seven days. */
export function spreadHistory({desk}: Context, query: unknown): unknown {
  const params = read(historyQuery, query);
  const {from, to} = spanOf(params, desk.nowMs, WEEK_MS);
  const byId = params.orderId !== undefined || params.orderLinkId !== undefined;
  const rows = desk.account.spreads
    .filter((order) => !isOpen(order) && matches(order, params))
    .filter((order) => byId || (order.createdMs >= from && order.createdMs <= to))
    .reverse();
  const {list, nextPageCursor} = page(visibleOrders(rows, desk.nowMs), ({orderId}) => orderId, params);
  return {nextPageCursor, list: list.map(closedRow)};
}

function matches(order: SpreadOrder, params: z.output<typeof realtimeQuery>): boolean {
  return (
    named(order, params) &&
    (params.symbol === undefined || order.symbol === params.symbol) &&
    (params.baseCoin === undefined || order.base === params.baseCoin)
  );
}

const executionQuery = z.strictObject({symbol: text, orderId: text, orderLinkId: text, ...window, ...paging(20, 50)});

/** `GET /v5/spread/execution/list`: fills with both legs' fills. */
export function spreadExecutions({desk}: Context, query: unknown): unknown {
  const params = read(executionQuery, query);
  const {from, to} = spanOf(params, desk.nowMs, WEEK_MS);
  const byId = params.orderId !== undefined || params.orderLinkId !== undefined;
  const rows = desk.account.spreadTrades
    .filter(({order, ts}) => named(order, params) && (byId || (ts >= from && ts <= to)))
    .filter(({order}) => params.symbol === undefined || order.symbol === params.symbol)
    .filter(({order}) => order.hidden.queries === 0 && order.hidden.untilMs <= desk.nowMs)
    .reverse();
  const {list, nextPageCursor} = page(rows, ({execId}) => execId, params);
  return {nextPageCursor, list: list.map(tradeRow)};
}

function openRow(order: SpreadOrder): Record<string, unknown> {
  return {
    symbol: order.symbol,
    orderType: order.orderType,
    updatedTime: String(order.updatedMs),
    orderLinkId: order.orderLinkId,
    side: order.side,
    orderId: order.orderId,
    leavesQty: canonical(order.leaves),
    orderStatus: order.status,
    cumExecQty: canonical(order.filled),
    price: canonical(order.price),
    qty: canonical(order.qty),
    createdTime: String(order.createdMs),
    timeInForce: order.timeInForce,
    baseCoin: order.base
  };
}

/** Formats a spread order for its history, where the venue names some fields differently. */
export function closedRow(order: SpreadOrder): Record<string, unknown> {
  const {linear, spot} = order.legs;
  return {
    symbol: order.symbol,
    orderType: order.orderType,
    orderLinkId: order.orderLinkId,
    orderId: order.orderId,
    contractType: "FundingRateArb",
    orderStatus: order.status,
    createdAt: String(order.createdMs),
    price: canonical(order.price),
    leg2Symbol: spot.symbol,
    orderQty: canonical(order.qty),
    timeInForce: order.timeInForce,
    baseCoin: order.base,
    updatedAt: String(order.updatedMs),
    side: order.side,
    leg2Side: spot.side,
    leavesQty: canonical(order.leaves),
    leg1Side: linear.side,
    settleCoin: "USDT",
    cumExecQty: canonical(order.filled),
    qty: canonical(order.qty),
    leg1OrderId: linear.orderId,
    leg2OrderId: spot.orderId,
    leg2ProdType: "Spot",
    leg1ProdType: "Futures",
    leg1Symbol: linear.symbol,
    cxlRejReason: order.cxlRejReason
  };
}

/** Formats a fill of a spread order with its legs. */
export function tradeRow({execId, order, price, qty, ts, legs}: SpreadTrade): Record<string, unknown> {
  return {
    symbol: order.symbol,
    orderLinkId: order.orderLinkId,
    side: order.side,
    orderId: order.orderId,
    execPrice: canonical(price),
    execTime: String(ts),
    execType: "Trade",
    execQty: canonical(qty),
    execId,
    legs: legs.map((leg) => ({
      symbol: leg.symbol,
      side: leg.side,
      execPrice: canonical(leg.price),
      execTime: String(leg.ts),
      execValue: canonical(leg.value),
      execType: leg.execType,
      category: leg.category,
      execQty: canonical(leg.qty),
      execFee: canonical(leg.fee),
      execId: leg.execId
    }))
  };
}
