import {describe, expect, it} from "vitest";
import {parquetReadObjects} from "hyparquet";
import {binRates} from "../../../src/components/charts/histogram.js";
import {monthHours, monthsBetween} from "../../../src/components/charts/heatmap.js";
import {cumulate} from "../../../src/components/charts/cumulative.js";
import {clampWindow} from "../../../src/components/charts/timeWindow.js";
import {intervalRuns, switchText, switches} from "../../../src/components/charts/intervals.js";
import {filterRows, EXPLORER_FIELDS, TIERS} from "../../../src/components/explorer/explorerModel.js";
import {toCsv, toParquet} from "../../../src/components/ui/download.js";
import {sortRows} from "../../../src/components/ui/dataTable.js";
import {meanCoverage, coverageText} from "../../../src/components/pageBar.js";
import {worstStretch, readCosts} from "../../../src/components/pair/pairWords.js";
import {breakEvenRate} from "../../../src/components/charts/breakEven.js";
import {categoryColor} from "../../../src/components/ui/colors.js";
import {reproductionAnswer} from "../../../src/components/notes/reproduction.js";
import {EXPECTED_HOLD_PERIODS} from "../../../src/lib/market/costs.js";
import {TIER_BOUNDS} from "../../../src/lib/market/summary.js";
import {madeExplorer, madeSeries, madeSettlements} from "../../helpers/made/rows.js";

describe("histogram (SEMANTICS §6: bins include the break-even line)", () => {
  const rates = madeSettlements(400)
    .map((d) => d.rate8h)
    .filter((v) => v !== null);
  for (const bins of [10, 40, 100]) {
    it(`counts every rate once, with zero and the break-even on edges, at ${bins} bins`, () => {
      const breakEven = 0.00017;
      const binned = binRates(rates, {bins, breakEven}).bins;
      expect(binned.reduce((n, d) => n + d.count, 0)).toBe(rates.length);
      const edges = binned.flatMap((d) => [d.x0, d.x1]);
      for (const edge of [0, 1.7]) expect(Math.min(...edges.map((x) => Math.abs(x - edge)))).toBeLessThan(1e-9);
      expect(binned.filter((d) => d.x0 >= 1.7 - 1e-9).reduce((n, d) => n + d.count, 0)).toBe(
        rates.filter((r) => r >= breakEven).length
      );
    });
  }
  it("counts the rates beyond the outermost bins", () => {
    const {bins, above, below} = binRates([...Array(500).fill(0.0001), 0.5, -0.5], {breakEven: 0.00017});
    expect([above, below]).toEqual([1, 1]);
    expect(bins.length).toBeLessThan(200);
  });
  it("is empty without rates", () => expect(binRates([], {breakEven: 0.00017}).bins).toEqual([]));
});

describe("heatmap", () => {
  it("averages settlements by month and hour of day in UTC", () => {
    const [row] = madeSettlements(1);
    const at = (ts: number, rate8h: number | null) => ({...row!, boundaryTs: ts, rate8h, intervalHours: 8});
    expect(
      monthHours([at(Date.UTC(2024, 0, 1, 8), 1), at(Date.UTC(2024, 0, 9, 8), 3), at(Date.UTC(2024, 0, 2, 8), null)])
    ).toEqual([{month: "2024-01", hour: 8, mean: 2, count: 2}]);
  });
  it("keeps a month without rows as a column", () => {
    expect(monthsBetween("2023-11", "2024-02")).toEqual(["2023-11", "2023-12", "2024-01", "2024-02"]);
  });
});

it("cumulate sums the rates as settled, ambiguous ones included", () => {
  const rows = madeSettlements(40);
  expect(cumulate(rows).at(-1)!.total).toBeCloseTo(
    rows.reduce((t, d) => t + d.rate, 0),
    15
  );
});

it("worstStretch finds the largest drawdown of cumulative funding", () => {
  const [row] = madeSettlements(1);
  const rates = [0.01, 0.02, -0.01, -0.03, 0.01, -0.005];
  const {depth, from, to} = worstStretch(rates.map((rate, i) => ({...row!, rate, boundaryTs: i})));
  expect(depth).toBeCloseTo(0.04);
  expect([from, to]).toEqual([1, 3]);
});

describe("intervals", () => {
  it("are grouped into runs, with changes newest first", () => {
    const rows = madeSettlements(120);
    expect(intervalRuns(rows).map((d) => d.intervalHours)).toEqual([8, null, 8, 2, 8]);
    expect(intervalRuns(rows).reduce((n, d) => n + d.rows, 0)).toBe(120);
    expect(switchText(switches(rows).at(-1)!)).toMatch(/^2024-01-\d\d: 8 h → not known$/);
  });
});

describe("the window", () => {
  it("shifts rather than shrinks at the ends, and is never shorter than its minimum", () => {
    expect(clampWindow([-10, 10], [0, 100], 5)).toEqual([0, 20]);
    expect(clampWindow([95, 115], [0, 100], 5)).toEqual([80, 100]);
    expect(clampWindow([50, 51], [0, 100], 5)).toEqual([50, 55]);
    expect(clampWindow([-50, 500], [0, 100], 5)).toEqual([0, 100]);
    expect(clampWindow([0, 1], [0, 3], 5)).toEqual([0, 3]);
  });
});

