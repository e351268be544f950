import {afterEach, describe, expect, it} from "vitest";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {bench, KEY, NOW, SECRET, type Bench} from "../../helpers/venue-account.js";

let venue: Bench;
const open = async (...options: Parameters<typeof bench>): Promise<Bench> => (venue = await bench(...options));
afterEach(() => venue.sim.close());

const HOUR = 3_600_000;
const code = async (reply: Promise<{retCode: number}>) => (await reply).retCode;
const ledger = () => venue.sim.steer.ledger(KEY);
const limit = (category: string, symbol: string, side: string, qty: string, price: string, more: object = {}) =>
  venue.post("/v5/order/create", {category, symbol, side, orderType: "Limit", qty, price, ...more});
const touchOf = async (category: string, symbol: string) => {
  const reply = await (
    await fetch(`${venue.sim.url}/v5/market/orderbook?category=${category}&symbol=${symbol}`)
  ).json();
  const {a, b} = (reply as {result: {a: string[][]; b: string[][]}}).result;
  return {ask: a[0]![0]!, bid: b[0]![0]!};
};
/** Sums the log by coin. */
function logged(): Record<string, string> {
  const sums: Record<string, Decimal> = {};
  for (const row of ledger().transactionLog) {
    const coin = row["currency"] as string;
    sums[coin] = (sums[coin] ?? new Decimal(0)).plus(row["change"] as string);
  }
  return Object.fromEntries(Object.entries(sums).map(([coin, sum]) => [coin, sum.toFixed()]));
}

