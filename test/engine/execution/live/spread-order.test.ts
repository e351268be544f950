import {describe, expect, it} from "vitest";
import {maybeSpreadPrice, type SpreadMarket} from "../../../../engine/execution/live/spread-market.js";
import {spreadFields, spreadOrderOf} from "../../../../engine/execution/live/spread.js";
import type {OrderMarket, PairMarkets} from "../../../../engine/execution/live/markets.js";
import type {LegOrder} from "../../../../engine/execution/venue.js";
import {Decimal, ONE, text} from "../../../../src/lib/money/decimal.js";

const D = (value: string) => new Decimal(value);
const market: SpreadMarket = {
  symbol: "SOLUSDT_SOL/USDT",
  tick: D("0.01"),
  lot: D("0.1"),
  min: D("0.2"),
  max: D("50"),
  prices: {lowest: D("-20"), highest: D("20")}
};
const own = (category: OrderMarket["category"], step: string): OrderMarket => ({
  category,
  symbol: "SOLUSDT",
  coin: "SOL",
  unit: ONE,
  tick: D("0.01"),
  step: D(step),
  min: {quantity: D(step), notional: D("5")},
  max: undefined,
  active: true
});
const markets: PairMarkets = {
  pair: "SOL/USDT",
  coin: "SOL",
  quote: "USDT",
  spot: own("spot", "0.001"),
  perp: own("linear", "0.1")
};

const leg = (name: "spot" | "perp", side: LegOrder["side"], quantity: string, limit?: string): LegOrder => ({
  clientId: `${name}-1`,
  market: name,
  side,
  quantity: D(quantity),
  reference: D("100"),
  ...(limit !== undefined && {limit: D(limit)})
});
const opening = (spot: string, perp: string) => [
  leg("spot", "buy", spot, "100.5"),
  leg("perp", "sell", perp, "99.503")
];
const leaving = (spot: string, perp: string) => [
  leg("spot", "sell", spot, "99.5"),
  leg("perp", "buy", perp, "100.507")
];
const order = (legs: LegOrder[], coinFee = "0.001") => spreadOrderOf({legs, markets, market, coinFee: D(coinFee)});

describe("spread order of two legs", () => {
  it("spread order takes the common quantity, sells to open, buys to exit, at the limits' difference rounded inward", () => {
    expect(spreadFields(order(opening("10", "9.9"))!)).toEqual({
      symbol: "SOLUSDT_SOL/USDT",
      side: "Sell",
      orderType: "Limit",
      qty: "9.9",
      price: "-0.99",
      timeInForce: "IOC",
      orderLinkId: "spot-1"
    });
    expect(spreadFields(order(leaving("9.99", "9.9"))!)).toMatchObject({side: "Buy", qty: "9.9", price: "1"});
  });

  it("two market legs make a market order; one market leg makes no spread order", () => {
    const legs = [leg("spot", "sell", "9.99"), leg("perp", "buy", "9.9")];
    expect(spreadFields(order(legs)!)).not.toHaveProperty("price");
    expect(order([legs[0]!, leg("perp", "buy", "9.9", "100")])).toBeUndefined();
  });

  it("exit leaves enough coin over to be sold: 5 USDT at the worst price", () => {
    const {quantity} = order(leaving("9.95", "9.9"))!;
    // 0.05 coins are worth less than the minimum order, 0.15 more
    expect(text(quantity)).toBe("9.8");
    // no tradable remainder: nothing is withheld
    expect(text(order(leaving("9.9005", "9.9"))!.quantity)).toBe("9.9");
    expect(text(order(opening("9.95", "9.9"))!.quantity)).toBe("9.9");
  });

  it.each([
    ["one leg", [leg("spot", "buy", "10", "100.5")]],
    ["two of one side", [leg("spot", "buy", "10", "100.5"), leg("perp", "buy", "10", "100.5")]],
    ["two of one market", [leg("perp", "sell", "10", "100.5"), leg("perp", "buy", "10", "100.5")]],
    ["legs that differ by more than a lot and the fee", opening("10", "9.7")],
    ["the short larger by more", leaving("9.5", "9.9")],
    ["less than the least", opening("0.11", "0.1")],
    ["nothing in common", leaving("0.085", "0.1")],
    ["more than the most", opening("51", "50.9")],
    ["a price that the venue does not take", [leg("spot", "buy", "10", "100"), leg("perp", "sell", "9.9", "121")]]
  ])("%s: two orders", (_, legs) => expect(order(legs)).toBeUndefined());

  it("higher coin fee allows a larger difference", () => {
    expect(order(opening("40", "39.6"))).toBeUndefined();
    expect(text(order(opening("40", "39.6"), "0.01")!.quantity)).toBe("39.6");
  });
});

describe("worst price of a spread", () => {
  it.each([
    ["sell", "-0.997", "-0.99"],
    ["buy", "0.997", "0.99"],
    // clamped to the venue's worst accepted price; above the best one it could never fill
    ["sell", "-35", "-20"],
    ["buy", "35", "20"],
    ["sell", "20.001", undefined],
    ["buy", "-20.001", undefined]
  ] as const)("%s at %s is %s", (side, price, expected) => {
    const found = maybeSpreadPrice(market, D(price), side);
    expect(found && text(found)).toBe(expected);
  });
});
