import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {backtestReport} from "../../../src/lib/backtest/report.js";
import {runBacktest} from "../../../src/lib/backtest/run.js";
import {qualityWords} from "../../../src/lib/backtest/quality.js";
import {candlesOf, type MarketData} from "../../../src/lib/market/marketdata.js";
import {idleStretches, jumpsOf} from "../../../src/lib/market/oddities.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";

const T0 = Date.UTC(2025, 0, 1);
const bars = (prices: readonly number[], volume: (i: number) => number = () => 10) =>
  candlesOf(
    "1h",
    prices.map((price, i) => ({
      ts: T0 + i * HOUR_MS,
      open: price,
      high: price * 1.001,
      low: price * 0.999,
      close: price,
      volume: volume(i)
    }))
  );

/** Two flat legs with funding that opens a hedge at once and keeps it. */
const market = (spot: readonly number[], volume?: (i: number) => number): MarketData => ({
  pair: "X/USDT",
  timeframe: "1h",
  funding: Array.from({length: spot.length / 8}, (_, i) => ({tsMs: T0 + i * 8 * HOUR_MS, rate: "0.003"})),
  spot: bars(spot, volume),
  perp: bars(spot, volume)
});
const reportOf = (data: MarketData) =>
  backtestReport(runBacktest([data], parseConfig({strategy: "simple", maintenanceRate: "0.005"}))).runs[0]!;

describe("§9.8: a change of price that no market makes", () => {
  it("is found whichever way it goes, between bars and within one, and by nothing less than a factor of ten", () => {
    const jumps = (open: number[], close: number[]) =>
      jumpsOf({
        ts: Float64Array.from(open, (_, i) => i),
        open: Float64Array.from(open),
        close: Float64Array.from(close)
      });
    expect(jumps([1, 100, 100], [1, 100, 100])).toEqual([{ts: 1, factor: 100}]);
    expect(jumps([100, 1], [100, 1])).toEqual([{ts: 1, factor: 0.01}]);
    expect(jumps([1, 1], [1, 10])).toEqual([{ts: 1, factor: 10}]);
    expect(jumps([1, NaN, 100], [1, NaN, 100])).toEqual([{ts: 2, factor: 100}]);
    expect(jumps([1, 9.9, 9.9], [1, 9.9, 98])).toEqual([]);
  });

  it("is never seen in prices that move by less", () => {
    fc.assert(
      fc.property(fc.array(fc.double({min: 0.2, max: 4.9, noNaN: true}), {minLength: 1, maxLength: 60}), (factors) => {
        let price = 1;
        const path = Float64Array.from(factors, (factor) => (price *= factor));
        expect(jumpsOf({ts: path.map((_, i) => i), open: path, close: path})).toEqual([]);
      })
    );
  });

  it("is counted by a backtest that holds a hedge across it, and said beside the headline", () => {
    const spot = Array.from({length: 240}, (_, i) => (i < 120 ? 0.002 : 0.2));
    const {quality, trades} = reportOf(market(spot));
    // the short is liquidated in the bar of the jump: the trade ends after it
    expect(trades[0]!.exitReason).toBe("liquidated");
    expect(quality).toEqual({jumpsCrossed: 1, fillsWithoutVolume: 0});
    expect(qualityWords(quality)).toContain("1 price jump that no market makes");
    const calm = reportOf(market(Array<number>(240).fill(0.2)));
    expect(calm.trades).toHaveLength(1);
    expect(calm.quality).toEqual({jumpsCrossed: 0, fillsWithoutVolume: 0});
    expect(qualityWords(calm.quality)).toBeUndefined();
  });
});

describe("§9.8: bars in which nothing was traded", () => {
  it("are a stretch from a day on; a missing volume is not zero", () => {
    const day = bars(Array<number>(60).fill(1), (i) => (i >= 10 && i < 34 ? 0 : 5));
    expect(idleStretches(day)).toEqual([{from: T0 + 10 * HOUR_MS, to: T0 + 10 * HOUR_MS + DAY_MS}]);
    expect(idleStretches(bars(Array<number>(60).fill(1), (i) => (i >= 10 && i < 33 ? 0 : 5)))).toEqual([]);
    expect(idleStretches(bars(Array<number>(60).fill(1), (i) => (i === 20 ? NaN : i >= 10 && i < 34 ? 0 : 5)))).toEqual(
      []
    );
  });

  it("are counted fill by fill", () => {
    const {quality, trades} = reportOf(market(Array<number>(240).fill(100), () => 0));
    const atOpens = trades.flatMap(({fills, exitReason}) =>
      fills.filter(({ts}) => exitReason !== "backtest-end" || ts < T0 + 239 * HOUR_MS)
    );
    expect(quality.fillsWithoutVolume).toBe(atOpens.length);
    expect(quality.fillsWithoutVolume).toBeGreaterThanOrEqual(2);
  });
});
