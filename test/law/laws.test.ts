import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {candlesOf, type MarketData} from "../../src/lib/market/marketdata.js";
import {runBacktest, type RunResult} from "../../src/lib/backtest/run.js";
import {netOf} from "../../src/lib/ledger/trade.js";
import {Decimal, text, ZERO} from "../../src/lib/money/decimal.js";
import {equityCurve} from "../../src/lib/backtest/curve.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {boundaryTs, HOUR_MS} from "../../src/lib/time/grid.js";
import {arbitraryEntries, arbitraryPlan, attempt, planMarket, START_MS} from "../helpers/market.js";

const runs = {numRuns: 60};

const summary = (result: RunResult | undefined) =>
  result?.trades.map((trade) => [trade.id, trade.exitTs, trade.exitReason, text(trade.net), trade.payments.length]);

const several = fc.tuple(
  arbitraryPlan({pair: "AAA/USDT", timeframe: "1h"}),
  arbitraryPlan({pair: "BBB/USDT", timeframe: "1h", delay: 30}),
  arbitraryPlan({pair: "CCC/USDT", timeframe: "1h", delay: 7}),
  arbitraryPlan({pair: "DDD/USDT", timeframe: "1h"})
);

describe("SEMANTICS §3: the law of the two-leg ledger", () => {
  it("net is the sum of its components and the change of cash, exactly, for every trade and at every step", () => {
    let trades = 0;
    let openSteps = 0;
    fc.assert(
      fc.property(arbitraryPlan(), arbitraryEntries, (plan, entries) => {
        const result = attempt([planMarket(plan)], entries, true);
        if (!result) return;
        trades += result.trades.length;
        for (const trade of result.trades) {
          expect(text(netOf(trade))).toBe(text(trade.net));
          const cash = trade.fills.reduce((sum, fill) => {
            const amount = fill.price.times(fill.quantity);
            return (fill.side === "sell" ? sum.plus(amount) : sum.minus(amount)).minus(fill.fee);
          }, ZERO);
          const received = trade.payments.reduce((sum, {amount}) => sum.plus(amount), ZERO);
          expect(text(cash.plus(received))).toBe(text(trade.net));
        }
        let closed = ZERO;
        let n = 0;
        for (const step of result.steps!) {
          while (n < step.closed) closed = closed.plus(result.trades[n++]!.net);
          for (const hedge of step.hedges) {
            ++openSteps;
            expect(text(netOf(hedge.components))).toBe(text(hedge.marked));
          }
          const marked = step.hedges.reduce((sum, hedge) => sum.plus(hedge.marked), ZERO);
          expect(text(step.equity)).toBe(text(result.config.capital.plus(closed).plus(marked)));
        }
      }),
      runs
    );
    expect(trades).toBeGreaterThan(50);
    expect(openSteps).toBeGreaterThan(1000);
  });

  it("four fills make a round trip, and each cost is at least zero", () => {
    fc.assert(
      fc.property(arbitraryPlan(), arbitraryEntries, (plan, entries) => {
        for (const trade of attempt([planMarket(plan)], entries)?.trades ?? []) {
          expect(trade.fills.map(({leg, side}) => `${leg} ${side}`)).toEqual([
            "spot buy",
            "perp sell",
            "perp buy",
            "spot sell"
          ]);
          for (const fill of trade.fills) expect(fill.fee.gte(0) && fill.slippage.gte(0)).toBe(true);
          expect(trade.liquidationLoss.gte(0)).toBe(true);
        }
      }),
      runs
    );
  });

  it("the equity curve's floats are the exact steps' decimals", () => {
    fc.assert(
      fc.property(arbitraryPlan({timeframe: "1h"}), arbitraryEntries, (plan, entries) => {
        const result = attempt([planMarket(plan)], entries, true);
        if (!result) return;
        const curve = equityCurve(result);
        const byTs = new Map(result.steps!.map((step) => [step.ts, step.equity.toNumber()]));
        let held = 0;
        curve.equity.forEach((value, g) => {
          const exact = byTs.get(curve.startMs + g * curve.stepMs);
          if (exact === undefined) return;
          ++held;
          expect(Math.abs(value - exact)).toBeLessThan(1e-9 * exact);
        });
        expect(held).toBeGreaterThan(50);
      }),
      {numRuns: 30}
    );
  });
});

