import {describe, expect, it} from "vitest";
import {candlesOf, type Candle, type MarketData} from "../../../src/lib/market/marketdata.js";
import {runBacktest} from "../../../src/lib/backtest/run.js";
import {bootstrapIntervals, resample} from "../../../src/lib/stats/bootstrap.js";
import {dailyReturns, equityCurve, midnights, pairCurve} from "../../../src/lib/backtest/curve.js";
import {metricsOf, sharesOf, timeAtWork} from "../../../src/lib/backtest/metrics.js";
import {generator, normal} from "../../../src/lib/stats/random.js";
import {drawdowns, INSUFFICIENT, maxDrawdown, moments, sharpe, sortino} from "../../../src/lib/stats/ratios.js";
import {sensitivities} from "../../../src/lib/backtest/sensitivity.js";
import {regimeAt, splitByCalendar, splitByRegime} from "../../../src/lib/backtest/splits.js";
import {walkForward} from "../../../src/lib/sweep/walkforward.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {PairHistory} from "../../../src/lib/strategy/history.js";
import {DAY_MS, HOUR_MS} from "../../../src/lib/time/grid.js";
import {madeMarket} from "../../bench/market.js";

const START = Date.UTC(2024, 0, 1);

describe("SEMANTICS §6: ratios", () => {
  const returns = Array.from({length: 60}, (_, i) => ((i * 7) % 11) / 1000 - 0.004);

  it("Sharpe is mean over sd (n − 1) of daily returns × √365, Sortino over the downside of all n", () => {
    const n = returns.length;
    const mean = returns.reduce((a, b) => a + b, 0) / n;
    const sd = Math.sqrt(returns.reduce((sum, r) => sum + (r - mean) ** 2, 0) / (n - 1));
    const down = Math.sqrt(returns.reduce((sum, r) => sum + Math.min(r, 0) ** 2, 0) / n);
    expect(sharpe(moments(returns))).toBeCloseTo((mean / sd) * Math.sqrt(365), 12);
    expect(sortino(moments(returns))).toBeCloseTo((mean / down) * Math.sqrt(365), 12);
  });

  it("is insufficient under 30 daily returns, where nothing varies and, for Sortino, where nothing falls", () => {
    expect(sharpe(moments(returns.slice(0, 29)))).toBe(INSUFFICIENT);
    expect(sharpe(moments(returns.slice(0, 30)))).not.toBe(INSUFFICIENT);
    expect(sharpe(moments(Array(60).fill(0)))).toBe(INSUFFICIENT);
    expect(sortino(moments(returns.map(Math.abs)))).toBe(INSUFFICIENT);
  });

  it("a normal sample has no skew and a kurtosis of three", () => {
    const random = generator(11);
    const m = moments(Array.from({length: 20_000}, () => normal(random)));
    expect(Math.abs(m.skewness)).toBeLessThan(0.06);
    expect(Math.abs(m.kurtosis - 3)).toBeLessThan(0.12);
  });

  it("drawdown is a fraction of the running peak", () => {
    expect(maxDrawdown([100, 120, 90, 130, 117])).toBeCloseTo(0.25, 12);
    expect(maxDrawdown([1, 2, 3])).toBe(0);
    expect(Array.from(drawdowns([100, 50, 200, 150]))).toEqual([0, 0.5, 0, 0.25]);
    expect(Math.max(...drawdowns([100, 120, 90, 130, 117]))).toBeCloseTo(maxDrawdown([100, 120, 90, 130, 117]), 12);
  });

  it("time in the market counts overlapping hedges once; shares of the money moved sum to one by size", () => {
    const span = (entryTs: number, exitTs: number) => ({entryTs, exitTs});
    expect(timeAtWork([span(5, 9), span(0, 4), span(3, 6), span(20, 21)])).toBe(10);
    const shares = sharesOf({fees: 10, funding: -20, basis: 5, liquidation: -5});
    expect(Object.values(shares).reduce<number>((sum, share) => sum + Math.abs(share!), 0)).toBeCloseTo(1, 12);
    expect(sharesOf({fees: 0, funding: 0, basis: 0, liquidation: 0}).feeShare).toBeUndefined();
  });
});

