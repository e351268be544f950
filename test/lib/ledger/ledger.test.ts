import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {buyWithCoinFee, fillInQuote} from "../../../src/lib/ledger/fills.js";
import {marginPrices} from "../../../src/lib/ledger/margin.js";
import {ceilToTick, floorToStep, leastCommonMultiple, roundToTick, rulesOf} from "../../../src/lib/ledger/rules.js";
import {budgetOf, quantitiesOf, refusalOf} from "../../../src/lib/ledger/sizing.js";
import {decimal, text} from "../../../src/lib/money/decimal.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";

const d = decimal;

describe("SEMANTICS §3: fills", () => {
  it("slippage is adverse on both sides, and the fee is on the fill price", () => {
    const costs = {slippage: d("0.0005"), feeRate: d("0.001")};
    const buy = fillInQuote({leg: "spot", side: "buy", ts: 0, reference: d(100), quantity: d(2)}, costs);
    const sell = fillInQuote({leg: "spot", side: "sell", ts: 0, reference: d(100), quantity: d(2)}, costs);
    expect([buy.price, buy.fee, buy.slippage].map(text)).toEqual(["100.05", "0.2001", "0.1"]);
    expect([sell.price, sell.fee, sell.slippage].map(text)).toEqual(["99.95", "0.1999", "0.1"]);
  });

  it("trap 9: a coin fee reduces the coin received, and the price paid is that of the whole order", () => {
    const fill = buyWithCoinFee({ts: 0, reference: d(100), quantity: d(10)}, {slippage: d(0), feeRate: d("0.001")});
    expect([fill.quantity, fill.fee].map(text)).toEqual(["9.99", "1"]);
    expect(text(fill.price.times(fill.quantity).plus(fill.fee))).toBe("1000");
  });
});

describe("SEMANTICS §3: steps", () => {
  it("trap 8: venues cut amounts per market, so the legs share a step: the least common multiple is the smallest both can take", () => {
    expect(text(leastCommonMultiple(d("0.04"), d("0.1")))).toBe("0.2");
    expect(text(leastCommonMultiple(d("0.00000001"), d("0.00000001")))).toBe("0.00000001");
    expect(text(leastCommonMultiple(d("1"), d("0.001")))).toBe("1");
    const step = fc
      .tuple(fc.integer({min: 1, max: 500}), fc.integer({min: 0, max: 8}))
      .map(([n, places]) => d(n).div(d(10).pow(places)));
    fc.assert(
      fc.property(step, step, (a, b) => {
        const both = leastCommonMultiple(a, b);
        expect(both.mod(a).isZero() && both.mod(b).isZero()).toBe(true);
        expect(both.lte(a.times(b).times(d(10).pow(16)))).toBe(true);
      })
    );
  });

  it("floor, ceiling and half-up roundings lie on their grid", () => {
    expect(text(floorToStep(d("0.79"), d("0.2")))).toBe("0.6");
    expect(text(ceilToTick(d("100.0001"), d("0.5")))).toBe("100.5");
    expect(["1.25", "1.35", "1.2499"].map((p) => text(roundToTick(d(p), d("0.1"))))).toEqual(["1.3", "1.4", "1.2"]);
  });
});

describe("SEMANTICS §3: sizing", () => {
  const config = parseConfig();
  const rules = rulesOf(undefined, config);

  it("the budget is its lowest limit, and names it", () => {
    const limit = (entries: Record<string, string>, free: string, open: string, share = "1") =>
      budgetOf(parseConfig(entries), {free: d(free), openNotional: d(open), share: d(share)});
    expect(limit({}, "10000", "0")).toMatchObject({limit: "maxPositionUsd"});
    expect(text(limit({}, "10000", "0", "0.5").amount)).toBe("500");
    expect(limit({pairCapUsd: "300"}, "10000", "0")).toMatchObject({limit: "pairCapUsd"});
    expect(text(limit({}, "10000", "4600").amount)).toBe("400");
    // 1 + 1/1 + 0.001 + 0.00055 + 2 × 0.0005 = 2.00255
    expect(text(limit({}, "200.255", "0").amount)).toBe("100");
    expect(limit({}, "200.255", "0").limit).toBe("freeCapital");
  });

  it("rules without an instrument have steps of 1e-8, no minimum, and the source `assumed`", () => {
    expect(rules.source).toBe("assumed");
    expect(text(rules.step)).toBe("0.00000001");
    expect(text(quantitiesOf(d(1000), d(3), rules, config).ordered)).toBe("333.33333333");
  });

  it("both legs must pass their own minimums, spot with the order, perp with what it sells", () => {
    const strict = rulesOf(
      {spotStep: "0.1", perpStep: "0.1", spotMinQty: "10", perpMinQty: "10"},
      parseConfig({spotFeeIn: "base"})
    );
    const base = parseConfig({spotFeeIn: "base"});
    const references = {spotReference: d(100), perpReference: d(100)};
    const ten = quantitiesOf(d(1000), d(100), strict, base);
    expect([ten.ordered, ten.spotQty, ten.perpQty].map(text)).toEqual(["10", "9.99", "9.9"]);
    expect(refusalOf(ten, references, strict)).toBe("under-minimum-quantity");
    const more = quantitiesOf(d(1020), d(100), strict, base);
    expect(refusalOf(more, references, strict)).toBeUndefined();
    expect(refusalOf(quantitiesOf(d(-5), d(100), rules, config), references, rules)).toBe("nothing-to-buy");
    const notional = rulesOf(undefined, parseConfig({minNotional: "2000"}));
    expect(refusalOf(quantitiesOf(d(1000), d(100), notional, config), references, notional)).toBe(
      "under-minimum-notional"
    );
  });

  it("a config's steps outrank the instrument's", () => {
    const both = rulesOf({spotStep: "0.1", perpStep: "0.1"}, parseConfig({spotStep: "0.04"}));
    expect(text(both.step)).toBe("0.2");
    expect(both.source).toBe("known");
  });
});

describe("SEMANTICS §3: margin", () => {
  it("P* and the bankruptcy price round up to the tick, P* below bankruptcy", () => {
    const prices = marginPrices(d(100), {leverage: d(2), maintenanceRate: d("0.005"), tick: d("0.01")});
    expect(text(prices.liquidation)).toBe("149.26");
    expect(text(prices.bankruptcy)).toBe("150");
    fc.assert(
      fc.property(fc.integer({min: 1, max: 50}), fc.integer({min: 1, max: 1e6}), (leverage, cents) => {
        const fill = d(cents).div(100);
        const {liquidation, bankruptcy} = marginPrices(fill, {
          leverage: d(leverage),
          maintenanceRate: d("0.005"),
          tick: d("0.00000001")
        });
        expect(liquidation.gt(fill.times("0.99")) && liquidation.lte(bankruptcy)).toBe(true);
        // the margin of perpFill / L per coin equals the loss up to the bankruptcy price, within a tick
        expect(bankruptcy.minus(fill).minus(fill.div(leverage)).abs().lte("0.00000001")).toBe(true);
      })
    );
  });
});