describe("one shared capital", () => {
  it("SEMANTICS §3: capital is never spent twice and no instant breaks a cap", () => {
    let full = 0;
    fc.assert(
      fc.property(several, arbitraryEntries, (plans, entries) => {
        const result = attempt(plans.map(planMarket), entries, true);
        if (!result) return;
        const {config} = result;
        for (const step of result.steps!) {
          const inUse = step.hedges.reduce((sum, {capital}) => sum.plus(capital), ZERO);
          const notional = step.hedges.reduce((sum, h) => sum.plus(h.notional), ZERO);
          expect(step.hedges.length).toBeLessThanOrEqual(config.maxHedges);
          expect(new Set(step.hedges.map(({pair}) => pair)).size).toBe(step.hedges.length);
          expect(notional.lte(config.portfolioCapUsd)).toBe(true);
          for (const hedge of step.hedges) expect(hedge.notional.lte(config.pairCapUsd)).toBe(true);
          // the budget reserves entry costs at the spot price; a perp above it costs slightly more, so costs are
          // compared separately
          const opened = step.hedges.filter(({entryTs}) => entryTs === step.ts);
          const paid = opened.reduce((sum, {components: c}) => sum.plus(c.fees).plus(c.slippage), ZERO);
          if (opened.length > 0) expect(step.free.plus(paid).gte(0), `free ${text(step.free)}`).toBe(true);
          if (opened.length > 0) expect(step.free.gt(config.capital.times("-0.0001"))).toBe(true);
          if (step.hedges.length === config.maxHedges || inUse.gt(config.capital.times("0.8"))) ++full;
        }
      }),
      {numRuns: 40}
    );
    expect(full).toBeGreaterThan(100);
  });

  it("the order in which pairs are given changes nothing", () => {
    fc.assert(
      fc.property(several, arbitraryEntries, fc.nat(23), (plans, entries, permutation) => {
        const markets = plans.map(planMarket);
        const shuffled = [...markets];
        let rest = permutation;
        for (let i = shuffled.length - 1; i > 0; --i) {
          const j = rest % (i + 1);
          rest = Math.floor(rest / (i + 1));
          [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
        }
        expect(summary(attempt(shuffled, entries))).toEqual(summary(attempt(markets, entries)));
      }),
      {numRuns: 25}
    );
  });

  it("SEMANTICS §5: at one instant the better pair by netPerPeriod opens, ties by symbol", () => {
    const market = (pair: string, rate: string): MarketData => {
      const rows = Array.from({length: 48}, (_, i) => ({
        ts: START_MS + i * HOUR_MS,
        open: 100,
        high: 100,
        low: 100,
        close: 100
      }));
      const funding = [8, 16, 24, 32].map((h) => ({tsMs: START_MS + h * HOUR_MS, rate}));
      return {pair, timeframe: "1h", funding, spot: candlesOf("1h", rows), perp: candlesOf("1h", rows)};
    };
    const config = parseConfig({maxHedges: 1});
    const opened = (...markets: MarketData[]) => runBacktest(markets, config).trades.map(({pair}) => pair);
    expect(opened(market("AAA/USDT", "0.0004"), market("ZZZ/USDT", "0.0005"))).toEqual(["ZZZ/USDT"]);
    expect(opened(market("ZZZ/USDT", "0.0005"), market("AAA/USDT", "0.0005"))).toEqual(["AAA/USDT"]);
    const crowded = runBacktest([market("AAA/USDT", "0.0004"), market("ZZZ/USDT", "0.0005")], config).pairs[0]!;
    expect(crowded.refusals.map(({reason}) => reason)).toEqual([
      "too-many-hedges",
      "too-many-hedges",
      "too-many-hedges"
    ]);
  });
});

describe("scale", () => {
  it("ten times the size and the capital gives ten times the money", () => {
    fc.assert(
      fc.property(arbitraryPlan(), fc.constantFrom("0.0001", "0.0003"), (plan, minRate) => {
        const data = planMarket(plan);
        // a step that divides both sizes evenly, so that no rounding enters
        const steps = {spotStep: "1", perpStep: "1", minRate, exitRate: "0"};
        const fit = (scale: number) => {
          const price = (candles: MarketData["spot"]) =>
            candlesOf(
              candles.timeframe,
              Array.from(candles.ts, (ts) => ({ts, open: 100, high: 101, low: 99, close: 100}))
            );
          return attempt([{...data, spot: price(data.spot), perp: price(data.perp), mark: undefined}], {
            ...steps,
            capital: String(10_000 * scale),
            maxPositionUsd: String(1000 * scale),
            portfolioCapUsd: String(5000 * scale)
          });
        };
        const one = fit(1);
        const ten = fit(10);
        expect(ten?.trades.map(({net}) => text(net))).toEqual(one?.trades.map(({net}) => text(net.times(10))));
      }),
      {numRuns: 30}
    );
  });
});

describe("holes", () => {
  it("SEMANTICS §1: a hole never becomes a zero: every price used is in the data", () => {
    fc.assert(
      fc.property(arbitraryPlan({holes: 0.15}), arbitraryEntries, (plan, entries) => {
        const data = planMarket(plan);
        const opens = (candles: MarketData["spot"]) => new Set([...candles.open, ...candles.close].map(String));
        const spot = opens(data.spot);
        const perp = opens(data.perp);
        const marks = new Set([...perp, ...(data.mark ? opens(data.mark) : [])]);
        const rates = new Map(data.funding.map(({tsMs, rate}) => [boundaryTs(tsMs), new Decimal(rate).toFixed()]));
        for (const trade of attempt([data], entries)?.trades ?? []) {
          expect(spot.has(text(trade.spotEntry)) && spot.has(text(trade.spotExit))).toBe(true);
          expect(perp.has(text(trade.perpEntry))).toBe(true);
          if (!trade.liquidation) expect(perp.has(text(trade.perpExit))).toBe(true);
          for (const {t, rate, mark} of trade.payments) {
            expect(rate.toFixed()).toBe(rates.get(t));
            expect(marks.has(text(mark))).toBe(true);
            expect(t).toBeGreaterThan(trade.entryTs);
            expect(t).toBeLessThanOrEqual(trade.perpExitTs);
          }
        }
      }),
      runs
    );
  });

  it("SEMANTICS §2: for a fixed hedge, two intervals of one history give the same money", () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 1e6}), fc.constantFrom(1, 2, 4), (seed, hours) => {
        const rows = Array.from({length: 24 * 20}, (_, i) => ({
          ts: START_MS + i * HOUR_MS,
          open: 100,
          high: 100,
          low: 100,
          close: 100
        }));
        const candles = candlesOf("1h", rows);
        const eights = Array.from({length: 58}, (_, i) => new Decimal(((seed * (i + 3)) % 97) + 40).div(100_000));
        const every = (n: number) =>
          eights.flatMap((rate, i) =>
            Array.from({length: 8 / n}, (_, j) => ({
              tsMs: START_MS + (8 * (i + 1) + n * (j + 1)) * HOUR_MS,
              rate: rate.times(n).div(8).toFixed(),
              reportedHours: n
            }))
          );
        const market = (n: number): MarketData => ({
          pair: "MADE/USDT",
          timeframe: "1h",
          funding: every(n),
          spot: candles,
          perp: candles
        });
        // both histories decide at 16:00 on the 8 h grid and hold to the end; the finer one pays the same as the
        // coarser
        const config = {minRate: "0.0003", exitRate: "-1"};
        const from = START_MS + 16 * HOUR_MS;
        const coarse = runBacktest([market(8)], parseConfig(config), {fromMs: from}).trades[0]!;
        const fine = runBacktest([market(hours)], parseConfig(config), {fromMs: from}).trades[0]!;
        expect(fine.entryTs).toBe(coarse.entryTs);
        expect(text(fine.funding)).toBe(text(coarse.funding));
        expect(text(fine.net)).toBe(text(coarse.net));
        expect(fine.payments.length).toBe(coarse.payments.length * (8 / hours));
      }),
      {numRuns: 20}
    );
  });
});

