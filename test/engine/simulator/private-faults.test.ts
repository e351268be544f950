import {afterEach, beforeEach, describe, expect, it} from "vitest";
import {ORDER_FAULTS} from "../../../engine/simulator/api/order-faults.js";
import {bench, KEY, type Bench, type Envelope} from "../../helpers/venue-account.js";

let venue: Bench;
beforeEach(async () => {
  venue = await bench({leverage: 1, marginMode: "ISOLATED_MARGIN"});
});
afterEach(() => venue.sim.close());

const ledger = () => venue.sim.steer.ledger(KEY);
const faults = (...list: object[]) => venue.sim.steer.orderFaults(list);
const perp = (qty = "0.1", more: object = {}) =>
  venue.market("Sell", "linear", "BTCUSDT", qty, {orderLinkId: "leg", ...more});
const spot = (qty = "0.1") => venue.market("Buy", "spot", "BTCUSDT", qty, {orderLinkId: "leg"});
const body = (category: string, side: string, more: object = {}) =>
  JSON.stringify({
    category,
    symbol: "BTCUSDT",
    side,
    orderType: "Market",
    qty: "0.1",
    marketUnit: category === "spot" ? "baseCoin" : undefined,
    ...more
  });

/** Returns a reply's status, or that none came. */
async function watched(reply: Promise<Response>): Promise<number | "nothing" | "cut"> {
  try {
    const {status, ...rest} = await reply.then(async (r) => ({status: r.status, text: await r.text()}));
    JSON.parse(rest.text);
    return status;
  } catch (error) {
    return (error as Error).name === "SyntaxError" ? "cut" : "nothing";
  }
}
/** Sends a request and aborts as soon as the venue has processed it. */
async function abandoned(payload: string): Promise<number | "nothing" | "cut"> {
  const given = new AbortController();
  const before = venue.sim.steer.signedRequests();
  const reply = watched(venue.raw("POST", "/v5/order/create", payload, {signal: given.signal}));
  while (venue.sim.steer.signedRequests() === before) await new Promise((resolve) => setImmediate(resolve));
  await fetch(`${venue.sim.url}/sim/requests`);
  await fetch(`${venue.sim.url}/sim/requests`);
  given.abort();
  return reply;
}
const held = () => ledger().positions.map((p) => p["size"]);

