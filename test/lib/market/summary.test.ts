import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {breakEvenPeriods, DEFAULT_COSTS, netPerPeriod, parseCosts, roundTrip} from "../../../src/lib/market/costs.js";
import {heldShare, MIN_ROWS, summarise, tierOf} from "../../../src/lib/market/summary.js";

const PERIOD = 8 * 3_600_000;
const DAY = 86_400_000;
const start = Date.UTC(2024, 0, 1);
const columnsOf = (rates: readonly number[], ambiguous: readonly number[] = []) => ({
  t: rates.map((_, i) => start + i * PERIOD),
  rate: rates,
  rate8h: rates.map((rate, i) => (ambiguous.includes(i) ? undefined : rate)),
  intervalHours: rates.map(() => 8)
});
const options = {fromTs: -Infinity, toTs: Infinity, roundTrip: 0.0051, threshold: 0.0003};

describe("SEMANTICS §4: costs and break-even", () => {
  it("the default round trip is 0.31 % of fees and 0.2 % of slippage", () => {
    expect(roundTrip(DEFAULT_COSTS).toString()).toBe("0.0051");
    expect(roundTrip(parseCosts({slippageBps: 0})).toString()).toBe("0.0031");
    expect(() => parseCosts({spotFee: "-0.1"})).toThrow("invalid spotFee: -0.1");
    expect(() => parseCosts({perpFee: "lots"})).toThrow("invalid perpFee");
  });

  it("break-even is the number of periods of the current rate that pay the round trip, undefined for a rate that earns nothing", () => {
    expect(breakEvenPeriods(0.0001, 0.0051)).toBeCloseTo(51, 9);
    expect(breakEvenPeriods(0, 0.0051)).toBeUndefined();
    expect(breakEvenPeriods(-0.001, 0.0051)).toBeUndefined();
  });

  it("SEMANTICS §5: a period nets its rate less a thirtieth of the round trip", () => {
    expect(netPerPeriod(0.0003, 0.0051)).toBeCloseTo(0.00013, 12);
    expect(netPerPeriod(0.0003, 0.0051, 3)).toBeLessThan(0);
  });

  it("the held share is that of past entries whose rate stayed at or above the exit for long enough", () => {
    const rates = [0, 4, 4, 4, 0, 4, 0, 4, 2, 2, 2].map((r) => r * 1e-4);
    expect(heldShare(columnsOf(rates), {minRate: 0.0003, exitRate: 0.0001, periods: 3})).toEqual({
      share: 2 / 3,
      entries: 3
    });
    expect(heldShare(columnsOf(rates), {minRate: 0.0003, exitRate: 0.0001, periods: 4})).toEqual({
      share: 0,
      entries: 2
    });
    expect(heldShare(columnsOf([0]), {minRate: 0.0003, exitRate: 0.0001, periods: 1})).toEqual({
      share: undefined,
      entries: 0
    });
  });
});

