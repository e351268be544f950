import {describe, expect, it} from "vitest";
import {candlesOf, type Candles, type MarketData} from "../../../src/lib/market/marketdata.js";
import {runBacktest} from "../../../src/lib/backtest/run.js";
import {text} from "../../../src/lib/money/decimal.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";

const START = Date.UTC(2024, 0, 1);
const HOURS = 120;
const at = (hour: number) => START + hour * HOUR_MS;

/** Returns hourly bars at one price, without some hours; with a high where given. */
function bars(missing: readonly number[] = [], highs: Readonly<Record<number, number>> = {}): Candles {
  const hours = Array.from({length: HOURS}, (_, hour) => hour).filter((hour) => !missing.includes(hour));
  return candlesOf(
    "1h",
    hours.map((hour) => ({ts: at(hour), open: 100, high: highs[hour] ?? 100, low: 100, close: 100}))
  );
}

/** Returns settlements every 8 h from 8:00 with these rates; the first decides nothing. */
const settled = (...rates: string[]) => rates.map((rate, i) => ({tsMs: at(8 * (i + 1)), rate}));
const GOOD = "0.0005";
const BAD = "0";

const range = (from: number, to: number) => Array.from({length: to - from + 1}, (_, i) => from + i);

function run(more: Partial<MarketData>, entries: Record<string, string> = {}) {
  const data: MarketData = {pair: "MADE/USDT", timeframe: "1h", funding: [], spot: bars(), perp: bars(), ...more};
  const {trades, pairs} = runBacktest([data], parseConfig(entries));
  const hour = (ts: number) => (ts - START) / HOUR_MS;
  return {
    counts: pairs[0]!.counts,
    trades,
    spans: trades.map(({entryTs, exitTs, exitReason}) => [hour(entryTs), hour(exitTs), exitReason])
  };
}

describe("SEMANTICS §3: an entry that waits", () => {
  it("fills at the first instant at which both markets have a candle", () => {
    const {spans, counts} = run({funding: settled(GOOD, GOOD, GOOD, BAD), spot: bars([16, 18]), perp: bars([17])});
    expect(spans).toEqual([[19, 32, "rate-below-exit"]]);
    expect(counts.noPrice).toBe(0);
  });

  it("expires, and is counted, after more than maxWaitBars bars", () => {
    const funding = settled(GOOD, GOOD, BAD, BAD);
    expect(run({funding, spot: bars(range(16, 18))}).spans).toEqual([[19, 24, "rate-below-exit"]]);
    const lapsed = run({funding, spot: bars(range(16, 19))});
    expect([lapsed.spans, lapsed.counts.noPrice]).toEqual([[], 1]);
    const patient = run({funding, spot: bars(range(16, 19))}, {maxWaitBars: "4"});
    expect(patient.spans).toEqual([[20, 24, "rate-below-exit"]]);
  });

  it("is renewed by a later entry decision, and withdrawn, uncounted, by one that does not enter", () => {
    const hole = bars(range(16, 33));
    const renewed = run({funding: settled(GOOD, GOOD, GOOD, GOOD, BAD), spot: hole}, {maxWaitBars: "8"});
    expect(renewed.spans).toEqual([[34, 40, "rate-below-exit"]]);
    const dropped = run({funding: settled(GOOD, GOOD, BAD, BAD), spot: hole}, {maxWaitBars: "8"});
    expect([dropped.spans, dropped.counts.noPrice]).toEqual([[], 0]);
  });

  it("keeps its first delay when renewed, and its wait counts from the end of that delay", () => {
    const funding = settled(GOOD, GOOD, GOOD, BAD, BAD);
    expect(run({funding}, {decisionDelayBars: "10"}).spans).toEqual([[26, 42, "rate-below-exit"]]);
    const lapsed = run({funding: settled(GOOD, GOOD, BAD), spot: bars(range(18, 22))}, {decisionDelayBars: "2"});
    expect(lapsed.counts.noPrice).toBe(1);
    const inTime = run({funding: settled(GOOD, GOOD, BAD), spot: bars(range(18, 20))}, {decisionDelayBars: "2"});
    expect(inTime.spans[0]![0]).toBe(21);
  });

  it("is withdrawn by an ambiguous row, which pays an open hedge and is counted", () => {
    const funding = [...settled(GOOD, GOOD), {tsMs: at(27), rate: GOOD}];
    const waiting = run({funding, spot: bars(range(16, 40))}, {maxWaitBars: "20"});
    expect([waiting.spans, waiting.counts]).toEqual([[], {noPrice: 0, ambiguous: 1, cannotOpen: 0}]);
    const open = run({funding});
    expect(open.trades[0]!.payments.map(({t}) => t)).toEqual([at(27)]);
  });
});

