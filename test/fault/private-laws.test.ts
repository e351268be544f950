import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {Decimal} from "../../src/lib/money/decimal.js";
import {bench, KEY, type Bench} from "../helpers/venue-account.js";
import type {Ledger} from "../../engine/simulator/api/ledger.js";

const sum = (values: readonly Decimal[]): Decimal => values.reduce((a, b) => a.plus(b), new Decimal(0));
const of = (row: Record<string, unknown>, key: string): Decimal => new Decimal((row[key] as string) || 0);

/** Checks the invariants of an account's books. */
function checkBooks(books: Ledger): void {
  for (const [coin, balance] of Object.entries(books.balances)) {
    const rows = books.transactionLog.filter((row) => row["currency"] === coin);
    expect(sum(rows.map((row) => of(row, "change"))).toFixed()).toBe(balance);
    expect(rows.at(-1)!["cashBalance"]).toBe(balance);
    for (const row of rows)
      expect(of(row, "cashFlow").plus(of(row, "funding")).minus(of(row, "fee")).toFixed()).toBe(row["change"]);
  }
  const trades = books.executions.filter((row) => row["execType"] !== "Funding");
  const net = new Map<string, Decimal>();
  for (const row of trades.filter((r) => r["category"] === "linear")) {
    const signed = row["side"] === "Buy" ? of(row, "execQty") : of(row, "execQty").neg();
    net.set(row["symbol"] as string, (net.get(row["symbol"] as string) ?? new Decimal(0)).plus(signed));
  }
  for (const [symbol, size] of net) {
    const position = books.positions.find((p) => p["symbol"] === symbol);
    const held = position ? of(position, "size").times(position["side"] === "Buy" ? 1 : -1) : new Decimal(0);
    expect(held.toFixed()).toBe(size.toFixed());
  }
  for (const order of books.orders) {
    const own = trades.filter((row) => row["orderId"] === order["orderId"]);
    expect(sum(own.map((row) => of(row, "execQty"))).toFixed()).toBe(order["cumExecQty"]);
    expect(sum(own.map((row) => of(row, "execValue"))).toFixed()).toBe(order["cumExecValue"]);
    expect(sum(own.map((row) => of(row, "execFee"))).toFixed()).toBe(order["cumExecFee"]);
    if (order["marketUnit"] !== "quoteCoin" && ["New", "PartiallyFilled"].includes(order["orderStatus"] as string))
      expect(of(order, "leavesQty").toFixed()).toBe(of(order, "qty").minus(of(order, "cumExecQty")).toFixed());
  }
  // A flat symbol's realised profit equals the cash flow of its fills.
  for (const [symbol, size] of net) {
    if (!size.isZero()) continue;
    const own = trades.filter((row) => row["symbol"] === symbol && row["category"] === "linear");
    const taken = sum(own.map((row) => of(row, "execValue").times(row["side"] === "Sell" ? 1 : -1)));
    const flows = books.transactionLog.filter((row) => row["symbol"] === symbol && row["category"] === "linear");
    expect(sum(flows.map((row) => of(row, "cashFlow"))).toFixed()).toBe(taken.toFixed());
  }
}

const symbol = fc.constantFrom("BTCUSDT", "ETHUSDT", "SOLUSDT");
const side = fc.constantFrom("Buy" as const, "Sell" as const);
const share = fc.integer({min: 1, max: 400}).map((n) => n / 1_000);
type Step = (venue: Bench) => Promise<unknown>;

