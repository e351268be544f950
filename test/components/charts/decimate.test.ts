import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {barColumns, decimate} from "../../../src/components/charts/decimate.js";

interface Point {
  x: number;
  y: number | null;
}
const options = {x: (d: Point) => d.x, y: (d: Point) => d.y};
const series = fc
  .array(
    fc.record({
      step: fc.integer({min: 1, max: 5}),
      y: fc.option(fc.double({min: -1e3, max: 1e3, noNaN: true}), {nil: null})
    }),
    {minLength: 1, maxLength: 2000}
  )
  .map((steps) => {
    let x = 0;
    return steps.map(({step, y}): Point => ({x: (x += step), y}));
  });

describe("decimate", () => {
  it("keeps the highest and the lowest value, whatever the width", () => {
    fc.assert(
      fc.property(series, fc.integer({min: 1, max: 300}), (data, width) => {
        const values = data.map((d) => d.y).filter((y) => y !== null);
        const kept = decimate(data, {...options, width}).map((d) => d.datum.y!);
        if (!values.length) {
          expect(kept).toEqual([]);
          return;
        }
        expect(Math.max(...kept)).toBe(Math.max(...values));
        expect(Math.min(...kept)).toBe(Math.min(...values));
      })
    );
  });
  it("keeps at most four points a pixel, plus one column per run", () => {
    fc.assert(
      fc.property(series, fc.integer({min: 1, max: 300}), (data, width) => {
        const result = decimate(data, {...options, width});
        const runs = new Set(result.map((d) => d.run)).size;
        expect(result.length).toBeLessThanOrEqual(4 * (width + 2 * runs));
      })
    );
  });
  it("returns ascending points of the series itself, none of them missing", () => {
    fc.assert(
      fc.property(series, (data) => {
        const result = decimate(data, {...options, width: 20});
        for (const {datum} of result) expect(data).toContain(datum);
        for (let i = 1; i < result.length; ++i) expect(result[i]!.datum.x).toBeGreaterThan(result[i - 1]!.datum.x);
        for (const {datum} of result) expect(datum.y).not.toBeNull();
      })
    );
  });
  it("breaks the run at a missing value and at a gap, and keeps both edges of it", () => {
    const data: Point[] = [...Array(1000).keys()].map((i) => ({x: i < 500 ? i : i + 300, y: i === 100 ? null : 1}));
    const result = decimate(data, {...options, width: 50, gap: 5});
    expect(new Set(result.map((d) => d.run)).size).toBe(3);
    const xs = result.map((d) => d.datum.x);
    expect(xs).toEqual(expect.arrayContaining([0, 99, 101, 499, 800, 1299]));
  });
  it("returns a short series whole", () => {
    const data: Point[] = [
      {x: 0, y: 1},
      {x: 1, y: 2},
      {x: 2, y: 3}
    ];
    expect(decimate(data, {...options, width: 100}).map((d) => d.datum)).toEqual(data);
  });
});

describe("barColumns", () => {
  it("keeps the extremes of either sign and counts every row once", () => {
    fc.assert(
      fc.property(series, fc.integer({min: 1, max: 100}), (data, width) => {
        const domain = [data[0]!.x, data.at(-1)!.x] as const;
        const values = data.map((d) => d.y).filter((y) => y !== null);
        const columns = barColumns(data, {...options, width, domain});
        expect(columns.length).toBeLessThanOrEqual(Math.max(width, values.length ? 1 : 0));
        expect(columns.reduce((n, d) => n + d.count, 0)).toBe(values.length);
        expect(Math.max(0, ...columns.map((d) => d.high))).toBe(Math.max(0, ...values));
        expect(Math.min(0, ...columns.map((d) => d.low))).toBe(Math.min(0, ...values));
      })
    );
  });
  it("has no columns where there are no rows", () => {
    const data: Point[] = [...Array(400).keys()].map((i) => ({x: i < 200 ? i : i + 400, y: 1}));
    const columns = barColumns(data, {...options, width: 80, domain: [0, 799]});
    expect(columns.filter((d) => d.x > 205 && d.x < 590)).toEqual([]);
  });
});
