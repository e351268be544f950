import {describe, expect, it} from "vitest";
import {candlesOf, type Candle, type MarketData} from "../../../src/lib/market/marketdata.js";
import {text, toNumber} from "../../../src/lib/money/decimal.js";
import {parseConfig} from "../../../src/lib/strategy/config.js";
import {decide, dynamicShare, netPerPeriodDecimal, type PairBook} from "../../../src/lib/strategy/decide.js";
import {PairHistory} from "../../../src/lib/strategy/history.js";
import {
  basisOf,
  basisScore,
  compositeScore,
  levelScore,
  persistenceScore,
  trendDifference,
  trendDifferenceFloat,
  trendFromFloat,
  trendOf,
  trendScore
} from "../../../src/lib/strategy/signals.js";
import {viewAt} from "../../../src/lib/strategy/view.js";
import {decimal} from "../../../src/lib/money/decimal.js";
import {HOUR_MS} from "../../../src/lib/time/grid.js";

const START = Date.UTC(2024, 0, 1);
const at = (hour: number) => START + hour * HOUR_MS;

function market(
  rates: readonly string[],
  {hours = 8, bars = 1000, ...more}: {hours?: number; bars?: number} & Partial<MarketData> = {}
): MarketData {
  const rows: Candle[] = Array.from({length: bars}, (_, i) => ({
    ts: at(i),
    open: 100,
    high: 100,
    low: 100,
    close: 100,
    volume: 10
  }));
  return {
    pair: "MADE/USDT",
    timeframe: "1h",
    funding: rates.map((rate, i) => ({tsMs: at((i + 1) * hours), rate})),
    spot: candlesOf("1h", rows),
    perp: candlesOf("1h", rows),
    ...more
  };
}

const OPEN: PairBook = {position: "open", waiting: undefined, barred: false};

/** Returns the decisions at an hour of a market. */
function decideAt(data: MarketData, hour: number, entries: Record<string, string> = {}, book?: PairBook) {
  const view = viewAt([new PairHistory(data)], at(hour));
  return decide(view, new Map(book ? [[data.pair, book]] : []), parseConfig(entries))[0];
}

describe("SEMANTICS §5: the signals", () => {
  it("level: a deeply negative rate is not a strong one, and 0.3 % is full", () => {
    expect(["-0.01", "0", "0.0015", "0.003", "0.02"].map((r) => text(levelScore(decimal(r))))).toEqual([
      "0",
      "0",
      "0.5",
      "1",
      "1"
    ]);
  });

  it("trend: fewer than 7 rates are stable; the limits are strict", () => {
    const rates = (...values: string[]) => values.map((v) => decimal(v));
    expect(trendDifference(rates("0", "0", "0", "0", "0", "1"))).toBeUndefined();
    expect(trendOf(trendDifference(rates("0", "0", "0", "0", "0", "0", "1")))).toBe("rising");
    expect(trendOf(decimal("0.00005"))).toBe("stable");
    expect(trendOf(decimal("0.00005000001"))).toBe("rising");
    expect(trendOf(decimal("-0.00005"))).toBe("stable");
    expect(trendOf(decimal("-0.00005000001"))).toBe("falling");
    expect((["rising", "stable", "falling"] as const).map((t) => text(trendScore(t)))).toEqual(["1", "0.5", "0"]);
  });

  it("trend: the EMA starts at the oldest of the newest 18 and forgets what came before", () => {
    const rates = Array.from({length: 40}, (_, i) => decimal(((i * 37) % 11) / 10_000));
    expect(text(trendDifference(rates)!)).toBe(text(trendDifference(rates.slice(-18))!));
    // α = 2/7: one step up of 7 moves the average by 2, and five steps later it has decayed by (5/7)^5
    const step = [...Array(17).fill(decimal(0)), decimal(7)];
    expect(text(trendDifference(step)!)).toBe("2");
  });

  it("trend: the float answers as the decimals do, or not at all", () => {
    for (let seed = 1; seed < 400; ++seed) {
      const rates = Array.from({length: 5 + (seed % 20)}, (_, i) =>
        decimal(((seed * (i + 7) * 31) % 97) - 40).div(100_000)
      );
      const d = trendDifferenceFloat(rates.map(toNumber), rates.length);
      expect(trendFromFloat(d) ?? trendOf(trendDifference(rates))).toBe(trendOf(trendDifference(rates)));
    }
    expect(trendFromFloat(0.00005)).toBeUndefined();
  });

  it("persistence: a thirtieth a rate, at most one", () => {
    expect([0, 15, 30, 99].map((n) => text(persistenceScore(n)))).toEqual(["0", "0.5", "1", "1"]);
  });

  it("basis: a discount scores 0, one percent is full, and a missing open makes it undefined", () => {
    const score = (perp: string) => text(basisScore(basisOf(decimal(100), decimal(perp))!));
    expect(["99", "100", "100.5", "101", "105"].map(score)).toEqual(["0", "0", "0.5", "1", "1"]);
    expect(basisOf(undefined, decimal(100))).toBeUndefined();
    expect(basisOf(decimal(100), undefined)).toBeUndefined();
  });

  it("composite: the weighted sum, undefined without a basis", () => {
    const {weights} = parseConfig();
    const half = decimal("0.5");
    const parts = {level: half, trend: half, persistence: half, basis: half};
    expect(text(compositeScore(parts, weights)!)).toBe("0.5");
    expect(compositeScore({...parts, basis: undefined}, weights)).toBeUndefined();
  });
});

