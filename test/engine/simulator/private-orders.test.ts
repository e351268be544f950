import {afterEach, describe, expect, it} from "vitest";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {bench, KEY, type Bench} from "../../helpers/venue-account.js";

let venue: Bench;
const open = async (...options: Parameters<typeof bench>): Promise<Bench> => (venue = await bench(...options));
afterEach(() => venue.sim.close());

const HOUR = 3_600_000;
const code = async (reply: Promise<{retCode: number}>) => (await reply).retCode;
const ledger = () => venue.sim.steer.ledger(KEY);

describe("orders", () => {
  it.each([
    ["spot", {symbol: "NOPEUSDT"}, 170121],
    ["linear", {symbol: "NOPEUSDT"}, 10001],
    ["spot", {qty: "0.12345678901"}, 170137],
    ["linear", {qty: "0.1234"}, 10001],
    ["spot", {qty: "0.000001"}, 170136],
    ["spot", {qty: "0.00001"}, 170140],
    ["spot", {qty: "2000000"}, 170135],
    ["linear", {qty: "2000000"}, 10001],
    ["spot", {qty: "5"}, 170131],
    ["linear", {qty: "50"}, 110007],
    ["spot", {qty: "-1"}, 10001],
    ["spot", {qty: "many"}, 10001],
    ["linear", {positionIdx: 1}, 10001],
    ["linear", {reduceOnly: true}, 110017],
    ["linear", {tpslMode: "Full"}, 10001],
    ["spot", {side: "Sideways"}, 10001],
    ["spot", {side: "Sell"}, 170131],
    ["spot", {orderLinkId: "not allowed!"}, 10001],
    ["spot", {orderType: "Limit"}, 10001],
    ["spot", {orderType: "Limit", price: "1.001"}, 170134],
    ["linear", {orderType: "Limit", price: "1.001"}, 10001],
    ["spot", {orderType: "Limit", price: "900000"}, 170193],
    ["linear", {orderType: "Limit", price: "900000"}, 110003],
    ["spot", {side: "Sell", orderType: "Limit", price: "100"}, 170194],
    ["linear", {side: "Sell", orderType: "Limit", price: "100"}, 110003]
  ] as const)("%s %j is refused with %i and leaves no trace", async (category, change, retCode) => {
    await open();
    const body = {category, symbol: "BTCUSDT", side: "Buy", orderType: "Market", qty: "0.1"};
    const unit = category === "spot" ? {marketUnit: "baseCoin"} : {};
    expect(await code(venue.post("/v5/order/create", {...body, ...unit, ...change}))).toBe(retCode);
    expect(ledger().orders).toEqual([]);
    expect(ledger().balances).toEqual({USDT: "100000"});
  });

  it("linear order under 5 USDT returns 110094, unless it reduces", async () => {
    await open();
    expect(await code(venue.market("Sell", "linear", "XRPUSDT", "1"))).toBe(110094);
    expect(await code(venue.market("Sell", "linear", "XRPUSDT", "100"))).toBe(0);
    expect(await code(venue.market("Buy", "linear", "XRPUSDT", "1", {reduceOnly: true}))).toBe(0);
    expect(ledger().positions[0]).toMatchObject({side: "Sell", size: "99"});
  });

  it("client id is unique within each category", async () => {
    await open();
    const more = {orderLinkId: "c1"};
    expect(await code(venue.market("Buy", "spot", "BTCUSDT", "0.1", more))).toBe(0);
    expect(await code(venue.market("Sell", "linear", "BTCUSDT", "0.1", more))).toBe(0);
    expect(await code(venue.market("Buy", "spot", "BTCUSDT", "0.1", more))).toBe(170141);
    expect(await code(venue.market("Sell", "linear", "BTCUSDT", "0.1", more))).toBe(110072);
    expect(ledger().orders).toHaveLength(2);
  });

  it("spot fee is in coins for a buy, in quote for a sell; a buy in quote spends its budget, rounded to the step", async () => {
    await open({balances: {USDT: "1000"}});
    const {ask, bid} = await venue.touchOf("spot", "ETHUSDT");
    await venue.post("/v5/order/create", {
      category: "spot",
      symbol: "ETHUSDT",
      side: "Buy",
      orderType: "Market",
      qty: "500"
    });
    const [order] = ledger().orders;
    const qty = new Decimal(500).div(ask).div("0.00001").floor().times("0.00001");
    expect(order).toMatchObject({
      orderStatus: "Filled",
      marketUnit: "quoteCoin",
      qty: "500",
      cumExecQty: qty.toFixed()
    });
    expect(ledger().balances["ETH"]).toBe(qty.times("0.999").toFixed());
    expect(order!["cumFeeDetail"]).toEqual({ETH: qty.times("0.001").toFixed()});
    await venue.market("Sell", "spot", "ETHUSDT", "0.1");
    const value = new Decimal("0.1").times(bid);
    expect(ledger().transactionLog.at(-1)).toMatchObject({
      currency: "USDT",
      cashFlow: value.toFixed(),
      fee: value.times("0.001").toFixed(),
      change: value.times("0.999").toFixed()
    });
  });

  it("IOC takes or is cancelled, FOK takes all or nothing, PostOnly never takes, GTC rests", async () => {
    await open({balances: {USDT: "1000000"}, liquidity: "book", leverage: 50});
    const {ask, bid} = await venue.touchOf("linear", "KAVAUSDT");
    const status = async (price: string, timeInForce: string, qty = "100") => {
      await venue.limit("linear", "KAVAUSDT", "Buy", qty, price, {timeInForce});
      return ledger().orders.at(-1)!;
    };
    expect(await status(bid, "IOC")).toMatchObject({orderStatus: "Cancelled", cumExecQty: "0", leavesQty: "0"});
    const deep = await status(ask, "FOK", "900000");
    expect(deep).toMatchObject({orderStatus: "Cancelled", rejectReason: "EC_NoImmediateQtyToFill"});
    const part = await status(ask, "IOC", "900000");
    expect(part["orderStatus"]).toBe("Cancelled");
    expect(Number(part["cumExecQty"])).toBeGreaterThan(0);
    expect(await status(ask, "PostOnly")).toMatchObject({
      orderStatus: "Cancelled",
      rejectReason: "EC_PostOnlyWillTakeLiquidity"
    });
    expect(await status(bid, "PostOnly")).toMatchObject({orderStatus: "New"});
    expect(await status(ask, "GTC", "900000")).toMatchObject({orderStatus: "PartiallyFilled"});
    const spot = await venue.touchOf("spot", "KAVAUSDT");
    await venue.limit("spot", "KAVAUSDT", "Buy", "900000", spot.ask, {timeInForce: "IOC"});
    expect(ledger().orders.at(-1)).toMatchObject({orderStatus: "PartiallyFilledCanceled"});
    await venue.market("Buy", "linear", "KAVAUSDT", "50000");
    const fills = ledger().executions.filter((e) => e["orderId"] === ledger().orders.at(-1)!["orderId"]);
    expect(fills.length).toBeGreaterThan(1);
    expect(new Set(fills.map((f) => f["execPrice"])).size).toBe(fills.length);
  });

  it("reduce-only order is capped at its position and never reverses it; quantity 0 closes all", async () => {
    await open();
    await venue.market("Sell", "linear", "BTCUSDT", "0.2");
    await venue.market("Buy", "linear", "BTCUSDT", "0.5", {reduceOnly: true});
    expect(ledger().positions).toEqual([]);
    expect(ledger().orders.at(-1)).toMatchObject({qty: "0.2", orderStatus: "Filled", reduceOnly: true});
    await venue.market("Sell", "linear", "BTCUSDT", "0.3");
    expect(await code(venue.market("Sell", "linear", "BTCUSDT", "0.1", {reduceOnly: true}))).toBe(110017);
    expect(await code(venue.market("Buy", "linear", "BTCUSDT", "0", {reduceOnly: true, closeOnTrigger: true}))).toBe(0);
    expect(ledger().positions).toEqual([]);
  });

  it("resting order fills as maker at its price once the market trades through, at the same bar in one query or many", async () => {
    const books: unknown[] = [];
    for (const steps of [1, 8, 240]) {
      await open();
      const {bid} = await venue.touchOf("linear", "SOLUSDT");
      const price = new Decimal(bid).times("0.997").toFixed(2);
      await venue.limit("linear", "SOLUSDT", "Buy", "10", price, {timeInForce: "PostOnly", orderLinkId: "rests"});
      await venue.limit("spot", "ETHUSDT", "Buy", "1", "1500", {orderLinkId: "far"});
      for (let i = 0; i < steps; i++) {
        venue.step((24 * HOUR) / steps);
        await venue.get("/v5/account/info");
      }
      const filled = ledger().orders[0]!;
      expect(filled).toMatchObject({orderStatus: "Filled", avgPrice: new Decimal(price).toFixed()});
      expect(Number(filled["updatedTime"]) % 60_000).toBe(0);
      expect(ledger().executions[0]).toMatchObject({isMaker: true, feeRate: "0.0002"});
      expect(ledger().orders[1]).toMatchObject({orderStatus: "New"});
      const {signedRequests, ...rest} = ledger();
      books.push(rest);
      if (steps !== 240) await venue.sim.close();
    }
    expect(books[1]).toEqual(books[0]);
    expect(books[2]).toEqual(books[0]);
  });

  it("orders cancel by either id, by category or by symbol, manual ones too; an ended order returns its code", async () => {
    await open();
    const rest = (symbol: string, orderLinkId: string) =>
      venue.limit("spot", symbol, "Buy", "0.01", "1000", {orderLinkId});
    await rest("ETHUSDT", "a");
    await rest("BTCUSDT", "b");
    venue.sim.steer.act({
      kind: "manual-order",
      apiKey: KEY,
      category: "spot",
      symbol: "ETHUSDT",
      side: "Buy",
      qty: "0.01",
      price: "1100"
    });
    const cancel = (orderLinkId: string) =>
      venue.post("/v5/order/cancel", {category: "spot", symbol: "ETHUSDT", orderLinkId});
    expect(await code(cancel("a"))).toBe(0);
    expect(await code(cancel("a"))).toBe(170142);
    expect(await code(cancel("zzz"))).toBe(170213);
    expect(await code(venue.post("/v5/order/cancel", {category: "linear", symbol: "BTCUSDT", orderId: "zzz"}))).toBe(
      110001
    );
    const all = await venue.post("/v5/order/cancel-all", {category: "spot", symbol: "ETHUSDT"});
    expect(all.result).toMatchObject({success: "1", list: [{orderLinkId: ""}]});
    expect(ledger().orders.map((o) => o["orderStatus"])).toEqual(["Cancelled", "New", "Cancelled"]);
    expect(await code(venue.post("/v5/order/cancel-all", {category: "linear"}))).toBe(10001);
    expect(await code(venue.post("/v5/order/cancel-all", {category: "linear", settleCoin: "USDT"}))).toBe(0);
  });
});

