import {describe, expect, it} from "vitest";
import {dataLines} from "../../../src/lib/market/canonical.js";
import {candlesOf, type Candle, type Candles, type MarketData} from "../../../src/lib/market/marketdata.js";
import {multiplierOf, perCoin} from "../../../src/lib/market/multiplier.js";
import {runBacktest, runWindows} from "../../../src/lib/backtest/run.js";
import {windowOf} from "../../../src/lib/backtest/window.js";
import {text} from "../../../src/lib/money/decimal.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {disagreements} from "../../../src/lib/sweep/gate.js";
import {Kernel} from "../../../src/lib/sweep/kernel.js";
import {prepare} from "../../../src/lib/sweep/prepare.js";
import {HOUR_MS, type Timeframe} from "../../../src/lib/time/grid.js";
import {planMarket} from "../../helpers/market.js";

const START = Date.UTC(2024, 0, 1);
const at = (hour: number) => START + hour * HOUR_MS;

function flat(
  hours: number,
  {from = 0, price = 100, high = (_hour: number): number => price, step = 1, timeframe = "1h" as Timeframe} = {}
): Candles {
  const rows: Candle[] = [];
  for (let hour = from; hour < hours; hour += step)
    rows.push({ts: at(hour), open: price, high: high(hour), low: price, close: price, volume: 10});
  return candlesOf(timeframe, rows);
}

const paying = (hours: number, rate = "0.0005", every = 8) =>
  Array.from({length: Math.floor(hours / every)}, (_, i) => ({tsMs: at((i + 1) * every), rate}));

const made = (more: Partial<MarketData> = {}): MarketData => ({
  pair: "MADE/USDT",
  timeframe: "1h",
  funding: paying(96),
  spot: flat(96),
  perp: flat(96),
  ...more
});

describe("trap 14: a delisted pair ends", () => {
  it("closes at its last common close while the others continue, and releases its capital", () => {
    const short = made({pair: "GONE/USDT", spot: flat(40), perp: flat(48)});
    const late = made({
      pair: "NEXT/USDT",
      funding: paying(96).map((row, i) => ({...row, rate: i < 5 ? "0" : "0.0005"}))
    });
    const config = parseConfig({maxHedges: 1});
    const result = runBacktest([late, short], config);
    expect(result.trades.map(({pair, entryTs, exitTs, exitReason}) => [pair, entryTs, exitTs, exitReason])).toEqual([
      ["GONE/USDT", at(16), at(40), "backtest-end"],
      ["NEXT/USDT", at(48), at(96), "backtest-end"]
    ]);
    expect(result.pairs.map(({window}) => window.endMs)).toEqual([at(40), at(96)]);
  });
});

