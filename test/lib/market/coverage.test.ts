import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {
  coverageShare,
  difference,
  freshness,
  gridHoles,
  gridRows,
  holeState,
  lengthMs,
  normalise,
  type Span
} from "../../../src/lib/market/coverage.js";

const span = fc.tuple(fc.nat(200), fc.nat(30)).map(([from, length]): Span => ({from, to: from + length}));
const spans = fc.array(span, {maxLength: 12});
const members = (set: readonly Span[]): Set<number> =>
  new Set(set.flatMap(({from, to}) => Array.from({length: Math.max(0, to - from)}, (_, i) => from + i)));
const sorted = (set: Set<number>) => [...set].sort((a, b) => a - b);

describe("coverage arithmetic is that of sets of instants", () => {
  it("union and difference agree with the sets they stand for", () => {
    fc.assert(
      fc.property(spans, spans, (a, b) => {
        const [A, B] = [members(a), members(b)];
        expect(sorted(members(normalise([...a, ...b])))).toEqual(sorted(new Set([...A, ...B])));
        expect(sorted(members(difference(a, b)))).toEqual(sorted(new Set([...A].filter((x) => !B.has(x)))));
      })
    );
  });

  it("the form is canonical: sorted, disjoint, not touching; normalising is idempotent and free of order", () => {
    fc.assert(
      fc.property(spans, (a) => {
        const n = normalise(a);
        for (let i = 1; i < n.length; i++) expect(n[i]!.from).toBeGreaterThan(n[i - 1]!.to);
        expect(normalise(n)).toEqual(n);
        expect(normalise([...a].reverse())).toEqual(n);
      })
    );
  });

  it("a difference and its rest partition the set, and their lengths add up", () => {
    fc.assert(
      fc.property(spans, spans, (a, b) => {
        const rest = difference(a, difference(a, b));
        expect(normalise([...difference(a, b), ...rest])).toEqual(normalise(a));
        expect(lengthMs(difference(a, b)) + lengthMs(rest)).toBe(lengthMs(a));
      })
    );
  });

  it("the arguments are not modified", () => {
    const a = [
      {from: 5, to: 9},
      {from: 0, to: 6}
    ];
    normalise(a);
    expect(a).toEqual([
      {from: 5, to: 9},
      {from: 0, to: 6}
    ]);
  });
});

describe("holes of a grid", () => {
  const HOUR = 3_600_000;
  const grid = fc.record({n: fc.integer({min: 1, max: 60}), missing: fc.array(fc.nat(59), {maxLength: 40})});

  it("holes and rows partition the range: what is missing is exactly what the holes count", () => {
    fc.assert(
      fc.property(grid, ({n, missing}) => {
        const gone = new Set(missing.filter((i) => i < n));
        const opens = Array.from({length: n}, (_, i) => i)
          .filter((i) => !gone.has(i))
          .map((i) => i * HOUR);
        const holes = gridHoles(opens, {from: 0, to: n * HOUR}, HOUR);
        expect(holes.reduce((sum, hole) => sum + gridRows(hole, HOUR), 0)).toBe(gone.size);
        for (const hole of holes) for (let t = hole.from; t < hole.to; t += HOUR) expect(gone.has(t / HOUR)).toBe(true);
        expect(normalise(holes)).toEqual(holes);
      })
    );
  });

  it("trap 13: a hole can be at the head, in the middle, at the tail, or one row long", () => {
    const opens = [2, 3, 5].map((h) => h * HOUR);
    expect(gridHoles(opens, {from: 0, to: 8 * HOUR}, HOUR)).toEqual([
      {from: 0, to: 2 * HOUR},
      {from: 4 * HOUR, to: 5 * HOUR},
      {from: 6 * HOUR, to: 8 * HOUR}
    ]);
    expect(gridHoles([], {from: 0, to: 2 * HOUR}, HOUR)).toEqual([{from: 0, to: 2 * HOUR}]);
  });

  it("trap 15: after two refetches a hole is confirmed missing", () => {
    expect([0, 1, 2, 3].map(holeState)).toEqual(["open", "open", "confirmed missing", "confirmed missing"]);
  });
});

describe("shares and freshness", () => {
  it("coverage never overstates: every kind of hole counts as missing, no rows is no share", () => {
    const hole = (rows: number, state: "open" | "ambiguous") => ({from: 0, to: 1, rows, state});
    expect(coverageShare(97, [hole(1, "open"), hole(2, "ambiguous")])).toBe(0.97);
    expect(coverageShare(0, [])).toBeUndefined();
  });

  it("data is fresh under two intervals, aging under a day, else stale", () => {
    const HOUR = 3_600_000;
    expect([1, 16, 23, 24].map((h) => freshness(h * HOUR, 8 * HOUR))).toEqual(["fresh", "aging", "aging", "stale"]);
    expect(freshness(47 * HOUR, 24 * HOUR)).toBe("fresh");
  });
});
