import {candlesOf, type MarketData} from "../../src/lib/market/marketdata.js";
import {generator, normal} from "../../src/lib/stats/random.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";

const START_MS = Date.UTC(2024, 0, 1);

export interface MadeOptions {
  pair?: string;
  seed?: number;
  hours?: number;
  /** hours between settlements */
  intervalHours?: number;
}

/**
 * Generates a pair of 1 h candles and settled funding from a seed: a random walk with a small premium, and a
 * funding rate that wanders about 0.01 % per 8 h.
 */
export function madeMarket({
  pair = "MADE/USDT",
  seed = 7,
  hours = 8760,
  intervalHours = 8
}: MadeOptions = {}): MarketData {
  const random = generator(seed);
  const spot = [];
  const perp = [];
  const funding = [];
  let price = 100;
  let mood = 0.0001;
  for (let i = 0; i < hours; ++i) {
    const ts = START_MS + i * HOUR_MS;
    const open = price;
    const close = open * Math.exp(0.004 * normal(random));
    const high = Math.max(open, close) * (1 + 0.001 * random());
    const low = Math.min(open, close) * (1 - 0.001 * random());
    const premium = 1 + mood * 2 + 0.0002 * normal(random);
    const volume = 1000 * (0.5 + random());
    const round = (value: number) => Number(value.toFixed(4));
    spot.push({ts, open: round(open), high: round(high), low: round(low), close: round(close), volume});
    perp.push({
      ts,
      open: round(open * premium),
      high: round(high * premium),
      low: round(low * premium),
      close: round(close * premium),
      volume
    });
    price = close;
    if (i > 0 && i % intervalHours === 0) {
      mood = 0.0001 + 0.9 * (mood - 0.0001) + 0.00012 * normal(random);
      funding.push({tsMs: ts, rate: ((mood * intervalHours) / 8).toFixed(8)});
    }
  }
  return {pair, timeframe: "1h", funding, spot: candlesOf("1h", spot), perp: candlesOf("1h", perp)};
}
