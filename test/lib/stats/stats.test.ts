import fc from "fast-check";
import {quantile as d3Quantile} from "d3-array";
import {describe, expect, it} from "vitest";
import {ecdf, fiveNumbers, histogram} from "../../../src/lib/stats/distribution.js";
import {
  deviation,
  mean,
  percentileRank,
  quantile,
  sorted,
  weightedDeviation,
  weightedMean
} from "../../../src/lib/stats/quantile.js";
import {firstAtOrAfter, lastAtOrBefore} from "../../../src/lib/time/search.js";
import {halfLife, runPeriods, runsAtOrAbove, survival} from "../../../src/lib/stats/runs.js";

const numbers = fc.array(fc.integer({min: -1000, max: 1000}), {minLength: 1, maxLength: 200});

describe("SEMANTICS §6: quantiles and bins", () => {
  it("quantiles are R-7, as d3.quantile has them; missing values are left out, zero is kept", () => {
    fc.assert(
      fc.property(numbers, fc.double({min: 0, max: 1, noNaN: true}), (values, p) => {
        expect(quantile(sorted(values), p)).toBeCloseTo(d3Quantile(values, p)!, 9);
      })
    );
    expect([...sorted([0, undefined, null, NaN, -1])]).toEqual([-1, 0]);
    expect(fiveNumbers(sorted([]))).toBeUndefined();
  });

  it("histogram counts add up to the rows and the break-even line lies in the domain", () => {
    fc.assert(
      fc.property(
        numbers,
        fc.integer({min: 1, max: 80}),
        fc.integer({min: -3000, max: 3000}),
        (values, bins, include) => {
          const bars = histogram(values, {bins, include});
          expect(bars.length).toBe(bins);
          expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(values.length);
          expect(bars[0]!.x0).toBeLessThanOrEqual(include);
          expect(bars.at(-1)!.x1).toBeGreaterThanOrEqual(include);
          for (const {x0, x1, count} of bars.slice(0, -1)) {
            expect(count).toBeGreaterThanOrEqual(values.filter((v) => v > x0 + 1e-6 && v < x1 - 1e-6).length);
          }
        }
      )
    );
    expect(() => histogram([1], {bins: 0})).toThrow("invalid bins: 0");
    expect(histogram([])).toEqual([]);
  });

  it("the empirical distribution rises from above 0 to 1 and agrees with counting", () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const steps = ecdf(sorted(values));
        expect(steps.at(-1)!.p).toBe(1);
        for (const {x, p} of steps) expect(p).toBeCloseTo(values.filter((v) => v <= x).length / values.length, 12);
      })
    );
  });

  it("SEMANTICS §7: percentile is the share below plus half the share equal", () => {
    expect(percentileRank(sorted([1, 2, 2, 3]), 2)).toBe(0.5);
    expect(percentileRank(sorted([]), 2)).toBeUndefined();
    fc.assert(
      fc.property(numbers, fc.integer({min: -1100, max: 1100}), (values, x) => {
        const s = sorted(values);
        const below = values.filter((v) => v < x).length;
        const equal = values.filter((v) => v === x).length;
        expect(percentileRank(s, x)).toBeCloseTo((below + equal / 2) / values.length, 12);
        expect([firstAtOrAfter(s, x), lastAtOrBefore(s, x) + 1]).toEqual([below, below + equal]);
      })
    );
  });
});

describe("runs", () => {
  const PERIOD = 8 * 3_600_000;
  const ts = (n: number) => Array.from({length: n}, (_, i) => i * PERIOD);

  it("SEMANTICS §2: an ambiguous row neither breaks nor extends a run", () => {
    const rates = [0.1, undefined, 0.1, 0, 0.1];
    const runs = runsAtOrAbove(rates, ts(5), 0.1);
    expect(runs.map(({start, end, rows}) => ({start, end, rows}))).toEqual([
      {start: 0, end: 3, rows: 2},
      {start: 4, end: undefined, rows: 1}
    ]);
    expect(runs.map(runPeriods)).toEqual([3, undefined]);
  });

  it("every row with a rate at or above the threshold is in exactly one run", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({min: -3, max: 3}), {nil: undefined}), {maxLength: 80}), (rates) => {
        const runs = runsAtOrAbove(rates, ts(rates.length), 1);
        expect(runs.reduce((sum, run) => sum + run.rows, 0)).toBe(
          rates.filter((r) => r !== undefined && r >= 1).length
        );
      })
    );
  });

  it("without censoring, survival is one minus the empirical distribution (Kaplan and Meier, 1958)", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: 1, max: 30}), {minLength: 1, maxLength: 60}), (lengths) => {
        const curve = survival(lengths.map((length) => ({length, ended: true})));
        for (const {length, share} of curve) {
          expect(share).toBeCloseTo(lengths.filter((l) => l > length).length / lengths.length, 9);
        }
      })
    );
  });

  it("survival reproduces Kaplan and Meier's example: ends at 0.8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1", () => {
    const deaths = [0.8, 3.1, 5.4, 9.2].map((length) => ({length, ended: true}));
    const losses = [1.0, 2.7, 7.0, 12.1].map((length) => ({length, ended: false}));
    expect(survival([...deaths, ...losses]).map(({share}) => Number(share.toFixed(3)))).toEqual([
      1, 0.875, 0.7, 0.525, 0.263
    ]);
  });

  it("a half-life is undefined while more than half survive", () => {
    expect(
      halfLife(
        survival([
          {length: 5, ended: false},
          {length: 9, ended: true}
        ])
      )
    ).toBe(9);
    expect(halfLife(survival([{length: 5, ended: false}]))).toBeUndefined();
  });
});

describe("§2: means that weigh time", () => {
  const values = fc.array(fc.double({min: -1, max: 1, noNaN: true}), {minLength: 2, maxLength: 40});

  it("equal weights give the usual mean and deviation", () => {
    fc.assert(
      fc.property(values, fc.integer({min: 1, max: 8}), (list, weight) => {
        const weights = list.map(() => weight);
        expect(weightedMean(list, weights)).toBeCloseTo(mean(list)!, 12);
        expect(weightedDeviation(list, weights)).toBeCloseTo(deviation(list)!, 12);
      })
    );
  });

  it("a value of weight k counts in the mean like k values of weight 1, and a missing one not at all", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({min: -1, max: 1, noNaN: true}), fc.constantFrom(1, 2, 4, 8)), {minLength: 1}),
        (rows) => {
          const spread = rows.flatMap(([value, weight]) => Array<number>(weight).fill(value));
          const own = weightedMean(
            [...rows.map(([value]) => value), NaN, 1, undefined],
            [...rows.map(([, weight]) => weight), 8, NaN, 8]
          );
          expect(own).toBeCloseTo(mean(spread)!, 12);
        }
      )
    );
    expect(weightedMean([], [])).toBeUndefined();
    expect(weightedDeviation([1], [8])).toBeUndefined();
  });
});
