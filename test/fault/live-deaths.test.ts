import {afterEach, expect, it} from "vitest";
import {generator} from "../../src/lib/stats/random.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import {Crash, type CrashAt} from "../helpers/journal.js";
import {orderedIds} from "../helpers/live-invariant.js";
import {bookedFlow, LiveDesk, venueFlow} from "../helpers/live.js";
import {tmp} from "../helpers/tmp.js";

const DEATHS = 200;
const FAULTS = [
  "reject",
  "timeout-after-accept",
  "timeout-before-accept",
  "partial",
  "server-error",
  "duplicate-id",
  "not-found-at-first"
];

let desk: LiveDesk | undefined;
afterEach(() => desk?.close());

/** Makes the process die at a line of its journal, or just after sending an order, before its reply. */
function arrange(own: LiveDesk, random: () => number): void {
  const at = (["before", "within", "after"] as CrashAt[])[Math.floor(random() * 3)]!;
  if (random() < 0.6) return own.dieAtLine(1 + Math.floor(random() * 8), at);
  const create = own.account.create.bind(own.account);
  const last = 1 + Math.floor(random() * 2);
  const sends = random() < 0.5;
  let orders = 0;
  own.account.create = async (...order) => {
    if (++orders < last) return create(...order);
    own.account.create = create;
    if (sends) await create(...order).catch(() => undefined);
    throw new Crash("order");
  };
}

it(`${DEATHS} deaths of a trading engine leave no naked leg, no unknown order, and the venue's balance`, async () => {
  const dir = tmp();
  const own = (desk = await LiveDesk.open(dir));
  const create = own.account.create.bind(own.account);
  const random = generator(31);
  const {step: lot} = own.trader.pair(own.pair).desk.rules;
  let deaths = 0;
  let again = 0;
  let rounds = 0;
  let halts = 0;
  const survive = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      deaths++;
      own.account.create = create;
      await survive(async () => {
        const restarted = own.restart();
        // every fifth dies again during recovery
        if (random() < 0.2) {
          again++;
          own.dieAtLine(1, "within");
        }
        await restarted;
      });
    }
  };
  while (deaths < DEATHS) {
    rounds++;
    const kind = FAULTS[Math.floor(random() * FAULTS.length)]!;
    const category = random() < 0.5 ? "spot" : "linear";
    own.sim.steer.orderFaults(random() < 0.4 ? [{kind, category}] : []);
    arrange(own, random);
    const rate = own.trader.open.length === 0 ? "0.001" : random() < 0.6 ? "-0.001" : undefined;
    await survive(() => own.step(rate));
    own.account.create = create;
    own.sim.steer.orderFaults([]);
    await survive(() => own.step());
    await survive(() => own.step());
    if (own.naked.abs().gt(lot)) expect(own.trader.mode, `round ${rounds}`).toBe("halted");
    expect(await own.disagreement(), `round ${rounds}`).toBeUndefined();
    if (own.trader.mode === "halted") {
      halts++;
      expect(own.naked.abs().lte(lot), `round ${rounds}`).toBe(true);
      own.trader.setMode({type: "resumed", ts: own.trader.lastTs, why: "a person has looked"});
    }
  }
  await own.restart();
  for (let i = 0; i < 3 && own.trader.open.length > 0; i++) await own.step("-0.001");
  expect(own.trader.open).toEqual([]);
  const {ledger, trader} = own;
  expect(ledger.positions).toEqual([]);
  const ordered = orderedIds(dir);
  expect(new Set(ordered).size).toBe(ordered.length);
  for (const {orderLinkId} of ledger.orders) expect(ordered).toContain(orderLinkId);
  const difference = venueFlow(ledger, new Decimal(100_000)).minus(bookedFlow(trader)).abs();
  expect(difference.lte("0.00000001"), text(difference)).toBe(true);
  process.stderr.write(
    `${deaths} deaths (${again} while recovering) in ${rounds} rounds, ${ledger.orders.length} orders, ${halts} halts; ` +
      `books differ by ${text(difference)}\n`
  );
}, 900_000);
