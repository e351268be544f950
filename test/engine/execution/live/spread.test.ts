import {afterEach, describe, expect, it} from "vitest";
import {executionConfig} from "../../../../engine/config/execution.js";
import {LiveVenue} from "../../../../engine/execution/live/live.js";
import {Decimal, text} from "../../../../src/lib/money/decimal.js";
import {LiveDesk, type DeskOptions} from "../../../helpers/live.js";
import {eventsOf} from "../../../helpers/journal.js";
import {expectAgreement, insideTheInvariant, orderedIds} from "../../../helpers/live-invariant.js";
import {tmp} from "../../../helpers/tmp.js";

let desk: LiveDesk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

async function opened(options: DeskOptions = {}): Promise<{own: LiveDesk; dir: string}> {
  const dir = tmp();
  const own = (desk = await LiveDesk.open(dir, {execution: {style: "spread"}, ...options}));
  return {own, dir};
}

async function holding(options: DeskOptions = {}): Promise<{own: LiveDesk; dir: string}> {
  const {own, dir} = await opened(options);
  await own.step("0.001");
  expect(own.trader.open).toHaveLength(1);
  return {own, dir};
}

const CREATE = "/spread/order/create";
const stepOf = (own: LiveDesk) => own.trader.pair(own.pair).desk.rules.step;
/** Orders at the venue that are not legs of a spread. */
const single = (own: LiveDesk) => own.ledger.orders.filter(({createType}) => createType !== "CreateByFutureSpread");

async function leave(own: LiveDesk, dir: string): Promise<void> {
  await own.step("-0.001");
  await insideTheInvariant(own, dir);
  expect(own.trader.open).toEqual([]);
  expect(own.ledger.positions).toEqual([]);
  // no sellable coin is left
  const {coinStep} = own.trader.pair(own.pair);
  expect(own.naked.lt(coinStep), text(own.naked)).toBe(true);
  expect(own.trader.mode).toBe("running");
}

describe("both legs as one spread order", () => {
  it("spread opens equal quantities, each leg at its own price and fee, under the first leg's client id", async () => {
    const {own, dir} = await holding();
    await insideTheInvariant(own, dir);
    const [order, ...others] = own.ledger.spreadOrders;
    expect(others).toEqual([]);
    expect(order).toMatchObject({side: "Sell", orderStatus: "Filled", timeInForce: "IOC"});
    expect(order!["orderLinkId"]).toBe(orderedIds(dir)[0]);
    // the difference of the two worst prices, and no better
    const {legs} = eventsOf(dir, "ordered")[0]!;
    const [spot, perp] = legs;
    const difference = new Decimal(perp!.limit!).minus(spot!.limit!);
    expect(new Decimal(order!["price"] as string).minus(difference).gte(0)).toBe(true);
    expect(new Decimal(order!["price"] as string).minus(difference).lt("0.001")).toBe(true);
    const hedge = own.trader.open[0]!;
    const quantity = new Decimal(order!["cumExecQty"] as string);
    expect(text(hedge.perpQty)).toBe(text(quantity));
    expect(text(hedge.spotQty)).toBe(text(quantity.times("0.999")));
    expect(single(own)).toEqual([]);
    // the fills have the ids and fees listed in the legs' own markets
    const fills = hedge.fills.map(({id, fee, price}) => [id, text(fee), text(price)]);
    const there = own.ledger.executions.map((row) => {
      const [fee, price] = [row["execFee"] as string, row["execPrice"] as string];
      return [
        row["execId"],
        text(row["category"] === "spot" ? new Decimal(fee).times(price) : new Decimal(fee)),
        text(new Decimal(price))
      ];
    });
    expect(fills.sort()).toEqual(there.sort());
    expect(own.ledger.executions.map(({execType}) => execType)).toEqual(["FutureSpread", "FutureSpread"]);
  });

  it("spread fills are recognised later, also by a new process, and never as foreign", async () => {
    const {own, dir} = await holding();
    await own.step();
    await own.restart();
    await own.step();
    expect(eventsOf(dir, "foreign")).toEqual([]);
    await insideTheInvariant(own, dir);
  });

  it.each(["SOL/USDT", "BTC/USDT", "DOGE/USDT"])(
    "exit of %s uses one spread order, plus the remainder of the legs",
    async (pair) => {
      const {own, dir} = await holding({pair});
      await leave(own, dir);
      const [, out] = own.ledger.spreadOrders;
      expect(out).toMatchObject({side: "Buy", orderStatus: "Filled"});
      expect(Number(out!["cumExecQty"])).toBeGreaterThan(0.9 * Number(own.ledger.spreadOrders[0]!["cumExecQty"]));
    }
  );

  it.each([
    ["too little to be bought alone: the short is bought back", "900", ["mend"], "Buy", "linear"],
    ["enough to be bought: the coin is bought", "5000", ["open"], "Buy", "spot"]
  ])("coin fee %s leaves the legs even without an unwind", async (_, size, acts, side, category) => {
    const {own, dir} = await holding({pair: "DOGE/USDT", config: {maxPositionUsd: size}});
    await insideTheInvariant(own, dir);
    expect(own.naked.abs().lte(stepOf(own))).toBe(true);
    expect(
      eventsOf(dir, "ordered")
        .slice(1)
        .map(({act}) => act)
    ).toEqual(acts);
    expect(single(own)).toMatchObject([{side, category}]);
    expect(eventsOf(dir, "unwound")).toEqual([]);
    expect(own.trader.pair(own.pair).coolUntilTs).toBe(-Infinity);
    await leave(own, dir);
  });

  it("pair with a contract size other than one coin uses two orders", async () => {
    const {own, dir} = await opened({pair: "1000PEPE/USDT", config: {maxPositionUsd: "8"}});
    await own.step("0.001");
    expect(own.trader.open).toHaveLength(1);
    expect(own.ledger.spreadOrders).toEqual([]);
    expect(
      single(own)
        .map(({category}) => category)
        .sort()
    ).toEqual(["linear", "spot"]);
    await expectAgreement(own);
    expect(new Set(single(own).map(({orderLinkId}) => orderLinkId))).toEqual(new Set(orderedIds(dir)));
  });

  it("emergency stop uses two orders at once", async () => {
    const {own, dir} = await holding();
    const quote = (await own.feed.scan(own.trader.lastTs)).get(own.pair)!;
    const {spot, perp} = quote;
    await own.trader.emergency({
      ts: own.trader.lastTs + 1,
      source: "test",
      pairs: [{pair: own.pair, spot: spot!, perp: perp!}]
    });
    expect(own.trader.open).toEqual([]);
    expect(own.ledger.spreadOrders).toHaveLength(1);
    await insideTheInvariant(own, dir);
  });
});

