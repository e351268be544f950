import {describe, expect, it} from "vitest";
import {marginPrices} from "../../../src/lib/ledger/margin.js";
import {decimal} from "../../../src/lib/money/decimal.js";
import {judge, LABELS, lightOf, lightOfAll, liquidationCost, type PairFacts} from "../../../src/lib/strategy/label.js";

/** 100 rates 1..100 bp; `newest` decides the percentile. */
const rates = Array.from({length: 100}, (_, i) => (i + 1) / 1e4);
const facts = (over: Partial<PairFacts>): PairFacts => ({
  pair: "X/USDT",
  venue: "made",
  rates,
  intervalHours: Array<number>(200).fill(8),
  newest: 0.008,
  trend: "stable",
  composite: 0.6,
  roundTrip: 0.0051,
  ...over
});

describe("the label of a pair", () => {
  it("follows percentile, trend and score", () => {
    expect(judge(facts({})).label).toBe("strong");
    expect(judge(facts({trend: "rising", composite: 0.5, newest: 0.0076})).label).toBe("strong");
    expect(judge(facts({trend: "falling"})).label).toBe("moderate");
    expect(judge(facts({composite: 0.49})).label).toBe("moderate");
    expect(judge(facts({newest: 0.0055, composite: 0.4})).label).toBe("moderate");
    expect(judge(facts({newest: 0.0055, composite: 0.39})).label).toBe("below average");
    expect(judge(facts({newest: 0.003, composite: 0.9})).label).toBe("below average");
    expect(judge(facts({newest: 0.002, composite: 0.9})).label).toBe("not recommended");
  });
  it("is insufficient under thirty rows or without a known interval, whatever the other figures", () => {
    expect(judge(facts({rates: rates.slice(0, 29)})).label).toBe("insufficient");
    expect(judge(facts({rates: [...rates.slice(0, 29), undefined, NaN]})).rows).toBe(29);
    expect(judge(facts({newest: undefined})).label).toBe("insufficient");
  });
  it("is insufficient without a score, which is not a score of zero, and names what is missing", () => {
    for (const newest of [0.008, 0.0055, 0.003, 0.001]) {
      const {label, reasons} = judge(facts({newest, composite: undefined}));
      expect([label, reasons.at(-1)]).toEqual(["insufficient", "the basis is missing, so there is no score"]);
    }
    expect(judge(facts({newest: 0.001, composite: 0})).label).toBe("not recommended");
  });
  it("says of which closes the basis is, where the opens are not there yet", () => {
    const reasons = (closesTs?: number) => judge(facts({closesTs})).reasons;
    expect(reasons(Date.UTC(2024, 0, 1, 7))).toEqual([...reasons(), "basis of the closes at 2024-01-01 07:00 UTC"]);
  });
  it("counts half of the equal rows, and gives z and break-even", () => {
    const even = judge(facts({rates: Array.from({length: 40}, () => 0.0001), newest: 0.0001}));
    expect(even.percentile).toBe(0.5);
    expect(even.z).toBeUndefined();
    expect(judge(facts({newest: 0.0051})).breakEvenPeriods).toBeCloseTo(1, 12);
    expect(judge(facts({newest: -0.0051})).breakEvenPeriods).toBeUndefined();
    expect(judge(facts({newest: 0.00505})).z).toBeCloseTo(0, 9);
  });
  it("lists its reasons", () => {
    expect(judge(facts({trend: "falling"})).reasons.join("; ")).toContain("strong but for a falling trend");
    for (const label of LABELS) expect(typeof label).toBe("string");
  });
});

describe("the light", () => {
  it("is green only for a strong pair that earned out of sample", () => {
    expect(lightOf("strong", 1)).toBe("green");
    expect(lightOf("strong", 0)).toBe("red");
    expect(lightOf("strong", -1)).toBe("red");
    expect(lightOf("strong", undefined)).toBe("yellow");
    expect(lightOf("moderate", 5)).toBe("yellow");
    expect(lightOf("below average", 5)).toBe("red");
  });
  it("of the page is the best of the pairs', and red for none", () => {
    expect(lightOfAll([])).toBe("red");
    expect(
      lightOfAll([
        {label: "moderate", net: 1},
        {label: "strong", net: 2}
      ])
    ).toBe("green");
    expect(
      lightOfAll([
        {label: "strong", net: -2},
        {label: "moderate", net: undefined}
      ])
    ).toBe("yellow");
    expect(lightOfAll([{label: "not recommended", net: 9}])).toBe("red");
  });
});

it("the cost of a liquidation is the ledger's own", () => {
  for (const leverage of [1, 3, 10]) {
    const fill = 40_000;
    const {liquidation, bankruptcy} = marginPrices(decimal(fill), {
      leverage: decimal(leverage),
      maintenanceRate: decimal("0.005"),
      tick: decimal("0.00000001")
    });
    const {rise, loss} = liquidationCost({leverage, perpFee: 0.00055});
    expect(rise).toBeCloseTo(liquidation.toNumber() / fill - 1, 9);
    expect(loss).toBeCloseTo((bankruptcy.toNumber() * 1.00055 - liquidation.toNumber()) / fill, 9);
  }
});