describe("the Explorer's rows", () => {
  const rows = madeExplorer();
  it("are ranked by net per period, insufficient and missing last (SEMANTICS §§5, 6)", () => {
    const ranked = filterRows(rows, {range: "90d"});
    const sure = ranked.filter((d) => !d.insufficient && d.netPerPeriod !== null).map((d) => d.netPerPeriod!);
    expect(sure).toEqual([...sure].sort((a, b) => b - a));
    expect(ranked.at(-1)!.insufficient).toBe(true);
    expect(ranked.at(-2)!.netPerPeriod).toBe(null);
  });
  it("are found by every word, in any case and either spelling", () => {
    expect(filterRows(rows, {range: "all", search: "btc-usdt"}).map((d) => d.pair)).toEqual(["BTC/USDT"]);
    expect(filterRows(rows, {range: "all", search: "binance eth"}).map((d) => d.pair)).toEqual(["ETH/USDT"]);
    expect(filterRows(rows, {range: "all", search: "("})).toEqual([]);
  });
  it("can exclude pairs that cannot be opened", () => {
    expect(filterRows(rows, {range: "all", open: true}).every((d) => d.reasons === "")).toBe(true);
  });
  it("state the bounds of the tiers that the model uses", () => {
    const words = {mega: "from 1 bn", large: "from 100 m", mid: "from 10 m"} as const;
    for (const [tier, bound] of TIER_BOUNDS) {
      expect(TIERS.find((d) => d.value === tier)!.label).toContain(words[tier as keyof typeof words]);
      expect({"from 1 bn": 1e9, "from 100 m": 1e8, "from 10 m": 1e7}[words[tier as keyof typeof words]]).toBe(bound);
    }
  });
});

describe("downloads", () => {
  const rows = filterRows(madeExplorer(), {range: "30d"});
  it("write CSV with quotes doubled, missing empty, numbers exact", () => {
    const csv = toCsv(rows, EXPLORER_FIELDS);
    expect(csv.split("\r\n")).toHaveLength(rows.length + 2);
    expect(csv).toContain('"coverage 90.0 % is below ""95 %"", thin"');
    expect(csv).toContain(String(rows[0]!.netPerPeriod));
  });
  it("write Parquet that reads back the same", async () => {
    const back = await parquetReadObjects({file: await toParquet(rows, EXPLORER_FIELDS)});
    expect(back).toHaveLength(rows.length);
    back.forEach((d, i) => {
      for (const f of EXPLORER_FIELDS) expect(d[f.name] ?? null).toEqual(f.value(rows[i]!) ?? null);
    });
  });
});

it("sortRows puts missing values last in both directions and keeps ties in order", () => {
  const column = {key: "v", label: "v", value: (d: {v: number | null}) => d.v};
  const rows = [{v: 2}, {v: null}, {v: 1, id: "a"}, {v: 1, id: "b"}];
  expect(sortRows(rows, column, false)).toEqual([{v: 1, id: "a"}, {v: 1, id: "b"}, {v: 2}, {v: null}]);
  expect(sortRows(rows, column, true)).toEqual([{v: 2}, {v: 1, id: "a"}, {v: 1, id: "b"}, {v: null}]);
});

it("mean coverage is weighted by length, and its text never rounds a hole away", () => {
  expect(meanCoverage(madeSeries())).toBeCloseTo((270 + 2160 + 2040) / (270 + 2160 + 2160), 12);
  expect(coverageText(0.99996)).toBe("99.996 %");
  expect(coverageText(1)).toBe("100.0 %");
  expect(meanCoverage([])).toBe(null);
});

it("break-even rate spreads the round trip as the model does", () =>
  expect(breakEvenRate(0.0051)).toBe(0.0051 / EXPECTED_HOLD_PERIODS));

it("readCosts accepts text and numbers", () => {
  expect(readCosts({roundTrip: "0.0062", spotFee: "0.001"})).toEqual({
    spotFee: 0.001,
    perpFee: 0.00055,
    slippageBps: 5,
    roundTrip: 0.0062
  });
  expect(readCosts(null).roundTrip).toBe(0.0051);
});

it("category colour of a pair is always the same", () => {
  expect(categoryColor("BTC/USDT")).toBe(categoryColor("BTC/USDT"));
  expect(categoryColor("BTC/USDT")).toMatch(/^var\(--cb-cat-[0-7]\)$/);
});

describe("the reproduction's sentence", () => {
  const paper = [
    {pair: "BTC/USDT", mean: 15.3, sd: 27.8},
    {pair: "ETH/USDT", mean: 18.6, sd: 36.5}
  ];
  it("says yes only when the figures agree, and what is missing", () => {
    expect(reproductionAnswer([{pair: "BTC/USDT", mean: 15.28, sd: 27.86}], paper)).toMatch(
      /^Yes: for 1 of 2 pairs.*0\.02.*0\.06.*1 of the paper's pairs is not/
    );
    expect(reproductionAnswer([{pair: "BTC/USDT", mean: 11, sd: 27.8}], paper)).toMatch(/^Not quite/);
    expect(reproductionAnswer([], paper)).toMatch(/^Not yet/);
  });
});

it("filterRows ranks and searches 200 pairs in every range", () => {
  const rows = madeExplorer(200);
  expect(rows).toHaveLength(1000);
  expect(filterRows(rows, {range: "1y"})).toHaveLength(200);
  expect(filterRows(rows, {range: "1y", search: "coin199"})).toHaveLength(1);
});
