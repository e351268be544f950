import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {Observations} from "../../../src/lib/market/observations.js";
import {decimal} from "../../../src/lib/money/decimal.js";

const HOUR = 3_600_000;
const row = (ts: number, knownTs: number, value: number | string = ts) => ({ts, knownTs, value: decimal(value)});

describe("observations", () => {
  it("what is known later changes no answer before, and no answer is known later than its question", () => {
    const rows = fc.array(
      fc.tuple(fc.nat(40), fc.nat(20)).map(([ts, lag]) => row(ts, ts + lag)),
      {maxLength: 30}
    );
    fc.assert(
      fc.property(rows, fc.integer({min: -1, max: 70}), (all, t) => {
        const known = all.filter(({knownTs}) => knownTs <= t);
        const answer = new Observations(all).at(t);
        expect(answer).toEqual(new Observations(known).at(t));
        expect(answer?.ts).toBe(known.length === 0 ? undefined : Math.max(...known.map(({ts}) => ts)));
      })
    );
  });

  it("a value is unknown one millisecond before its instant of knowledge, and the older one stands", () => {
    const own = new Observations([row(0, 0, "1"), row(HOUR, 3 * HOUR, "2")]);
    expect(own.at(3 * HOUR - 1)!.value.toString()).toBe("1");
    expect(own.at(3 * HOUR)!.value.toString()).toBe("2");
    expect(own.at(-1)).toBeUndefined();
  });

  it("a value that became known late does not replace a newer one", () => {
    const own = new Observations([row(2 * HOUR, 2 * HOUR), row(HOUR, 5 * HOUR)]);
    expect(own.at(6 * HOUR)!.ts).toBe(2 * HOUR);
  });

  it("one older than its age is none", () => {
    const own = new Observations([row(0, 0)]);
    expect(own.at(24 * HOUR, 24 * HOUR)!.ts).toBe(0);
    expect(own.at(24 * HOUR + 1, 24 * HOUR)).toBeUndefined();
  });

  it("a row known before its instant is refused", () => {
    expect(() => new Observations([row(10, 9)])).toThrow("invalid known: 9 is before its ts 10");
  });
});