describe("order faults", () => {
  it("reject, insufficient-funds, price-band: return the leg's code and create no order", async () => {
    for (const [kind, linear, coins] of [
      ["reject", 110032, 170210],
      ["insufficient-funds", 110007, 170131],
      ["price-band", 110003, 170193]
    ] as const) {
      faults({kind, times: 2});
      expect((await perp()).retCode).toBe(linear);
      expect((await spot()).retCode).toBe(coins);
    }
    expect(ledger().orders).toEqual([]);
    expect((await perp()).retCode).toBe(0);
  });

  it("reject with a custom code; reject late: acknowledged, then Rejected", async () => {
    faults({kind: "reject", code: 110066, message: "trading is halted"});
    expect(await perp()).toMatchObject({retCode: 110066, retMsg: "trading is halted"});
    faults({kind: "reject", late: true});
    expect((await perp()).retCode).toBe(0);
    expect(ledger().orders[0]).toMatchObject({orderStatus: "Rejected", cumExecQty: "0"});
  });

  it("timeout-before-accept and timeout-after-accept: no reply; only the second creates an order", async () => {
    faults({kind: "timeout-before-accept"});
    expect(await abandoned(body("linear", "Sell"))).toBe("nothing");
    expect(ledger().orders).toEqual([]);
    faults({kind: "timeout-after-accept"});
    expect(await abandoned(body("linear", "Sell"))).toBe("nothing");
    expect(held()).toEqual(["0.1"]);
  });

  it("stalled-body and malformed: the order exists, the reply is incomplete", async () => {
    faults({kind: "stalled-body"});
    expect(await abandoned(body("linear", "Sell"))).toBe("nothing");
    expect(held()).toEqual(["0.1"]);
    faults({kind: "malformed"});
    expect(await watched(venue.raw("POST", "/v5/order/create", body("linear", "Sell")))).toBe("cut");
    expect(held()).toEqual(["0.2"]);
  });

  it("partial: the share fills, rounded down to the step; the rest of a limit order rests, of an IOC or market order is cancelled", async () => {
    faults({kind: "partial", fraction: 0.37, times: 4});
    await perp("0.1");
    expect(ledger().orders.at(-1)).toMatchObject({orderStatus: "Cancelled", cumExecQty: "0.037"});
    const {a, b} = (
      (await (await fetch(`${venue.sim.url}/v5/market/orderbook?category=linear&symbol=BTCUSDT`)).json()) as {
        result: {a: string[][]; b: string[][]};
      }
    ).result;
    const limit = {category: "linear", symbol: "BTCUSDT", orderType: "Limit", qty: "0.1"};
    await venue.post("/v5/order/create", {...limit, side: "Sell", price: b[0]![0]});
    expect(ledger().orders.at(-1)).toMatchObject({
      orderStatus: "PartiallyFilled",
      cumExecQty: "0.037",
      leavesQty: "0.063"
    });
    await venue.post("/v5/order/create", {...limit, side: "Buy", price: a[0]![0], timeInForce: "IOC"});
    expect(ledger().orders.at(-1)).toMatchObject({orderStatus: "Cancelled", cumExecQty: "0.037"});
    await spot("0.1");
    expect(ledger().orders.at(-1)).toMatchObject({orderStatus: "PartiallyFilledCanceled", cumExecQty: "0.037"});
  });

  it("partial: the share of a post-only order fills on arrival, as maker at its own price", async () => {
    const {a} = (
      (await (await fetch(`${venue.sim.url}/v5/market/orderbook?category=linear&symbol=BTCUSDT`)).json()) as {
        result: {a: string[][]};
      }
    ).result;
    const order = {
      category: "linear",
      symbol: "BTCUSDT",
      side: "Sell",
      orderType: "Limit",
      qty: "0.1",
      price: a[0]![0]
    };
    for (const kind of ["partial", "partial-then-cancel"]) {
      faults({kind, fraction: 0.37});
      await venue.post("/v5/order/create", {...order, timeInForce: "PostOnly"});
      const orderStatus = kind === "partial" ? "PartiallyFilled" : "Cancelled";
      expect(ledger().orders.at(-1)).toMatchObject({orderStatus, cumExecQty: "0.037"});
      expect(ledger().executions.at(-1)).toMatchObject({isMaker: true, execQty: "0.037", feeRate: "0.0002"});
      expect(Number(ledger().executions.at(-1)!["execPrice"])).toBe(Number(a[0]![0]));
    }
    // without the fault it does not fill on arrival
    await venue.post("/v5/order/create", {...order, timeInForce: "PostOnly"});
    expect(ledger().orders.at(-1)).toMatchObject({orderStatus: "New", cumExecQty: "0"});
  });

  it("partial-then-cancel: the rest is cancelled for every time in force", async () => {
    faults({kind: "partial-then-cancel", fraction: "0.5"});
    const {b} = (
      (await (await fetch(`${venue.sim.url}/v5/market/orderbook?category=linear&symbol=BTCUSDT`)).json()) as {
        result: {b: string[][]};
      }
    ).result;
    await venue.post("/v5/order/create", {
      category: "linear",
      symbol: "BTCUSDT",
      side: "Sell",
      orderType: "Limit",
      qty: "0.1",
      price: b[0]![0]
    });
    expect(ledger().orders[0]).toMatchObject({orderStatus: "Cancelled", cumExecQty: "0.05", leavesQty: "0"});
  });

  it("remainder-under-minimum: the remainder is below the minimum order", async () => {
    faults({kind: "remainder-under-minimum"});
    await venue.market("Sell", "linear", "XRPUSDT", "100");
    const left = 100 - Number(ledger().orders[0]!["cumExecQty"]);
    expect(left).toBeGreaterThan(0);
    expect((await venue.market("Sell", "linear", "XRPUSDT", String(left))).retCode).toBe(110094);
  });

  it("rate-limited, forbidden, server-error before and after: each reply, and an order only after", async () => {
    const send = () => venue.raw("POST", "/v5/order/create", body("linear", "Sell"));
    faults({kind: "rate-limited"});
    const limited = await send();
    expect(limited.headers.get("x-bapi-limit-reset-timestamp")).toBe(String(venue.sim.now() + 200));
    expect(((await limited.json()) as Envelope).retCode).toBe(10006);
    faults({kind: "forbidden"});
    expect((await send()).status).toBe(403);
    faults({kind: "server-error"});
    expect((await send()).status).toBe(502);
    expect(ledger().orders).toEqual([]);
    faults({kind: "server-error", accept: true});
    expect((await send()).status).toBe(502);
    expect(ledger().orders).toHaveLength(1);
  });

  it("duplicate-id: the order exists and the reply says so", async () => {
    faults({kind: "duplicate-id", times: 2});
    expect((await perp()).retCode).toBe(110072);
    expect((await spot()).retCode).toBe(170141);
    expect(ledger().orders.map((o) => o["orderLinkId"])).toEqual(["leg", "leg"]);
    faults({kind: "duplicate-id", accept: false});
    expect((await perp("0.1", {orderLinkId: "other"})).retCode).toBe(110072);
    expect(ledger().orders).toHaveLength(2);
  });

  it("not-found-at-first: an existing order is missed for a number of queries, or a time", async () => {
    const found = async (orderLinkId = "leg") =>
      (await venue.get("/v5/order/realtime", {category: "linear", orderLinkId})).result.list.length;
    faults({kind: "not-found-at-first", queries: 2});
    await perp();
    expect([await found(), await found(), await found()]).toEqual([0, 0, 1]);
    faults({kind: "not-found-at-first", hiddenMs: 3_000});
    await perp("0.1", {orderLinkId: "long"});
    expect(await found("long")).toBe(0);
    expect((await venue.get("/v5/execution/list", {category: "linear", orderLinkId: "long"})).result.list).toEqual([]);
    expect(held()).toEqual(["0.2"]);
    venue.step(3_000);
    expect(await found("long")).toBe(1);
  });

  it("late-fill: an order is open, or hidden, until it fills at a later touch", async () => {
    faults(
      {kind: "late-fill", delayMs: 90_000, nth: 1},
      {kind: "late-fill", delayMs: 90_000, report: "nothing", nth: 2}
    );
    await perp("0.1", {orderLinkId: "open"});
    await perp("0.2", {orderLinkId: "nothing"});
    const status = async (orderLinkId: string) =>
      (await venue.get("/v5/order/realtime", {category: "linear", orderLinkId})).result.list.map(
        (o) => o["orderStatus"]
      );
    expect([await status("open"), await status("nothing")]).toEqual([["New"], []]);
    expect(
      (await venue.post("/v5/order/cancel", {category: "linear", symbol: "BTCUSDT", orderLinkId: "nothing"})).retCode
    ).toBe(110001);
    expect(held()).toEqual([]);
    venue.step(89_999);
    expect(held()).toEqual([]);
    venue.step(1);
    expect([await status("open"), await status("nothing")]).toEqual([["Filled"], ["Filled"]]);
    expect(held()).toEqual(["0.3"]);
    expect(ledger().executions.map((e) => e["execTime"])).toEqual(Array(2).fill(String(venue.sim.now())));
  });

  it("visible late order can be cancelled before it fills", async () => {
    faults({kind: "late-fill", delayMs: 5_000});
    await perp();
    await venue.post("/v5/order/cancel-all", {category: "linear", settleCoin: "USDT"});
    venue.step(60_000);
    expect(held()).toEqual([]);
  });
});

