import {runWindows} from "../../src/lib/backtest/run.js";
import {windowOf} from "../../src/lib/backtest/window.js";
import {equityCurve} from "../../src/lib/backtest/curve.js";
import {metricsOf} from "../../src/lib/backtest/metrics.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {disagreements} from "../../src/lib/sweep/gate.js";
import {Kernel} from "../../src/lib/sweep/kernel.js";
import {prepare} from "../../src/lib/sweep/prepare.js";
import {median, time, type BenchRow} from "./harness.js";
import {madeMarket} from "./market.js";

/** Cost of moving a slider: a new config on loaded data, up to the new curve and its statistics. */
export async function backtestBench(): Promise<BenchRow[]> {
  const data = madeMarket();
  const cold = await time(() => prepare(windowOf(data, {}, true)));
  const window = windowOf(data, {}, true);
  const kernel = new Kernel(prepare(window));
  const configs = Array.from({length: 40}, (_, i) =>
    parseConfig({minRate: String(0.0002 + i * 0.000005), exitRate: "0.00005"})
  );
  for (const config of configs.slice(0, 10)) {
    const found = disagreements(kernel.run(config)!, runWindows([window], config), {daily: kernel.daily});
    if (found.length) throw new Error(`kernel disagrees: ${found[0]!.name}`);
  }
  const exact: number[] = [];
  const float: number[] = [];
  for (const config of configs) {
    exact.push(
      await time(() => {
        const result = runWindows([window], config);
        metricsOf(result);
        equityCurve(result);
      })
    );
    float.push(await time(() => kernel.run(config)));
  }
  const row = (work: string, figure: number, target: string): BenchRow => ({
    work,
    figure: `${figure.toFixed(2)} ms`,
    against: target
  });
  return [
    row("one backtest, exact, with statistics and curve (a pair-year of 1 h bars)", median(exact), "one frame: 16 ms"),
    row("one backtest, float kernel, the same numbers to 1e-9", median(float), "one frame: 16 ms"),
    row("laying a pair-year out for the kernel, once", cold, "first paint: 100 ms")
  ];
}
