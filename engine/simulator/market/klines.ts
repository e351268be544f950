import {decimalsOf, type Side, type SimCandle} from "./market.js";
import type {Coin} from "./universe.js";

/** Returns a number as the venue writes one: without an exponent or zeros at its end. */
export const decimalText = (value: number): string => value.toFixed(12).replace(/\.?0+$/, "");

/** Formatted rows of cached candles. */
const written = new WeakMap<SimCandle, string[]>();

/** Returns a candle as the venue writes it: stamp, four prices and, of traded sides, volume and turnover, as text. */
export function klineRow(coin: Coin, side: Side, row: SimCandle): string[] {
  let texts = written.get(row);
  if (!texts) written.set(row, (texts = writeRow(coin, side, row)));
  return texts;
}

function writeRow(coin: Coin, side: Side, row: SimCandle): string[] {
  const decimals = decimalsOf(coin, side);
  const scale = 10 ** decimals;
  const prices = [row.open, row.high, row.low, row.close].map((ticks) => (ticks / scale).toFixed(decimals));
  if (side !== "spot" && side !== "perp") return [String(row.ts), ...prices];
  return [
    String(row.ts),
    ...prices,
    (row.volume / 10 ** coin.quantityDecimals).toFixed(coin.quantityDecimals),
    decimalText(Number(row.turnover.toFixed(6)))
  ];
}
