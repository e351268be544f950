import {afterAll, afterEach, describe, expect, it} from "vitest";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import {allLines} from "../helpers/journal.js";
import {bookedFlow, LiveDesk, longestNaked, venueFlow, type CrashPoint} from "../helpers/live.js";
import {tmp} from "../helpers/tmp.js";

/** What the venue does to one leg, once (HAZARDS, Two legs). */
const FAULTS = [
  {kind: "reject"},
  {kind: "insufficient-funds"},
  {kind: "timeout-after-accept"},
  {kind: "timeout-before-accept"},
  {kind: "partial", fraction: "0.37"},
  {kind: "partial-then-cancel", fraction: "0.37"},
  {kind: "rate-limited"},
  {kind: "forbidden"},
  {kind: "server-error", accept: true},
  {kind: "stalled-body"},
  {kind: "duplicate-id"},
  {kind: "remainder-under-minimum"},
  {kind: "price-band"}
];
const CRASHES: CrashPoint[] = ["none", "before journal", "after send", "after ack"];
const START = new Decimal(100_000);
const CENT_OF_A_MILLIONTH = "0.00000001";

const cases = (["spot", "linear"] as const).flatMap((category) =>
  FAULTS.flatMap((fault) =>
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
afterAll(() => {
  process.stderr.write(
    `${passed} of ${cases.length} cases inside the invariant, ${halted} of them halted; worst naked time ${worst.ms} ms (${worst.name})\n`
  );
});

/** What must hold at the end of every case. */
async function insideTheInvariant(own: LiveDesk, dir: string): Promise<void> {
  const {trader, ledger, pair} = own;
  const {step} = trader.pair(pair).desk.rules;
  if (own.naked.abs().gt(step)) {
    expect(trader.mode).toBe("halted");
    expect(trader.why).toContain(pair);
    halted++;
  }
  // every order at the venue is one of the journal's
  const ordered = allLines(dir).flatMap(({event}) =>
    event.type === "ordered"
      ? (event as unknown as {legs: {clientId: string}[]}).legs.map(({clientId}) => clientId)
      : []
  );
  expect(new Set(ordered).size).toBe(ordered.length);
  for (const {orderLinkId} of ledger.orders) expect(ordered).toContain(orderLinkId);
  expect(ledger.orders.filter(({orderStatus}) => ["New", "PartiallyFilled"].includes(orderStatus as string))).toEqual(
    []
  );
  const difference = venueFlow(ledger, START).minus(bookedFlow(trader)).abs();
  expect(difference.lte(CENT_OF_A_MILLIONTH), `the books differ by ${text(difference)}`).toBe(true);
  expect(await own.disagreement()).toBeUndefined();
}

describe("two legs, or none", () => {
  it("the grid has the 208 cases of the brief", () => expect(cases).toHaveLength(208));

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
    for (let i = 0; i < 3; i++) await own.step();
    await insideTheInvariant(own, dir);
    if (act === "close") {
      // a fault that has passed never keeps a hedge from being left
      expect(own.trader.open).toEqual([]);
      const {positions} = own.ledger;
      expect(positions).toEqual([]);
    }
    const ms = longestNaked(own.ledger, own.trader.pair(own.pair).desk.rules.step);
    if (ms > worst.ms) worst = {ms, name: `${act}, ${category}, ${fault.kind}, crash ${crash}`};
    passed++;
  });
});