describe("SEMANTICS §3: liquidation", () => {
  const spike = (hour: number) => (hour === 30 ? 160 : 100);
  const config = {leverage: "2", minRate: "0.0003"};

  it("takes the perp leg at the end of the bar whose high reaches P*, and the coin at the next spot open", () => {
    const [trade] = runBacktest([made({perp: flat(96, {high: spike})})], parseConfig(config)).trades;
    expect(trade).toMatchObject({exitReason: "liquidated", perpExitTs: at(31), exitTs: at(31)});
    expect(trade!.liquidation).toMatchObject({barTs: at(30), source: "perp"});
  });

  it("the mark's high counts before the perp's, bar by bar", () => {
    const calm = made({perp: flat(96, {high: spike}), mark: flat(96)});
    expect(runBacktest([calm], parseConfig(config)).trades[0]!.exitReason).toBe("backtest-end");
    const holed = made({perp: flat(96, {high: spike}), mark: flat(20)});
    expect(runBacktest([holed], parseConfig(config)).trades[0]!.exitReason).toBe("liquidated");
    const wild = made({mark: flat(96, {high: spike})});
    expect(runBacktest([wild], parseConfig(config)).trades[0]!.liquidation).toMatchObject({
      source: "mark",
      barTs: at(30)
    });
  });

  it("a finer series is checked bar by bar, a coarse bar that it does not cover as well", () => {
    const coarse = {timeframe: "8h" as const, step: 8};
    const data = made({
      timeframe: "8h",
      spot: flat(96, coarse),
      perp: flat(96, {...coarse, high: (hour) => (hour === 24 || hour === 48 ? 160 : 100)})
    });
    const ends = (finer: MarketData["finer"]) =>
      runBacktest([{...data, finer}], parseConfig(config)).trades.map(({perpExitTs}) => (perpExitTs - START) / HOUR_MS);
    expect(ends(undefined)).toEqual([32, 56, 96]);
    // the hourly bars show when in the bar it happened; those of the second bar are missing
    expect(ends({perp: flat(40, {high: (hour) => (hour === 27 ? 160 : 100)})})).toEqual([28, 56, 96]);
  });

  it("the maintenance rate is that of the position's tier", () => {
    const tiers = [
      {upTo: "500", rate: "0.005"},
      {upTo: undefined, rate: "0.5"}
    ];
    const instrument = {spotStep: "0.01", perpStep: "0.01", maintenanceTiers: tiers};
    const data = made({perp: flat(96, {high: (hour) => (hour === 30 ? 120 : 100)}), instrument});
    const reason = (maxPositionUsd: string) =>
      runBacktest([data], parseConfig({...config, maxPositionUsd})).trades[0]!.exitReason;
    expect(reason("400")).toBe("backtest-end");
    expect(reason("600")).toBe("liquidated");
    for (const maxPositionUsd of ["400", "600"]) {
      const window = windowOf(data, {}, true);
      const tiered = parseConfig({...config, maxPositionUsd});
      expect(disagreements(new Kernel(prepare(window)).run(tiered)!, runWindows([window], tiered))).toEqual([]);
    }
  });
});

describe("SEMANTICS §3: multiplier symbols", () => {
  it("are recognised by their base", () => {
    expect(multiplierOf("1000PEPE")).toEqual({coin: "PEPE", multiplier: 1000});
    expect(multiplierOf("1000000MOG")).toEqual({coin: "MOG", multiplier: 1_000_000});
    expect(multiplierOf("kPEPE")).toEqual({coin: "PEPE", multiplier: 1000});
    for (const base of ["BTC", "1INCH", "KAVA", "100X"])
      expect(multiplierOf(base)).toEqual({coin: base, multiplier: 1});
  });

  it("a perp counted in thousands makes the same money as one counted in coins", () => {
    const data = made();
    const thousand = {...data, perpMultiplier: 1000, perp: perCoin(data.perp, 1 / 1000)};
    expect(thousand.perp.open[0]).toBe(100_000);
    const nets = (market: MarketData) => runBacktest([market], parseConfig()).trades.map(({net}) => text(net));
    expect(nets(thousand)).toEqual(nets(data));
  });
});

describe("SEMANTICS §2: the mark of a payment", () => {
  it("is the mark's open, else its close that ended then, else the perp's open, else its newest close", () => {
    const without = (candles: Candles, ...hours: number[]): Candles => {
      const kept = Array.from(candles.ts, (_, i) => i).filter((i) => !hours.includes(i));
      const pick = (column: Float64Array) => Float64Array.from(kept, (i) => column[i]!);
      return {
        ...candles,
        ts: pick(candles.ts),
        open: pick(candles.open),
        high: pick(candles.high),
        low: pick(candles.low),
        close: pick(candles.close),
        volume: pick(candles.volume),
        turnover: undefined
      };
    };
    const data = made({
      mark: without(flat(96, {price: 101}), 32, 40, 39, 48, 47),
      perp: without(flat(96), 48)
    });
    const [trade] = runBacktest([data], parseConfig()).trades;
    expect(trade!.payments.slice(0, 4).map(({markSource, mark}) => [markSource, text(mark)])).toEqual([
      ["mark-open", "101"],
      ["mark-close", "101"],
      ["perp-open", "100"],
      ["perp-close", "100"]
    ]);
  });
});

