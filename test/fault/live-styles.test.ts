import {afterAll, afterEach, describe, expect, it} from "vitest";
import {LiveDesk, longestNaked, type CrashPoint, type DeskOptions} from "../helpers/live.js";
import {insideTheInvariant, ORDER_FAULTS} from "../helpers/live-invariant.js";
import {tmp} from "../helpers/tmp.js";

type Fault = (typeof ORDER_FAULTS)[number];
type Leg = "spot" | "perp";

const ACTS = ["open", "close"] as const;
const CATEGORY = {spot: "spot", perp: "linear"} as const;

let desk: LiveDesk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

const tally = {passed: 0, halted: 0, worst: {ms: 0, name: ""}};
afterAll(() => {
  const {passed, halted, worst} = tally;
  process.stderr.write(
    `${passed} cases of other styles inside the invariant, ${halted} of them halted; worst naked time without a ban ${worst.ms} ms (${worst.name})\n`
  );
});

interface Case {
  name: string;
  act: (typeof ACTS)[number];
  fault: Fault;
  crash: CrashPoint;
  options: DeskOptions;
  /** further venue behaviour needed to reach the fault, and its expected effect */
  beside?: object[];
  faults: object[];
  struck: Record<string, number>;
  last: number;
}

/** Runs one case: the fault strikes once, the process may die, and three steps later the account must be consistent. */
async function run({name, act, fault, crash, options, beside = [], faults, struck, last}: Case): Promise<void> {
  const dir = tmp();
  const own = (desk = await LiveDesk.open(dir, options));
  if (act === "close") {
    own.sim.steer.orderFaults(beside);
    await own.step("0.001");
    expect(own.trader.open).toHaveLength(1);
  }
  own.sim.steer.orderFaults(faults);
  await own.stepInto(crash, act === "open" ? "0.001" : "-0.001", {last, answered: true});
  // the case is valid only if the fault has struck
  expect(own.sim.steer.orderFaultCounts()).toEqual(struck);
  for (let i = 0; i < 3; i++) await own.step();
  if (await insideTheInvariant(own, dir)) tally.halted++;
  if (act === "close") {
    // neither a past fault nor a style prevents an exit
    expect(own.trader.open).toEqual([]);
    expect(own.ledger.positions).toEqual([]);
  }
  const ms = longestNaked(own.ledger, own.trader.pair(own.pair).desk.rules.step);
  if (fault.kind !== "forbidden" && ms > tally.worst.ms) tally.worst = {ms, name};
  tally.passed++;
}

describe("spread order for both legs", () => {
  const CRASHES: CrashPoint[] = ["none", "before journal", "after send", "after ack"];
  const cases = ORDER_FAULTS.flatMap((fault) => CRASHES.flatMap((crash) => ACTS.map((act) => ({fault, crash, act}))));
  it("grid has 104 cases", () => expect(cases).toHaveLength(104));

  it.each(cases)("$act, $fault.kind, crash $crash", async ({fault, crash, act}) => {
    await run({
      name: `spread, ${act}, ${fault.kind}, crash ${crash}`,
      act,
      fault,
      crash,
      options: {execution: {style: "spread"}},
      faults: [{...fault, path: "/spread/order/create"}],
      struck: {[fault.kind]: 1},
      last: 1
    });
  });
});

describe("one leg rests, the other takes", () => {
  const CRASHES: CrashPoint[] = ["none", "after send", "after ack"];
  const cases = (["perp", "spot"] as const).flatMap((makerLeg) =>
    (["maker", "taker"] as const).flatMap((leg) =>
      ORDER_FAULTS.flatMap((fault) =>
        // the spot leg as maker: only the death that leaves its order resting
        (makerLeg === "perp" ? CRASHES : CRASHES.slice(0, 2)).flatMap((crash) =>
          ACTS.map((act) => ({makerLeg, leg, fault, crash, act}))
        )
      )
    )
  );
  it("grid has 260 cases", () => expect(cases).toHaveLength(260));

  it.each(cases)(
    "$act, $makerLeg rests, $fault.kind on the $leg, crash $crash",
    async ({makerLeg, leg, fault, crash, act}) => {
      const category = CATEGORY[makerLeg];
      const other: Leg = makerLeg === "perp" ? "spot" : "perp";
      // nearly all of the resting order fills on arrival
      const taken = {kind: "partial", fraction: "0.999", category};
      const faults = leg === "maker" ? [{...fault, category}] : [taken, {...fault, category: CATEGORY[other]}];
      const struck: Record<string, number> = {[fault.kind]: 1};
      if (leg === "taker") struck["partial"] = (struck["partial"] ?? 0) + 1;
      await run({
        name: `maker ${makerLeg}, ${act}, ${fault.kind} on the ${leg}, crash ${crash}`,
        act,
        fault,
        crash,
        options: {execution: {style: "maker-first", makerLeg}},
        beside: [taken],
        faults,
        struck,
        last: leg === "maker" ? 1 : 2
      });
    }
  );
});
