import {runWindows} from "../../src/lib/backtest/run.js";
import {windowOf} from "../../src/lib/backtest/window.js";
import {Decimal} from "../../src/lib/money/decimal.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {median, time, type BenchRow} from "./harness.js";
import {madeMarket} from "./market.js";

const ms = (value: number): string => `${value.toFixed(1)} ms`;

async function medianOf(work: () => unknown, rounds = 15): Promise<number> {
  for (let i = 0; i < 5; ++i) work();
  const times: number[] = [];
  for (let i = 0; i < rounds; ++i) times.push(await time(work));
  return median(times);
}

/** Measures the exact ledger over a pair-year: at its events, and marked at every bar. */
export async function ledgerBench(): Promise<BenchRow[]> {
  const window = windowOf(madeMarket(), {}, true);
  const config = parseConfig({minRate: "0.0002", exitRate: "0.00005"});
  const {trades} = runWindows([window], config);
  const payments = trades.reduce((n, trade) => n + trade.payments.length, 0);
  let x = new Decimal("1.00012345");
  const operation =
    (await medianOf(() => {
      for (let i = 0; i < 10_000; ++i) x = new Decimal("8814.64").times("0.11344762").plus(x.times(0));
    })) / 30_000;
  const events = await medianOf(() => runWindows([window], config));
  const marked = await medianOf(() => runWindows([window], config, {keepSteps: true}));
  const what = `${trades.length} trades, ${payments} payments`;
  const against = `decimal.js at ${(operation * 1000).toFixed(2)} µs an operation here`;
  return [
    {
      work: `exact ledger, a pair-year at its events (${what})`,
      figure: ms(events),
      against: `${against}; target ≤ 10 ms`
    },
    {
      work: "exact ledger, marked at every bar with all components",
      figure: ms(marked),
      against: `${against}; target ≤ 40 ms`
    }
  ];
}