describe("spread order with a fault", () => {
  const FAULTS = [
    {kind: "timeout-after-accept"},
    {kind: "partial", fraction: "0.37"},
    {kind: "server-error", accept: true},
    {kind: "duplicate-id"},
    {kind: "not-found-at-first", queries: 3}
  ];

  it.each(FAULTS)("$kind: entry equals the venue's fills of one order", async (fault) => {
    const {own, dir} = await opened();
    own.sim.steer.orderFaults([{...fault, path: CREATE}]);
    await own.step("0.001");
    expect(own.sim.steer.orderFaultCounts()).toEqual({[fault.kind]: 1});
    await insideTheInvariant(own, dir);
    const [order, ...others] = own.ledger.spreadOrders;
    expect(others).toEqual([]);
    expect(single(own)).toEqual([]);
    expect(text(own.trader.open[0]!.perpQty)).toBe(order!["cumExecQty"]);
    expect(order!["orderStatus"]).toBe(fault.kind === "partial" ? "Cancelled" : "Filled");
  });

  it.each([...FAULTS, {kind: "reject"}, {kind: "timeout-before-accept"}])(
    "$kind: a hedge still exits",
    async (fault) => {
      const {own, dir} = await holding();
      own.sim.steer.orderFaults([{...fault, path: CREATE}]);
      await own.step("-0.001");
      expect(own.sim.steer.orderFaultCounts()).toEqual({[fault.kind]: 1});
      // an order that may still fill is not resent in another style before the next step
      if (fault.kind === "timeout-before-accept") {
        expect(own.trader.open).toHaveLength(1);
        await own.step();
      }
      await insideTheInvariant(own, dir);
      expect(own.trader.open).toEqual([]);
      expect(own.ledger.positions).toEqual([]);
    }
  );

  it.each(["after send", "after ack"] as const)(
    "process that dies %s finds the order by its client id and resends nothing",
    async (crash) => {
      const {own, dir} = await opened();
      await own.stepInto(crash, "0.001", {last: 1});
      await insideTheInvariant(own, dir);
      expect(own.trader.open).toHaveLength(1);
      expect(own.ledger.spreadOrders).toHaveLength(1);
      expect(single(own)).toEqual([]);
      await leave(own, dir);
    }
  );

  it("permanently rejected spread: entries give the reason, a hedge exits with two orders in the same step", async () => {
    const {own, dir} = await holding();
    own.sim.steer.orderFaults([{kind: "reject", path: CREATE, times: 1_000}]);
    await leave(own, dir);
    expect(own.ledger.spreadOrders).toHaveLength(1);
    const {own: other, dir: there} = await (async () => {
      await own.close();
      return opened();
    })();
    other.sim.steer.orderFaults([{kind: "reject", path: CREATE, times: 1_000}]);
    await other.step("0.001");
    expect(eventsOf(there, "refused")).toMatchObject([
      {code: "spread", reason: "as a spread: Illegal order, code 110032"}
    ]);
    expect(other.ledger.orders).toEqual([]);
  });

  it("spread order presumed lost that fills a minute later: both legs are booked as late, as a hedge", async () => {
    const {own, dir} = await opened();
    own.sim.steer.orderFaults([{kind: "late-fill", path: CREATE, delayMs: 60_000, report: "nothing"}]);
    await own.step("0.001");
    expect(own.trader.open).toEqual([]);
    const {unfilled = []} = eventsOf(dir, "filled")[0]!;
    expect(unfilled.map(([, ...rest]) => rest)).toEqual(
      Array(2).fill(["lost", "lost: the venue does not know the order"])
    );
    for (let i = 0; i < 3; i++) await own.step();
    expect(eventsOf(dir, "foreign").map(({cause}) => cause)).toEqual(["late", "late"]);
    expect(own.trader.mode).toBe("running");
    expect(own.trader.open).toHaveLength(1);
    expect(own.naked.abs().lte(stepOf(own))).toBe(true);
    await insideTheInvariant(own, dir);
    await leave(own, dir);
  });

  it("foreign spread order is reported and halts trading", async () => {
    const {own, dir} = await opened();
    await own.step();
    await own.account.createSpread({
      symbol: "SOLUSDT_SOL/USDT",
      side: "Sell",
      orderType: "Market",
      qty: "3",
      orderLinkId: "hand"
    });
    await own.step();
    expect(eventsOf(dir, "foreign").map(({cause}) => cause)).toEqual(["outside", "outside"]);
    expect(own.trader.mode).toBe("halted");
    await expectAgreement(own);
  });

  it("resting spread order counts as unexpected until all orders are cancelled", async () => {
    const {own} = await opened();
    await own.step();
    const order = {
      symbol: "SOLUSDT_SOL/USDT",
      side: "Sell",
      orderType: "Limit",
      qty: "3",
      price: "50",
      timeInForce: "GTC"
    };
    await own.account.createSpread({...order, orderLinkId: "hand"});
    expect(await own.disagreement()).toMatch("orders are open that no step waits for: hand");
    await own.venue.cancelAll();
    expect(own.ledger.spreadOrders).toMatchObject([{orderStatus: "Cancelled"}]);
    expect(await own.disagreement()).toBeUndefined();
  });
});

