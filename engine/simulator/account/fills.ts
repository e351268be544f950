import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import type {Account} from "./account.js";
import {priceOf, priceText, signed, type Market} from "./market.js";
import {apply, positionOf} from "./positions.js";
import type {Execution, ExecType, LogRow, Order} from "./types.js";

/** Parameters of a fill. */
interface FillOptions {
  price: Decimal;
  qty: Decimal;
  ts: number;
  maker?: boolean;
  execType?: ExecType;
  /** default: the account's rate */
  feeRate?: Decimal;
}

const LOG_TYPE: Readonly<Record<ExecType, LogRow["type"]>> = {
  Trade: "TRADE",
  FutureSpread: "TRADE",
  BustTrade: "LIQUIDATION",
  AdlTrade: "ADL",
  Settle: "DELIVERY",
  Funding: "SETTLEMENT"
};

/** Fills part of an order and updates execution, wallets, log, position and the order's totals together. */
export function fill(account: Account, order: Order, market: Market, options: FillOptions): Execution {
  const {price, qty, ts, maker = false, execType = "Trade"} = options;
  const rates = account.options.feeRates[order.category];
  const feeRate = options.feeRate ?? (maker ? rates.maker : rates.taker);
  const value = price.times(qty);
  const spotBuy = order.category === "spot" && order.side === "Buy";
  const fee = (spotBuy ? qty : value).times(feeRate);
  const feeCoin = spotBuy ? market.base : "USDT";
  const execId = account.id(order.category === "spot");
  const shared = {
    ts,
    type: LOG_TYPE[execType],
    category: order.category,
    symbol: order.symbol,
    side: order.side,
    qty,
    tradePrice: price,
    feeRate,
    orderId: order.orderId,
    orderLinkId: order.orderLinkId,
    tradeId: execId
  };
  let closedSize = ZERO;
  let pnl = ZERO;
  if (order.category === "spot") {
    account.post({...shared, currency: market.base, cashFlow: signed(order.side, qty), fee: spotBuy ? fee : ZERO});
    account.post({...shared, currency: "USDT", cashFlow: signed(order.side, value).neg(), fee: spotBuy ? ZERO : fee});
  } else {
    const {position, realised, closed} = apply(account, order.symbol, {side: order.side, qty, price, ts});
    [closedSize, pnl] = [closed, realised];
    const net = realised.minus(fee);
    position.cumRealised = position.cumRealised.plus(net);
    position.curRealised = position.net.isZero() ? ZERO : position.curRealised.plus(net);
    account.post({...shared, currency: "USDT", cashFlow: realised, fee, size: position.net});
  }
  order.filled = order.filled.plus(qty);
  order.value = order.value.plus(value);
  order.fee = order.fee.plus(fee);
  order.feeCoin = feeCoin;
  order.updatedMs = ts;
  if (order.marketUnit !== "quoteCoin") order.leaves = order.qty.minus(order.filled);
  const execution: Execution = {
    execId,
    execType,
    orderId: order.orderId,
    orderLinkId: order.orderLinkId,
    category: order.category,
    symbol: order.symbol,
    side: order.side,
    orderType: execType === "Trade" || execType === "FutureSpread" ? order.orderType : "UNKNOWN",
    orderPrice: order.price,
    orderQty: order.qty,
    leaves: order.leaves,
    price,
    qty,
    value,
    fee,
    feeCoin,
    feeRate,
    closedSize,
    pnl,
    markPrice: order.category === "linear" ? priceText(market, priceOf(market.coin, "mark", ts)) : "",
    isMaker: maker,
    ts,
    seq: account.next()
  };
  account.executions.push(execution);
  return execution;
}

/** Books a funding settlement of the open position; does nothing when it is flat. */
export function settleFunding(account: Account, market: Market, rate: Decimal, mark: Decimal, ts: number): void {
  const position = positionOf(account, market.symbol);
  if (position.net.isZero()) return;
  const size = position.net.abs();
  const side = position.net.gt(0) ? "Buy" : "Sell";
  // A long pays a positive rate; the log negates the rate for a short.
  const paid = position.net.times(mark).times(rate);
  const execId = account.id();
  const orderId = `${ts / 1_000}-8-${account.uid}-1-${account.next()}`;
  account.post({
    ts,
    type: "SETTLEMENT",
    category: "linear",
    symbol: market.symbol,
    side,
    currency: "USDT",
    qty: size,
    size: position.net,
    tradePrice: mark,
    cashFlow: ZERO,
    funding: paid.neg(),
    feeRate: side === "Buy" ? rate : rate.neg(),
    orderId,
    tradeId: execId
  });
  position.curRealised = position.curRealised.minus(paid);
  position.cumRealised = position.cumRealised.minus(paid);
  account.executions.push({
    execId,
    execType: "Funding",
    orderId,
    orderLinkId: "",
    category: "linear",
    symbol: market.symbol,
    side,
    orderType: "UNKNOWN",
    orderPrice: ZERO,
    orderQty: ZERO,
    leaves: ZERO,
    price: mark,
    qty: size,
    value: size.times(mark),
    fee: paid,
    feeCoin: "USDT",
    feeRate: side === "Buy" ? rate : rate.neg(),
    closedSize: ZERO,
    pnl: ZERO,
    markPrice: priceText(market, mark),
    isMaker: false,
    ts,
    seq: account.next()
  });
}