describe("fault targets", () => {
  it("fault targets a leg, a symbol, the nth request, a number of times", async () => {
    faults({kind: "reject", category: "linear", side: "Sell", symbol: "BTCUSDT", nth: 2, times: 2});
    const codes: number[] = [];
    for (let i = 0; i < 5; i++) codes.push((await perp("0.1", {orderLinkId: `n${i}`})).retCode);
    expect(codes).toEqual([0, 110032, 110032, 0, 0]);
    expect((await spot()).retCode).toBe(0);
    const counted = (await (await fetch(`${venue.sim.url}/sim/requests`)).json()) as {orderFaults: object};
    expect(counted.orderFaults).toEqual({reject: 2});
  });

  it("fault targets queries and cancellations by path, for a time of the venue's clock", async () => {
    faults(
      {kind: "server-error", path: "/v5/position/list", forMs: 20_000},
      {kind: "malformed", path: "/v5/order/realtime"}
    );
    const positions = () => venue.raw("GET", "/v5/position/list", "category=linear&settleCoin=USDT");
    expect((await positions()).status).toBe(502);
    venue.step(19_999);
    expect((await positions()).status).toBe(502);
    venue.step(1);
    expect((await positions()).status).toBe(200);
    expect(await watched(venue.raw("GET", "/v5/order/realtime", "category=linear&settleCoin=USDT"))).toBe("cut");
    faults({kind: "server-error", path: "/v5/order/cancel-all"});
    expect((await venue.raw("POST", "/v5/order/cancel-all", '{"category":"spot"}')).status).toBe(502);
  });

  it("fault can be set over HTTP as in process, and an invalid one is named", async () => {
    const post = async (list: unknown) => {
      const reply = await fetch(`${venue.sim.url}/sim/order-faults`, {method: "POST", body: JSON.stringify(list)});
      return [reply.status, ((await reply.json()) as {error?: string}).error];
    };
    expect(await post([{kind: "reject"}])).toEqual([200, undefined]);
    expect((await perp()).retCode).toBe(110032);
    for (const [list, message] of [
      [[{kind: "explode"}], "0.kind"],
      [[{kind: "partial", fraction: 2}], "0.fraction"],
      [[{kind: "partial", path: "/v5/position/list"}], "0.kind"],
      [[{kind: "reject", colour: 1}], "invalid order faults"],
      [{kind: "reject"}, "list"]
    ] as const) {
      const [status, error] = await post(list);
      expect(status).toBe(400);
      expect(error).toContain(message);
      expect(error).toMatch(/^invalid order faults: /);
    }
  });

  it("every fault kind has a test", async () => {
    const {readFileSync} = await import("node:fs");
    const text = readFileSync(import.meta.filename, "utf8");
    for (const kind of ORDER_FAULTS) expect(text).toContain(`"${kind}"`);
  });
});