describe("SEMANTICS §8: traps of settlements", () => {
  it("trap 10: a hedge opened exactly at a settlement receives nothing from it; one closed at a settlement does", () => {
    const funding = paying(96).map((row, i) => (i === 5 ? {...row, rate: "0"} : row));
    const [trade] = runBacktest([made({funding})], parseConfig()).trades;
    expect([trade!.entryTs, trade!.exitTs]).toEqual([at(16), at(48)]);
    expect(trade!.payments.map(({t}) => t)).toEqual([24, 32, 40, 48].map(at));
  });

  it("trap 11: pairs that settle at different instants each decide at their own, jitter and all", () => {
    const shifted = paying(96).map((row, i) => ({...row, tsMs: row.tsMs + 3 * HOUR_MS + (i % 12)}));
    const {trades} = runBacktest([made(), made({pair: "TOO/USDT", funding: shifted})], parseConfig());
    expect(trades.map(({pair, entryTs}) => [pair, entryTs])).toEqual([
      ["MADE/USDT", at(16)],
      ["TOO/USDT", at(19)]
    ]);
    expect(trades[1]!.payments.map(({t}) => t).slice(0, 2)).toEqual([at(27), at(35)]);
  });
});

describe("SEMANTICS §3: from and to", () => {
  it("are half-open, and no decision is dated before from; warm-up lets the first row of the window have an interval", () => {
    const data = made();
    const trades = (warmup: string) =>
      runBacktest([data], parseConfig({warmup}), {fromMs: at(40), toMs: at(80)}).trades;
    expect(trades("true").map(({entryTs, exitTs}) => [entryTs, exitTs])).toEqual([[at(40), at(80)]]);
    expect(trades("false").map(({entryTs, exitTs}) => [entryTs, exitTs])).toEqual([[at(48), at(80)]]);
    expect(trades("true")[0]!.payments.map(({t}) => t)).toEqual([48, 56, 64, 72].map(at));
  });
});

describe("invalid data is rejected with its reason", () => {
  const run =
    (data: MarketData, range = {}) =>
    () =>
      runBacktest([data], parseConfig(), range);
  const swap = (column: Float64Array, value: number) => column.map((x, i) => (i === 5 ? value : x));
  const empty = flat(0);

  it.each<[string, () => unknown, string]>([
    ["no spot market", run(made({spot: empty})), "missing spot candles: MADE/USDT 1h"],
    ["no perp candles", run(made({perp: empty})), "missing perp candles: MADE/USDT 1h"],
    ["no funding", run(made({funding: []})), "missing funding: MADE/USDT has no settlement in the window"],
    ["an empty window", run(made(), {fromMs: at(5000)}), "no bar of both markets in the window"],
    ["an inverted range", run(made(), {fromMs: at(5), toMs: at(2)}), "invalid range"],
    ["a price of zero", run(made({spot: {...flat(96), open: swap(flat(96).open, 0)}})), "invalid spot candles: open 0"],
    [
      "a missing close",
      run(made({perp: {...flat(96), close: swap(flat(96).close, NaN)}})),
      "invalid perp candles: missing close"
    ],
    [
      "rows out of order",
      run(made({spot: {...flat(96), ts: swap(flat(96).ts, at(1))}})),
      "is not after the row before"
    ],
    ["a row off the grid", run(made({spot: {...flat(96), ts: swap(flat(96).ts, at(5) + 1)}})), "is not on the 1h grid"],
    ["a settlement twice", run(made({funding: [...paying(96), ...paying(8)]})), "invalid order"],
    ["a rate that is no number", run(made({funding: [{tsMs: at(8), rate: "NaN"}]})), "invalid rate"],
    ["a pair twice", () => runBacktest([made(), made()], parseConfig()), "invalid pairs: MADE/USDT twice"],
    ["no pair", () => runBacktest([], parseConfig()), "missing pairs"]
  ])("%s", (_, work, message) => {
    expect(work).toThrow(message);
  });
});

describe("data for hashing", () => {
  it("changes with any row and with nothing else", () => {
    const lines = (data: MarketData) => [...dataLines(data)].join("\n");
    const data = planMarket({
      seed: 3,
      bars: 50,
      timeframe: "1h",
      intervals: [8, 8, 8],
      holes: 0,
      volatility: 0.01,
      mark: true,
      pair: "MADE/USDT",
      delay: 0
    });
    expect(lines(structuredClone(data))).toBe(lines(data));
    const nudged = structuredClone(data);
    nudged.perp.close[20] = nudged.perp.close[20]! + 1e-9;
    expect(lines(nudged)).not.toBe(lines(data));
  });
});