describe("limits of orders", () => {
  it("displayed price limits are enforced", async () => {
    await open({balances: {USDT: "100000", BTC: "1"}});
    for (const category of ["spot", "linear"]) {
      const {result} = await venue.get<unknown, {buyLmt: string; sellLmt: string}>("/v5/market/price-limit", {
        category,
        symbol: "BTCUSDT"
      });
      const {buyLmt, sellLmt} = result;
      const tick = new Decimal(10).pow(-buyLmt.split(".")[1]!.length);
      const send = (side: string, price: Decimal | string) =>
        code(venue.limit(category, "BTCUSDT", side, "0.001", new Decimal(price).toFixed()));
      expect(await send("Buy", buyLmt)).toBe(0);
      expect(await send("Buy", tick.plus(buyLmt))).toBe(category === "spot" ? 170193 : 110003);
      expect(await send("Sell", sellLmt)).toBe(0);
      expect(await send("Sell", new Decimal(sellLmt).minus(tick))).toBe(category === "spot" ? 170194 : 110003);
    }
    const risk = await venue.get("/v5/market/risk-limit", {category: "linear", symbol: "BTCUSDT"});
    expect(risk.result.list[0]).toMatchObject({
      maintenanceMargin: "0.005",
      initialMargin: "0.02",
      maxLeverage: "50.00"
    });
  });
});
