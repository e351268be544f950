import {describe, expect, it} from "vitest";
import {
  age,
  bp,
  compact,
  count,
  day,
  instant,
  money,
  number,
  percent,
  periods,
  plural,
  signGlyph,
  span
} from "../../../src/components/ui/format.js";

describe("numbers", () => {
  it("show funding in basis points per 8 h with a true minus", () => {
    expect(bp(0.00014)).toBe("1.40 bp");
    expect(bp(-0.00014)).toBe("−1.40 bp");
    expect(bp(0)).toBe("0.00 bp");
  });
  it("have no minus before a zero that comes from rounding", () => {
    expect(number(-0.001, 1)).toBe("0.0");
    expect(percent(-0.0001)).toBe("0.0 %");
  });
  it("show missing as a dash and zero as zero", () => {
    for (const f of [bp, percent, count, compact, instant, day, span, periods]) {
      expect(f(null)).toBe("–");
      expect(f(undefined)).toBe("–");
      expect(f(NaN)).toBe("–");
    }
    expect(count(0)).toBe("0");
  });
  it("separate thousands and name the currency", () => {
    expect(count(1234567)).toBe("1,234,567");
    expect(money(12345.6)).toBe("12,345.60 USDT");
    expect(compact(2.1e9)).toBe("2.10 bn");
    expect(compact(-4500)).toBe("−4.50 k");
  });
});

describe("time", () => {
  it("is shown as UTC", () => {
    expect(instant(Date.UTC(2024, 2, 14, 8))).toBe("2024-03-14 08:00 UTC");
    expect(day(Date.UTC(2024, 2, 14, 23, 59))).toBe("2024-03-14");
  });
  it("is shown as an age in words", () => {
    expect(age(0, 3 * 36e5)).toBe("3 hours ago");
    expect(age(0, 864e5)).toBe("24 hours ago");
    expect(age(0, 2 * 864e5)).toBe("2 days ago");
    expect(span(61e3)).toBe("1 minute");
    expect(span(3 * 365 * 864e5)).toBe("3.0 years");
    expect(age(10e3, 0)).toBe("in 10 seconds");
  });
  it("periods show their duration in days", () => expect(periods(12)).toBe("12.0 periods (4 days)"));
});

it("sign is shown by a glyph, not by colour alone", () => {
  expect([signGlyph(1), signGlyph(-1), signGlyph(0), signGlyph(null)]).toEqual(["▲", "▼", "", ""]);
});

it("plural agrees with the count", () =>
  expect([plural(1, "pair"), plural(2, "pair"), plural(0, "entry", "entries")]).toEqual([
    "1 pair",
    "2 pairs",
    "0 entries"
  ]));