describe("SEMANTICS §5: decide", () => {
  it("simple enters at minRate and above it, only when the round trip is earned back in the hold expected", () => {
    expect(decideAt(market(["0.0003", "0.0003"]), 16)).toMatchObject({type: "enter", reason: "rate-above-threshold"});
    expect(decideAt(market(["0.0003", "0.00029999"]), 16)).toBeUndefined();
    // 0.0051 / 17 = 0.0003, without a remainder
    expect(decideAt(market(["0.0003", "0.0003"]), 16, {expectedHoldPeriods: "17"})).toBeUndefined();
    expect(text(netPerPeriodDecimal(decimal("0.0003"), decimal(30), parseConfig()))).toBe("0.00013");
  });

  it("a decision records the numbers it was based on", () => {
    const intent = decideAt(market(["0.0003", "0.0004"]), 16)!;
    expect(intent.decision).toEqual({
      ts: at(16),
      numbers: expect.objectContaining({
        rate8h: "0.0004",
        minRate: "0.0003",
        netPerPeriod: "0.00023",
        expectedHoldPeriods: "30"
      })
    });
  });

  it("thresholds are per 8 hours whatever the interval", () => {
    expect(decideAt(market(["0.0001", "0.00015"], {hours: 4}), 8)).toMatchObject({type: "enter"});
    expect(decideAt(market(["0.0003", "0.00014"], {hours: 4}), 8)).toBeUndefined();
  });

  it("SEMANTICS §2: the first row of a series decides nothing, nor does an ambiguous one, which drops a waiting entry", () => {
    expect(decideAt(market(["0.001", "0.001"]), 8)).toBeUndefined();
    const data = market(["0.001", "0.001"]);
    const holed = {...data, funding: [...data.funding, {tsMs: at(32), rate: "0.001"}]};
    const waiting: PairBook = {position: "flat", waiting: "entry", barred: false};
    expect(decideAt(holed, 32)).toBeUndefined();
    expect(decideAt(holed, 32, {}, waiting)).toMatchObject({type: "drop"});
    expect(decideAt(holed, 32, {}, OPEN)).toBeUndefined();
  });

  it("simple exits strictly below exitRate; trap 18: a rate of exactly zero is a rate", () => {
    expect(decideAt(market(["0.0003", "0.0001"]), 16, {}, OPEN)).toBeUndefined();
    expect(decideAt(market(["0.0003", "0.0000999"]), 16, {}, OPEN)).toMatchObject({
      type: "exit",
      reason: "rate-below-exit"
    });
    expect(decideAt(market(["0.0003", "0"]), 16, {}, OPEN)).toMatchObject({type: "exit", reason: "rate-below-exit"});
  });

  it("a waiting exit is not decided again, a barred instant has no entry, and an unhedged pair no decision", () => {
    const data = market(["0.0003", "0.001", "0"]);
    expect(decideAt(data, 24, {}, {...OPEN, waiting: "exit"})).toBeUndefined();
    expect(decideAt(data, 16, {}, {position: "flat", waiting: undefined, barred: true})).toBeUndefined();
    expect(decideAt(data, 24, {}, {position: "unhedged", waiting: undefined, barred: false})).toBeUndefined();
  });

  it("composite: a fading score alone is no reason to pay the round trip again", () => {
    const composite = {strategy: "composite", entry: "0.5", exit: "0.5", volumeFilter: "false"};
    // a score of 0.35 × 0.0667 + 0.125 is far below 0.5, but the rate is not below exitRate
    expect(decideAt(market(["0.0002", "0.0002"]), 16, composite, OPEN)).toBeUndefined();
    expect(decideAt(market(["0.0002", "0.00005"]), 16, composite, OPEN)).toMatchObject({
      reason: "composite-below-exit"
    });
    expect(decideAt(market(["0.0002", "-0.00005"]), 16, {...composite, exit: "0"}, OPEN)).toMatchObject({
      reason: "rate-below-exit"
    });
  });

  it("composite: without both opens there is no entry, and only a negative rate exits", () => {
    const composite = {strategy: "composite", entry: "0.1", exit: "0.1", volumeFilter: "false"};
    const data = market(["0.002", "0.002"]);
    const holed = {...data, spot: candlesOf("1h", [{ts: at(0), open: 100, high: 100, close: 100}])};
    expect(decideAt(data, 16, composite)).toMatchObject({type: "enter", reason: "composite-above-threshold"});
    expect(decideAt(holed, 16, composite)).toBeUndefined();
    const fading = {...holed, funding: market(["0.002", "0.00001"]).funding};
    expect(decideAt(fading, 16, composite, OPEN)).toBeUndefined();
    const negative = {...holed, funding: market(["0.002", "-0.00001"]).funding};
    expect(decideAt(negative, 16, composite, OPEN)).toMatchObject({reason: "rate-below-exit"});
  });

  it("rate-missing at a perp bar max(1.5 × interval, 12 h) after the newest row, and not before", () => {
    const data = market(["0.001", "0.001"]);
    expect(decideAt(data, 27, {}, OPEN)).toBeUndefined();
    expect(decideAt(data, 28, {}, OPEN)).toMatchObject({type: "exit", reason: "rate-missing"});
    const hourly = market(["0.001", "0.001"], {hours: 1});
    expect(decideAt(hourly, 13, {}, OPEN)).toBeUndefined();
    expect(decideAt(hourly, 14, {}, OPEN)).toMatchObject({reason: "rate-missing"});
    expect(
      decideAt({...data, perp: candlesOf("1h", [{ts: at(0), open: 1, high: 1, close: 1}])}, 28, {}, OPEN)
    ).toBeUndefined();
  });

  it("where the venue reports the next settlement, that instant plus half an interval is used", () => {
    const data = market(["0.001", "0.001"]);
    const funding = data.funding.map((row) => ({...row, nextSettlementMs: row.tsMs + 8 * HOUR_MS}));
    expect(decideAt({...data, funding}, 27, {}, OPEN)).toBeUndefined();
    expect(decideAt({...data, funding}, 28, {}, OPEN)).toMatchObject({reason: "rate-missing"});
    const soon = data.funding.map((row) => ({...row, nextSettlementMs: row.tsMs + 2 * HOUR_MS}));
    expect(decideAt({...data, funding: soon}, 22, {}, OPEN)).toMatchObject({reason: "rate-missing"});
  });

  it("auto: thirty until ten runs have ended, then their median, R-7", () => {
    // runs of one, two and three rows above exitRate, each ended by a row below it
    const rates: string[] = ["0.0002"];
    for (let run = 0; run < 12; ++run) rates.push(...Array(1 + (run % 3)).fill("0.0002"), "0");
    const history = new PairHistory(market(rates));
    const exitRate = decimal("0.0001");
    const ends = rates.flatMap((rate, i) => (rate === "0" ? [i] : []));
    expect(text(history.autoHold(ends[8]!, exitRate))).toBe("30");
    expect(text(history.autoHold(ends[9]!, exitRate))).toBe("2");
    expect(text(history.autoHold(ends[11]!, exitRate))).toBe("2");
  });

  it("dynamic size is 0.3 to 1 of maxPositionUsd", () => {
    expect([0, 0.5, 1].map((score) => text(dynamicShare(decimal(score))))).toEqual(["0.3", "0.65", "1"]);
  });
});

