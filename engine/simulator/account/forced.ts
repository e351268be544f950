import {Decimal, decimal, ONE, ZERO} from "../../../src/lib/money/decimal.js";
import {candle} from "../market/market.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {fill} from "./fills.js";
import {COLLATERAL_RATIO, valuedPositions, usdOf} from "./margin.js";
import {maybeMarket, opposite, ticksToPrice, type Market} from "./market.js";
import {close, end} from "./matching.js";
import {isolatedPrices, sideOf} from "./positions.js";
import type {CreateType, Execution, ExecType, Order, OrderSide, Position} from "./types.js";

const CREATE_TYPE: Readonly<Record<ForcedClose["execType"], CreateType>> = {
  BustTrade: "CreateByLiq",
  AdlTrade: "CreateByAdl_PassThrough",
  Settle: "CreateBySettle"
};

/** Lower bound of a one-minute wick relative to its index, a ratio. */
const WICK = decimal("0.99");

/** A close forced by the venue. */
interface ForcedClose {
  price: Decimal;
  ts: number;
  execType: Exclude<ExecType, "Trade" | "FutureSpread" | "Funding">;
  /** default: the whole position */
  qty?: Decimal;
  feeRate?: Decimal;
}

/** Closes a position, or part of it, with an order of the venue. */
export function closeForced(account: Account, position: Position, market: Market, forced: ForcedClose): Execution {
  const {price, ts, execType, qty = position.net.abs(), feeRate} = forced;
  const order: Order = {
    orderId: account.id(),
    orderLinkId: "",
    category: "linear",
    symbol: position.symbol,
    side: opposite(sideOf(position) as OrderSide),
    orderType: "Market",
    timeInForce: "IOC",
    price,
    qty,
    marketUnit: "",
    reduceOnly: true,
    isLeverage: false,
    status: "New",
    rejectReason: "EC_NoError",
    cancelType: "UNKNOWN",
    createdMs: ts,
    updatedMs: ts,
    leaves: qty,
    filled: ZERO,
    value: ZERO,
    fee: ZERO,
    feeCoin: "USDT",
    lastPriceOnCreated: "",
    createType: CREATE_TYPE[execType],
    hidden: {queries: 0, untilMs: 0},
    fillAtMs: undefined
  };
  account.addOrder(order);
  const execution = fill(account, order, market, {price, qty, ts, execType, ...(feeRate ? {feeRate} : {})});
  close(account, order, "Filled", ts);
  return execution;
}

/** Liquidates an isolated position at its bankruptcy price: its whole margin is lost, plus the taker fee. */
export function liquidateIsolated(account: Account, position: Position, market: Market, ts: number): void {
  const {bankruptcy} = isolatedPrices(position, account.leverage(position.symbol), market);
  cancelOpening(account, position.symbol, ts);
  closeForced(account, position, market, {price: bankruptcy ?? market.tick, ts, execType: "BustTrade"});
}

/** Cancels a symbol's orders before its position is liquidated. */
function cancelOpening(account: Account, symbol: string, ts: number): void {
  for (const order of [...account.open]) {
    if (order.category === "linear" && order.symbol === symbol)
      end(account, order, {reason: "EC_CancelByLiq", cancelType: "CancelAllBeforeLiq", ts});
  }
}

/**
 * Liquidates a cross account whose margin balance fell below maintenance within a bar. Values each position at the
 * bar's worst mark and moves its coin's value with it. Closes the largest loser at that mark until the margin suffices.
 * @param probe only tests whether a minute within this bar could liquidate, with pessimistic coin values
 * @returns true when a liquidation happened, or could happen with `probe`
 */
export function liquidateCross(venue: Venue, account: Account, open: number, stepMs: number, probe: boolean): boolean {
  const valuation = {venue, nowMs: open};
  // A probe must never miss what minute bars would find, so it values coins at the bar's low.
  const lowest = (amount: Decimal, coin: string): Decimal => {
    const market = coin === "USDT" ? undefined : maybeMarket(venue, "spot", `${coin}USDT`, open);
    const bar = market && candle(market.coin, "index", open, stepMs);
    return bar
      ? amount.times(ticksToPrice(market.coin, "index", bar.low)).times(WICK)
      : amount.times(usdOf(coin, valuation));
  };
  let happened = false;
  for (;;) {
    const positions = valuedPositions(account, valuation);
    const worst = positions.map(({position, market}) => {
      const bar = candle(market.coin, "mark", open, stepMs);
      const short = position.net.isNegative();
      return bar ? ticksToPrice(market.coin, "mark", short ? bar.high : bar.low) : undefined;
    });
    let balance = ZERO;
    for (const [coin, amount] of account.wallets) {
      const i = positions.findIndex(({market}) => market.coin.coin === coin);
      const moved = i >= 0 && worst[i] ? worst[i].div(positions[i]!.mark) : ONE;
      const usd = probe ? lowest(amount, coin) : amount.times(usdOf(coin, valuation)).times(moved);
      balance = balance.plus(coin === "USDT" || usd.isNegative() ? usd : usd.times(COLLATERAL_RATIO));
    }
    let maintenance = ZERO;
    let deepest: {i: number; loss: Decimal} | undefined;
    positions.forEach(({position, mark, margin}, i) => {
      const pnl = position.net.times(worst[i] ?? mark).minus(position.net.gt(0) ? position.cost : position.cost.neg());
      balance = balance.plus(pnl);
      maintenance = maintenance.plus(margin.maintenance);
      if (worst[i] && position.openedMs <= open && (!deepest || pnl.neg().gt(deepest.loss)))
        deepest = {i, loss: pnl.neg()};
    });
    if (!deepest || balance.gt(maintenance)) return happened;
    if (probe) return true;
    const {position, market} = positions[deepest.i]!;
    cancelOpening(account, position.symbol, open + stepMs);
    closeForced(account, position, market, {price: worst[deepest.i]!, ts: open + stepMs, execType: "BustTrade"});
    happened = true;
  }
}
