import {afterEach, describe, expect, it} from "vitest";
import {Decimal, text} from "../../../../src/lib/money/decimal.js";
import {LiveDesk, longestNaked, type DeskOptions} from "../../../helpers/live.js";
import {eventsOf} from "../../../helpers/journal.js";
import {insideTheInvariant, orderedIds} from "../../../helpers/live-invariant.js";
import {tmp} from "../../../helpers/tmp.js";

let desk: LiveDesk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

type Leg = "perp" | "spot";
const CATEGORY = {perp: "linear", spot: "spot"} as const;
const LEGS: [maker: Leg, taker: Leg][] = [
  ["perp", "spot"],
  ["spot", "perp"]
];
/** Long enough for the market to trade through a price at the touch. */
const LONG = 240_000;

async function opened(makerLeg: Leg, options: DeskOptions & {makerDeadlineMs?: number} = {}) {
  const {makerDeadlineMs = 10_000, ...rest} = options;
  const dir = tmp();
  const own = (desk = await LiveDesk.open(dir, {
    execution: {style: "maker-first", makerLeg, makerDeadlineMs},
    ...rest
  }));
  return {own, dir};
}

/** Fills a share of a resting order on arrival. */
const takes = (leg: Leg, fraction: string) => ({kind: "partial", fraction, category: CATEGORY[leg]});

async function holding(makerLeg: Leg, options: DeskOptions = {}) {
  const {own, dir} = await opened(makerLeg, options);
  own.sim.steer.orderFaults([takes(makerLeg, "0.999")]);
  await own.step("0.001");
  own.sim.steer.orderFaults([]);
  expect(own.trader.open).toHaveLength(1);
  return {own, dir};
}

const stepOf = (own: LiveDesk) => own.trader.pair(own.pair).desk.rules.step;
const ordersOf = (own: LiveDesk, leg: Leg) => own.ledger.orders.filter(({category}) => category === CATEGORY[leg]);
const reasons = (dir: string) =>
  eventsOf(dir, "filled").flatMap(({unfilled}) => (unfilled ?? []).map(([, , why]) => why));
const codes = (dir: string) =>
  eventsOf(dir, "filled").flatMap(({unfilled}) => (unfilled ?? []).map(([, code]) => code));

async function isFlat(own: LiveDesk, dir: string): Promise<void> {
  await insideTheInvariant(own, dir);
  expect(own.trader.mode).toBe("running");
  expect(own.trader.open).toEqual([]);
  expect(own.ledger.positions).toEqual([]);
}

