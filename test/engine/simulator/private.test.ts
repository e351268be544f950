import {afterEach, describe, expect, it} from "vitest";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {bench, KEY, NOW, SECRET, type Bench} from "../../helpers/venue-account.js";

let venue: Bench;
const open = async (...options: Parameters<typeof bench>): Promise<Bench> => (venue = await bench(...options));
afterEach(() => venue.sim.close());

const HOUR = 3_600_000;
const code = async (reply: Promise<{retCode: number}>) => (await reply).retCode;
const ledger = () => venue.sim.steer.ledger(KEY);

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
    await venue.limit("linear", "BTCUSDT", "Buy", "0.1", "10000", {orderLinkId: "rests"});
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
    const {bid} = await venue.touchOf("linear", "BTCUSDT");
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