describe("acts of the venue and of third parties", () => {
  const act = (value: Parameters<typeof venue.sim.steer.act>[0]) => venue.sim.steer.act(value);

  it("ADL closes part of a position at the mark, liquidation all of it at the bankruptcy price", async () => {
    await perp("0.3");
    act({kind: "adl", apiKey: KEY, symbol: "BTCUSDT", qty: "0.1"});
    expect(held()).toEqual(["0.2"]);
    expect(ledger().executions.at(-1)).toMatchObject({execType: "AdlTrade", execQty: "0.1", side: "Buy", execFee: "0"});
    const bust = ledger().positions[0]!["bustPrice"];
    act({kind: "liquidate", apiKey: KEY, symbol: "BTCUSDT"});
    expect(held()).toEqual([]);
    expect(ledger().executions.at(-1)).toMatchObject({execType: "BustTrade", execQty: "0.2", execPrice: bust});
    expect(ledger().orders.map((o) => o["createType"])).toEqual([
      "CreateByUser",
      "CreateByAdl_PassThrough",
      "CreateByLiq"
    ]);
    expect(() => act({kind: "adl", apiKey: KEY, symbol: "BTCUSDT"})).toThrow("invalid symbol: BTCUSDT has no position");
  });

  it("manual trade and transfer change the account without the client", async () => {
    await perp("0.3");
    act({kind: "manual-trade", apiKey: KEY, category: "linear", symbol: "BTCUSDT", side: "Buy", qty: "0.1"});
    expect(held()).toEqual(["0.2"]);
    const before = Number(ledger().balances["USDT"]);
    act({kind: "transfer-out", apiKey: KEY, coin: "USDT", amount: "1000"});
    expect(Number(ledger().balances["USDT"])).toBeCloseTo(before - 1_000, 8);
    expect(ledger().transactionLog.at(-1)).toMatchObject({type: "TRANSFER_OUT", change: "-1000"});
    expect(() => act({kind: "transfer-out", apiKey: KEY, coin: "BTC", amount: "1"})).toThrow("invalid amount: 1");
    expect(() => act({kind: "transfer-out", apiKey: "who", coin: "BTC", amount: "1"})).toThrow("invalid apiKey: who");
    // @ts-expect-error a kind that the venue does not have
    expect(() => act({kind: "explode"})).toThrow('invalid kind: "explode"');
  });

  it("withheld funding: the given number of settlements is unpaid, the next is paid", async () => {
    await perp("0.3");
    act({kind: "withhold-funding", apiKey: KEY, symbol: "BTCUSDT", settlements: 1});
    const settled = () => ledger().transactionLog.filter((row) => row["type"] === "SETTLEMENT").length;
    venue.step(3_600_000);
    expect(settled()).toBe(0);
    venue.step(8 * 3_600_000);
    expect(settled()).toBe(1);
  });

  it("delisting closes the position at the mark, cancels orders, and shows in public data", async () => {
    await venue.market("Sell", "linear", "SOLUSDT", "10");
    await venue.post("/v5/order/create", {
      category: "linear",
      symbol: "SOLUSDT",
      side: "Buy",
      orderType: "Limit",
      qty: "1",
      price: "20"
    });
    const at = venue.sim.now() + 600_000;
    act({kind: "delist", symbol: "SOLUSDT", at});
    venue.step(3_600_000);
    expect(held()).toEqual([]);
    expect(ledger().executions.at(-1)).toMatchObject({execType: "Settle", execTime: String(at)});
    expect(ledger().orders.map((o) => o["orderStatus"])).toEqual(["Filled", "Cancelled", "Filled"]);
    expect((await venue.market("Sell", "linear", "SOLUSDT", "10")).retCode).toBe(110066);
    const reply = await fetch(`${venue.sim.url}/v5/market/instruments-info?category=linear&symbol=SOLUSDT`);
    expect(((await reply.json()) as Envelope).result.list[0]!["status"]).toBe("Closed");
    const other = await bench();
    expect((await other.market("Sell", "linear", "SOLUSDT", "10")).retCode).toBe(0);
    venue.step(0);
    await other.sim.close();
  });

  it("interval change: hourly settlements from the next one on, on this venue only", async () => {
    await venue.market("Sell", "linear", "ETHUSDT", "1");
    act({kind: "interval-change", symbol: "ETHUSDT", hours: 1});
    venue.step(6 * 3_600_000);
    const times = ledger()
      .transactionLog.filter((row) => row["type"] === "SETTLEMENT")
      .map((row) => new Date(Number(row["transactionTime"])).getUTCHours());
    expect(times).toEqual([16, 17, 18, 19, 20, 21]);
    const reply = await fetch(`${venue.sim.url}/v5/market/instruments-info?category=linear&symbol=ETHUSDT`);
    expect(((await reply.json()) as Envelope).result.list[0]!["fundingInterval"]).toBe(60);
  });
});
