// @vitest-environment jsdom
import {describe, expect, it} from "vitest";
import {CoverageStrip} from "../../../src/components/charts/coverageStrip.js";
import {FundingChart} from "../../../src/components/charts/fundingChart.js";
import {HeatLegend, Heatmap} from "../../../src/components/charts/heatmap.js";
import {Histogram} from "../../../src/components/charts/histogram.js";
import {IntervalStrip} from "../../../src/components/charts/intervals.js";
import {LineChart} from "../../../src/components/charts/lineChart.js";
import {cutOf} from "../../../src/components/charts/outliers.js";
import {RankChart} from "../../../src/components/charts/rankChart.js";
import {filterRows} from "../../../src/components/explorer/explorerModel.js";
import {colors} from "../../../src/components/ui/colors.js";
import {madeDaily, madeExplorer, madeSeries, madeSettlements} from "../../helpers/made/rows.js";
import type {Daily} from "../../../src/components/feed/types.js";

const rows = madeSettlements(120);
const domain = [rows[0]!.boundaryTs, rows.at(-1)!.boundaryTs] as const;
const width = 640;

/** One mark per line, so that a reviewer sees what changed; the drawing itself is `<name>.svg` beside the snapshot. */
const pretty = (chart: Element) => chart.outerHTML.replace(/></g, ">\n<");
const snapshot = (name: string, chart: Element) =>
  expect(pretty(chart)).toMatchFileSnapshot(`__snapshots__/${name}.svg`);
const marks = (chart: Element) => chart.querySelectorAll("path,line,rect,circle,text").length;

const charts: Record<string, () => SVGSVGElement> = {
  funding: () => FundingChart(rows, {width, domain, breakEven: 0.00017}),
  price: () =>
    LineChart<Daily>(madeDaily(), {
      width,
      domain: [madeDaily()[0]!.ts, madeDaily().at(-1)!.ts],
      x: (d) => d.ts,
      series: [
        {name: "spot", y: (d) => d.spotClose, color: colors.fees},
        {name: "perp", y: (d) => d.close, color: colors.ink}
      ],
      label: "USDT",
      gap: 1.5 * 864e5,
      tip: (d) => String(d.close)
    }),
  histogram: () =>
    Histogram(
      rows.map((d) => d.rate8h).filter((v) => v !== null),
      {width, breakEven: 0.00017, bins: 20}
    ),
  heatmap: () => Heatmap(rows, {width}),
  "heat-legend": () => HeatLegend(),
  intervals: () => IntervalStrip(rows, {width, domain}),
  coverage: () => CoverageStrip(madeSeries(), {width}),
  rank: () => RankChart(filterRows(madeExplorer(), {range: "90d"}), {width})
};

describe("charts", () => {
  for (const [name, draw] of Object.entries(charts)) {
    it(`${name} is drawn as reviewed`, async () => {
      await snapshot(name, draw());
    });
  }

  it("use only colours of the theme", () => {
    for (const draw of Object.values(charts)) {
      const colours = [...draw().querySelectorAll("*")].flatMap((e) => [
        e.getAttribute("fill"),
        e.getAttribute("stroke")
      ]);
      // Plot's own tip is drawn on --plot-background with currentColor.
      for (const c of colours) expect(c ?? "none").toMatch(/^(none|currentColor|transparent|white|var\(--.*\))$/);
    }
  });

  it("have fewer than 10,000 marks for five years of settlements at any width", () => {
    const long = madeSettlements(5500);
    const all = [long[0]!.boundaryTs, long.at(-1)!.boundaryTs] as const;
    for (const width of [320, 1200]) {
      expect(marks(FundingChart(long, {width, domain: all, breakEven: 0.00017}))).toBeLessThan(10_000);
      expect(marks(Heatmap(long, {width}))).toBeLessThan(10_000);
    }
  });

  it("truncate the bars of one extreme week and label their value", () => {
    const wild = rows.map((d, i) => (i === 40 ? {...d, rate8h: 0.05} : i === 60 ? {...d, rate8h: -0.03} : d));
    const chart = FundingChart(wild, {width, domain, breakEven: 0.00017});
    const texts = [...chart.querySelectorAll("text")].map((d) => d.textContent);
    expect(texts).toContain("500 bp");
    expect(texts).toContain("−300 bp");
    expect(texts.filter((d) => d === "▲" || d === "▼")).toEqual(["▲", "▼"]);
    expect(cutOf(rows.map((d) => ({rate: d.rate8h, hours: d.intervalHours ?? 8})))).toBe(Infinity);
    const held = (list: readonly number[], hours = 8) => list.map((rate) => ({rate, hours}));
    expect(cutOf([])).toBe(Infinity);
    expect(cutOf(held([0, 0, 0, 0, 0.01]))).toBe(Infinity);
    // A wild day by the hour counts as a day, however many rows it has.
    expect(cutOf([...held(Array(20).fill(1e-4)), ...held(Array(24).fill(0.01), 1)])).toBeCloseTo(1e-3, 12);
  });

  it("draw a gap of two missing days as two paths", () => {
    const d = charts.price!().querySelector('g[aria-label="line"] path')!.getAttribute("d")!;
    expect(charts.price!().querySelectorAll('g[aria-label="line"]')[0]!.querySelectorAll("path")).toHaveLength(2);
    expect(d.match(/M/g)).toHaveLength(1);
  });
});