describe("SEMANTICS §6: equity on an even grid", () => {
  it("is the open at the grid instant, else the newest close, also within bars of 8 h", () => {
    const rows: Candle[] = [0, 8, 16, 24, 32, 40].map((hour, i) => ({
      ts: START + hour * HOUR_MS,
      open: 100 + i,
      high: 200,
      low: 1,
      close: 100 + i + 0.5
    }));
    const flat: Candle[] = rows.map((row) => ({...row, open: 100, close: 100, high: 100}));
    const data: MarketData = {
      pair: "MADE/USDT",
      timeframe: "8h",
      funding: [8, 16, 24].map((hour) => ({tsMs: START + hour * HOUR_MS, rate: "0.001"})),
      spot: candlesOf("8h", rows),
      perp: candlesOf("8h", flat)
    };
    const config = parseConfig({spotFee: 0, perpFee: 0, slippageBps: 0, spotStep: 1, perpStep: 1, leverage: 1});
    const result = runBacktest([data], config);
    const {equity, startMs} = equityCurve(result);
    const value = (hour: number) => equity[(START + hour * HOUR_MS - startMs) / HOUR_MS];
    // entered at 16:00 with 9 coins at 102; funding 9 × 100 × 0.001 at 24:00
    expect(result.trades[0]!.entryTs).toBe(START + 16 * HOUR_MS);
    expect(value(15)).toBe(10_000);
    expect(value(16)).toBe(10_000);
    expect(value(17)).toBe(10_000 + 9 * (101.5 - 102));
    expect(value(24)).toBeCloseTo(10_000 + 9 * (103 - 102) + 0.9, 10);
    expect(value(25)).toBeCloseTo(10_000 + 9 * (102.5 - 102) + 0.9, 10);
    expect(equity.at(-1)).toBeCloseTo(Number(result.trades[0]!.net) + 10_000, 10);
  });

  it("takes daily returns at midnights UTC", () => {
    const curve = {
      startMs: START + 6 * HOUR_MS,
      stepMs: HOUR_MS,
      equity: Float64Array.from({length: 24 * 3}, (_, i) => 100 + i)
    };
    expect(midnights(curve)).toEqual({startMs: START + DAY_MS, values: Float64Array.of(118, 142, 166)});
    expect(Array.from(dailyReturns(curve))).toEqual([142 / 118 - 1, 166 / 142 - 1]);
  });

  it("the account's equity is the sum of what each pair brought", () => {
    const markets = [madeMarket({hours: 1500}), madeMarket({pair: "TOO/USDT", seed: 8, hours: 1500})];
    const result = runBacktest(markets, parseConfig({minRate: "0.0002"}));
    const whole = equityCurve(result).equity;
    const [a, b] = result.pairs.map((pair) => pairCurve(result, pair).equity);
    expect(result.pairs.every(({trades}) => trades.length > 0)).toBe(true);
    whole.forEach((value, i) => expect(value).toBeCloseTo(a![i]! + b![i]! - 10_000, 8));
  });
});

describe("the stationary bootstrap", () => {
  it("the same seed gives the same interval, and every resampled day is one of the sample's", () => {
    const values = Array.from({length: 50}, (_, i) => i);
    const drawn = resample(values, 5, generator(1), new Float64Array(50));
    expect(drawn.every((value) => values.includes(value))).toBe(true);
    const interval = (seed: number) =>
      bootstrapIntervals(
        values.map((v) => v / 1e4 - 0.002),
        {random: generator(seed), resamples: 200}
      );
    expect(interval(3)).toEqual(interval(3));
    expect(interval(3)).not.toEqual(interval(4));
  });

  it("covers the true mean at about its stated rate", () => {
    let covered = 0;
    for (let seed = 1; seed <= 200; ++seed) {
      const random = generator(seed);
      const days = Float64Array.from({length: 250}, () => 0.001 + 0.01 * normal(random));
      const {low, high} = bootstrapIntervals(days, {random, resamples: 200}).annualReturn;
      if ((low as number) <= 0.365 && (high as number) >= 0.365) ++covered;
    }
    // 90 % of 200 less the small sample's shortfall; three binomial standard deviations are 13
    expect(covered).toBeGreaterThan(160);
    expect(covered).toBeLessThan(195);
  });

  it("is insufficient under 30 days", () => {
    expect(bootstrapIntervals(new Float64Array(29), {random: generator(1)}).annualReturn).toEqual({
      low: INSUFFICIENT,
      high: INSUFFICIENT
    });
  });
});