describe("the flat price", () => {
  it("ten payments of +2 on a hedge whose round trip costs 26 net −6, never +14", () => {
    const rows = Array.from({length: 100}, (_, i) => ({
      ts: START_MS + i * HOUR_MS,
      open: 100,
      high: 100,
      low: 100,
      close: 100
    }));
    const candles = candlesOf("1h", rows);
    // the first row has no interval, the second enters, ten more pay 0.0002 × 10,000 = 2 each;
    // the round trip is 2 × (0.0006 + 0.0004) + 4 × 1.5 bps = 0.26 % of 10,000 = 26
    const funding = Array.from({length: 12}, (_, i) => ({tsMs: START_MS + 8 * (i + 1) * HOUR_MS, rate: "0.0002"}));
    const config = parseConfig({
      minRate: "0.0002",
      exitRate: "0.0002",
      expectedHoldPeriods: "60",
      spotFee: "0.0006",
      perpFee: "0.0004",
      slippageBps: "1.5",
      capital: "100000",
      maxPositionUsd: "10000",
      portfolioCapUsd: "10000"
    });
    const {trades} = runBacktest([{pair: "FLAT/USDT", timeframe: "1h", funding, spot: candles, perp: candles}], config);
    expect(trades).toHaveLength(1);
    expect(trades[0]!.payments.map(({amount}) => text(amount))).toEqual(Array(10).fill("2"));
    expect(text(trades[0]!.fees.plus(trades[0]!.slippage))).toBe("26");
    expect(text(trades[0]!.net)).toBe("-6");
  });
});
