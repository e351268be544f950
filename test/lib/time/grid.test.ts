import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {
  boundaryTs,
  ceilTo,
  floorTo,
  gridCount,
  isTimeframe,
  knownAt,
  onGrid,
  TIMEFRAMES,
  timeframeMs
} from "../../../src/lib/time/grid.js";
import {formatInstant, parseInstant} from "../../../src/lib/time/instant.js";

const ts = fc.integer({min: Date.UTC(2015, 0, 1), max: Date.UTC(2040, 0, 1)});
const step = fc.constantFrom(...TIMEFRAMES).map(timeframeMs);

describe("the grid", () => {
  it("floor ≤ t ≤ ceil, both on the grid, less than a step away", () => {
    fc.assert(
      fc.property(ts, step, (t, s) => {
        const [lo, hi] = [floorTo(t, s), ceilTo(t, s)];
        expect(lo <= t && t <= hi && t - lo < s && hi - t < s).toBe(true);
        expect(onGrid(lo, s) && onGrid(hi, s)).toBe(true);
        expect(lo === hi).toBe(onGrid(t, s));
      })
    );
  });

  it("the count of a range is additive at any cut and equals what walking it finds", () => {
    fc.assert(
      fc.property(ts, fc.integer({min: 0, max: 500}), fc.integer({min: 0, max: 500}), step, (from, a, b, s) => {
        const mid = from + Math.floor((a * s) / 3);
        const to = mid + Math.floor((b * s) / 7);
        expect(gridCount(from, mid, s) + gridCount(mid, to, s)).toBe(gridCount(from, to, s));
        let walked = 0;
        for (let t = ceilTo(from, s); t < to; t += s) walked++;
        expect(gridCount(from, to, s)).toBe(walked);
      })
    );
  });

  it("an inverted range is empty", () => expect(gridCount(10, 5, 1)).toBe(0));

  it("SEMANTICS §1: a settlement's boundary is the nearest whole minute, whatever the jitter", () => {
    fc.assert(
      fc.property(ts, fc.integer({min: -29_999, max: 29_999}), (t, jitter) => {
        const boundary = floorTo(t, 60_000);
        expect(boundaryTs(boundary + jitter)).toBe(boundary);
      })
    );
  });

  it("SEMANTICS §1: only closed candles: the newest closed open has ended, the next one has not", () => {
    fc.assert(
      fc.property(ts, step, (now, s) => {
        const open = floorTo(now, s) - s;
        expect(knownAt(open, s)).toBeLessThanOrEqual(now);
        expect(knownAt(open + s, s)).toBeGreaterThan(now);
      })
    );
  });

  it("trap 17: daylight saving must not matter: days are 24 h of UTC", () => {
    const spring = Date.UTC(2024, 2, 31);
    expect(gridCount(spring, spring + 86_400_000, timeframeMs("1h"))).toBe(24);
  });

  it("an invalid timeframe is rejected", () => {
    expect(isTimeframe("toString")).toBe(false);
    expect(() => timeframeMs("2h")).toThrow("invalid timeframe: 2h");
  });
});

describe("instants", () => {
  it("parsing a formatted instant returns it", () => {
    fc.assert(
      fc.property(ts, (t) => {
        expect(parseInstant(new Date(t).toISOString())).toBe(t);
        expect(parseInstant(String(t))).toBe(t);
      })
    );
  });

  it("is UTC unless it says otherwise", () => {
    expect(parseInstant("2024-03-14 08:00")).toBe(Date.UTC(2024, 2, 14, 8));
    expect(parseInstant("2024-03-14T08:00+02:00")).toBe(Date.UTC(2024, 2, 14, 6));
    expect(parseInstant("2024-03-14")).toBe(Date.UTC(2024, 2, 14));
    expect(formatInstant(Date.UTC(2024, 2, 14, 8))).toBe("2024-03-14 08:00 UTC");
  });

  it.each(["", "yesterday", "2024-13-01", "2024-02-30", "1704067200", "2024-1-1", "1e12", "NaN"])(
    "refuses %j",
    (text) => {
      expect(() => parseInstant(text, "from")).toThrow(`invalid from: ${text}`);
    }
  );
});
