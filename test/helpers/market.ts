import fc from "fast-check";
import {runBacktest, type RunResult} from "../../src/lib/backtest/run.js";
import {candlesOf, type Candle, type FundingRow, type MarketData} from "../../src/lib/market/marketdata.js";
import {generator, normal} from "../../src/lib/stats/random.js";
import {parseConfig} from "../../src/lib/strategy/config.js";
import {HOUR_MS, timeframeMs, type Timeframe} from "../../src/lib/time/grid.js";

export const START_MS = Date.UTC(2024, 0, 1);

export interface MarketPlan {
  seed: number;
  bars: number;
  timeframe: Timeframe;
  /** hours between settlements, switching at each third */
  intervals: [number, number, number];
  /** fraction of candles and settlements left out */
  holes: number;
  volatility: number;
  mark: boolean;
  pair: string;
  /** number of bars before the pair lists */
  delay: number;
}

/** Returns a made market for stress: jumps, holes in each series, interval switches, a late listing. */
export function planMarket({
  seed,
  bars,
  timeframe,
  intervals,
  holes,
  volatility,
  mark,
  pair,
  delay
}: MarketPlan): MarketData {
  const random = generator(seed);
  const barMs = timeframeMs(timeframe);
  const startMs = START_MS + delay * barMs;
  const series: Record<"spot" | "perp" | "mark", Candle[]> = {spot: [], perp: [], mark: []};
  const round = (value: number) => Number(value.toFixed(4));
  let price = 100;
  for (let i = 0; i < bars; ++i) {
    const ts = startMs + i * barMs;
    const close = Math.max(1, price * Math.exp(volatility * normal(random)));
    const premium = 1 + 0.004 * (random() - 0.4);
    const bar = (scale: number): Candle => ({
      ts,
      open: round(price * scale),
      high: round(Math.max(price, close) * (1 + volatility * random()) * scale),
      low: round(Math.min(price, close) * 0.999 * scale),
      close: round(close * scale),
      volume: round(500 + 1000 * random())
    });
    for (const [name, scale] of [
      ["spot", 1],
      ["perp", premium],
      ["mark", premium * 1.0003]
    ] as const) {
      if (random() >= holes) series[name].push(bar(scale));
    }
    price = close;
  }
  const endMs = startMs + bars * barMs;
  const funding: FundingRow[] = [];
  let mood = 0.0004;
  for (let t = startMs; t < endMs;) {
    const third = Math.min(2, Math.floor((3 * (t - startMs)) / (endMs - startMs)));
    const hours = intervals[third]!;
    mood = 0.0002 + 0.92 * (mood - 0.0002) + 0.0002 * normal(random);
    if (random() >= holes) funding.push({tsMs: t + Math.floor(random() * 12), rate: ((mood * hours) / 8).toFixed(8)});
    t = (Math.floor(t / (hours * HOUR_MS)) + 1) * hours * HOUR_MS;
  }
  return {
    pair,
    timeframe,
    funding,
    spot: candlesOf(timeframe, series.spot),
    perp: candlesOf(timeframe, series.perp),
    mark: mark ? candlesOf(timeframe, series.mark) : undefined
  };
}

const interval = fc.constantFrom(1, 2, 4, 8);

/** Generates plans for {@link planMarket}. */
export const arbitraryPlan = (fixed: Partial<MarketPlan> = {}): fc.Arbitrary<MarketPlan> =>
  fc
    .record({
      seed: fc.integer({min: 1, max: 1e9}),
      bars: fc.integer({min: 120, max: 500}),
      timeframe: fc.constantFrom<Timeframe>("1h", "1h", "4h", "8h", "15m"),
      intervals: fc.tuple(interval, interval, interval),
      holes: fc.constantFrom(0, 0, 0.02, 0.15),
      volatility: fc.constantFrom(0.002, 0.01, 0.05),
      mark: fc.boolean(),
      pair: fc.constant("MADE/USDT"),
      delay: fc.constant(0)
    })
    .map((plan) => ({...plan, ...fixed}));

/** Generates config entries over every key that shapes a run; only sets that `parseConfig` accepts. */
export const arbitraryEntries: fc.Arbitrary<Record<string, string>> = fc
  .record(
    {
      strategy: fc.constantFrom("simple", "composite"),
      minRate: fc.constantFrom("0", "0.0001", "0.0002", "0.00035"),
      exitRate: fc.constantFrom("-1", "-0.0001", "0", "0.00005"),
      entry: fc.constantFrom("0.3", "0.35", "0.4"),
      exit: fc.constantFrom("0.1", "0.2", "0.25"),
      expectedHoldPeriods: fc.constantFrom("auto", "21", "60"),
      volumeFilter: fc.constantFrom("true", "false"),
      sizing: fc.constantFrom("fixed", "dynamic"),
      slippageBps: fc.constantFrom("0", "5", "7.5"),
      spotFee: fc.constantFrom("0", "0.001"),
      spotFeeIn: fc.constantFrom("quote", "base"),
      capital: fc.constantFrom("900", "10000"),
      maxPositionUsd: fc.constantFrom("700", "1234.56", "4000"),
      portfolioCapUsd: fc.constantFrom("1500", "5000"),
      maxHedges: fc.constantFrom("1", "2", "5"),
      leverage: fc.constantFrom("1", "3", "8"),
      maxWaitBars: fc.constantFrom("0", "3"),
      decisionDelayBars: fc.constantFrom("0", "0", "1", "2"),
      spotStep: fc.constantFrom("0.04", "0.001"),
      perpStep: fc.constantFrom("0.1", "0.001")
    },
    {requiredKeys: []}
  )
  .map((entries) => {
    const all = {minRate: "0.0002", exitRate: "0.00005", ...entries} as Record<string, string>;
    return Number(all["exitRate"]) > Number(all["minRate"]) ? {...all, exitRate: all["minRate"]!} : all;
  });

/** Runs a plan if it can be run; these laws are not about an empty made market. */
export function attempt(
  data: readonly MarketData[],
  entries: Record<string, string>,
  keepSteps = false
): RunResult | undefined {
  try {
    return runBacktest(data, parseConfig(entries), {keepSteps});
  } catch (error) {
    if ((error as Error).name === "DataError") return undefined;
    throw error;
  }
}
