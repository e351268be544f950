import {afterEach, describe, expect, it} from "vitest";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {bench, KEY, NOW, type Bench} from "../../helpers/venue-account.js";

let venue: Bench;
const open = async (...options: Parameters<typeof bench>): Promise<Bench> => (venue = await bench(...options));
afterEach(() => venue.sim.close());

const HOUR = 3_600_000;
const code = async (reply: Promise<{retCode: number}>) => (await reply).retCode;
const ledger = () => venue.sim.steer.ledger(KEY);
/** Sums the log by coin. */
function logged(): Record<string, string> {
  const sums: Record<string, Decimal> = {};
  for (const row of ledger().transactionLog) {
    const coin = row["currency"] as string;
    sums[coin] = (sums[coin] ?? new Decimal(0)).plus(row["change"] as string);
  }
  return Object.fromEntries(Object.entries(sums).map(([coin, sum]) => [coin, sum.toFixed()]));
}

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
    const {bid} = await venue.touchOf("linear", "SOLUSDT");
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
      await venue.limit("linear", "SOLUSDT", "Buy", "10", price(dip).toFixed(3));
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
    const {bid} = await venue.touchOf("linear", "SOLUSDT");
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
