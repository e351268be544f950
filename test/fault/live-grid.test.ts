import {afterAll, afterEach, describe, expect, it} from "vitest";
import {text} from "../../src/lib/money/decimal.js";
import {eventsOf} from "../helpers/journal.js";
import {LiveDesk, longestNaked, type CrashPoint} from "../helpers/live.js";
import {insideTheInvariant, ORDER_FAULTS} from "../helpers/live-invariant.js";
import {tmp} from "../helpers/tmp.js";

const CRASHES: CrashPoint[] = ["none", "before journal", "after send", "after ack"];

const cases = (["spot", "linear"] as const).flatMap((category) =>
  ORDER_FAULTS.flatMap((fault) =>
    CRASHES.flatMap((crash) => (["open", "close"] as const).map((act) => ({category, fault, crash, act})))
  )
);

let desk: LiveDesk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

let passed = 0;
let halted = 0;
let worst = {ms: 0, name: ""};
/** a ten-minute ban blocks every call, regardless of open hedges */
let worstInBan = 0;
afterAll(() => {
  process.stderr.write(
    `${passed} of ${cases.length} cases inside the invariant, ${halted} of them halted; worst naked time ${worst.ms} ms (${worst.name}), ` +
      `${worstInBan} ms where the venue bans the address for ten minutes\n`
  );
});

describe("two legs, or none", () => {
  it("grid has 208 cases", () => expect(cases).toHaveLength(208));

  it.each(cases)("$act, $category leg, $fault.kind, crash $crash", async ({category, fault, crash, act}) => {
    const dir = tmp();
    desk = await LiveDesk.open(dir);
    const own = desk;
    if (act === "close") {
      await own.step("0.001");
      expect(own.trader.open).toHaveLength(1);
    }
    own.sim.steer.orderFaults([{...fault, category}]);
    await own.stepInto(crash, act === "open" ? "0.001" : "-0.001");
    // the case is valid only if the fault has struck
    expect(own.sim.steer.orderFaultCounts()).toEqual({[fault.kind]: 1});
    for (let i = 0; i < 3; i++) await own.step();
    if (await insideTheInvariant(own, dir)) halted++;
    if (act === "close") {
      // a past fault never prevents an exit
      expect(own.trader.open).toEqual([]);
      const {positions} = own.ledger;
      expect(positions).toEqual([]);
    }
    const ms = longestNaked(own.ledger, own.trader.pair(own.pair).desk.rules.step);
    const name = `${act}, ${category}, ${fault.kind}, crash ${crash}`;
    if (fault.kind === "forbidden") worstInBan = Math.max(worstInBan, ms);
    else if (ms > worst.ms) worst = {ms, name};
    passed++;
  });
});

describe("leg that can never fill", () => {
  const FOR_GOOD = {kind: "reject", times: 1_000};

  it.each(["spot", "linear"] as const)(
    "%s rejected: the other leg is unwound, and the pair cools down",
    async (category) => {
      const dir = tmp();
      desk = await LiveDesk.open(dir);
      desk.sim.steer.orderFaults([{...FOR_GOOD, category, side: category === "spot" ? "Buy" : "Sell"}]);
      await desk.step("0.001");
      await insideTheInvariant(desk, dir);
      expect(desk.trader.mode).toBe("running");
      expect(desk.trader.open).toEqual([]);
      expect(desk.ledger.positions).toEqual([]);
      const [trade] = eventsOf(dir, "closed");
      expect(trade).toMatchObject({trade: {exitReason: "unwound"}});
      // no second attempt before the gate's cooldown has passed
      expect(desk.trader.pair(desk.pair).coolUntilTs).toBeGreaterThan(desk.trader.lastTs + 3_000_000);
    }
  );

  it.each(["spot", "linear"] as const)(
    "%s and its unwind rejected: halted with the naked amount recorded, and repaired once the venue accepts",
    async (category) => {
      const dir = tmp();
      desk = await LiveDesk.open(dir);
      const other = category === "spot" ? "linear" : "spot";
      desk.sim.steer.orderFaults([
        {...FOR_GOOD, category},
        {...FOR_GOOD, category: other, nth: 2}
      ]);
      await desk.step("0.001");
      await insideTheInvariant(desk, dir);
      expect(desk.trader.mode).toBe("halted");
      const naked = desk.naked;
      expect(naked.isZero()).toBe(false);
      const records = () => eventsOf(dir, "naked");
      expect(records().at(-1)).toMatchObject({quantity: text(naked)});
      // a new process knows the state, and enters nothing
      await desk.restart();
      expect(desk.trader.mode).toBe("halted");
      await desk.step("0.001");
      expect(desk.naked.eq(naked)).toBe(true);
      desk.sim.steer.orderFaults([]);
      await desk.step();
      await insideTheInvariant(desk, dir);
      expect(desk.naked.abs().lte(desk.trader.pair(desk.pair).desk.rules.step)).toBe(true);
      expect(desk.trader.open).toEqual([]);
      expect(desk.trader.mode).toBe("halted");
    }
  );

  it.each(["spot", "linear"] as const)(
    "%s cannot exit: halted, and exited once the venue accepts",
    async (category) => {
      const dir = tmp();
      desk = await LiveDesk.open(dir);
      await desk.step("0.001");
      desk.sim.steer.orderFaults([{...FOR_GOOD, category}]);
      await desk.step("-0.001");
      await insideTheInvariant(desk, dir);
      expect(desk.trader.mode).toBe("halted");
      desk.sim.steer.orderFaults([]);
      await desk.step();
      await insideTheInvariant(desk, dir);
      expect(desk.trader.open).toEqual([]);
    }
  );
});