describe.each(LEGS)("the %s leg rests, the %s leg takes", (maker, taker) => {
  it("resting leg fills at its own side of the book for the maker fee, and is hedged at once", async () => {
    const {own, dir} = await opened(maker, {makerDeadlineMs: LONG});
    const {makerRate, takerRate} = {
      makerRate: maker === "perp" ? "0.0002" : "0.001",
      takerRate: taker === "perp" ? "0.00055" : "0.001"
    };
    await own.step("0.001");
    await insideTheInvariant(own, dir);
    const hedge = own.trader.open[0]!;
    expect(own.naked.abs().lte(stepOf(own))).toBe(true);
    const [order] = ordersOf(own, maker);
    expect(order).toMatchObject({timeInForce: "PostOnly", orderStatus: "Filled"});
    expect(ordersOf(own, taker)).toMatchObject([{timeInForce: "IOC", orderStatus: "Filled"}]);
    expect(own.ledger.executions).toMatchObject([{isMaker: true}, {isMaker: false}]);
    for (const {leg, fee, price, quantity, side} of hedge.fills) {
      const gross = leg === "spot" && side === "buy" ? quantity.div("0.999") : quantity;
      expect(text(fee)).toBe(text(gross.times(price).times(leg === maker ? makerRate : takerRate)));
    }
    // better than the touch at the decision: selling at the ask, buying at the bid
    const filled = hedge.fills.find(({leg}) => leg === maker)!;
    const better = maker === "perp" ? filled.price.minus(filled.reference) : filled.reference.minus(filled.price);
    expect(better.gt(0)).toBe(true);
    expect(longestNaked(own.ledger, stepOf(own))).toBeLessThanOrEqual(300);
    expect(text(hedge.perpQty)).toBe("14.8");
  });

  it("unfilled entry is cancelled at its deadline, and refused with that reason", async () => {
    const {own, dir} = await opened(maker);
    const before = own.clock.monotonic();
    await own.step("0.001");
    expect(own.clock.monotonic() - before).toBeGreaterThan(10_000);
    expect(own.clock.monotonic() - before - 60_000).toBeLessThan(12_000);
    expect(eventsOf(dir, "refused")).toMatchObject([
      {code: "maker", reason: expect.stringContaining("not taken within 10000 ms")}
    ]);
    expect(ordersOf(own, maker)).toMatchObject([{orderStatus: "Cancelled", cumExecQty: "0"}]);
    expect(ordersOf(own, taker)).toEqual([]);
    await isFlat(own, dir);
  });

  it("unfilled exit sends both legs as taker in the same step", async () => {
    const {own, dir} = await holding(maker);
    await own.step("-0.001");
    expect(reasons(dir).slice(-2).join()).toMatch(/as a maker: not taken within 10000 ms/);
    expect(codes(dir).slice(-2)).toEqual(["maker", "maker"]);
    expect(eventsOf(dir, "ordered").map(({act}) => act)).toEqual(["open", "close", "close"]);
    await isFlat(own, dir);
  });

  it("partial fill of an entry cancels the rest and is hedged for its own quantity", async () => {
    const {own, dir} = await opened(maker);
    own.sim.steer.orderFaults([takes(maker, "0.37")]);
    await own.step("0.001");
    await insideTheInvariant(own, dir);
    const hedge = own.trader.open[0]!;
    const [order] = ordersOf(own, maker);
    // spot reports a partial fill in its status, a perp does not
    expect(order!["orderStatus"]).toBe(maker === "spot" ? "PartiallyFilledCanceled" : "Cancelled");
    const share = Number(order!["cumExecQty"]) / Number(order!["qty"]);
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.38);
    expect(hedge.perpQty.toNumber()).toBeGreaterThan(5);
    expect(hedge.perpQty.toNumber()).toBeLessThan(5.6);
    expect(own.naked.abs().lte(stepOf(own))).toBe(true);
    expect(longestNaked(own.ledger, stepOf(own))).toBeLessThanOrEqual(500);
    expect(eventsOf(dir, "unwound")).toEqual([]);
  });

  it("partial fill of an exit is matched by the other leg, then the rest goes as taker", async () => {
    const {own, dir} = await holding(maker);
    own.sim.steer.orderFaults([takes(maker, "0.37")]);
    await own.step("-0.001");
    await isFlat(own, dir);
    expect(eventsOf(dir, "ordered").map(({act}) => act)).toEqual(["open", "close", "close"]);
  });

  it("post-only order that would take is rejected: an entry is refused, a hedge exits as taker", async () => {
    const {own, dir} = await opened(maker);
    const touch = own.account.touch.bind(own.account);
    // the market moves between reading the book and the order: the former far side is where it would rest
    const moved: typeof touch = async (...asked) => {
      const {bid, ask} = await touch(...asked);
      return {bid: ask, ask: bid};
    };
    own.account.touch = moved;
    await own.step("0.001");
    expect(eventsOf(dir, "refused")).toMatchObject([{reason: expect.stringContaining("EC_PostOnlyWillTakeLiquidity")}]);
    expect(own.ledger.executions).toEqual([]);
    own.account.touch = touch;
    own.sim.steer.orderFaults([takes(maker, "0.999")]);
    await own.step("0.001");
    expect(own.trader.open).toHaveLength(1);
    own.account.touch = moved;
    await own.step("-0.001");
    await isFlat(own, dir);
  });

  it("unreadable book: an entry sends nothing, a hedge exits as taker", async () => {
    const {own, dir} = await holding(maker);
    own.account.touch = () => Promise.reject(new Error("no answer"));
    await own.step("-0.001");
    await isFlat(own, dir);
    const sent = own.ledger.orders.length;
    await own.step("0.001");
    expect(own.ledger.orders).toHaveLength(sent);
    expect(eventsOf(dir, "refused").at(-1)!["reason"]).toMatch(/the book could not be read: no answer/);
  });

  describe.each(["open", "close"] as const)("%s", (act) => {
    const rate = act === "open" ? "0.001" : "-0.001";
    const start = () => (act === "open" ? opened(maker) : holding(maker));

    it.each([
      {kind: "timeout-after-accept"},
      {kind: "server-error", accept: true},
      {kind: "duplicate-id"},
      {kind: "not-found-at-first", queries: 3}
    ])("$kind on the resting order: it is tracked, not sent twice", async (fault) => {
      const {own, dir} = await start();
      const known = own.ledger.orders.length;
      own.sim.steer.orderFaults([{...fault, category: CATEGORY[maker]}]);
      await own.step(rate);
      expect(own.sim.steer.orderFaultCounts()).toEqual({[fault.kind]: 1});
      await isFlat(own, dir);
      // it rested unfilled: an entry ends there, a hedge exits with two more orders
      expect(own.ledger.orders.length - known).toBe(act === "open" ? 1 : 3);
      expect(own.ledger.orders[known]).toMatchObject({timeInForce: "PostOnly", orderStatus: "Cancelled"});
    });

    it.each([
      {kind: "timeout-after-accept"},
      {kind: "server-error", accept: true},
      {kind: "duplicate-id"},
      {kind: "partial", fraction: "0.37"}
    ])("$kind on the hedging order: the legs end up even", async (fault) => {
      const {own, dir} = await start();
      own.sim.steer.orderFaults([takes(maker, "0.999"), {...fault, category: CATEGORY[taker]}]);
      await own.step(rate);
      const struck = fault.kind === "partial" ? {partial: 2} : {partial: 1, [fault.kind]: 1};
      expect(own.sim.steer.orderFaultCounts()).toEqual(struck);
      await insideTheInvariant(own, dir);
      expect(own.naked.abs().lte(stepOf(own))).toBe(true);
      expect(own.trader.open).toHaveLength(act === "open" ? 1 : 0);
      expect(own.trader.mode).toBe("running");
    });

    it.each(["0", "0.37"])(
      "process that dies with the order resting (%s filled): the next one cancels it and hedges the fill",
      async (share) => {
        const {own, dir} = await start();
        const known = own.ledger.orders.length;
        if (share !== "0") own.sim.steer.orderFaults([takes(maker, share)]);
        await own.stepInto("after send", rate, {last: 1});
        const [round] = eventsOf(dir, "ordered").slice(act === "open" ? 0 : 1);
        const unsent = round!.legs.find(({market}) => market === taker)!;
        // an order never sent is queried, not found, and not sent under its old id
        const there = own.ledger.orders.slice(known);
        expect(there.map(({orderLinkId}) => orderLinkId)).not.toContain(unsent.clientId);
        expect(there[0]!["orderStatus"]).toMatch(/Cancel/);
        expect(reasons(dir)).toContain("lost: the venue does not know the order");
        await own.step(act === "close" ? rate : undefined);
        await insideTheInvariant(own, dir);
        expect(own.naked.abs().lte(stepOf(own))).toBe(true);
        expect(own.trader.mode).toBe("running");
        expect(own.trader.open).toHaveLength(act === "open" && share !== "0" ? 1 : 0);
      }
    );

    it("process that dies after sending the hedge finds both orders by their client ids", async () => {
      const {own, dir} = await start();
      const known = own.ledger.orders.length;
      own.sim.steer.orderFaults([takes(maker, "0.999")]);
      await own.stepInto("after send", rate, {last: 2, answered: true});
      const ids = own.ledger.orders.slice(known, known + 2).map(({orderLinkId}) => orderLinkId);
      expect(orderedIds(dir)).toEqual(expect.arrayContaining(ids));
      expect(reasons(dir).filter((why) => why.startsWith("lost"))).toEqual([]);
      await insideTheInvariant(own, dir);
      expect(own.naked.abs().lte(stepOf(own))).toBe(true);
      expect(own.trader.open).toHaveLength(act === "open" ? 1 : 0);
    });
  });

  it("order presumed lost that fills a minute later is booked as late, and unwound", async () => {
    const {own, dir} = await opened(maker);
    own.sim.steer.orderFaults([{kind: "late-fill", category: CATEGORY[maker], delayMs: 60_000, report: "nothing"}]);
    await own.step("0.001");
    expect(reasons(dir)).toEqual(
      expect.arrayContaining(["lost: the venue does not know the order", `not sent: the ${maker} leg is lost`])
    );
    for (let i = 0; i < 4; i++) await own.step();
    expect(eventsOf(dir, "foreign")).toMatchObject([{cause: "late"}]);
    await isFlat(own, dir);
  });

  it("stopped process leaves no order resting", async () => {
    const {own} = await opened(maker, {makerDeadlineMs: 600_000});
    const {account, stop} = own;
    const create = account.create.bind(account);
    account.create = async (...order) => {
      await create(...order);
      expect(ordersOf(own, maker)).toMatchObject([{orderStatus: "New"}]);
      void own.clock.sleep(2_000).then(() => stop.abort(new Error("the process ends")));
    };
    await expect(own.step("0.001")).rejects.toThrow("the process ends");
    await expect.poll(() => ordersOf(own, maker)[0]!["orderStatus"]).toBe("Cancelled");
  });

  it("emergency stop leaves no order resting", async () => {
    const {own, dir} = await holding(maker);
    const {spot, perp} = (await own.feed.scan(own.trader.lastTs)).get(own.pair)!;
    const before = own.clock.monotonic();
    const known = own.ledger.orders.length;
    await own.trader.emergency({
      ts: own.trader.lastTs + 1,
      source: "test",
      pairs: [{pair: own.pair, spot: spot!, perp: perp!}]
    });
    expect(own.clock.monotonic() - before).toBeLessThan(2_000);
    expect(own.ledger.orders.slice(known).map(({timeInForce}) => timeInForce)).toEqual(["IOC", "IOC"]);
    await insideTheInvariant(own, dir);
    expect(own.trader.open).toEqual([]);
  });
});

it("coin fee above the configured one: the short is reduced to the coins received", async () => {
  const account = {feeRates: {spot: {maker: "0.02", taker: "0.02"}, linear: {maker: "0.0002", taker: "0.00055"}}};
  const {own, dir} = await opened("spot", {account});
  own.sim.steer.orderFaults([takes("spot", "0.999")]);
  await own.step("0.001");
  await insideTheInvariant(own, dir);
  const hedge = own.trader.open[0]!;
  expect(hedge.perpQty.lte(hedge.spotQty)).toBe(true);
  expect(new Decimal(hedge.spotQty).minus(hedge.perpQty).lt(stepOf(own))).toBe(true);
  expect(ordersOf(own, "perp")).toHaveLength(1);
});
