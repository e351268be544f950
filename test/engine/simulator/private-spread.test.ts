import {afterEach, beforeEach, describe, expect, it} from "vitest";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {bench, KEY, type Bench, type Envelope} from "../../helpers/venue-account.js";

let venue: Bench;
beforeEach(async () => {
  venue = await bench({leverage: 1, marginMode: "ISOLATED_MARGIN"});
});
afterEach(() => venue.sim.close());

const SYMBOL = "SOLUSDT_SOL/USDT";
const ledger = () => venue.sim.steer.ledger(KEY);
const read = async <More = Record<string, unknown>>(path: string) =>
  ((await (await fetch(venue.sim.url + path)).json()) as Envelope<Record<string, string>, More>).result;
const create = (more: object) =>
  venue.post("/v5/spread/order/create", {symbol: SYMBOL, side: "Sell", orderType: "Market", qty: "10", ...more});
const touch = async () => {
  const {a, b} = await read<{a: string[][]; b: string[][]}>(
    `/v5/spread/orderbook?symbol=${encodeURIComponent(SYMBOL)}&limit=1`
  );
  return {ask: a[0]![0]!, bid: b[0]![0]!};
};

describe("native spreads", () => {
  it("spread is listed with both legs; its book and ticker derive from theirs", async () => {
    const {list} = await read(`/v5/spread/instrument?symbol=${encodeURIComponent(SYMBOL)}`);
    expect(list[0]).toMatchObject({
      contractType: "FundingRateArb",
      baseCoin: "SOL",
      legs: [
        {symbol: "SOLUSDT", contractType: "LinearPerpetual"},
        {symbol: "SOLUSDT", contractType: "Spot"}
      ]
    });
    const all = (await read("/v5/spread/instrument")).list.map((s) => s["symbol"]);
    expect(all).toContain("BTCUSDT_BTC/USDT");
    expect(all.join()).not.toMatch(/PEPE|JELLY/);
    const {ask, bid} = await touch();
    expect(Number(ask)).toBeGreaterThan(Number(bid));
    const [ticker] = (await read(`/v5/spread/tickers?symbol=${encodeURIComponent(SYMBOL)}`)).list;
    expect(ticker).toMatchObject({bidPrice: bid, askPrice: ask});
  });

  it("selling a spread buys the coin and sells the perp at one instant, each at its own price", async () => {
    const {bid} = await touch();
    const {result} = await create({orderLinkId: "hedge"});
    const {list: trades} = (
      await venue.get<{execPrice: string; legs: Record<string, string>[]}>("/v5/spread/execution/list", {
        orderLinkId: "hedge"
      })
    ).result;
    const [trade] = trades;
    expect(trade).toMatchObject({side: "Sell", execPrice: bid, execQty: "10"});
    const [perp, coin] = trade!.legs;
    expect(perp).toMatchObject({category: "linear", side: "Sell", execType: "FutureSpread"});
    expect(coin).toMatchObject({category: "spot", side: "Buy"});
    expect(new Decimal(perp!["execPrice"]!).minus(coin!["execPrice"]!).toFixed()).toBe(bid);
    expect(ledger().balances["SOL"]).toBe("9.99");
    expect(ledger().positions[0]).toMatchObject({symbol: "SOLUSDT", side: "Sell", size: "10"});
    for (const category of ["linear", "spot"]) {
      const {list} = (await venue.get("/v5/execution/list", {category, symbol: "SOLUSDT"})).result;
      expect(list.map((row) => row["execType"])).toEqual(["FutureSpread"]);
    }
    const [order] = (await venue.get("/v5/spread/order/history", {orderId: result["orderId"] as string})).result.list;
    expect(order).toMatchObject({orderStatus: "Filled", leg1Side: "Sell", leg2Side: "Buy", cumExecQty: "10"});
    const [leg] = (await venue.get("/v5/order/history", {category: "linear", orderId: order!["leg1OrderId"]!})).result
      .list;
    expect(leg).toMatchObject({createType: "CreateByFutureSpread", orderStatus: "Filled"});
  });

  it("resting spread orders are listed, and cancelled one by one or all at once", async () => {
    const {ask} = await touch();
    const price = new Decimal(ask).plus(5).toFixed();
    for (const orderLinkId of ["a", "b", "c"])
      await create({orderType: "Limit", price, orderLinkId, timeInForce: "PostOnly"});
    const open = async () => (await venue.get("/v5/spread/order/realtime")).result.list.map((o) => o["orderLinkId"]);
    expect(await open()).toEqual(["c", "b", "a"]);
    expect((await venue.post("/v5/spread/order/cancel", {orderLinkId: "b"})).retCode).toBe(0);
    expect((await venue.post("/v5/spread/order/cancel", {orderLinkId: "b"})).retCode).toBe(110001);
    expect(await open()).toEqual(["c", "a"]);
    expect((await venue.post("/v5/spread/order/cancel-all", {symbol: SYMBOL})).result).toMatchObject({success: "1"});
    expect(await open()).toEqual([]);
    expect(ledger().executions).toEqual([]);
  });

  it("resting spread order fills at its price once the book reaches it, equally in one query or many", async () => {
    const {bid} = await touch();
    const price = new Decimal(bid).plus("0.02").toFixed();
    const books: unknown[] = [];
    for (const steps of [1, 48]) {
      if (steps === 48) {
        await venue.sim.close();
        venue = await bench({leverage: 1, marginMode: "ISOLATED_MARGIN"});
      }
      await create({orderType: "Limit", price, orderLinkId: "rests"});
      for (let i = 0; i < steps; i++) {
        venue.step((48 * 3_600_000) / steps);
        ledger();
      }
      books.push(ledger());
      expect(ledger().spreadOrders[0]).toMatchObject({orderStatus: "Filled", cumExecQty: "10"});
      expect(
        ledger()
          .executions.slice(0, 2)
          .map((row) => row["isMaker"])
      ).toEqual([true, true]);
    }
    expect(books[1]).toEqual(books[0]);
  });

  it("spread order is rejected whole when a leg is unaffordable, unknown, repeated or too small", async () => {
    expect((await create({qty: "2000"})).retCode).toBe(110007);
    expect((await create({qty: "700"})).retCode).toBe(0);
    expect((await create({qty: "700"})).retCode).toBe(110007);
    expect((await create({symbol: "NOPE_NOPE/USDT"})).retCode).toBe(10001);
    expect((await create({qty: "0.01"})).retCode).toBe(10001);
    expect((await create({orderLinkId: "x"})).retCode).toBe(0);
    expect((await create({orderLinkId: "x"})).retCode).toBe(110072);
    expect((await create({colour: "red"})).retCode).toBe(10001);
  });

  it("partial fault fills both legs equally; a lost reply keeps both", async () => {
    venue.sim.steer.orderFaults([
      {kind: "partial", fraction: 0.4},
      {kind: "server-error", accept: true, nth: 2}
    ]);
    await create({});
    expect(ledger().spreadOrders[0]).toMatchObject({orderStatus: "Cancelled", cumExecQty: "4"});
    expect(ledger().orders.map((o) => o["orderStatus"])).toEqual(["Cancelled", "PartiallyFilledCanceled"]);
    expect(
      (
        await venue.raw(
          "POST",
          "/v5/spread/order/create",
          JSON.stringify({symbol: SYMBOL, side: "Sell", orderType: "Market", qty: "1"})
        )
      ).status
    ).toBe(502);
    expect(ledger().positions[0]!["size"]).toBe("5");
    expect(ledger().balances["SOL"]).toBe("4.995");
  });
});
