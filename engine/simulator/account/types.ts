import type {Decimal} from "../../../src/lib/money/decimal.js";
import type {Category} from "../market/venue.js";

export type OrderSide = "Buy" | "Sell";
export type TimeInForce = "GTC" | "IOC" | "FOK" | "PostOnly";
type OrderStatus = "New" | "PartiallyFilled" | "Filled" | "Cancelled" | "PartiallyFilledCanceled" | "Rejected";
export type ExecType = "Trade" | "FutureSpread" | "BustTrade" | "AdlTrade" | "Funding" | "Settle";
/** Who made an order. */
export type CreateType =
  "CreateByUser" | "CreateByFutureSpread" | "CreateByLiq" | "CreateByAdl_PassThrough" | "CreateBySettle";
export type MarginMode = "REGULAR_MARGIN" | "ISOLATED_MARGIN";

/** An order as the venue keeps it. Quantities in the base coin, except `qty` of a market order in quote. */
export interface Order {
  orderId: string;
  orderLinkId: string;
  category: Category;
  symbol: string;
  side: OrderSide;
  orderType: "Market" | "Limit";
  timeInForce: TimeInForce;
  /** the limit; zero for a market order */
  price: Decimal;
  qty: Decimal;
  marketUnit: "" | "baseCoin" | "quoteCoin";
  reduceOnly: boolean;
  /** the spot leg may borrow */
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
  /** queries find it only once so many of them have missed it, or from this instant on */
  hidden: {queries: number; untilMs: number};
  /** it fills at the touch of this instant, whatever its price */
  fillAtMs: number | undefined;
}

/** An order for both legs of a spread at once; its price is that of the perp less that of the coin. */
export interface SpreadOrder {
  orderId: string;
  orderLinkId: string;
  symbol: string;
  base: string;
  /** Buy buys the perp and sells the coin, Sell is cash and carry */
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

/** A fill of a spread order with the executions of its legs. */
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

/** A line of the transaction log: the only way a wallet changes. `change = cashFlow + funding − fee`. */
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
  /** undefined unless it is a settlement; positive when received */
  funding: Decimal | undefined;
  fee: Decimal;
  feeRate: Decimal | undefined;
  change: Decimal;
  cashBalance: Decimal;
  orderId: string;
  orderLinkId: string;
  tradeId: string;
}

/** A linear position, one-way. */
export interface Position {
  symbol: string;
  /** negative when short */
  net: Decimal;
  /** what the open part was entered for, in quote */
  cost: Decimal;
  openedMs: number;
  updatedMs: number;
  /** since it was last flat */
  curRealised: Decimal;
  cumRealised: Decimal;
  seq: number;
}

/** Interest for an hour in which a wallet was negative. */
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
export const isOpen = (order: {status: OrderStatus}): boolean => !FINAL.includes(order.status);
