import {z} from "zod";
import {Decimal, decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {VenueError, type Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {bandOf, maybeMarket, priceOf, priceText, touch, type Market} from "./market.js";
import {openingMargin, spendable, totals} from "./margin.js";
import {positionOf} from "./positions.js";
import {isOpen, type Order} from "./types.js";

const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((v) => v === "true")]);
const number = z.union([z.string(), z.number().transform(String)]);

/** Supported parameters of `/v5/order/create`; any other is rejected. */
export const createBody = z.strictObject({
  category: z.enum(["spot", "linear"]),
  symbol: z.string(),
  side: z.enum(["Buy", "Sell"]),
  orderType: z.enum(["Market", "Limit"]),
  qty: number,
  price: number.optional(),
  timeInForce: z.enum(["GTC", "IOC", "FOK", "PostOnly"]).optional(),
  marketUnit: z.enum(["baseCoin", "quoteCoin"]).optional(),
  orderLinkId: z.string().optional(),
  orderFilter: z.literal("Order").optional(),
  isLeverage: z.union([z.literal(0), z.literal(1), z.enum(["0", "1"]).transform(Number)]).optional(),
  positionIdx: z.union([z.number().int(), z.string().transform(Number)]).optional(),
  reduceOnly: flag.optional(),
  closeOnTrigger: flag.optional()
});
type CreateBody = z.infer<typeof createBody>;

/** Context in which an order is checked. */
export interface Desk {
  venue: Venue;
  account: Account;
  nowMs: number;
}

const LINK_ID = /^[A-Za-z0-9_-]{1,36}$/;

/** Rejection codes by category: 170xxx on spot, mostly 110xxx on derivatives. */
const CODES = {
  symbol: {spot: 170121, linear: 10001},
  duplicate: {spot: 170141, linear: 110072},
  tooSmall: {spot: 170136, linear: 10001},
  tooLarge: {spot: 170135, linear: 10001},
  lotDigits: {spot: 170137, linear: 10001},
  tickDigits: {spot: 170134, linear: 10001},
  notional: {spot: 170140, linear: 110094},
  balance: {spot: 170131, linear: 110007},
  buyAbove: {spot: 170193, linear: 110003},
  sellBelow: {spot: 170194, linear: 110003}
} as const;

/** Rejects an order. @throws VenueError with the venue's code */
function reject(what: keyof typeof CODES, category: "spot" | "linear", message: string): never {
  throw new VenueError(CODES[what][category], message);
}

/**
 * Validates an order as the venue does and builds its record, without side effects.
 * @throws VenueError with the venue's code
 */
export function makeOrder(desk: Desk, body: CreateBody): {order: Order; market: Market} {
  const {venue, account, nowMs} = desk;
  const {category, symbol} = body;
  const market = maybeMarket(venue, category, symbol, nowMs);
  if (!market) reject("symbol", category, category === "spot" ? "Invalid symbol." : "params error: symbol invalid");
  if (category === "linear" && !venue.trades(market.coin, nowMs))
    throw new VenueError(110066, "Trading is currently not allowed.");
  checkLink(account, body);
  if ((body.positionIdx ?? 0) !== 0) throw new VenueError(10001, "position idx not match position mode");
  const order = record(desk, market, body);
  if (order.reduceOnly) trim(account, order, body);
  if (order.orderType === "Limit") checkPrice(desk, market, order);
  checkSize(desk, market, order);
  checkFunds(desk, market, order);
  return {order, market};
}

function checkLink(account: Account, {category, orderLinkId}: CreateBody): void {
  if (orderLinkId === undefined || orderLinkId === "") return;
  if (!LINK_ID.test(orderLinkId)) throw new VenueError(10001, "OrderLinkID invalid");
  if (account.orderByLink(category, orderLinkId))
    reject("duplicate", category, category === "spot" ? "Duplicate clientOrderId." : "OrderLinkedID is duplicate");
}

function record({venue, account, nowMs}: Desk, market: Market, body: CreateBody): Order {
  const {category, symbol, side, orderType} = body;
  const spot = category === "spot";
  const qty = positive(body.qty, "qty", body.reduceOnly === true && body.closeOnTrigger === true);
  const limit = orderType === "Limit";
  if (limit && body.price === undefined) throw new VenueError(10001, "params error: price invalid");
  const marketUnit = spot && !limit ? (body.marketUnit ?? (side === "Buy" ? "quoteCoin" : "baseCoin")) : "";
  return {
    orderId: account.id(spot),
    orderLinkId: body.orderLinkId ?? "",
    category,
    symbol,
    side,
    orderType,
    timeInForce: limit ? (body.timeInForce ?? "GTC") : "IOC",
    price: limit ? positive(body.price!, "price") : ZERO,
    qty,
    marketUnit,
    reduceOnly: !spot && body.reduceOnly === true,
    isLeverage: spot && body.isLeverage === 1,
    status: "New",
    rejectReason: "EC_NoError",
    cancelType: "UNKNOWN",
    createdMs: nowMs,
    updatedMs: nowMs,
    leaves: marketUnit === "quoteCoin" ? ZERO : qty,
    filled: ZERO,
    value: ZERO,
    fee: ZERO,
    feeCoin: "",
    lastPriceOnCreated: priceText(market, priceOf(market.coin, spot ? "spot" : "perp", nowMs)),
    createType: "CreateByUser",
    hidden: {queries: 0, untilMs: 0},
    fillAtMs: undefined
  };
}

