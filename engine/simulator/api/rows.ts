import {Decimal, text, ZERO} from "../../../src/lib/money/decimal.js";
import type {Account} from "../account/account.js";
import {valuedPositions, reservedBy, totals, usdOf, type Valuation} from "../account/margin.js";
import {maybeMarket, priceOf, priceText, type Market} from "../account/market.js";
import {averagePrice, marginOf, positionOf, sideOf} from "../account/positions.js";
import type {BorrowRow, Execution, LogRow, Order} from "../account/types.js";

/** Decimal places of average prices, as recorded. */
const AVERAGE_DIGITS = 8;
const average = (price: Decimal): string => text(price.toDecimalPlaces(AVERAGE_DIGITS));

/** Formats an order for `/v5/order/realtime` and `/history`. */
export function orderRow(order: Order, market: Market): Record<string, unknown> {
  const spot = order.category === "spot";
  const {filled, value, leaves} = order;
  const shared = {
    symbol: order.symbol,
    orderType: order.orderType,
    orderLinkId: order.orderLinkId,
    orderId: order.orderId,
    cancelType: order.cancelType,
    avgPrice: filled.isZero() ? (spot ? "0.00" : "0") : average(value.div(filled)),
    stopOrderType: spot ? "" : "UNKNOWN",
    lastPriceOnCreated: order.lastPriceOnCreated,
    orderStatus: order.status,
    takeProfit: "",
    cumExecValue: text(value),
    triggerDirection: 0,
    isLeverage: spot ? (order.isLeverage ? "1" : "0") : "",
    rejectReason: order.rejectReason,
    price: priceText(market, order.price),
    orderIv: "",
    createdTime: String(order.createdMs),
    tpTriggerBy: "",
    positionIdx: 0,
    timeInForce: order.timeInForce,
    leavesValue: text(leaves.times(order.price)),
    updatedTime: String(order.updatedMs),
    side: order.side,
    triggerPrice: spot ? "0.00" : "",
    cumExecFee: text(order.fee),
    leavesQty: text(leaves),
    slTriggerBy: "",
    closeOnTrigger: false,
    cumExecQty: text(filled),
    reduceOnly: order.reduceOnly,
    qty: text(order.qty),
    stopLoss: "",
    triggerBy: "",
    createType: order.createType,
    cumFeeDetail: order.feeCoin === "" ? {} : {[order.feeCoin]: text(order.fee)}
  };
  if (spot) return {...shared, marketUnit: order.marketUnit};
  return {
    ...shared,
    blockTradeId: "",
    smpType: "None",
    smpGroup: 0,
    smpOrderId: "",
    tpslMode: "",
    tpLimitPrice: "",
    slLimitPrice: "",
    placeType: ""
  };
}

/** Formats an execution for `/v5/execution/list`. */
export function executionRow(execution: Execution, market: Market): Record<string, unknown> {
  return {
    symbol: execution.symbol,
    orderType: execution.orderType,
    underlyingPrice: "",
    orderLinkId: execution.orderLinkId,
    side: execution.side,
    indexPrice: "",
    orderId: execution.orderId,
    stopOrderType: execution.category === "spot" ? "" : "UNKNOWN",
    leavesQty: text(execution.leaves),
    execTime: String(execution.ts),
    feeCurrency: execution.category === "spot" ? execution.feeCoin : "",
    isMaker: execution.isMaker,
    execFee: text(execution.fee),
    feeRate: text(execution.feeRate),
    execId: execution.execId,
    tradeIv: "",
    blockTradeId: "",
    markPrice: execution.markPrice,
    execPrice: priceText(market, execution.price),
    markIv: "",
    orderQty: text(execution.orderQty),
    orderPrice: priceText(market, execution.orderPrice),
    execValue: text(execution.value),
    execType: execution.execType,
    execQty: text(execution.qty),
    closedSize: execution.category === "spot" ? "" : text(execution.closedSize),
    seq: execution.seq
  };
}

/** Formats a symbol's position for `/v5/position/list`; a flat one has empty prices. */
export function positionRow(account: Account, market: Market, valuation: Valuation): Record<string, unknown> {
  const position = positionOf(account, market.symbol);
  const mark = priceOf(market.coin, "mark", valuation.nowMs);
  const margin = marginOf(account, position, market, mark);
  const flat = position.net.isZero();
  const isolated = account.marginMode === "ISOLATED_MARGIN";
  const liquidation = flat ? undefined : isolated ? margin.liquidation : crossLiquidation(account, market, valuation);
  return {
    positionIdx: 0,
    riskId: 1,
    riskLimitValue: "2000000",
    symbol: market.symbol,
    side: sideOf(position),
    size: text(position.net.abs()),
    avgPrice: average(averagePrice(position)),
    positionValue: flat ? "" : text(margin.value),
    tradeMode: 0,
    positionStatus: "Normal",
    autoAddMargin: 0,
    adlRankIndicator: flat ? 0 : 2,
    leverage: text(account.leverage(market.symbol)),
    positionBalance: isolated ? average(margin.initial) : "0",
    markPrice: priceText(market, mark),
    liqPrice: liquidation ? priceText(market, liquidation) : "",
    bustPrice: !flat && isolated && margin.bankruptcy ? priceText(market, margin.bankruptcy) : "",
    positionMM: average(margin.maintenance),
    positionIM: average(margin.initial),
    tpslMode: "Full",
    takeProfit: "",
    stopLoss: "",
    trailingStop: "0",
    unrealisedPnl: flat ? "" : text(margin.unrealised),
    curRealisedPnl: text(position.curRealised),
    cumRealisedPnl: text(position.cumRealised),
    seq: position.seq,
    isReduceOnly: false,
    mmrSysUpdateTime: "",
    leverageSysUpdatedTime: "",
    sessionAvgPrice: "",
    createdTime: String(position.openedMs),
    updatedTime: String(position.updatedMs)
  };
}