describe("SEMANTICS §3: an exit that waits", () => {
  it("waits until it fills, is never withdrawn or renamed, and still receives funding", () => {
    const {spans, trades} = run({funding: settled(GOOD, GOOD, BAD, GOOD, GOOD, BAD), spot: bars(range(24, 41))});
    expect(spans[0]).toEqual([16, 42, "rate-below-exit"]);
    expect(trades[0]!.payments.map(({t}) => t)).toEqual([24, 32, 40].map(at));
    expect(trades[0]!.decidedBy.exit!.ts).toBe(at(24));
  });

  it("is removed by a liquidation, and the end of the data closes what still waits", () => {
    const lost = run({funding: settled(GOOD, GOOD, BAD), spot: bars(range(24, 40)), perp: bars([], {30: 250})});
    expect(lost.spans).toEqual([[16, 41, "liquidated"]]);
    const rates = [...Array<string>(12).fill(GOOD), BAD, BAD];
    const end = run({funding: settled(...rates)}, {decisionDelayBars: "20"});
    expect(end.spans).toEqual([[36, HOURS, "backtest-end"]]);
  });

  it("rate-missing is decided at a bar and obeys the delay", () => {
    const funding = settled(GOOD, GOOD);
    expect(run({funding}).spans).toEqual([[16, 28, "rate-missing"]]);
    expect(run({funding}, {decisionDelayBars: "2"}).spans).toEqual([[18, 30, "rate-missing"]]);
  });
});

describe("SEMANTICS §3: the order within one instant", () => {
  it("liquidates before it settles: one settlement inside the bar is paid, one at its end is not", () => {
    const funding = Array.from({length: 30}, (_, i) => ({tsMs: at(i + 1), rate: "0.0001"}));
    const {trades} = run({funding, perp: bars([], {10: 250})});
    expect(trades[0]!.perpExitTs).toBe(at(11));
    expect(trades[0]!.payments.at(-1)!.t).toBe(at(10));
  });

  it("takes no entry at an instant at which the pair was closed or its coin sold", () => {
    const sold = run({funding: settled(GOOD, GOOD, GOOD, GOOD, GOOD, BAD), perp: bars([], {23: 250})});
    expect(sold.spans).toEqual([
      [16, 24, "liquidated"],
      [32, 48, "rate-below-exit"]
    ]);
  });

  it("closes before it opens: another pair may use the capital that one releases at once", () => {
    const data = (pair: string, funding: MarketData["funding"]): MarketData => ({
      pair,
      timeframe: "1h",
      funding,
      spot: bars(),
      perp: bars()
    });
    const {trades} = runBacktest(
      [data("AAA/USDT", settled(BAD, BAD, BAD, GOOD, GOOD, BAD)), data("ZZZ/USDT", settled(GOOD, GOOD, GOOD, BAD))],
      parseConfig({capital: "2010", maxPositionUsd: "1000"})
    );
    expect(
      trades.map(({pair, entryTs, exitTs}) => [pair, (entryTs - START) / HOUR_MS, (exitTs - START) / HOUR_MS])
    ).toEqual([
      ["ZZZ/USDT", 16, 32],
      ["AAA/USDT", 32, 48]
    ]);
    expect(Number(text(trades[1]!.notional))).toBeGreaterThan(990);
  });
});

describe("SEMANTICS §3: the end of the data", () => {
  it("liquidates, then closes, without a settlement, decision or entry at that instant", () => {
    const funding = [...settled(...Array(14).fill(GOOD)), {tsMs: at(HOURS), rate: "0.5"}];
    const {trades, spans} = run({funding});
    expect(spans).toEqual([[16, HOURS, "backtest-end"]]);
    expect(trades[0]!.payments.at(-1)!.t).toBe(at(112));
    const lost = run({funding, perp: bars([], {[HOURS - 1]: 250})});
    expect(lost.spans).toEqual([[16, HOURS, "liquidated"]]);
  });
});
