import type {bybit as Bybit} from "ccxt";
import {afterEach, beforeEach, describe, expect, it} from "vitest";
import {bench, client, KEY, type Bench} from "../../helpers/venue-account.js";

let venue: Bench;
let exchange: Bybit;

beforeEach(async () => {
  venue = await bench({marginMode: "ISOLATED_MARGIN", leverage: 1});
  exchange = client(venue.sim);
});
afterEach(() => venue.sim.close());

describe("ccxt on the simulated venue", () => {
  it("ccxt opens both legs by client id, finds orders, fills, position and balance, and closes them", async () => {
    const spot = await exchange.createOrder("BTC/USDT", "market", "buy", 0.5, undefined, {clientOrderId: "c1-spot-1"});
    expect(spot.clientOrderId).toBe("c1-spot-1");
    expect(await exchange.fetchBalance()).toMatchObject({BTC: {total: 0.4995}});
    const perp = await exchange.createOrder("BTC/USDT:USDT", "market", "sell", 0.499, undefined, {
      clientOrderId: "c1-perp-1"
    });
    const order = await exchange.fetchOrder(perp.id!, "BTC/USDT:USDT", {acknowledged: true});
    expect(order).toMatchObject({
      status: "closed",
      filled: 0.499,
      remaining: 0,
      side: "sell",
      clientOrderId: "c1-perp-1"
    });
    const [position] = await exchange.fetchPositions(["BTC/USDT:USDT"]);
    expect(position).toMatchObject({side: "short", contracts: 0.499, leverage: 1, entryPrice: order.average});
    expect(position!.liquidationPrice).toBeGreaterThan(1.9 * order.average!);
    const trades = await exchange.fetchMyTrades("BTC/USDT");
    expect(trades).toHaveLength(1);
    expect(trades[0]!.fee).toMatchObject({cost: 0.0005, currency: "BTC"});
    await exchange.createOrder("BTC/USDT:USDT", "limit", "buy", 0.499, order.average! * 1.005, {
      timeInForce: "IOC",
      reduceOnly: true
    });
    expect((await exchange.fetchPositions(["BTC/USDT:USDT"]))[0]!.contracts).toBe(0);
    await exchange.createOrder("BTC/USDT", "market", "sell", 0.4995);
    const books = venue.sim.steer.ledger(KEY);
    expect(books.balances["BTC"]).toBe("0");
    expect(books.positions).toEqual([]);
    expect(books.orders.map((o) => o["orderStatus"])).toEqual(["Filled", "Filled", "Filled", "Filled"]);
  });

  it("ccxt rests, lists and cancels a limit order, sets leverage and margin mode, reads fees and the log", async () => {
    const {id} = await exchange.createOrder("ETH/USDT:USDT", "limit", "buy", 1, 2_000, {postOnly: true});
    expect((await exchange.fetchOpenOrders("ETH/USDT:USDT")).map((o) => o.id)).toEqual([id]);
    await exchange.cancelOrder(id!, "ETH/USDT:USDT");
    expect(await exchange.fetchOpenOrders("ETH/USDT:USDT")).toEqual([]);
    expect(
      (await exchange.fetchClosedOrders("ETH/USDT:USDT")).concat(await exchange.fetchCanceledOrders("ETH/USDT:USDT"))
    ).toHaveLength(1);
    await exchange.setLeverage(3, "ETH/USDT:USDT");
    await expect(exchange.setLeverage(3, "ETH/USDT:USDT")).rejects.toThrow("110043");
    await exchange.setMarginMode("cross");
    expect((await exchange.fetchTradingFee("BTC/USDT:USDT")).taker).toBe(0.00055);
    expect((await exchange.fetchLedger("USDT")).map((row) => row.type)).toEqual(["transaction"]);
    await exchange.createOrder("ETH/USDT", "limit", "buy", 1, 2_000);
    await exchange.cancelAllOrders("ETH/USDT");
    expect(await exchange.fetchOpenOrders("ETH/USDT")).toEqual([]);
  });
});