function positive(value: string, name: string, zeroToo = false): Decimal {
  let amount: Decimal;
  try {
    amount = decimal(value, name);
  } catch {
    throw new VenueError(10001, `params error: ${name} invalid`);
  }
  if (amount.isNegative() || (amount.isZero() && !zeroToo))
    throw new VenueError(10001, `params error: ${name} invalid`);
  return amount;
}

/** Cuts a reduce-only order to its position; quantity 0 with closeOnTrigger closes all of it. */
function trim(account: Account, order: Order, body: CreateBody): void {
  const {net} = positionOf(account, order.symbol);
  if (net.isZero() || net.gt(0) === (order.side === "Buy"))
    throw new VenueError(110017, "current position is zero, cannot fix reduce-only order qty");
  const whole = order.qty.isZero() && body.closeOnTrigger === true;
  order.qty = whole ? net.abs() : Decimal.min(order.qty, net.abs());
  order.leaves = order.qty;
}

function checkSize({venue, nowMs}: Desk, market: Market, order: Order): void {
  const {category} = market;
  if (order.marketUnit === "quoteCoin") {
    if (order.qty.decimalPlaces() > 8) throw new VenueError(170148, "Market order amount decimal too long.");
    checkNotional(market, order, order.qty);
    return;
  }
  const {qty} = order;
  if (qty.lt(market.minQty))
    reject(
      "tooSmall",
      category,
      category === "spot"
        ? "Order quantity exceeded lower limit."
        : "The number of contracts exceeds minimum limit allowed"
    );
  if (!qty.mod(market.step).isZero())
    reject("lotDigits", category, category === "spot" ? "Order quantity has too many decimals." : "Qty invalid");
  if (qty.gt(order.orderType === "Market" ? market.maxMarketQty : market.maxQty))
    reject(
      "tooLarge",
      category,
      category === "spot"
        ? "Order quantity exceeded upper limit."
        : "The number of contracts exceeds maximum limit allowed: too large"
    );
  const price = order.orderType === "Limit" ? order.price : touch(venue, market, order.side, nowMs);
  if (!order.reduceOnly) checkNotional(market, order, qty.times(price));
}

function checkNotional(market: Market, {category}: Order, notional: Decimal): void {
  if (notional.lt(market.minNotional))
    reject(
      "notional",
      category,
      category === "spot"
        ? "Order value exceeded lower limit."
        : `Order does not meet minimum order value ${market.minNotional.toFixed()}USDT`
    );
  if (market.maxNotional && notional.gt(market.maxNotional)) throw new VenueError(170124, "Order amount too large.");
}

function checkPrice({nowMs}: Desk, market: Market, order: Order): void {
  const {category, tick} = market;
  if (!order.price.mod(tick).isZero())
    reject("tickDigits", category, category === "spot" ? "Order price has too many decimals." : "Price invalid");
  const {highest, lowest} = bandOf(market, nowMs);
  if (order.side === "Buy" && order.price.gt(highest))
    reject(
      "buyAbove",
      category,
      category === "spot"
        ? `Buy order price cannot be higher than ${highest.toFixed()}.`
        : "Order price exceeds the allowable range."
    );
  if (order.side === "Sell" && order.price.lt(lowest))
    reject(
      "sellBelow",
      category,
      category === "spot"
        ? `Sell order price cannot be lower than ${lowest.toFixed()}.`
        : "Order price exceeds the allowable range."
    );
}

/** Rejects an order the account cannot pay for at its limit, or at the touch for a market order. */
function checkFunds({venue, account, nowMs}: Desk, market: Market, order: Order): void {
  const valuation = {venue, nowMs};
  const price = order.orderType === "Limit" ? order.price : touch(venue, market, order.side, nowMs);
  if (order.category === "linear") {
    if (order.reduceOnly) return;
    if (openingMargin(account, order, price).gt(totals(account, valuation).available))
      reject("balance", "linear", "ab not enough for new order");
    return;
  }
  const borrows = order.isLeverage && account.options.borrow.allowed;
  if (order.side === "Sell") {
    const qty = order.marketUnit === "quoteCoin" ? order.qty.div(price) : order.qty;
    if (qty.gt(spendable(account, market.base, valuation))) reject("balance", "spot", "Insufficient balance.");
    return;
  }
  const cost = order.marketUnit === "quoteCoin" ? order.qty : order.qty.times(price);
  if (cost.gt(borrows ? totals(account, valuation).available : spendable(account, "USDT", valuation)))
    reject("balance", "spot", "Insufficient balance.");
}

/**
 * Returns the open order that a cancellation names.
 * @throws VenueError when it is unknown or has ended
 */
export function orderToCancel(
  {account, nowMs}: Desk,
  category: "spot" | "linear",
  ids: {orderId?: string | undefined; orderLinkId?: string | undefined}
): Order {
  const {orderId, orderLinkId} = ids;
  if (!orderId && !orderLinkId) throw new VenueError(10001, "params error: orderId or orderLinkId is required");
  const order = orderId ? account.orderById(orderId) : account.orderByLink(category, orderLinkId!);
  if (!order || order.category !== category || order.hidden.untilMs > nowMs) {
    if (category === "spot") throw new VenueError(170213, "Order does not exist.");
    throw new VenueError(110001, "order not exists or too late to cancel");
  }
  if (!isOpen(order)) {
    if (category === "linear") throw new VenueError(110001, "order not exists or too late to cancel");
    throw order.status === "Filled"
      ? new VenueError(170139, "Order has been filled.")
      : new VenueError(170142, "Order has been canceled.");
  }
  return order;
}
