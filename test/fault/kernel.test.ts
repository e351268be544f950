import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {runWindows} from "../../src/lib/backtest/run.js";
import {windowOf} from "../../src/lib/backtest/window.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {disagreements} from "../../src/lib/sweep/gate.js";
import {Kernel} from "../../src/lib/sweep/kernel.js";
import {prepare} from "../../src/lib/sweep/prepare.js";
import {gateTests} from "../helpers/gate.js";
import {arbitraryEntries, arbitraryPlan, planMarket} from "../helpers/market.js";

describe("the float kernel equals the exact ledger to 1e-9 relative", () => {
  gateTests(8, 1);

  it("on made markets with holes, jumps, marks, interval switches and bars from 15 m to 8 h", () => {
    let trades = 0;
    let given = 0;
    let runs = 0;
    fc.assert(
      fc.property(arbitraryPlan(), fc.array(arbitraryEntries, {minLength: 4, maxLength: 4}), (plan, configs) => {
        const window = windowOf(planMarket(plan), {}, true);
        const kernel = new Kernel(prepare(window));
        for (const config of configs.map(parseConfig)) {
          ++runs;
          const outcome = kernel.run(config);
          if (!outcome) continue;
          ++given;
          const exact = runWindows([window], config);
          trades += exact.trades.length;
          expect(disagreements(outcome, exact, {daily: kernel.daily})).toEqual([]);
        }
      }),
      {numRuns: 60}
    );
    expect(trades).toBeGreaterThan(100);
    expect(given / runs).toBeGreaterThan(0.9);
  });
});