const QUANTITY: Readonly<Record<string, number>> = {BTCUSDT: 1, ETHUSDT: 10, SOLUSDT: 100};
const quantity = (of: string, part: number): string =>
  (QUANTITY[of]! * part).toFixed(of === "SOLUSDT" ? 1 : of === "BTCUSDT" ? 3 : 2);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({
      category: fc.constantFrom("spot" as const, "linear" as const),
      symbol,
      side,
      share,
      reduceOnly: fc.boolean()
    })
    .map(
      ({category, symbol, side, share, reduceOnly}): Step =>
        (venue) =>
          venue.market(side, category, symbol, quantity(symbol, share), category === "linear" ? {reduceOnly} : {})
    ),
  fc
    .record({
      category: fc.constantFrom("spot", "linear"),
      symbol,
      side,
      share,
      away: fc.integer({min: -9, max: 9}),
      timeInForce: fc.constantFrom("GTC", "IOC", "FOK", "PostOnly")
    })
    .map(({category, symbol, side, share, away, timeInForce}): Step => async (venue) => {
      const reply = await fetch(`${venue.sim.url}/v5/market/orderbook?category=${category}&symbol=${symbol}&limit=1`);
      const {result} = (await reply.json()) as {result: {a: string[][]}};
      const touch = result.a[0]![0]!;
      const digits = touch.split(".")[1]?.length ?? 0;
      const price = new Decimal(touch).times(1 + away / 1_000).toFixed(digits);
      return venue.post("/v5/order/create", {
        category,
        symbol,
        side,
        orderType: "Limit",
        qty: quantity(symbol, share),
        price,
        timeInForce
      });
    }),
  fc.record({side, share}).map(
    ({side, share}): Step =>
      (venue) =>
        venue.post("/v5/spread/order/create", {
          symbol: "SOLUSDT_SOL/USDT",
          side,
          orderType: "Market",
          qty: quantity("SOLUSDT", share)
        })
  ),
  fc.integer({min: 1, max: 36 * 3_600_000}).map(
    (ms): Step =>
      async (venue) =>
        venue.step(ms)
  ),
  fc.constantFrom("spot", "linear").map(
    (category): Step =>
      (venue) =>
        venue.post("/v5/order/cancel-all", {category, ...(category === "linear" ? {settleCoin: "USDT"} : {})})
  ),
  fc
    .record({
      share,
      times: fc.integer({min: 1, max: 3}),
      kind: fc.constantFrom("partial", "partial-then-cancel", "late-fill", "duplicate-id", "reject")
    })
    .map(
      ({share, times, kind}): Step =>
        async (venue) =>
          venue.sim.steer.orderFaults([{kind, times, ...(kind.startsWith("partial") ? {fraction: share} : {})}])
    ),
  fc
    .record({symbol, kind: fc.constantFrom("adl" as const, "liquidate" as const)})
    .map(({symbol, kind}): Step => async (venue) => {
      if (venue.sim.steer.ledger(KEY).positions.some((p) => p["symbol"] === symbol))
        venue.sim.steer.act({kind, symbol, apiKey: KEY});
    })
);

describe("invariants of accounts", () => {
  it("wallets equal the sum of the log, positions and orders that of the executions, after any sequence of acts", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, {minLength: 3, maxLength: 25}),
        fc.constantFrom("touch", "book"),
        fc.constantFrom("REGULAR_MARGIN", "ISOLATED_MARGIN"),
        fc.constantFrom(1, 3, 50),
        async (steps, liquidity, marginMode, leverage) => {
          const venue = await bench({
            balances: {USDT: "50000", SOL: "20", BTC: "0.2"},
            liquidity,
            marginMode,
            leverage,
            borrow: {allowed: true}
          });
          try {
            for (const act of steps) {
              await act(venue);
              checkBooks(venue.sim.steer.ledger(KEY));
            }
          } finally {
            await venue.sim.close();
          }
        }
      ),
      {numRuns: 60, seed: 20260302}
    );
  });

  it("queries change nothing: the same acts with and without queries give the same books", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, {minLength: 2, maxLength: 10}),
        fc.array(fc.integer({min: 1, max: 5 * 3_600_000}), {minLength: 1, maxLength: 6}),
        async (steps, looks) => {
          const books: Ledger[] = [];
          for (const looking of [false, true]) {
            const venue = await bench({balances: {USDT: "9000", SOL: "20"}, leverage: 50});
            for (const act of steps) await act(venue);
            const total = looks.reduce((a, b) => a + b, 0);
            if (looking) {
              for (const ms of looks) {
                venue.step(ms);
                await venue.get("/v5/position/list", {category: "linear", settleCoin: "USDT"});
              }
            } else venue.step(total);
            books.push({...venue.sim.steer.ledger(KEY), signedRequests: 0});
            await venue.sim.close();
          }
          expect(books[1]).toEqual(books[0]);
        }
      ),
      {numRuns: 60, seed: 7}
    );
  });
});