describe("splits", () => {
  const data = madeMarket({hours: 24 * 100});
  const config = parseConfig({minRate: "0.0002", exitRate: "0"});
  const result = runBacktest([data], config);
  const curve = equityCurve(result);

  it("months add up to the year, and the year to the run between its midnights", () => {
    const months = splitByCalendar(curve, "month");
    const years = splitByCalendar(curve, "year");
    const net = (splits: {net: number}[]) => splits.reduce((sum, split) => sum + split.net, 0);
    expect(months.map(({name}) => name)).toEqual(["2024-01", "2024-02", "2024-03", "2024-04"]);
    const {values} = midnights(curve);
    expect(net(months)).toBeCloseTo(values.at(-1)! - values[0]!, 8);
    expect(net(years)).toBeCloseTo(net(months), 8);
  });

  it("regimes split the same days by what the week before paid, as it was known", () => {
    const history = new PairHistory(data);
    const splits = splitByRegime(result, curve, history);
    expect(splits.length).toBeGreaterThan(1);
    const cut = new PairHistory({...data, funding: data.funding.filter(({tsMs}) => tsMs <= START + 50 * DAY_MS)});
    for (let day = 2; day <= 50; ++day)
      expect(regimeAt(cut, START + day * DAY_MS)).toBe(regimeAt(history, START + day * DAY_MS));
  });
});

describe("sensitivities", () => {
  it("one bar later and doubled costs are runs of those configs", () => {
    const data = madeMarket({hours: 2000});
    const config = parseConfig({minRate: "0.0002"});
    const [later, dear] = sensitivities([data], config);
    expect([later!.code, dear!.code]).toEqual(["delayed", "doubled-costs"]);
    expect(later!.metrics).toEqual(
      metricsOf(runBacktest([data], parseConfig({minRate: "0.0002", decisionDelayBars: 1})))
    );
    const doubled = parseConfig({minRate: "0.0002", spotFee: "0.002", perpFee: "0.0011", slippageBps: 10});
    expect(dear!.metrics).toEqual(metricsOf(runBacktest([data], doubled)));
  });
});

describe("walk-forward", () => {
  const data = madeMarket({hours: 24 * 120});
  const configs = ["0.0001", "0.0002", "0.0003"].map((minRate) => parseConfig({minRate, exitRate: "0.00005"}));
  const options = {fromMs: START, toMs: START + 120 * DAY_MS, trainDays: 40, testDays: 20};

  it("anchored training starts where the window does, rolling keeps its length; tests follow on without overlap", () => {
    const anchored = walkForward(data, configs, {...options, mode: "anchored"}).folds;
    const rolling = walkForward(data, configs, {...options, mode: "rolling"}).folds;
    expect(anchored).toHaveLength(4);
    expect(anchored.every(({trainFromMs}) => trainFromMs === START)).toBe(true);
    expect(rolling.every(({trainFromMs, trainToMs}) => trainToMs - trainFromMs === 40 * DAY_MS)).toBe(true);
    anchored.slice(1).forEach((fold, i) => expect(fold.trainToMs).toBe(anchored[i]!.testToMs));
  });

  it("SEMANTICS §1: nothing after a fold's training changes what it chooses, nothing after its test what it makes", () => {
    const whole = walkForward(data, configs, {...options, mode: "rolling"}).folds[0]!;
    const end = whole.testToMs;
    const cut = (candles: MarketData["spot"]) => ({
      ...candles,
      ...Object.fromEntries(
        (["ts", "open", "high", "low", "close", "volume"] as const).map((name) => [
          name,
          candles[name].filter((_, i) => candles.ts[i]! < end)
        ])
      )
    });
    const past: MarketData = {
      ...data,
      funding: data.funding.filter(({tsMs}) => tsMs < end),
      spot: cut(data.spot),
      perp: cut(data.perp)
    };
    const first = walkForward(past, configs, {...options, toMs: end, mode: "rolling"}).folds[0]!;
    expect(first).toEqual(whole);
  });

  it("chains the test stretches' daily returns into one out-of-sample curve", () => {
    const {equity, returns, net, folds} = walkForward(data, configs, {...options, mode: "anchored"});
    expect(equity).toHaveLength(returns.length + 1);
    expect(net).toBeCloseTo(
      folds.reduce((sum, {outOfSample}) => sum + outOfSample.net, 0),
      10
    );
    expect(equity.at(-1)).toBeCloseTo(
      returns.reduce((grown, r) => grown * (1 + r), 1),
      12
    );
  });

  it("a window shorter than one fold is missing data", () => {
    expect(() => walkForward(data, configs, {...options, toMs: START + 50 * DAY_MS, mode: "anchored"})).toThrow(
      "shorter than one fold"
    );
  });
});