describe("order style changed between two processes", () => {
  it("process with style spread finds a round sent as two orders", async () => {
    const {own, dir} = await opened({execution: {style: "two-orders"}});
    own.execution = executionConfig.parse({style: "spread"});
    await own.stepInto("after send", "0.001");
    await insideTheInvariant(own, dir);
    expect(own.trader.open).toHaveLength(1);
    expect(single(own)).toHaveLength(2);
    expect(eventsOf(dir, "foreign")).toEqual([]);
  });

  it("process with style two-orders books the legs of an earlier spread as late fills", async () => {
    const {own, dir} = await opened();
    own.execution = executionConfig.parse({});
    await own.stepInto("after send", "0.001", {last: 1});
    await own.step();
    expect(eventsOf(dir, "foreign").map(({cause}) => cause)).toEqual(["late", "late"]);
    await insideTheInvariant(own, dir);
    expect(own.trader.open).toHaveLength(1);
  });
});

describe("list of spreads", () => {
  it("unreadable list: an entry is refused with the reason, a hedge exits with two orders", async () => {
    const {own, dir} = await opened();
    const {account} = own;
    const spreads = account.spreads.bind(account);
    account.spreads = () => Promise.reject(new Error("no answer"));
    await own.step("0.001");
    expect(eventsOf(dir, "refused")).toMatchObject([
      {reason: "as a spread: the list of spreads could not be read: no answer"}
    ]);
    expect(own.ledger.orders).toEqual([]);
    account.spreads = spreads;
    await own.step("0.001");
    await own.step("0.001");
    expect(own.trader.open).toHaveLength(1);
    await own.restart();
    account.spreads = () => Promise.reject(new Error("no answer"));
    await leave(own, dir);
    expect(own.ledger.spreadOrders).toHaveLength(1);
  });

  it("dry run reports the one order and sends nothing", async () => {
    const {own, dir} = await holding();
    const {account, exchange, clock, config, execution, stop} = own;
    const shown: string[] = [];
    const dryRun = (line: string) => void shown.push(line);
    const venue = new LiveVenue({
      account,
      exchange,
      clock,
      signal: stop.signal,
      config,
      execution,
      alarm: () => undefined,
      dryRun
    });
    const before = own.ledger.spreadOrders.length;
    const {legs} = eventsOf(dir, "ordered")[0]!;
    const decimals = legs.map((leg) => ({
      ...leg,
      quantity: new Decimal(leg.quantity),
      reference: new Decimal(leg.reference),
      limit: new Decimal(leg.limit!)
    }));
    const order = {
      ts: 0,
      pair: own.pair,
      tradeId: "T-1",
      act: "open",
      attempt: 1,
      legs: decimals,
      patient: true
    } as const;
    const {fills} = await venue.execute(order, {resumed: false});
    expect(fills).toEqual([]);
    expect(shown).toEqual([
      expect.stringMatching(
        /^sell 14\.8 coins of SOLUSDT_SOL\/USDT \(spread\) at -0\.67\d* or better as SOL-USDT-.*-os1$/
      )
    ]);
    expect(own.ledger.spreadOrders).toHaveLength(before);
  });
});
