import {Decimal, decimal, ONE, ZERO} from "../../../src/lib/money/decimal.js";
import {candle} from "../market/market.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {fill} from "./fills.js";
import {COLLATERAL_RATIO, held, usdOf} from "./margin.js";
import {maybeMarket, opposite, ticksToPrice, type Market} from "./market.js";
import {close, end} from "./matching.js";
import {isolatedPrices, sideOf} from "./positions.js";
import type {CreateType, Execution, ExecType, Order, OrderSide, Position} from "./types.js";

const CREATE_TYPE: Readonly<Record<ForcedClose["execType"], CreateType>> = {
  BustTrade: "CreateByLiq",
  AdlTrade: "CreateByAdl_PassThrough",
  Settle: "CreateBySettle"
};

/** A mark's wick never leaves its index by more than this in a minute. */
const WICK = decimal("0.99");

/** A close that nobody ordered. */
interface ForcedClose {
  price: Decimal;
  ts: number;
  execType: Exclude<ExecType, "Trade" | "FutureSpread" | "Funding">;
  /** the whole position by default */
  qty?: Decimal;
  feeRate?: Decimal;
}

/** Closes a position, or part of it, by an order of the venue's own. */
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

/** Takes an isolated position over at its bankruptcy price: its whole margin is lost, and the taker fee on top. */
export function liquidateIsolated(account: Account, position: Position, market: Market, ts: number): void {
  const {bankruptcy} = isolatedPrices(position, account.leverage(position.symbol), market);
  cancelOpening(account, position.symbol, ts);
  closeForced(account, position, market, {price: bankruptcy ?? market.tick, ts, execType: "BustTrade"});
}

/** Orders of a symbol go before its position is taken over. */
function cancelOpening(account: Account, symbol: string, ts: number): void {
  for (const order of [...account.open]) {
    if (order.category === "linear" && order.symbol === symbol)
      end(account, order, {reason: "EC_CancelByLiq", cancelType: "CancelAllBeforeLiq", ts});
  }
}

/**
 * Whether a bar took a cross account's margin under its maintenance, each position taken at the worst mark of the bar
 * with its coin in the wallet worth as much more or less. The position with the largest loss is closed at that mark until
 * the account is above water again.
 * @param probe only tells whether it may have happened in some minute of a longer bar
 */
export function liquidateCross(venue: Venue, account: Account, open: number, stepMs: number, probe: boolean): boolean {
  const look = {venue, nowMs: open};
  // A probe must never pass over what a look at each minute would find: coins count as if at their lowest all along.
  const lowest = (amount: Decimal, coin: string): Decimal => {
    const market = coin === "USDT" ? undefined : maybeMarket(venue, "spot", `${coin}USDT`, open);
    const bar = market && candle(market.coin, "index", open, stepMs);
    return bar
      ? amount.times(ticksToPrice(market.coin, "index", bar.low)).times(WICK)
      : amount.times(usdOf(coin, look));
  };
  let happened = false;
  for (;;) {
    const positions = held(account, look);
    const worst = positions.map(({position, market}) => {
      const bar = candle(market.coin, "mark", open, stepMs);
      const short = position.net.isNegative();
      return bar ? ticksToPrice(market.coin, "mark", short ? bar.high : bar.low) : undefined;
    });
    let balance = ZERO;
    for (const [coin, amount] of account.wallets) {
      const i = positions.findIndex(({market}) => market.coin.coin === coin);
      const moved = i >= 0 && worst[i] ? worst[i].div(positions[i]!.mark) : ONE;
      const usd = probe ? lowest(amount, coin) : amount.times(usdOf(coin, look)).times(moved);
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