/** Returns the mark at which a cross account reaches maintenance, other prices fixed; undefined when there is none. */
function crossLiquidation(account: Account, market: Market, valuation: Valuation): Decimal | undefined {
  const {marginBalance, maintenance} = totals(account, valuation);
  const {position, mark} = valuedPositions(account, valuation).find((h) => h.market.symbol === market.symbol)!;
  const price = mark.minus(marginBalance.minus(maintenance).div(position.net)).div(market.tick);
  const rounded = (position.net.isNegative() ? price.ceil() : price.floor()).times(market.tick);
  return rounded.gt(0) ? rounded : undefined;
}

/** Formats the row of `/v5/account/wallet-balance`. */
export function walletRow(account: Account, valuation: Valuation, only?: readonly string[]): Record<string, unknown> {
  const sums = totals(account, valuation);
  const {coins, orderMargin} = reservedBy(account);
  const positions = valuedPositions(account, valuation);
  const sum = (pick: (h: (typeof positions)[number]) => Decimal) => positions.reduce((a, h) => a.plus(pick(h)), ZERO);
  const realised = [...account.positions.values()].reduce((a, p) => a.plus(p.cumRealised), ZERO);
  const rate = (part: Decimal) =>
    sums.marginBalance.gt(0) ? text(part.div(sums.marginBalance).toDecimalPlaces(4, Decimal.ROUND_HALF_UP)) : "0";
  const names = [...new Set([...account.wallets.keys(), ...(only ?? [])])].filter(
    (coin) => !only || only.includes(coin)
  );
  const isolated = account.marginMode === "ISOLATED_MARGIN";
  return {
    accountType: "UNIFIED",
    accountLTV: "0",
    accountIMRate: isolated ? "" : rate(sums.initial.plus(sums.orderMargin)),
    accountMMRate: isolated ? "" : rate(sums.maintenance),
    totalEquity: text(sums.equity),
    totalWalletBalance: text(sums.walletBalance),
    totalMarginBalance: isolated ? "" : text(sums.marginBalance),
    totalAvailableBalance: isolated ? "" : text(sums.available),
    totalPerpUPL: text(sums.unrealised),
    totalInitialMargin: isolated ? "" : text(sums.initial.plus(sums.orderMargin)),
    totalMaintenanceMargin: isolated ? "" : text(sums.maintenance),
    coin: names.map((coin) => {
      const usdt = coin === "USDT";
      const balance = account.wallet(coin);
      const unrealised = usdt ? sums.unrealised : ZERO;
      const locked = coins.get(coin) ?? ZERO;
      return {
        availableToBorrow: "",
        bonus: "0",
        accruedInterest: "0",
        availableToWithdraw: "",
        totalOrderIM: text(usdt ? orderMargin : ZERO),
        equity: text(balance.plus(unrealised)),
        totalPositionMM: text(usdt ? sum((h) => h.margin.maintenance) : ZERO),
        usdValue: text(balance.plus(unrealised).times(usdOf(coin, valuation))),
        spotHedgingQty: "0",
        unrealisedPnl: text(unrealised),
        collateralSwitch: true,
        borrowAmount: text(balance.isNegative() ? balance.neg() : ZERO),
        totalPositionIM: text(usdt ? sum((h) => h.margin.initial) : ZERO),
        walletBalance: text(balance),
        cumRealisedPnl: text(usdt ? realised : ZERO),
        locked: text(locked),
        marginCollateral: true,
        coin
      };
    })
  };
}

/** Formats a row of `/v5/account/transaction-log`. */
export function logRow(row: LogRow): Record<string, unknown> {
  const maybe = (value: Decimal | undefined) => (value === undefined ? "" : text(value));
  return {
    id: row.id,
    symbol: row.symbol,
    side: row.side,
    funding: maybe(row.funding),
    orderLinkId: row.orderLinkId,
    orderId: row.orderId,
    fee: text(row.fee),
    change: text(row.change),
    cashFlow: text(row.cashFlow),
    transactionTime: String(row.ts),
    type: row.type,
    feeRate: maybe(row.feeRate),
    bonusChange: "",
    size: text(row.size),
    qty: text(row.qty),
    cashBalance: text(row.cashBalance),
    currency: row.currency,
    category: row.category,
    tradePrice: maybe(row.tradePrice),
    tradeId: row.tradeId
  };
}

/** Formats a row of `/v5/account/borrow-history`. */
export function borrowRow(row: BorrowRow): Record<string, unknown> {
  return {
    borrowAmount: text(row.amount),
    costExemption: "0",
    freeBorrowedAmount: "0",
    createdTime: row.ts,
    InterestBearingBorrowSize: text(row.amount),
    currency: row.currency,
    unrealisedLoss: "0",
    hourlyBorrowRate: text(row.hourlyRate),
    borrowCost: text(row.cost)
  };
}

/** Returns a record's market, also after a delisting. */
export const marketOf = (record: {category: "spot" | "linear"; symbol: string}, {venue, nowMs}: Valuation): Market =>
  maybeMarket(venue, record.category, record.symbol, nowMs)!;
