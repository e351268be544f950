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
import {boundaryTs} from "../../../src/lib/time/grid.js";

const HOUR = 3_600_000;
const start = Date.UTC(2024, 0, 1);

/** Returns stamps at the given distances in hours, jittered as at a venue. */
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

  it("a shorter distance is a switch at once; a longer multiple is ambiguous until the next row confirms it", () => {
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

  it("an interval that the venue reports is used, and known to the rows after it", () => {
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

  it("an append from the saved state equals one pass over everything", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 2, 4, 8, 16), {maxLength: 60}), fc.nat(60), (d, cut) => {
        const rows = stamps(d);
        const head = inferIntervals(rows.slice(0, cut));
        const tail = inferIntervals(rows.slice(cut), {from: head.state});
        expect([...head.intervals, ...tail.intervals]).toEqual(inferIntervals(rows).intervals);
      })
    );
  });

  it("a hole in a steady series is never taken for an interval: its row is ambiguous, every other row is not", () => {
    const plan = fc.record({
      interval: fc.constantFrom(1, 2, 4, 8),
      at: fc.integer({min: 2, max: 20}),
      missing: fc.integer({min: 1, max: 30})
    });
    fc.assert(
      fc.property(plan, ({interval, at, missing}) => {
        const rows = stamps(Array<number>(60).fill(interval)).filter((_, i) => i < at || i >= at + missing);
        const {intervals} = inferIntervals(rows);
        expect(intervals[at]).toEqual({intervalHours: undefined, intervalSource: "ambiguous"});
        intervals.forEach((own, i) => {
          if (i > 0 && i !== at) expect(own).toEqual({intervalHours: interval, intervalSource: "inferred"});
        });
        const finding = fundingFinding(
          boundaryTs(rows[at - 1]!.tsMs),
          boundaryTs(rows[at]!.tsMs),
          interval,
          allowedIntervalHours()
        );
        expect(finding.rows).toBe(missing);
        expect(finding.state).toBe([1, 2, 4, 8].includes(interval * (missing + 1)) ? "ambiguous" : "open");
      })
    );
  });

  it("every row of generated switches has its true interval, except the first of each longer one, which is ambiguous", () => {
    const segments = fc.array(fc.record({interval: fc.constantFrom(1, 2, 4, 8), rows: fc.integer({min: 2, max: 12})}), {
      minLength: 1,
      maxLength: 6
    });
    fc.assert(
      fc.property(segments, (parts) => {
        const truth = parts.flatMap(({interval, rows}) => Array<number>(rows).fill(interval));
        inferIntervals(stamps(truth)).intervals.forEach((own, i) => {
          if (i === 0) return;
          const longer = i > 1 && truth[i - 1]! > truth[i - 2]!;
          expect(own.intervalSource).toBe(longer ? "ambiguous" : "inferred");
          expect(own.intervalHours).toBe(longer ? undefined : truth[i - 1]);
        });
      })
    );
  });

  it("rows out of order are rejected", () => {
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

  it("trap 18: a rate of exactly zero is a rate", () => expect(rate8h(0, 8)).toBe(0));
});