describe("signatures", () => {
  it("each invalid signature returns its code and has no effect", async () => {
    await open();
    const path = "/v5/account/wallet-balance";
    const query = {accountType: "UNIFIED"};
    expect(await code(venue.get(path, query))).toBe(0);
    expect(await code(venue.get(path, query, {key: "nobody"}))).toBe(10003);
    expect(await code(venue.get(path, query, {secret: "wrong"}))).toBe(10004);
    expect(await code(venue.get(path, query, {skewMs: -5_001}))).toBe(10002);
    expect(await code(venue.get(path, query, {skewMs: -5_000}))).toBe(0);
    expect(await code(venue.get(path, query, {skewMs: 1_000}))).toBe(10002);
    expect(await code(venue.get(path, query, {skewMs: 999}))).toBe(0);
    expect(await code(venue.get(path, query, {skewMs: -9_000, window: "10000"}))).toBe(0);
    const unsigned = await fetch(`${venue.sim.url}${path}?accountType=UNIFIED`);
    expect(((await unsigned.json()) as {retCode: number}).retCode).toBe(10001);
    expect(await code(venue.market("Buy", "spot", "BTCUSDT", "0.1", {}))).toBe(0);
    expect(ledger().orders).toHaveLength(1);
  });

  it("body that differs from the signed one is rejected", async () => {
    await open();
    const signed = await venue.raw("POST", "/v5/order/create", '{"category":"spot"}');
    expect(((await signed.json()) as {retMsg: string}).retMsg).toContain("symbol");
  });

  it("signed requests are counted, also to public paths; a market-data client signs none", async () => {
    await open();
    await fetch(`${venue.sim.url}/v5/market/time`);
    const count = async () =>
      ((await (await fetch(`${venue.sim.url}/sim/requests`)).json()) as {signed: number}).signed;
    expect(await count()).toBe(0);
    await venue.get("/v5/market/time");
    await venue.get("/v5/account/info", {}, {secret: "wrong"});
    expect(await count()).toBe(2);
    expect(ledger().signedRequests).toBe(2);
  });

  it("read-only keys and keys without the product are rejected with 10005", async () => {
    await open({permissions: {Spot: []}});
    expect(await code(venue.market("Buy", "spot", "BTCUSDT", "0.1"))).toBe(10005);
    expect(await code(venue.market("Sell", "linear", "BTCUSDT", "0.1"))).toBe(0);
    venue.sim.steer.openAccount({apiKey: "eyes", secret: SECRET, balances: {}, permissions: {readOnly: true}});
    const signing = {key: "eyes"};
    expect(
      await code(
        venue.post(
          "/v5/position/set-leverage",
          {category: "linear", symbol: "BTCUSDT", buyLeverage: "2", sellLeverage: "2"},
          signing
        )
      )
    ).toBe(10005);
    expect(await code(venue.get("/v5/position/list", {category: "linear", settleCoin: "USDT"}, signing))).toBe(0);
  });

  it("no reply contains the secret", async () => {
    await open();
    const texts: string[] = [];
    const say = async (path: string, body: string) =>
      texts.push(await (await fetch(venue.sim.url + path, {method: "POST", body})).text());
    await say("/sim/accounts", JSON.stringify({apiKey: KEY, secret: SECRET, balances: {}}));
    await say("/sim/accounts", JSON.stringify({apiKey: "b", secret: SECRET, balances: {usdt: 1}}));
    await say("/sim/accounts", JSON.stringify({apiKey: "b", secret: [SECRET], balances: {}}));
    await say("/sim/accounts", `{"apiKey": "b", "secret": "${SECRET}"`);
    texts.push(JSON.stringify(await venue.get("/v5/user/query-api")), JSON.stringify(ledger()));
    texts.push(await (await fetch(`${venue.sim.url}/sim/requests`)).text());
    expect(texts.join("\n")).not.toContain(SECRET);
    expect(texts[0]).toContain(`invalid apiKey: ${KEY} is taken`);
    expect(texts[1]).toContain("invalid balances.usdt");
  });
});

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
    const {ask, bid} = await touchOf("spot", "ETHUSDT");
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
    const {ask, bid} = await touchOf("linear", "KAVAUSDT");
    const status = async (price: string, timeInForce: string, qty = "100") => {
      await limit("linear", "KAVAUSDT", "Buy", qty, price, {timeInForce});
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
    const spot = await touchOf("spot", "KAVAUSDT");
    await limit("spot", "KAVAUSDT", "Buy", "900000", spot.ask, {timeInForce: "IOC"});
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
      const {bid} = await touchOf("linear", "SOLUSDT");
      const price = new Decimal(bid).times("0.997").toFixed(2);
      await limit("linear", "SOLUSDT", "Buy", "10", price, {timeInForce: "PostOnly", orderLinkId: "rests"});
      await limit("spot", "ETHUSDT", "Buy", "1", "1500", {orderLinkId: "far"});
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
    const rest = (symbol: string, orderLinkId: string) => limit("spot", symbol, "Buy", "0.01", "1000", {orderLinkId});
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
        code(limit(category, "BTCUSDT", side, "0.001", new Decimal(price).toFixed()));
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

describe("steering over HTTP", () => {
  it("HTTP steering opens accounts, acts, keeps the books, and names invalid input", async () => {
    await open();
    const send = async (path: string, body?: unknown) => {
      const init = body === undefined ? {} : {method: "POST", body: JSON.stringify(body)};
      const reply = await fetch(venue.sim.url + path, init);
      return {status: reply.status, body: (await reply.json()) as Record<string, unknown>};
    };
    const opened = await send("/sim/accounts", {apiKey: "two", secret: "x", balances: {USDT: "5000.5"}, leverage: "2"});
    expect(opened).toMatchObject({status: 200, body: {apiKey: "two"}});
    expect((await send("/sim/ledger?apiKey=two")).body).toMatchObject({balances: {USDT: "5000.5"}, signedRequests: 0});
    const signing = {key: "two", secret: "x"};
    const order = {category: "linear", symbol: "ETHUSDT", side: "Sell", orderType: "Market", qty: "1"};
    expect(await code(venue.post("/v5/order/create", order, signing))).toBe(0);
    const adl = {kind: "adl", apiKey: "two", symbol: "ETHUSDT", qty: "0.4"};
    expect(await send("/sim/acts", adl)).toMatchObject({status: 200, body: {orderId: expect.any(String) as string}});
    expect((await send("/sim/ledger?apiKey=two")).body).toMatchObject({positions: [{size: "0.6"}], signedRequests: 1});
    expect(await send("/sim/acts", {...adl, qty: "7"})).toEqual({status: 400, body: {error: "invalid qty: 7"}});
    expect(await send("/sim/acts", {...adl, colour: "red"})).toEqual({
      status: 400,
      body: {error: 'invalid colour: "red"'}
    });
    expect(await send("/sim/ledger?apiKey=three")).toEqual({status: 400, body: {error: "invalid apiKey: three"}});
    expect((await send("/sim/accounts", {apiKey: "b", secret: "x", balances: {USDT: "-1"}})).body).toEqual({
      error: 'invalid balances.USDT: "-1"'
    });
    expect(ledger().signedRequests).toBe(0);
  });
});

describe("lists", () => {
  it("lists visit every row once by cursor, and reject invalid limits and cursors", async () => {
    await open();
    for (let i = 0; i < 7; i++)
      await venue.market(i % 2 ? "Sell" : "Buy", "linear", "BTCUSDT", "0.1", {orderLinkId: `n${i}`});
    for (const [path, key, count] of [
      ["/v5/order/history", "orderId", 7],
      ["/v5/execution/list", "execId", 7],
      ["/v5/account/transaction-log", "id", 7]
    ] as const) {
      const seen: string[] = [];
      let cursor = "";
      for (let pages = 0; pages < 10; pages++) {
        const {result, retCode} = await venue.get(path, {category: "linear", limit: 3, ...(cursor ? {cursor} : {})});
        expect(retCode).toBe(0);
        seen.push(...result.list.map((row) => row[key]!));
        if (!(cursor = result.nextPageCursor!)) break;
      }
      expect(new Set(seen).size).toBe(count);
      expect(seen).toHaveLength(count);
      expect(await code(venue.get(path, {category: "linear", limit: 101}))).toBe(10001);
      expect(await code(venue.get(path, {category: "linear", limit: 0}))).toBe(10001);
      expect(await code(venue.get(path, {category: "linear", cursor: "nonsense"}))).toBe(10001);
      expect(await code(venue.get(path, {category: "linear", colour: "red"}))).toBe(10001);
      expect(await code(venue.get(path, {category: "linear", startTime: NOW - 8 * 24 * HOUR, endTime: NOW}))).toBe(
        10001
      );
    }
  });

  it("open-orders query by id also finds recently closed orders; linear requires a symbol or coin", async () => {
    await open();
    await venue.market("Buy", "linear", "BTCUSDT", "0.1", {orderLinkId: "done"});
    await limit("linear", "BTCUSDT", "Buy", "0.1", "10000", {orderLinkId: "rests"});
    const ids = async (path: string, query: Record<string, string>) =>
      (await venue.get(path, {category: "linear", ...query})).result.list.map((o) => o["orderLinkId"]);
    expect(await ids("/v5/order/realtime", {settleCoin: "USDT"})).toEqual(["rests"]);
    expect(await ids("/v5/order/realtime", {settleCoin: "USDT", openOnly: "1"})).toEqual(["done"]);
    expect(await ids("/v5/order/realtime", {orderLinkId: "done"})).toEqual(["done"]);
    expect(await ids("/v5/order/history", {})).toEqual(["done"]);
    expect(await code(venue.get("/v5/order/realtime", {category: "linear"}))).toBe(10001);
    expect(await code(venue.get("/v5/position/list", {category: "linear"}))).toBe(10001);
  });

  it("log covers one day unless a longer range is requested", async () => {
    await open();
    venue.step(25 * HOUR);
    const rows = async (query = {}) => (await venue.get("/v5/account/transaction-log", query)).result.list.length;
    expect(await rows()).toBe(0);
    expect(await rows({startTime: NOW, endTime: NOW + 25 * HOUR})).toBe(1);
  });
});

describe("settings", () => {
  it("leverage and margin mode: unchanged, out of range, or rejected while something is open", async () => {
    await open();
    const leverage = (l: string, sellLeverage = l) =>
      code(
        venue.post("/v5/position/set-leverage", {category: "linear", symbol: "BTCUSDT", buyLeverage: l, sellLeverage})
      );
    expect(await leverage("10")).toBe(110043);
    expect(await leverage("1")).toBe(0);
    expect(await leverage("1")).toBe(110043);
    expect(await leverage("51")).toBe(110013);
    expect(await leverage("2", "3")).toBe(10001);
    const mode = (setMarginMode: string) => code(venue.post("/v5/account/set-margin-mode", {setMarginMode}));
    expect(await mode("REGULAR_MARGIN")).toBe(110026);
    expect(await mode("ISOLATED_MARGIN")).toBe(0);
    await venue.market("Sell", "linear", "BTCUSDT", "0.1");
    expect(await mode("REGULAR_MARGIN")).toBe(3400045);
    expect((await venue.get("/v5/account/info")).result["marginMode"]).toBe("ISOLATED_MARGIN");
    expect(await code(venue.post("/v5/position/switch-isolated", {}))).toBe(100028);
  });

  it("isolated margin at leverage 1 locks the full value, and rejects more than the balance", async () => {
    await open({marginMode: "ISOLATED_MARGIN", leverage: 1, balances: {USDT: "10000"}});
    const {bid} = await touchOf("linear", "BTCUSDT");
    const most = new Decimal(10_000).div(bid).toDecimalPlaces(3, Decimal.ROUND_DOWN);
    expect(await code(venue.market("Sell", "linear", "BTCUSDT", most.plus("0.001").toFixed()))).toBe(110007);
    expect(await code(venue.market("Sell", "linear", "BTCUSDT", most.times("0.5").toFixed(3)))).toBe(0);
    expect(await code(venue.market("Sell", "linear", "BTCUSDT", most.times("0.55").toFixed(3)))).toBe(110007);
    const {result} = await venue.get<{coin: Record<string, string>[]}>("/v5/account/wallet-balance", {
      accountType: "UNIFIED"
    });
    const [row] = result.list;
    expect(Number(row!.coin[0]!["totalPositionIM"])).toBeGreaterThan(4_900);
  });
});

describe("as time passes", () => {
  const hedge = async () => {
    await venue.market("Buy", "spot", "BTCUSDT", "0.5", {orderLinkId: "s"});
    await venue.market("Sell", "linear", "BTCUSDT", "0.499", {orderLinkId: "p"});
  };

  it("position held over a settlement is paid at the settled rate and the mark; one opened at it is not", async () => {
    await open({leverage: 1});
    await hedge();
    venue.step(Date.UTC(2026, 2, 2, 16) - NOW);
    await venue.market("Sell", "linear", "ETHUSDT", "1");
    venue.step(60_000);
    const rows = ledger().transactionLog.filter((row) => row["type"] === "SETTLEMENT");
    const history = await venue.get("/v5/market/funding/history", {category: "linear", symbol: "BTCUSDT", limit: 1});
    const rate = new Decimal(history.result.list[0]!["fundingRate"]!);
    const kline = await venue.get<string[]>("/v5/market/mark-price-kline", {
      category: "linear",
      symbol: "BTCUSDT",
      interval: "1",
      start: Date.UTC(2026, 2, 2, 16),
      end: Date.UTC(2026, 2, 2, 16)
    });
    const mark = kline.result.list[0]![1]!;
    expect(rows).toHaveLength(1);
    const received = rate.times(mark).times("0.499");
    expect(rows[0]).toMatchObject({
      symbol: "BTCUSDT",
      side: "Sell",
      transactionTime: String(Date.UTC(2026, 2, 2, 16)),
      tradePrice: new Decimal(mark).toFixed(),
      qty: "0.499",
      size: "-0.499",
      feeRate: rate.neg().toFixed(),
      funding: received.toFixed(),
      change: received.toFixed()
    });
    expect(logged()).toEqual(ledger().balances);
    const [execution] = (await venue.get("/v5/execution/list", {category: "linear", execType: "Funding"})).result.list;
    expect(execution).toMatchObject({execFee: received.neg().toFixed(), execQty: "0.499"});
  });

  it("month of settlements is equal in one query or many, and sums to the wallet", async () => {
    const books: unknown[] = [];
    for (const steps of [1, 31 * 24]) {
      await open({leverage: 1});
      await hedge();
      for (let i = 0; i < steps; i++) {
        venue.step((31 * 24 * HOUR) / steps);
        venue.sim.steer.ledger(KEY);
      }
      expect(ledger().transactionLog.filter((row) => row["type"] === "SETTLEMENT").length).toBeGreaterThanOrEqual(93);
      expect(logged()).toEqual(ledger().balances);
      books.push(ledger());
      if (steps === 1) await venue.sim.close();
    }
    expect(books[1]).toEqual(books[0]);
  });

  it("isolated short is liquidated by the mark bar that reaches its price, at the bankruptcy price", async () => {
    await open({marginMode: "ISOLATED_MARGIN", leverage: 50, balances: {USDT: "100000"}});
    await venue.market("Sell", "linear", "SOLUSDT", "100");
    const [position] = ledger().positions;
    const [liq, bust] = [position!["liqPrice"] as string, position!["bustPrice"] as string];
    expect(Number(bust)).toBeGreaterThan(Number(liq));
    venue.step(10 * 24 * HOUR);
    const execution = ledger().executions.at(-1)!;
    expect(ledger().positions).toEqual([]);
    expect(execution).toMatchObject({execType: "BustTrade", side: "Buy", execPrice: bust, execQty: "100"});
    const open_ = Number(execution["execTime"]) - 60_000;
    const bar = await venue.get<string[]>("/v5/market/mark-price-kline", {
      category: "linear",
      symbol: "SOLUSDT",
      interval: "1",
      start: open_,
      end: open_
    });
    expect(Number(bar.result.list[0]![2])).toBeGreaterThanOrEqual(Number(liq));
    expect(logged()).toEqual(ledger().balances);
  });

  it("under cross margin a hedge's coins support its short; a naked short is liquidated with its margin", async () => {
    await open({leverage: 1});
    await hedge();
    venue.step(60 * 24 * HOUR);
    expect(ledger().positions).toHaveLength(1);
    await venue.sim.close();
    await open({leverage: 50, balances: {USDT: "300"}});
    const {bid} = await touchOf("linear", "SOLUSDT");
    await venue.market("Sell", "linear", "SOLUSDT", new Decimal(10_000).div(bid).toFixed(0));
    venue.step(20 * 24 * HOUR);
    expect(ledger().positions).toEqual([]);
    expect(ledger().executions.at(-1)).toMatchObject({execType: "BustTrade"});
    expect(logged()).toEqual(ledger().balances);
  });

  it("bar during which an order or a position began neither fills nor liquidates it", async () => {
    // Minutes whose wick alone reaches the price.
    const probe = await open();
    const start = Math.floor(NOW / 60_000) * 60_000;
    probe.step(24 * HOUR);
    const query = {category: "linear", symbol: "SOLUSDT", interval: "1", start, end: start + 16 * HOUR, limit: 960};
    const bars = (await probe.get<string[]>("/v5/market/kline", query)).result.list.reverse();
    const marks = (await probe.get<string[]>("/v5/market/mark-price-kline", query)).result.list.reverse();
    const beyond = (rows: string[][], i: number, reached: (row: string[]) => boolean) =>
      reached(rows[i]!) && rows.slice(i + 1, i + 3).every((row) => !reached(row));
    const price = (i: number) => Number(bars[i]![3]) + 0.01;
    const dip = bars.findIndex(
      (bar, i) => price(i) < Number(bar[1]) && beyond(bars, i, (row) => Number(row[3]) < price(i))
    );
    // Leverage this high must be set at opening; it brings the liquidation price within a wick.
    const leverage = 190;
    const liquidation = (i: number) => Math.ceil(((Number(bars[i]![1]) * 191) / 190 / 1.005) * 1_000) / 1_000;
    const rise = marks.findIndex(
      (mark, i) =>
        liquidation(i) > Number(mark[1]) + 0.005 && beyond(marks, i, (row) => Number(row[2]) >= liquidation(i))
    );
    expect(Math.min(dip, rise)).toBeGreaterThan(0);
    await probe.sim.close();
    for (const [seconds, counts] of [
      [0, true],
      [30, false]
    ] as const) {
      const [low, high] = [Number(bars[dip]![0]), Number(marks[rise]![0])];
      await open({}, {nowMs: low + seconds * 1_000});
      await limit("linear", "SOLUSDT", "Buy", "10", price(dip).toFixed(3));
      venue.sim.steer.clock({now: low + 180_000});
      expect(ledger().orders[0]!["orderStatus"]).toBe(counts ? "Filled" : "New");
      await venue.sim.close();
      await open({marginMode: "ISOLATED_MARGIN", leverage}, {nowMs: high + seconds * 1_000});
      await venue.market("Sell", "linear", "SOLUSDT", "10");
      expect(Number(ledger().positions[0]!["liqPrice"])).toBeCloseTo(liquidation(rise), 8);
      venue.sim.steer.clock({now: high + 180_000});
      expect(ledger().positions).toHaveLength(counts ? 0 : 1);
      if (counts) await venue.sim.close();
    }
  });

  it("under cross margin with withdrawn funds the account's margin decides, not the position's price", async () => {
    await open({leverage: 10, balances: {USDT: "1300"}});
    const {bid} = await touchOf("linear", "SOLUSDT");
    await venue.market("Sell", "linear", "SOLUSDT", new Decimal(10_000).div(bid).toFixed(0));
    venue.sim.steer.act({kind: "transfer-out", apiKey: KEY, coin: "USDT", amount: "1100"});
    const [position] = ledger().positions;
    expect(Number(position!["liqPrice"])).toBeLessThan(Number(position!["avgPrice"]) * 1.03);
    venue.step(20 * 24 * HOUR);
    const [execution] = ledger().executions.filter((row) => row["execType"] === "BustTrade");
    expect(ledger().positions).toEqual([]);
    expect(Number(execution!["execPrice"])).toBeLessThan(Number(position!["avgPrice"]) * 1.06);
    expect(logged()).toEqual(ledger().balances);
  });

  it("permitted borrowing takes the quote wallet below zero and pays hourly interest", async () => {
    await open({balances: {USDT: "1000", BTC: "1"}, borrow: {allowed: true, hourlyRate: "0.00001"}});
    expect(await code(venue.market("Buy", "spot", "ETHUSDT", "1"))).toBe(170131);
    expect(await code(venue.market("Buy", "spot", "ETHUSDT", "1", {isLeverage: 1}))).toBe(0);
    const owed = new Decimal(ledger().balances["USDT"]!);
    expect(owed.isNegative()).toBe(true);
    venue.step(2 * HOUR);
    const rows = ledger().transactionLog.filter((row) => row["type"] === "INTEREST");
    expect(rows).toHaveLength(2);
    expect(rows[0]!["change"]).toBe(owed.times("0.00001").toFixed());
    expect((await venue.get("/v5/account/borrow-history")).result.list).toHaveLength(2);
    expect(logged()).toEqual(ledger().balances);
  });
});
