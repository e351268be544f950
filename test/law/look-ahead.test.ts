import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {candlesOf, cutCandles, type MarketData} from "../../src/lib/market/marketdata.js";
import type {RunResult} from "../../src/lib/backtest/run.js";
import {text} from "../../src/lib/money/decimal.js";
import {boundaryTs, timeframeMs} from "../../src/lib/time/grid.js";
import {arbitraryEntries, arbitraryPlan, attempt, planMarket, START_MS} from "../helpers/market.js";

const runs = {numRuns: 60};

describe("SEMANTICS §1: no look-ahead", () => {
  it("cutting the future changes no decision, fill or payment dated before the cut", () => {
    let compared = 0;
    fc.assert(
      fc.property(
        arbitraryPlan(),
        arbitraryEntries,
        fc.double({min: 0.2, max: 0.95, noNaN: true}),
        (plan, entries, share) => {
          const data = planMarket(plan);
          const stepMs = timeframeMs(plan.timeframe);
          const cutMs = START_MS + Math.floor(plan.bars * share) * stepMs;
          const whole = attempt([data], entries, true);
          // known at the cut: settled rows, closed candles and the opens of the instant itself
          const past = attempt(
            [
              {
                ...data,
                funding: data.funding.filter(({tsMs}) => boundaryTs(tsMs) <= cutMs),
                spot: cutCandles(data.spot, 0, cutMs + 1),
                perp: cutCandles(data.perp, 0, cutMs + 1),
                mark: data.mark && cutCandles(data.mark, 0, cutMs + 1)
              }
            ],
            entries,
            true
          );
          if (!whole || !past) return;
          const until = Math.min(cutMs, past.endMs - 1);
          const states = (result: RunResult) =>
            result
              .steps!.filter(({ts}) => ts <= until)
              .map((step) => [step.ts, text(step.free), text(step.equity), step.waiting, step.closed]);
          expect(states(past)).toEqual(states(whole));
          const before = (result: RunResult) =>
            result.trades
              .filter(({exitTs}) => exitTs <= until)
              .map((trade) => [
                trade.id,
                text(trade.net),
                trade.decidedBy,
                trade.payments.map(({t, amount}) => [t, text(amount)])
              ]);
          expect(before(past)).toEqual(before(whole));
          compared += states(past).length;
        }
      ),
      runs
    );
    expect(compared).toBeGreaterThan(2000);
  });

  it("garbage after the cut is never read", () => {
    fc.assert(
      fc.property(arbitraryPlan({holes: 0}), arbitraryEntries, (plan, entries) => {
        const data = planMarket(plan);
        const cutMs = START_MS + Math.floor(plan.bars / 2) * timeframeMs(plan.timeframe);
        const poison = (candles: MarketData["spot"]) =>
          candlesOf(
            candles.timeframe,
            Array.from(candles.ts, (ts, i) =>
              ts <= cutMs
                ? {
                    ts,
                    open: candles.open[i]!,
                    ...(ts < cutMs ? {high: candles.high[i]!, close: candles.close[i]!} : {high: 1, close: 1}),
                    volume: ts < cutMs ? candles.volume[i]! : 0
                  }
                : {ts, open: 3, high: 3, close: 3, volume: 0}
            )
          );
        const poisoned = {
          ...data,
          funding: data.funding.map((row) => (boundaryTs(row.tsMs) <= cutMs ? row : {...row, rate: "-0.5"})),
          spot: poison(data.spot),
          perp: poison(data.perp),
          mark: undefined
        };
        const clean = attempt([{...data, mark: undefined}], entries, true)!;
        const other = attempt([poisoned], entries, true)!;
        const states = (result: RunResult) =>
          result
            .steps!.filter(({ts}) => ts <= cutMs)
            .map((step) => [step.ts, text(step.free), step.waiting, step.closed]);
        expect(states(other)).toEqual(states(clean));
      }),
      {numRuns: 30}
    );
  });
});
