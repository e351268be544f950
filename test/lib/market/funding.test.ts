import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {
  allowedIntervalHours,
  apr,
  inferIntervals,
  initialIntervalState,
  rate8h,
  rate8hDecimal,
  stepInterval
} from "../../../src/lib/market/funding.js";
import {fundingFinding} from "../../../src/lib/market/coverage.js";

const HOUR = 3_600_000;
const start = Date.UTC(2024, 0, 1);

/** Stamps at the given distances in hours, jittered as venues do. */
function stamps(distances: readonly number[], jitter = 0): {tsMs: number}[] {
  let t = start;
  return [{tsMs: t + jitter}, ...distances.map((hours) => ({tsMs: (t += hours * HOUR) + jitter}))];
}
const sources = (distances: readonly number[]) =>
  inferIntervals(stamps(distances)).intervals.map((i) => i.intervalSource);
const hours = (distances: readonly number[]) => inferIntervals(stamps(distances)).intervals.map((i) => i.intervalHours);

describe("SEMANTICS §2: the interval belongs to the row", () => {
  it("the first row has none and says so", () => {
    expect(inferIntervals(stamps([])).intervals).toEqual([{intervalHours: undefined, intervalSource: undefined}]);
  });

  it("a shorter distance is a switch at once; a longer multiple is ambiguous until the next confirms it", () => {
    expect(hours([8, 8, 4, 4, 1, 1])).toEqual([undefined, 8, 8, 4, 4, 1, 1]);
    expect(sources([1, 1, 4, 4, 4])).toEqual([undefined, "inferred", "inferred", "ambiguous", "inferred", "inferred"]);
    expect(hours([1, 1, 4, 4, 8, 8])).toEqual([undefined, 1, 1, undefined, 4, undefined, 8]);
  });

  it("a distance that is not allowed stays ambiguous however often it repeats", () => {
    expect(sources([8, 16, 16, 16])).toEqual([undefined, "inferred", "ambiguous", "ambiguous", "ambiguous"]);
    expect(sources([3, 3])).toEqual([undefined, "ambiguous", "ambiguous"]);
  });

  it("an ambiguous row leaves the newest known interval as it was", () => {
    expect(hours([4, 8, 4, 8, 8])).toEqual([undefined, 4, undefined, 4, undefined, 8]);
  });

  it("six hours is an interval on OKX alone", () => {
    const rows = stamps([6, 6]);
    expect(inferIntervals(rows).intervals[1]!.intervalSource).toBe("ambiguous");
    expect(inferIntervals(rows, {allowedHours: allowedIntervalHours("okx")}).intervals[1]!.intervalHours).toBe(6);
  });

  it("what the venue reports is taken, and is known to the rows after it", () => {
    const rows = stamps([8, 4]).map((row, i) => ({...row, reportedHours: i === 1 ? 4 : undefined}));
    expect(inferIntervals(rows).intervals.map((i) => i.intervalSource)).toEqual([undefined, "reported", "inferred"]);
  });

  it("jitter changes nothing", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(1, 2, 4, 8, 12, 16, 3), {maxLength: 40}),
        fc.integer({min: -20, max: 20}),
        (d, j) => {
          expect(inferIntervals(stamps(d, j)).intervals).toEqual(inferIntervals(stamps(d)).intervals);
        }
      )
    );
  });

  it("no look-ahead: cutting the future changes no row before the cut", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 2, 4, 8, 16, 24), {maxLength: 60}), fc.nat(60), (d, cut) => {
        const rows = stamps(d);
        const whole = inferIntervals(rows).intervals.slice(0, cut);
        expect(inferIntervals(rows.slice(0, cut)).intervals).toEqual(whole);
      })
    );
  });

  it("an append from the kept state equals one pass over everything", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 2, 4, 8, 16), {maxLength: 60}), fc.nat(60), (d, cut) => {
        const rows = stamps(d);
        const head = inferIntervals(rows.slice(0, cut));
        const tail = inferIntervals(rows.slice(cut), {from: head.state});
        expect([...head.intervals, ...tail.intervals]).toEqual(inferIntervals(rows).intervals);
      })
    );
  });

  it("on generated switches with holes, no hole is ever taken for an interval that was not confirmed", () => {
    const segments = fc.array(fc.record({interval: fc.constantFrom(1, 2, 4, 8), rows: fc.integer({min: 3, max: 12})}), {
      minLength: 1,
      maxLength: 5
    });
    fc.assert(
      fc.property(segments, fc.nat(), (parts, seed) => {
        const distances = parts.flatMap(({interval, rows}) => Array<number>(rows).fill(interval));
        const all = stamps(distances);
        const removed = 1 + (seed % Math.max(1, all.length - 2));
        const truth = new Map(all.map((row, i) => [row.tsMs, i === 0 ? undefined : distances[i - 1]]));
        const kept = all.filter((_, i) => i !== removed);
        const {intervals} = inferIntervals(kept);
        const after = intervals[removed];
        // The row after the hole is further from its neighbour than its true interval: it must not claim that distance,
        // unless a true change of the interval makes the two indistinguishable.
        if (after?.intervalSource === "inferred" && removed > 1) {
          const claimed = after.intervalHours!;
          const before = intervals[removed - 1]!.intervalHours;
          const confirmed =
            intervals[removed - 1]!.intervalSource !== "ambiguous" ||
            claimed === (kept[removed - 1]!.tsMs - kept[removed - 2]!.tsMs) / HOUR;
          expect(
            claimed <= truth.get(kept[removed]!.tsMs)! || (before !== undefined && claimed <= before) || confirmed
          ).toBe(true);
        }
        for (const {intervalHours} of intervals)
          if (intervalHours !== undefined) expect([1, 2, 4, 8]).toContain(intervalHours);
      })
    );
  });

  it("refuses rows that are not in order", () => {
    const {state} = stepInterval(initialIntervalState, {tsMs: start});
    expect(() => stepInterval(state, {tsMs: start})).toThrow("invalid order");
  });

  it("an ambiguous row becomes a coverage finding: a hole where no switch explains it, else undecided", () => {
    const at = (from: number, h: number, known: number | undefined) =>
      fundingFinding(from, from + h * HOUR, known, allowedIntervalHours());
    expect(at(start, 16, 8)).toEqual({from: start + 8 * HOUR, to: start + 16 * HOUR, rows: 1, state: "open"});
    expect(at(start, 8, 2)).toEqual({from: start + 2 * HOUR, to: start + 8 * HOUR, rows: 3, state: "ambiguous"});
    expect(at(start, 3, undefined)).toEqual({from: start + 60_000, to: start + 3 * HOUR, rows: 0, state: "ambiguous"});
  });
});

describe("SEMANTICS §2: normalising and annualising", () => {
  it("the rate per 8 h scales by the row's own interval, in floats and in decimals alike", () => {
    expect(rate8h(0.0001, 1)).toBeCloseTo(0.0008, 12);
    expect(rate8h(0.0001, undefined)).toBeUndefined();
    expect(rate8hDecimal(new Decimal("0.0001"), 4)!.toString()).toBe("0.0002");
    expect(rate8hDecimal(new Decimal("0.0001"), undefined)).toBeUndefined();
  });

  it("annualising is by elapsed time: the same money over the same time is the same a year, whatever the interval", () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 4, 8), fc.integer({min: 1, max: 400}), (interval, days) => {
        const n = (days * 24) / interval;
        const total = 0.0001 * (interval / 8) * n;
        expect(apr(total, start, start + days * 24 * HOUR)).toBeCloseTo(0.0001 * 3 * 365, 9);
      })
    );
    expect(apr(1, start, start)).toBeUndefined();
  });

  it("SEMANTICS §8.18: a rate of exactly zero is a rate", () => expect(rate8h(0, 8)).toBe(0));
});