describe("SEMANTICS §5: the volume filter", () => {
  const withVolumes = (older: number, newer: number, n = 336): MarketData => {
    const rows = Array.from({length: n}, (_, i) => ({
      ts: at(i),
      open: 100,
      high: 100,
      close: 100,
      volume: i < n - 168 ? older : newer
    }));
    return {
      ...market(["0.002"]),
      funding: [
        {tsMs: at(n - 8), rate: "0.002"},
        {tsMs: at(n), rate: "0.002"}
      ],
      perp: candlesOf("1h", [...rows, {ts: at(n), open: 100, high: 100, close: 100, volume: 1}])
    };
  };
  const check = (data: MarketData) => new PairHistory(data).volume(1);

  it("passes at exactly 0.7 and fails a hair below, on closed candles only", () => {
    expect(check(withVolumes(10, 7))).toMatchObject({passes: true, why: "enough"});
    expect(check(withVolumes(10, 6.9999999999))).toMatchObject({passes: false, why: "too-low"});
  });

  it("with fewer than 336 closed candles it passes and says so", () => {
    expect(check(withVolumes(10, 1, 335))).toEqual({passes: true, ratio: undefined, why: "too-little-history"});
  });

  it("prefers the venue's turnover in quote to volume × close", () => {
    const data = withVolumes(10, 1);
    const turnover = new Float64Array(data.perp.ts.length).fill(500);
    expect(check({...data, perp: {...data.perp, turnover}})).toMatchObject({passes: true, ratio: 1});
  });
});
