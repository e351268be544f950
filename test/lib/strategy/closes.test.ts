import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {candlesOf, type Candles} from "../../../src/lib/market/marketdata.js";
import {toNumber} from "../../../src/lib/money/decimal.js";
import {CLOSES_MS, newestCloses} from "../../../src/lib/strategy/closes.js";
import {HOUR_MS, timeframeMs, type Timeframe} from "../../../src/lib/time/grid.js";

const T = Date.UTC(2024, 0, 2, 8);
const candles = (timeframe: Timeframe, closes: readonly (readonly [ts: number, close: number])[]): Candles =>
  candlesOf(
    timeframe,
    closes.map(([ts, close]) => ({ts, open: 1, high: close, low: 1, close, volume: 1}))
  );

describe("SEMANTICS §7: the newest closes of a settlement", () => {
  it("are those of the newest instant at which both markets closed", () => {
    const spot = candles("1h", [
      [T - 3 * HOUR_MS, 100],
      [T - 2 * HOUR_MS, 100]
    ]);
    const perp = candles("1h", [
      [T - 2 * HOUR_MS, 101],
      [T - HOUR_MS, 150]
    ]);
    const found = newestCloses(spot, perp, T)!;
    expect([found.ts, toNumber(found.basis)]).toEqual([T - HOUR_MS, 0.01]);
  });

  it("may be of two timeframes, and are none where one market has none", () => {
    const spot = candles("15m", [[T - HOUR_MS / 4, 200]]);
    expect(toNumber(newestCloses(spot, candles("1h", [[T - HOUR_MS, 199]]), T)!.basis)).toBe(-0.005);
    expect(newestCloses(spot, candles("1h", []), T)).toBeUndefined();
    expect(newestCloses(candles("1h", []), spot, T)).toBeUndefined();
  });

  it("are at most two hours old, known at the settlement, and independent of all that follows", () => {
    const closes = fc.array(fc.tuple(fc.integer({min: -20, max: 8}), fc.integer({min: 1, max: 500})), {maxLength: 30});
    const made = (rows: [number, number][], untilTs = Infinity) =>
      candles(
        "15m",
        [...new Map(rows)]
          .map(([n, close]): [number, number] => [T + n * timeframeMs("15m"), close])
          .filter(([ts]) => ts + timeframeMs("15m") <= untilTs)
          .sort(([a], [b]) => a - b)
      );
    fc.assert(
      fc.property(closes, closes, (spot, perp) => {
        const found = newestCloses(made(spot), made(perp), T);
        expect(newestCloses(made(spot, T), made(perp, T), T)).toEqual(found);
        const common = [...new Map(spot).keys()]
          .filter((n) => new Map(perp).has(n))
          .map((n) => T + (n + 1) * timeframeMs("15m"))
          .filter((ts) => ts <= T && ts >= T - CLOSES_MS);
        expect(found?.ts).toBe(common.length ? Math.max(...common) : undefined);
      })
    );
  });
});
