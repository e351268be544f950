import {afterEach, describe, expect, it} from "vitest";
import {Decimal, text} from "../../../../src/lib/money/decimal.js";
import {eventsOf} from "../../../helpers/journal.js";
import {bookedFlow, LiveDesk, venueFlow} from "../../../helpers/live.js";
import {LIVE_KEYS} from "../../../helpers/loop.js";
import {tmp} from "../../../helpers/tmp.js";

let desk: LiveDesk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

async function holding(): Promise<{own: LiveDesk; dir: string}> {
  const dir = tmp();
  const own = (desk = await LiveDesk.open(dir));
  await own.step("0.001");
  expect(own.trader.open).toHaveLength(1);
  return {own, dir};
}

async function agrees(own: LiveDesk): Promise<void> {
  expect(await own.disagreement()).toBeUndefined();
  const difference = venueFlow(own.ledger, new Decimal(100_000)).minus(bookedFlow(own.trader));
  expect(difference.abs().lte("0.00000001"), text(difference)).toBe(true);
}

const perp = {apiKey: LIVE_KEYS.apiKey, symbol: "SOLUSDT"};

describe("venue actions without an order", () => {
  it("ADL reduces the short: the coin is reduced to match, and trading continues", async () => {
    const {own, dir} = await holding();
    const before = own.trader.open[0]!.perpQty;
    own.sim.steer.act({kind: "adl", ...perp, qty: "5"});
    expect(own.naked.toNumber()).toBeGreaterThan(4);
    await own.step();
    await agrees(own);
    expect(eventsOf(dir, "foreign")).toMatchObject([{cause: "adl"}]);
    const [hedge] = own.trader.open;
    expect(text(hedge!.perpQty)).toBe(text(before.minus(5)));
    expect(own.naked.abs().lte(own.trader.pair(own.pair).desk.rules.step)).toBe(true);
    expect(own.trader.mode).toBe("running");
    // and it can still be exited, to the last sellable coin
    await own.step("-0.001");
    await agrees(own);
    expect(own.trader.open).toEqual([]);
  });

  it("liquidated short: the loss is the venue's, the coin is sold, the identity holds", async () => {
    const {own, dir} = await holding();
    own.sim.steer.act({kind: "liquidate", ...perp});
    await own.step();
    await agrees(own);
    expect(own.trader.open).toEqual([]);
    expect(eventsOf(dir, "foreign")).toMatchObject([{cause: "liquidation"}]);
    const [closed] = eventsOf(dir, "closed");
    expect(closed!.trade.exitReason).toBe("liquidated");
    expect(text(bookedFlow(own.trader))).toBe(closed!.trade.net);
  });

  it.each(["spot", "linear"] as const)(
    "manual trade on the %s leg halts trading, is reported, and the legs are evened",
    async (category) => {
      const {own, dir} = await holding();
      const hand = {kind: "manual-trade", ...perp, category, qty: "3"} as const;
      own.sim.steer.act({...hand, side: category === "spot" ? "Sell" : "Buy"});
      await own.step();
      expect(own.trader.mode).toBe("halted");
      expect(own.trader.why).toMatch(/somebody else traded on the account: (sell|buy) 3 SOL\/USDT/);
      expect(eventsOf(dir, "foreign")).toMatchObject([{cause: "outside"}]);
      await agrees(own);
      expect(own.naked.abs().lte(own.trader.pair(own.pair).desk.rules.step)).toBe(true);
    }
  );

  it("manual trade without an open hedge stays untouched: nothing is sold, and the ledger records it", async () => {
    const dir = tmp();
    const own = (desk = await LiveDesk.open(dir));
    await own.step();
    own.sim.steer.act({kind: "manual-trade", ...perp, category: "spot", side: "Buy", qty: "3"});
    await own.step();
    await agrees(own);
    expect(own.trader.open).toEqual([]);
    expect(own.ledger.balances["SOL"]).toBe("2.997");
    // it stays recorded, also in a new process
    await own.restart();
    await own.step();
    expect(eventsOf(dir, "foreign")).toHaveLength(1);
    await agrees(own);
  });

  it("transfer is recorded as neither profit nor loss", async () => {
    const {own, dir} = await holding();
    const before = own.trader.equity;
    own.sim.steer.act({kind: "transfer-out", apiKey: LIVE_KEYS.apiKey, coin: "USDT", amount: "5000"});
    await own.step();
    await agrees(own);
    expect(eventsOf(dir, "account")).toMatchObject([{what: "transfer out", amount: "-5000"}]);
    expect(own.trader.equity.minus(before).abs().lt(50)).toBe(true);
    expect(own.trader.mode).toBe("running");
  });

  it("foreign resting order in a traded market is reported", async () => {
    const {own} = await holding();
    own.sim.steer.act({kind: "manual-order", ...perp, category: "spot", side: "Buy", qty: "1", price: "30"});
    expect(await own.disagreement()).toMatch(/orders are open that no step waits for/);
  });
});

