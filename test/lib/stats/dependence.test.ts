import {describe, expect, it} from "vitest";
import {autocorrelation, bucketCorrelation, bucketed, correlation} from "../../../src/lib/stats/dependence.js";
import {groupBy, hourOf, weekdayOf, yearOf} from "../../../src/lib/stats/groups.js";
import {generator, normal} from "../../../src/lib/stats/random.js";

const HOUR = 3_600_000;
const T0 = Date.UTC(2024, 0, 1);
const random = generator(5);
const noise = (n: number) => Float64Array.from({length: n}, () => normal(random));

describe("correlation", () => {
  it("is 1 for a line, −1 for its mirror, near 0 for noise, and undefined for too few values", () => {
    const x = noise(400);
    expect(
      correlation(
        x,
        x.map((v) => 3 * v + 2)
      )
    ).toBeCloseTo(1, 12);
    expect(
      correlation(
        x,
        x.map((v) => -v)
      )
    ).toBeCloseTo(-1, 12);
    expect(Math.abs(correlation(x, noise(400))!)).toBeLessThan(0.15);
    expect(correlation(x.slice(0, 29), x.slice(0, 29))).toBeUndefined();
    expect(correlation(x, new Float64Array(400))).toBeUndefined();
  });
  it("leaves missing values out on both sides", () => {
    const x = noise(100);
    const holes = x.map((v, i) => (i % 7 === 0 ? NaN : v));
    const known = x.filter((_, i) => i % 7 !== 0);
    const y = noise(100);
    expect(correlation(holes, y)).toBeCloseTo(
      correlation(
        known,
        y.filter((_, i) => i % 7 !== 0)
      )!,
      12
    );
  });
});

describe("autocorrelation", () => {
  it("finds the coefficient of a first-order process and none in noise", () => {
    const values = new Float64Array(20_000);
    for (let i = 1; i < values.length; ++i) values[i] = 0.8 * values[i - 1]! + normal(random);
    const lags = autocorrelation(values, 3);
    expect(lags.map(({lag}) => lag)).toEqual([1, 2, 3]);
    lags.forEach(({lag, value}) => expect(value).toBeCloseTo(0.8 ** lag, 1));
    expect(Math.abs(autocorrelation(noise(20_000), 1)[0]!.value)).toBeLessThan(0.03);
  });
  it("is undefined for too few values and for a constant", () => {
    expect(autocorrelation(noise(29), 5)).toEqual([]);
    expect(autocorrelation(new Float64Array(100).fill(0.0001), 5)).toEqual([]);
  });
});

describe("settlement buckets", () => {
  it("join venues that settle at different instants and intervals", () => {
    const t8 = Float64Array.from({length: 90}, (_, i) => T0 + i * 8 * HOUR);
    const level = noise(90);
    const t2 = Float64Array.from({length: 360}, (_, i) => T0 - 6 * HOUR + i * 2 * HOUR);
    const rate2 = Float64Array.from(t2, (_, i) => level[Math.floor(i / 4)]!);
    const shifted = t2.map((t) => t - HOUR);
    const a = bucketed({t: t8, rate8h: level});
    expect(bucketCorrelation(a, bucketed({t: t2, rate8h: rate2}))).toEqual({
      value: expect.closeTo(1, 9) as number,
      common: 90
    });
    const b = bucketCorrelation(a, bucketed({t: shifted, rate8h: rate2}));
    expect(b.common).toBe(90);
    expect(b.value).toBeGreaterThan(0.9);
    expect([...t8].filter((t) => shifted.includes(t))).toHaveLength(0);
  });
  it("count the buckets of both, and give no figure under thirty", () => {
    const t = Float64Array.from({length: 40}, (_, i) => T0 + i * 8 * HOUR);
    const rate8h = noise(40);
    const late = {t: t.slice(20), rate8h: rate8h.slice(20)};
    expect(bucketCorrelation(bucketed({t, rate8h}), bucketed(late))).toEqual({value: undefined, common: 20});
    expect(bucketed({t, rate8h: rate8h.map(() => NaN)}).size).toBe(0);
  });
});

it("groups by hour, weekday and year in UTC, with missing values left out", () => {
  const t = Float64Array.from({length: 21}, (_, i) => T0 + i * 8 * HOUR);
  const rate8h = t.map((_, i) => (i === 3 ? NaN : (i % 3) * 1e-4));
  const intervalHours = t.map(() => 8);
  const hours = groupBy({t, rate8h, intervalHours}, hourOf, 1.5e-4);
  expect(hours.map((d) => [d.key, d.count, d.above])).toEqual([
    [0, 6, 0],
    [8, 7, 0],
    [16, 7, 1]
  ]);
  expect(hours[2]!.mean).toBeCloseTo(2e-4, 12);
  expect(hours[2]!.standardError).toBeCloseTo(0, 12);
  expect(groupBy({t, rate8h, intervalHours}, weekdayOf, 0).map((d) => d.key)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(groupBy({t, rate8h, intervalHours}, yearOf, 0)).toMatchObject([
    {key: 2024, count: 20, five: [0, 0, 1e-4, 2e-4, 2e-4]}
  ]);
});
