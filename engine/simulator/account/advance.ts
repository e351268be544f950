import {Decimal, ZERO} from "../../../src/lib/money/decimal.js";
import {HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {candle, type SimCandle} from "../market/market.js";
import type {Venue} from "../market/venue.js";
import type {Account} from "./account.js";
import {fill, settleFunding} from "./fills.js";
import {closeForced, liquidateCross, liquidateIsolated} from "./forced.js";
import {maybeMarket, priceOf, ticksToPrice, touch, type Market} from "./market.js";
import {acceptOrder, close, end, fillResting} from "./matching.js";
import {isolatedPrices} from "./positions.js";
import {matchSpreads} from "./spread-orders.js";
import type {Order, Position} from "./types.js";

/**
 * Advances an account to `nowMs`: ended bars liquidate and fill resting orders, delayed fills execute, settlements are
 * paid, interest is charged. Depends only on past bars, so one long step equals many short ones.
 */
export function advance(venue: Venue, account: Account, nowMs: number): void {
  while (account.advancedMs < nowMs) {
    if (idle(account)) {
      account.advancedMs = nowMs;
      return;
    }
    const from = account.advancedMs;
    const to = nextInstant(venue, account, from, nowMs);
    processBars(venue, account, from, to);
    fillDelayed(venue, account, to);
    matchSpreads(venue, account, to, "late");
    settle(venue, account, to);
    delist(venue, account, to);
    if (to % HOUR_MS === 0) chargeInterest(account, to);
    account.advancedMs = to;
  }
}

const idle = (account: Account): boolean =>
  account.open.size === 0 &&
  account.openSpreads.size === 0 &&
  [...account.positions.values()].every(({net}) => net.isZero()) &&
  [...account.wallets.values()].every((amount) => !amount.isNegative());

/**
 * Returns the end of a step, UTC ms: the next full hour (settlements, interest), or an earlier delayed fill or
 * delisting.
 */
function nextInstant(venue: Venue, account: Account, from: number, nowMs: number): number {
  let to = Math.min(nowMs, Math.floor(from / HOUR_MS) * HOUR_MS + HOUR_MS);
  for (const {fillAtMs} of [...account.open, ...account.openSpreads])
    if (fillAtMs !== undefined && fillAtMs > from) to = Math.min(to, fillAtMs);
  for (const {market} of openPositions(venue, account, from)) {
    const end = market.coin.delistTs;
    if (end !== undefined && end > from) to = Math.min(to, end);
  }
  return to;
}

function openPositions(venue: Venue, account: Account, nowMs: number): {position: Position; market: Market}[] {
  return [...account.positions.values()]
    .filter(({net}) => !net.isZero())
    .map((position) => ({position, market: maybeMarket(venue, "linear", position.symbol, nowMs)!}));
}

/** Returns the resting orders that bars can fill. */
const resting = (account: Account): Order[] => [...account.open].filter(({fillAtMs}) => fillAtMs === undefined);

/** Processes the minute bars that end in (from, to]; skips a whole hour in which nothing can be touched. */
function processBars(venue: Venue, account: Account, from: number, to: number): void {
  const first = Math.floor(from / MINUTE_MS) * MINUTE_MS;
  if (Math.floor(to / MINUTE_MS) * MINUTE_MS === first) return;
  if (from % HOUR_MS === 0 && to === from + HOUR_MS && untouched(venue, account, from)) return;
  for (let open = first; open + MINUTE_MS <= to; open += MINUTE_MS) processBar(venue, account, open, MINUTE_MS);
}

function untouched(venue: Venue, account: Account, hour: number): boolean {
  if (account.openSpreads.size > 0) return false;
  const positions = openPositions(venue, account, hour);
  if (account.marginMode !== "ISOLATED_MARGIN" && positions.length > 0) {
    if (liquidateCross(venue, account, hour, HOUR_MS, true)) return false;
  } else if (positions.some(({position, market}) => touchesLiquidation(account, position, market, hour, HOUR_MS))) {
    return false;
  }
  return resting(account).every((order) => {
    const market = maybeMarket(venue, order.category, order.symbol, hour)!;
    return !tradesThrough(order, market, hour, HOUR_MS);
  });
}

/** Processes one ended bar; liquidations come before fills. */
function processBar(venue: Venue, account: Account, open: number, stepMs: number): void {
  const ts = open + stepMs;
  if (account.marginMode === "ISOLATED_MARGIN") {
    for (const {position, market} of openPositions(venue, account, open)) {
      if (touchesLiquidation(account, position, market, open, stepMs)) liquidateIsolated(account, position, market, ts);
    }
  } else if (openPositions(venue, account, open).length > 0) liquidateCross(venue, account, open, stepMs, false);
  for (const order of resting(account)) {
    const market = maybeMarket(venue, order.category, order.symbol, open)!;
    if (order.createdMs > open || !tradesThrough(order, market, open, stepMs)) continue;
    if (order.reduceOnly && !stillReduces(account, order)) end(account, order, {reason: "EC_ReduceOnly", ts});
    else fillResting(account, order, market, ts);
  }
  matchSpreads(venue, account, ts, "resting");
}

/** Cuts a reduce-only order to its position. Returns false when it no longer reduces it. */
function stillReduces(account: Account, order: Order): boolean {
  const net = account.positions.get(order.symbol)?.net ?? ZERO;
  if (net.isZero() || net.gt(0) === (order.side === "Buy")) return false;
  if (order.leaves.gt(net.abs())) {
    order.qty = order.filled.plus(net.abs());
    order.leaves = net.abs();
  }
  return true;
}

/** Returns true when the mark's bar reaches the liquidation price; a bar that began before the position is skipped. */
function touchesLiquidation(
  account: Account,
  position: Position,
  market: Market,
  open: number,
  stepMs: number
): boolean {
  if (position.openedMs > open) return stepMs > MINUTE_MS;
  const {liquidation} = isolatedPrices(position, account.leverage(position.symbol), market);
  if (!liquidation) return false;
  const bar = candle(market.coin, "mark", open, stepMs);
  if (!bar) return false;
  return position.net.gt(0)
    ? ticksToPrice(market.coin, "mark", bar.low).lte(liquidation)
    : ticksToPrice(market.coin, "mark", bar.high).gte(liquidation);
}

/** Returns true when the order's market trades beyond its price. */
function tradesThrough(order: Order, {coin, category}: Market, open: number, stepMs: number): boolean {
  const side = category === "spot" ? "spot" : "perp";
  const bar: SimCandle | undefined = candle(coin, side, open, stepMs);
  if (!bar) return false;
  return order.side === "Buy"
    ? ticksToPrice(coin, side, bar.low).lt(order.price)
    : ticksToPrice(coin, side, bar.high).gt(order.price);
}

/** Fills delayed orders that are due, at the current touch. */
function fillDelayed(venue: Venue, account: Account, to: number): void {
  for (const order of [...account.open].filter(({fillAtMs}) => fillAtMs !== undefined && fillAtMs <= to)) {
    const market = maybeMarket(venue, order.category, order.symbol, to)!;
    order.fillAtMs = undefined;
    if (order.marketUnit === "quoteCoin") acceptOrder({venue, account, market, nowMs: to}, order);
    else if (order.reduceOnly && !stillReduces(account, order)) end(account, order, {reason: "EC_ReduceOnly", ts: to});
    else {
      fill(account, order, market, {price: touch(venue, market, order.side, to), qty: order.leaves, ts: to});
      close(account, order, "Filled", to);
    }
  }
}

/** Pays the settlements at exactly `ts`, at the settled rate and the mark. */
function settle(venue: Venue, account: Account, ts: number): void {
  if (ts % HOUR_MS !== 0) return;
  for (const {position, market} of openPositions(venue, account, ts)) {
    const settlement = venue
      .schedule(market.coin)
      .until(ts)
      .findLast((row) => row.t <= ts);
    if (settlement?.t !== ts) continue;
    const withheld = account.withheld.get(position.symbol) ?? 0;
    if (withheld > 0) account.withheld.set(position.symbol, withheld - 1);
    else settleFunding(account, market, new Decimal(settlement.rate), priceOf(market.coin, "mark", ts), ts);
  }
}

/** Closes positions of delisted perps at their last mark and cancels their orders. */
function delist(venue: Venue, account: Account, ts: number): void {
  for (const {position, market} of openPositions(venue, account, ts)) {
    if (market.coin.delistTs === undefined || market.coin.delistTs > ts) continue;
    closeForced(account, position, market, {
      price: priceOf(market.coin, "mark", market.coin.delistTs),
      ts: market.coin.delistTs,
      execType: "Settle",
      feeRate: ZERO
    });
  }
  for (const order of [...account.open].filter(({category}) => category === "linear")) {
    const {coin} = maybeMarket(venue, "linear", order.symbol, ts)!;
    if (coin.delistTs !== undefined && coin.delistTs <= ts)
      end(account, order, {reason: "EC_CancelByDelisting", cancelType: "CancelByDelivery", ts: coin.delistTs});
  }
}

/** Charges interest on negative wallets at a full hour. */
function chargeInterest(account: Account, ts: number): void {
  const {hourlyRate} = account.options.borrow;
  for (const [currency, amount] of account.wallets) {
    if (!amount.isNegative() || hourlyRate.isZero()) continue;
    const cost = amount.neg().times(hourlyRate);
    account.borrowed.push({ts, currency, amount: amount.neg(), cost, hourlyRate});
    account.post({ts, type: "INTEREST", currency, qty: amount.neg(), cashFlow: ZERO.minus(cost), feeRate: hourlyRate});
  }
}