describe("orders of unknown status", () => {
  it("order not found just after sending is not assumed cancelled: it is found and booked", async () => {
    const dir = tmp();
    const own = (desk = await LiveDesk.open(dir));
    own.sim.steer.orderFaults([{kind: "not-found-at-first", category: "linear", queries: 3}]);
    await own.step("0.001");
    await agrees(own);
    expect(own.trader.open).toHaveLength(1);
    expect(eventsOf(dir, "ordered")).toHaveLength(1);
  });

  it("order presumed lost that fills a minute later is booked, and its hedge stays even", async () => {
    const dir = tmp();
    const own = (desk = await LiveDesk.open(dir));
    own.sim.steer.orderFaults([{kind: "late-fill", category: "linear", delayMs: 60_000, report: "nothing"}]);
    await own.step("0.001");
    for (let i = 0; i < 4; i++) await own.step();
    expect(eventsOf(dir, "foreign")).toMatchObject([{cause: "late"}]);
    await agrees(own);
    expect(own.naked.abs().lte(own.trader.pair(own.pair).desk.rules.step)).toBe(true);
  });

  it("failed query decides nothing: the order stays in flight until a query succeeds", async () => {
    const dir = tmp();
    const own = (desk = await LiveDesk.open(dir));
    own.sim.steer.orderFaults([
      {kind: "timeout-after-accept", category: "linear"},
      {kind: "server-error", path: "/order/realtime", times: 30},
      {kind: "malformed", path: "/order/history", times: 3}
    ]);
    await own.step("0.001");
    await agrees(own);
    expect(own.trader.open).toHaveLength(1);
    expect(eventsOf(dir, "ordered")).toHaveLength(1);
    expect(own.alarms.join()).toMatch(/the status of order .* is still unknown/);
  });
});

describe("preconditions of orders", () => {
  it("margin mode and leverage are set and verified before the first order", async () => {
    const {own} = await holding();
    const [position] = own.ledger.positions;
    expect(own.ledger.marginMode).toBe("ISOLATED_MARGIN");
    expect(position!["leverage"]).toBe("1");
    // the venue's liquidation price equals the ledger's
    const hedge = own.trader.open[0]!;
    const there = Number(position!["liqPrice"]);
    expect(Math.abs(there / hedge.prices.liquidation.toNumber() - 1)).toBeLessThan(0.005);
  });

  it("without them no order is sent", async () => {
    const dir = tmp();
    const own = (desk = await LiveDesk.open(dir));
    own.sim.steer.orderFaults([{kind: "server-error", path: "/position/set-leverage", times: 1_000}]);
    await own.step("0.001");
    expect(own.ledger.orders).toEqual([]);
    expect(eventsOf(dir, "refused")).toMatchObject([{reason: expect.stringMatching(/leverage could not be set/)}]);
  });

  it("account with open positions is rejected at the start", async () => {
    const own = (desk = await LiveDesk.open(tmp()));
    own.sim.steer.act({kind: "manual-trade", ...perp, category: "linear", side: "Sell", qty: "1"});
    await expect(own.venue.readBaseline()).rejects.toThrow("invalid account: it has open positions (SOLUSDT)");
  });
});
