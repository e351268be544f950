import type {Decimal} from "../../../src/lib/money/decimal.js";
import type {Category} from "../market/venue.js";

export type OrderSide = "Buy" | "Sell";
export type TimeInForce = "GTC" | "IOC" | "FOK" | "PostOnly";
type OrderStatus = "New" | "PartiallyFilled" | "Filled" | "Cancelled" | "PartiallyFilledCanceled" | "Rejected";
export type ExecType = "Trade" | "FutureSpread" | "BustTrade" | "AdlTrade" | "Funding" | "Settle";
/** Origin of an order. */
export type CreateType =
  "CreateByUser" | "CreateByFutureSpread" | "CreateByLiq" | "CreateByAdl_PassThrough" | "CreateBySettle";
export type MarginMode = "REGULAR_MARGIN" | "ISOLATED_MARGIN";

/** The venue's record of an order. Quantities in the base coin, except `qty` of a market order in quote. */
export interface Order {
  orderId: string;
  orderLinkId: string;
  category: Category;
  symbol: string;
  side: OrderSide;
  orderType: "Market" | "Limit";
  timeInForce: TimeInForce;
  /** limit price; zero for a market order */
  price: Decimal;
  qty: Decimal;
  marketUnit: "" | "baseCoin" | "quoteCoin";
  reduceOnly: boolean;
  /** true when a spot order may borrow */
  isLeverage: boolean;
  status: OrderStatus;
  rejectReason: string;
  cancelType: string;
  createdMs: number;
  updatedMs: number;
  leaves: Decimal;
  filled: Decimal;
  value: Decimal;
  fee: Decimal;
  feeCoin: string;
  lastPriceOnCreated: string;
  createType: CreateType;
  /** hidden from the next `queries` queries and until `untilMs`, UTC ms */
  hidden: {queries: number; untilMs: number};
  /** fills at this time, UTC ms, at the touch, whatever its limit */
  fillAtMs: number | undefined;
}

/** An order for both legs of a spread; its price is perp minus spot. */
export interface SpreadOrder {
  orderId: string;
  orderLinkId: string;
  symbol: string;
  base: string;
  /** Buy buys the perp and sells spot; Sell is cash and carry */
  side: OrderSide;
  orderType: "Market" | "Limit";
  timeInForce: TimeInForce;
  price: Decimal;
  qty: Decimal;
  leaves: Decimal;
  filled: Decimal;
  status: OrderStatus;
  cxlRejReason: string;
  createdMs: number;
  updatedMs: number;
  legs: {linear: Order; spot: Order};
  hidden: {queries: number; untilMs: number};
  fillAtMs: number | undefined;
}

/** A fill of a spread order with its legs' executions. */
export interface SpreadTrade {
  execId: string;
  order: SpreadOrder;
  price: Decimal;
  qty: Decimal;
  ts: number;
  legs: readonly Execution[];
}

/** One fill, settlement or forced close. */
export interface Execution {
  execId: string;
  execType: ExecType;
  orderId: string;
  orderLinkId: string;
  category: Category;
  symbol: string;
  side: OrderSide;
  orderType: "Market" | "Limit" | "UNKNOWN";
  orderPrice: Decimal;
  orderQty: Decimal;
  leaves: Decimal;
  price: Decimal;
  qty: Decimal;
  value: Decimal;
  fee: Decimal;
  feeCoin: string;
  feeRate: Decimal;
  closedSize: Decimal;
  pnl: Decimal;
  markPrice: string;
  isMaker: boolean;
  ts: number;
  seq: number;
}

/** A row of the transaction log, which records every wallet change. `change = cashFlow + funding − fee`. */
export interface LogRow {
  id: string;
  ts: number;
  type: "TRADE" | "SETTLEMENT" | "TRANSFER_IN" | "TRANSFER_OUT" | "INTEREST" | "LIQUIDATION" | "ADL" | "DELIVERY";
  category: Category | "";
  symbol: string;
  side: OrderSide | "None";
  currency: string;
  qty: Decimal;
  /** the position after it, negative when short */
  size: Decimal;
  tradePrice: Decimal | undefined;
  cashFlow: Decimal;
  /** positive when received; undefined unless a settlement */
  funding: Decimal | undefined;
  fee: Decimal;
  feeRate: Decimal | undefined;
  change: Decimal;
  cashBalance: Decimal;
  orderId: string;
  orderLinkId: string;
  tradeId: string;
}

/** A linear position in one-way mode. */
export interface Position {
  symbol: string;
  /** negative when short */
  net: Decimal;
  /** entry cost of the open quantity, in quote */
  cost: Decimal;
  openedMs: number;
  updatedMs: number;
  /** realised profit since the position was last flat, in quote */
  curRealised: Decimal;
  cumRealised: Decimal;
  seq: number;
}

/** Interest on a negative wallet for one hour. */
export interface BorrowRow {
  ts: number;
  currency: string;
  amount: Decimal;
  cost: Decimal;
  hourlyRate: Decimal;
}

export interface FeeRates {
  spot: {maker: Decimal; taker: Decimal};
  linear: {maker: Decimal; taker: Decimal};
}

const FINAL: readonly OrderStatus[] = ["Filled", "Cancelled", "PartiallyFilledCanceled", "Rejected"];
/** Returns true until the order is filled, cancelled or rejected. */
export const isOpen = (order: {status: OrderStatus}): boolean => !FINAL.includes(order.status);
