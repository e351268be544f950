import {Decimal, toNumber} from "../money/decimal.js";
import type {Candles, MarketData} from "./marketdata.js";

/**
 * Coins in one unit of a perp's quantity, told by its base: `1000PEPE` and `1000000MOG` count thousands and millions,
 * `kPEPE` thousands; anything else is 1 (§3).
 */
export function multiplierOf(base: string): {coin: string; multiplier: number} {
  const digits = /^(1000+)([A-Z].*)$/.exec(base);
  if (digits) return {coin: digits[2]!, multiplier: Number(digits[1])};
  const thousands = /^k([A-Z].*)$/.exec(base);
  return thousands ? {coin: thousands[1]!, multiplier: 1000} : {coin: base, multiplier: 1};
}

/** Candles per unit to candles per coin: prices ÷ multiplier, volume × multiplier; turnover in quote stays. */
export function perCoin(candles: Candles, multiplier: number): Candles {
  const price = (value: number) => (Number.isNaN(value) ? NaN : toNumber(new Decimal(value).div(multiplier)));
  return {
    ...candles,
    open: candles.open.map(price),
    high: candles.high.map(price),
    low: candles.low.map(price),
    close: candles.close.map(price),
    volume: candles.volume.map((value) => value * multiplier)
  };
}

/** A pair whose perp counts in units of many coins, with both legs in coins, so that they may be compared. */
export function inCoins(data: MarketData): MarketData {
  const {perpMultiplier: multiplier = 1, finer} = data;
  if (multiplier === 1) return data;
  return {
    ...data,
    perpMultiplier: 1,
    perp: perCoin(data.perp, multiplier),
    mark: data.mark && perCoin(data.mark, multiplier),
    finer: finer && {perp: perCoin(finer.perp, multiplier), mark: finer.mark && perCoin(finer.mark, multiplier)}
  };
}
