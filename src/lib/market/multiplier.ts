import {Decimal, toNumber} from "../money/decimal.js";
import type {Candles, MarketData} from "./marketdata.js";

/**
 * Returns the coin and the number of coins per unit of a perp, from its base (§3): `1000PEPE` and `kPEPE` are thousands,
 * `1000000MOG` millions; others are 1.
 */
export function multiplierOf(base: string): {coin: string; multiplier: number} {
  const digits = /^(1000+)([A-Z].*)$/.exec(base);
  if (digits) return {coin: digits[2]!, multiplier: Number(digits[1])};
  const thousands = /^k([A-Z].*)$/.exec(base);
  return thousands ? {coin: thousands[1]!, multiplier: 1000} : {coin: base, multiplier: 1};
}

/** Converts candles from units to coins: prices ÷ multiplier, volume × multiplier; turnover is unchanged. */
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

/** Converts a pair's perp, mark and finer candles to coins, so that both legs are comparable (§3). */
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