describe("SEMANTICS §6: the pair summary", () => {
  it("a constant rate annualises to itself times 1095, gross; net has one round trip less over the window", () => {
    const s = summarise(columnsOf(Array<number>(301).fill(0.0001)), options);
    expect(s.aprGross).toBeCloseTo(0.1095, 9);
    expect(s.aprNet).toBeCloseTo(0.1095 - 0.0051 * (365 / 100), 9);
    expect(s).toMatchObject({
      count: 301,
      insufficient: false,
      sharePositive: 1,
      streakNow: 0,
      streakLongest: 0,
      coverageDays: 100
    });
  });

  it("fewer than 30 rows are insufficient; ambiguous ones do not count towards them, yet they pay", () => {
    const rates = Array<number>(MIN_ROWS).fill(0.0001);
    expect(summarise(columnsOf(rates), options).insufficient).toBe(false);
    const withAmbiguous = summarise(columnsOf(rates, [3]), options);
    expect(withAmbiguous.insufficient).toBe(true);
    expect(withAmbiguous.aprGross).toBeCloseTo(summarise(columnsOf(rates), options).aprGross!, 12);
  });

  it("a summary without rows has missing numbers, never zeros", () => {
    const s = summarise({t: [], rate: [], rate8h: [], intervalHours: []}, options);
    expect([s.mean8h, s.median8h, s.min8h, s.aprGross, s.sharePositive, s.halfLifePeriods]).toEqual(
      Array(6).fill(undefined)
    );
    expect(s.count).toBe(0);
  });

  it("a settlement at the window's end belongs to it, one at its start does not, so that windows add up", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: -9, max: 9}), {minLength: 3, maxLength: 90}), fc.nat(88), (values, cut) => {
        const columns = columnsOf(values.map((v) => v * 1e-5));
        const mid = start + Math.min(cut, values.length - 1) * PERIOD;
        const count = (fromTs: number, toTs: number) => summarise(columns, {...options, fromTs, toTs}).count;
        expect(count(-Infinity, mid) + count(mid, Infinity)).toBe(values.length);
      })
    );
  });

  it("SEMANTICS §1, no look-ahead: rows after the window change nothing in it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({min: -9, max: 9}), {minLength: 3, maxLength: 90}), fc.nat(88), (values, cut) => {
        const columns = columnsOf(values.map((v) => v * 1e-5));
        const n = Math.min(cut, values.length - 1) + 1;
        const toTs = columns.t[n - 1]!;
        const known = {
          t: columns.t.slice(0, n),
          rate: columns.rate.slice(0, n),
          rate8h: columns.rate8h.slice(0, n),
          intervalHours: columns.intervalHours.slice(0, n)
        };
        expect(summarise(columns, {...options, toTs})).toEqual(summarise(known, {...options, toTs}));
      })
    );
  });

  it("streaks count rows at or above the threshold up to now", () => {
    const s = summarise(columnsOf([5, 5, 5, 0, 3, 4].map((r) => r * 1e-4)), options);
    expect([s.streakNow, s.streakLongest]).toEqual([2, 3]);
  });

  it("the half-life of a positive run is in 8-hour periods, also for hourly settlements", () => {
    const rates = [1, 1, 1, 1, -1, 1, 1, 1, 1, -1].map((r) => r * 1e-5);
    const hourly = {
      t: rates.map((_, i) => start + i * 3_600_000),
      rate: rates,
      rate8h: rates.map((r) => r * 8),
      intervalHours: rates.map(() => 1)
    };
    expect(summarise(hourly, options).halfLifePeriods).toBe(0.5);
    expect(summarise(columnsOf(rates), options).halfLifePeriods).toBe(4);
  });

  it("§2: means and deviations weigh time: a week of hourly settlements counts as one week", () => {
    const eight = Array.from({length: 21}, () => ({hours: 8, rate: 0.0001}));
    const hourly = Array.from({length: 168}, () => ({hours: 1, rate: 0.0005 / 8}));
    let t = start;
    const rows = [...eight, ...hourly].map(({hours, rate}) => ({t: (t += hours * 3_600_000), rate, hours}));
    const s = summarise(
      {
        t: rows.map((row) => row.t),
        rate: rows.map((row) => row.rate),
        rate8h: rows.map(({rate, hours}) => (rate * 8) / hours),
        intervalHours: rows.map(({hours}) => hours)
      },
      options
    );
    expect(s.mean8h).toBeCloseTo(0.0003, 12);
    expect(s.sd8h).toBeCloseTo(0.0002 * Math.sqrt(189 / 188), 12);
    expect(s.median8h).toBeCloseTo(0.0005, 12);
  });

  it("a window longer than the history annualises over the history alone", () => {
    const s = summarise(columnsOf(Array<number>(30).fill(0.0001)), {...options, fromTs: start - 300 * DAY});
    expect(s.aprGross).toBeCloseTo(0.1095, 9);
  });

  it("tiers have stated bounds, and an unknown turnover is unknown, never small", () => {
    expect([undefined, NaN, 0, 9.9e6, 1e7, 1e8, 1e9].map(tierOf)).toEqual([
      "unknown",
      "unknown",
      "small",
      "small",
      "mid",
      "large",
      "mega"
    ]);
  });
});
