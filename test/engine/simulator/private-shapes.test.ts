import {readFileSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, describe, expect, it} from "vitest";
import {sharedDir} from "../../helpers/shared.js";
import {bench, KEY, NOW, type Bench} from "../../helpers/venue-account.js";

const wireDir = sharedDir && join(sharedDir, "data/bybit-wire");
const recorded = wireDir !== undefined;
if (!recorded)
  console.warn("skipped: recorded exchange replies are not beside the repository (../shared/data/bybit-wire)");

const docs = (name: string): unknown => {
  const text = readFileSync(join(wireDir!, "v5-docs", `${name}.txt`), "utf8");
  return (JSON.parse(text.slice(text.indexOf("{"))) as {result: unknown}).result;
};
const results = (name: string): unknown =>
  JSON.parse(readFileSync(join(wireDir!, "v5-results", `${name}.json`), "utf8"));

/** Fields the venue added after the recording, as read by ccxt or shown in its comments. */
const NEWER = new Set(["cumFeeDetail", "marketUnit", "createType"]);
/** Fields of older recordings that the venue has since dropped. */
const DROPPED = new Set(["free", "mmrSysUpdatedTime"]);

/** Lists a reply's missing, extra and differently typed fields against a recorded one. Compares rows by their first. */
function differences(ours: unknown, theirs: unknown, at = ""): string[] {
  if (Array.isArray(theirs)) {
    if (!Array.isArray(ours)) return [`${at}: not a list`];
    if (theirs.length === 0 || typeof theirs[0] !== "object") return [];
    if (ours.length === 0) return [`${at}: empty`];
    return differences(ours[0], theirs[0], `${at}[]`);
  }
  if (typeof theirs !== "object" || theirs === null)
    return typeof ours === typeof theirs ? [] : [`${at}: ${typeof ours} for ${typeof theirs}`];
  const [a, b] = [ours, theirs] as Record<string, unknown>[];
  return [
    ...Object.keys(b!).flatMap((key) =>
      key in a! ? differences(a![key], b![key], `${at}.${key}`) : DROPPED.has(key) ? [] : [`${at}.${key}: missing`]
    ),
    ...Object.keys(a!)
      .filter((key) => !(key in b!) && !NEWER.has(key))
      .map((key) => `${at}.${key}: not recorded`)
  ];
}

let venue: Bench;
beforeAll(async () => {
  venue = await bench({balances: {USDT: "100000", BTC: "1"}, borrow: {allowed: true}});
  await venue.market("Buy", "spot", "BTCUSDT", "0.1", {orderLinkId: "a"});
  await venue.market("Sell", "linear", "BTCUSDT", "0.1", {orderLinkId: "b"});
  await venue.market("Buy", "spot", "ETHUSDT", "20", {isLeverage: 1});
  venue.sim.steer.act({
    kind: "transfer-out",
    apiKey: KEY,
    coin: "USDT",
    amount: venue.sim.steer.ledger(KEY).balances["USDT"]!
  });
  await venue.market("Buy", "spot", "ETHUSDT", "1", {isLeverage: 1});
  venue.step(60_000);
  await venue.market("Buy", "linear", "BTCUSDT", "0.01");
  venue.step(4 * 3_600_000);
  for (const category of ["spot", "linear"]) {
    await venue.post("/v5/order/create", {
      category,
      symbol: "BTCUSDT",
      side: "Sell",
      orderType: "Limit",
      qty: "0.01",
      price: "500000"
    });
  }
});
afterAll(() => venue.sim.close());

describe.skipIf(!recorded)("private replies have the recorded keys and types", () => {
  const linear = {category: "linear"};
  const spot = {category: "spot"};
  const symbol = "BTCUSDT";
  it.each([
    ["/v5/account/wallet-balance", {accountType: "UNIFIED"}, () => docs("Account/GetBalances"), []],
    [
      "/v5/account/wallet-balance",
      {accountType: "UNIFIED"},
      () => results("account/v5-account-get-wallet-balance"),
      []
    ],
    ["/v5/account/info", {}, () => docs("Account/GetMarginAccountInfo"), []],
    ["/v5/account/fee-rate", {...linear, symbol}, () => docs("Account/GetFeeRate"), []],
    ["/v5/account/transaction-log", linear, () => docs("Account/GetTransactionHistory"), []],
    [
      "/v5/account/transaction-log",
      linear,
      () => results("account/v5-account-get-transaction-log"),
      [".list[].id: not recorded"]
    ],
    ["/v5/account/borrow-history", {}, () => docs("Account/GetBorrowHistory"), []],
    ["/v5/user/query-api", {}, () => docs("Account/GetApiKeyInfo"), []],
    ["/v5/order/realtime", {...linear, symbol}, () => docs("Trading/GetOrders"), []],
    ["/v5/order/history", linear, () => docs("Trading/GetOrderHistory"), []],
    ["/v5/order/realtime", spot, () => results("order/v5-get-open-orders"), []],
    ["/v5/order/history", spot, () => results("order/v5-get-history-orders"), []],
    ["/v5/execution/list", linear, () => docs("Trading/GetUserTrades"), []],
    [
      "/v5/execution/list",
      linear,
      () => results("execution/v5-execution-get-execution-list"),
      [".list[].feeCurrency: not recorded", ".list[].seq: not recorded"]
    ],
    ["/v5/position/list", {...linear, symbol}, () => docs("Trading/GetPositions"), []],
    [
      "/v5/position/list",
      {...linear, symbol: "ETHUSDT"},
      () => results("position/v5-position-get-position-info"),
      [
        ".list[].curRealisedPnl: not recorded",
        ".list[].mmrSysUpdateTime: not recorded",
        ".list[].sessionAvgPrice: not recorded"
      ]
    ]
  ] as const)("%s %j", async (path, query, record, known) => {
    const {retCode, result} = await venue.get(path, query as Record<string, string>);
    expect(retCode).toBe(0);
    expect(differences(result, record())).toEqual(known);
  });

  it("order replies: create, cancel, cancel-all", async () => {
    const limit = {category: "linear", symbol, side: "Sell", orderType: "Limit", qty: "0.01", price: "500000"};
    const created = await venue.post("/v5/order/create", limit);
    expect(differences(created.result, docs("Trading/PlaceOrder"))).toEqual([]);
    const {orderId} = created.result;
    const cancelled = await venue.post("/v5/order/cancel", {category: "linear", symbol, orderId});
    expect(differences(cancelled.result, docs("Trading/CancelOrder"))).toEqual([]);
    const all = await venue.post("/v5/order/cancel-all", {category: "linear", symbol});
    expect(differences(all.result, docs("Trading/CancelAllOrder"))).toEqual([]);
  });

  it("settlement has the recorded sign: a paying long has negative funding and change, and the market's rate", async () => {
    const [row] = (docs("Account/GetTransactionHistory") as {list: Record<string, string>[]}).list;
    expect([row!["side"], row!["feeRate"], row!["funding"], row!["change"]]).toEqual([
      "Buy",
      "0.0001",
      "-0.003676",
      "-0.003676"
    ]);
    const own = await bench();
    await own.market("Buy", "linear", "BTCUSDT", "0.1");
    own.step(Date.UTC(2026, 2, 2, 16) - NOW);
    const ours = own.sim.steer.ledger(KEY).transactionLog.at(-1)! as Record<string, string>;
    await own.sim.close();
    expect(ours["type"]).toBe("SETTLEMENT");
    expect(Math.sign(Number(ours["funding"]))).toBe(-Math.sign(Number(ours["feeRate"])));
    expect(ours["change"]).toBe(ours["funding"]);
  });
});
