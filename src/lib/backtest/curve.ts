import type {Candles} from "../market/marketdata.js";
import type {PairResult, RunResult} from "./run.js";
import type {PairWindow} from "./window.js";
import type {Trade} from "../ledger/trade.js";
import {toNumber} from "../money/decimal.js";
import {ceilTo, DAY_MS, floorTo, HOUR_MS, timeframeMs} from "../time/grid.js";

/** Account equity on an even grid: `equity[i]` is the value at `startMs + i × stepMs` (UTC ms), in quote. */
export interface EquityCurve {
  startMs: number;
  stepMs: number;
  equity: Float64Array;
}

/** An even grid of `length` instants, in UTC ms. */
export interface Grid {
  startMs: number;
  stepMs: number;
  length: number;
}

/** Returns the hourly grid of a run, from its first whole hour to the first whole hour at or after its end (§6). */
export function gridOf({startMs, endMs}: {startMs: number; endMs: number}): Grid {
  const first = Math.min(ceilTo(startMs, HOUR_MS), floorTo(endMs, HOUR_MS));
  return {startMs: first, stepMs: HOUR_MS, length: (ceilTo(endMs, HOUR_MS) - first) / HOUR_MS + 1};
}

/** The prices of both legs at each grid instant, in quote; NaN before the first candle. */
interface GridPrices {
  spot: Float64Array;
  perp: Float64Array;
}

/** Returns both legs' prices on a grid: the open at the grid instant, else the newest close (§6). */
export function gridPrices(window: PairWindow, grid: Grid): GridPrices {
  return {spot: pricesOnGrid(window.data.spot, grid), perp: pricesOnGrid(window.data.perp, grid)};
}

function pricesOnGrid(candles: Candles, {startMs, stepMs, length}: Grid): Float64Array {
  const {ts, open, close} = candles;
  const barMs = timeframeMs(candles.timeframe);
  const prices = new Float64Array(length);
  let price = NaN;
  let i = 0;
  for (let g = 0; g < length; ++g) {
    const t = startMs + g * stepMs;
    while (i < ts.length && ts[i]! + barMs <= t) price = close[i++]!;
    // An open at this instant takes precedence over the newest close. A bar in progress counts only before any has ended.
    const opensNow = i < ts.length && ts[i] === t;
    if (opensNow || (Number.isNaN(price) && i < ts.length && ts[i]! < t)) prices[g] = open[i]!;
    else prices[g] = price;
  }
  return prices;
}

/** Returns a run's account equity on the hourly grid: cash plus both legs, after all events of each instant (§6). */
export function equityCurve(result: RunResult): EquityCurve {
  return curveOf(result.pairs, toNumber(result.config.capital), gridOf(result));
}

/** Returns the equity of one pair of a run, as if it had the account to itself. */
export function pairCurve(result: RunResult, pair: PairResult): EquityCurve {
  return curveOf([pair], toNumber(result.config.capital), gridOf(result));
}

function curveOf(pairs: readonly PairResult[], capital: number, grid: Grid): EquityCurve {
  const equity = new Float64Array(grid.length).fill(capital);
  for (const {window, trades} of pairs) {
    if (trades.length === 0) continue;
    const prices = gridPrices(window, grid);
    for (const trade of trades) addTrade(equity, trade, prices, grid);
  }
  return {startMs: grid.startMs, stepMs: grid.stepMs, equity};
}

/** Adds one trade's profit or loss up to each grid instant to `equity`. */
function addTrade(equity: Float64Array, trade: Trade, prices: GridPrices, {startMs, stepMs, length}: Grid): void {
  const [buy, sell] = trade.fills;
  const spotQty = toNumber(trade.spotQty);
  const perpQty = toNumber(trade.perpQty);
  const paid = toNumber(buy!.price.times(buy!.quantity).plus(buy!.fee).plus(sell!.fee));
  const perpFill = toNumber(sell!.price);
  const {liquidation} = trade;
  const liquidatedPerp = liquidation
    ? perpQty * (perpFill - toNumber(liquidation.bankruptcy)) - toNumber(trade.fills[2]!.fee)
    : 0;
  const net = toNumber(trade.net);
  let funding = 0;
  let next = 0;
  for (let g = Math.max(0, Math.ceil((trade.entryTs - startMs) / stepMs)); g < length; ++g) {
    const t = startMs + g * stepMs;
    if (t >= trade.exitTs) {
      equity[g]! += net;
      continue;
    }
    while (next < trade.payments.length && trade.payments[next]!.t <= t)
      funding += toNumber(trade.payments[next++]!.amount);
    const perp = t >= trade.perpExitTs ? liquidatedPerp : perpQty * (perpFill - prices.perp[g]!);
    equity[g]! += spotQty * prices.spot[g]! - paid + perp + funding;
  }
}

/** Returns a curve's values at midnights UTC, with the instant of the first; `startMs` is UTC ms. */
export function midnights({startMs, stepMs, equity}: EquityCurve): {startMs: number; values: Float64Array} {
  const first = ceilTo(startMs, DAY_MS);
  const perDay = DAY_MS / stepMs;
  const offset = (first - startMs) / stepMs;
  const n = Math.max(0, Math.floor((equity.length - 1 - offset) / perDay) + 1);
  return {startMs: first, values: Float64Array.from({length: n}, (_, i) => equity[offset + i * perDay]!)};
}

/** Returns the daily returns `e[d] / e[d − 1] − 1` between midnights UTC (§6), as fractions; one fewer than midnights. */
export function dailyReturns(curve: EquityCurve): Float64Array {
  const {values} = midnights(curve);
  return Float64Array.from({length: Math.max(0, values.length - 1)}, (_, i) => values[i + 1]! / values[i]! - 1);
}
