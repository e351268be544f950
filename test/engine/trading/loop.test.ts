import {afterEach, describe, expect, it} from "vitest";
import {PaperVenue} from "../../../engine/execution/paper.js";
import {Recorder} from "../../../engine/journal/recorder.js";
import {snapshotOf} from "../../../engine/trading/snapshot.js";
import {Trader} from "../../../engine/trading/trader.js";
import {Decimal, text} from "../../../src/lib/money/decimal.js";
import {HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {allLines} from "../../helpers/journal.js";
import {LOOP_NOW, loopRig, type LoopRig, type LoopRigOptions} from "../../helpers/loop.js";
import {tmp} from "../../helpers/tmp.js";

const rigs: LoopRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});
async function rigOf(dir: string, given: LoopRigOptions = {}): Promise<LoopRig> {
  const rig = await loopRig(dir, given);
  rigs.push(rig);
  return rig;
}

describe("the loop on paper against the simulated venue", () => {
  it("opens at a settlement, is paid at the next, and its books agree to the digit", async () => {
    const rig = await rigOf(tmp(), {options: {cycles: 10 * 60}});
    await rig.loop.run();
    const kinds = rig.control.decisions({limit: 1_000}).map(({kind}) => kind);
    expect(kinds).toContain("opened");
    expect(kinds).toContain("settled");
    const {account} = rig.control.status();
    const positions = rig.control.positions();
    expect(positions.length).toBeGreaterThan(0);
    const sum = positions.reduce((total, {unrealised}) => total.plus(unrealised!), new Decimal(account!.realised));
    expect(account!.equity).toBe(text(sum.plus(account!.capital)));
    for (const position of positions) {
      expect(position.entryTs).toBeGreaterThan(LOOP_NOW);
      expect(position.spotPrice).not.toBeNull();
      expect(position.nextSettlementTs).toBeGreaterThan(rig.loop.now());
      const {basis, funding, fees, slippage, unrealised} = position;
      // the law with the legs at the newest prices
      const net = new Decimal(funding).plus(basis!).minus(fees).minus(slippage);
      // a marked hedge has not paid for leaving yet, and its entry slippage is in the marks
      expect(text(net)).toBe(unrealised);
    }
  });
});
