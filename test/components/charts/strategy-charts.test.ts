// @vitest-environment jsdom
import fc from "fast-check";
import {describe, expect, it} from "vitest";
import {AroundChart} from "../../../src/components/run/aroundChart.js";
import {
  BoxRows,
  EcdfChart,
  HistogramRows,
  RidgeRows
} from "../../../src/components/distributions/distributionShapes.js";
import {
  AutocorrelationChart,
  CorrelationChart,
  EffectChart,
  SurvivalChart,
  YearChart
} from "../../../src/components/distributions/distributionTime.js";
import {beyond, domainOf, sampleOf, sharedBins} from "../../../src/components/distributions/distributionModel.js";
import {curveAt, EquityChart} from "../../../src/components/charts/equityChart.js";
import {boundsOf, GridChart, type GridCell} from "../../../src/components/charts/gridChart.js";
import {ReplayPrices, ReplayRates} from "../../../src/components/charts/replayCharts.js";
import {Waterfall, waterfallSteps, type Parts} from "../../../src/components/charts/waterfall.js";
import {Decimal} from "../../../src/lib/money/decimal.js";
import {groupBy, hourOf, yearOf} from "../../../src/lib/stats/groups.js";
import {generator, normal} from "../../../src/lib/stats/random.js";

const HOUR = 36e5;
const T0 = Date.UTC(2023, 10, 1);
const width = 640;
const random = generator(11);

const curve = (drift: number) => {
  let value = 10_000;
  return {
    startMs: T0,
    stepMs: HOUR,
    values: Float64Array.from({length: 240}, () => (value += drift + 3 * normal(random)))
  };
};
const equity = curve(0.4);
const parts: Parts = {
  funding: "79.4701",
  basis: "4.04",
  fees: "9.96",
  slippage: "6.43",
  borrow: "0",
  liquidationLoss: "0",
  liquidationDrift: "0",
  net: "67.1201"
};
const series = (pair: string, mean: number) => {
  const t = Float64Array.from({length: 600}, (_, i) => T0 + i * 8 * HOUR);
  let rate = mean;
  return {
    pair,
    venue: "made",
    t,
    rate: t,
    intervalHours: t.map(() => 8),
    rate8h: Float64Array.from(t, (_, i) =>
      i === 0 ? NaN : (rate = mean + 0.9 * (rate - mean) + 5e-5 * normal(random))
    )
  };
};
const samples = [series("BTC/USDT", 1.2e-4), series("SOL/USDT", 4e-5)].map((d) =>
  sampleOf(d, {fromMs: -Infinity, toMs: Infinity, breakEven: 0.00017, named: false})
);
const breakEven = 0.00017;
const groups = (keyOf: (date: Date) => number) =>
  samples.flatMap((d) => groupBy(d, keyOf, breakEven).map((group) => ({name: d.name, ...group})));
const cells: GridCell[] = ["0.0001", "0.0002", "0.0003"].flatMap((x, i) =>
  ["0", "0.00005"].map((y, j) => ({x, y, net: 40 - 30 * i + 5 * j, share: (40 - 30 * i + 5 * j) / 1e4, trades: 5 - i}))
);
const history = {
  rates: {ts: samples[0]!.t.slice(0, 60), rate8h: samples[0]!.rate8h.slice(0, 60)},
  prices: {
    ts: Float64Array.from({length: 100}, (_, i) => T0 + i * HOUR),
    spot: Float64Array.from({length: 100}, (_, i) => (i === 50 ? NaN : 40_000 + 30 * i)),
    perp: Float64Array.from({length: 100}, (_, i) => 40_020 + 30 * i)
  }
};

const charts: Record<string, () => SVGSVGElement> = {
  equity: () =>
    EquityChart(
      [
        {name: "A", curve: equity},
        {name: "B", curve: curve(0.1)}
      ],
      {
        width,
        capital: 10_000,
        unit: "USDT",
        trades: [
          {pair: "BTC/USDT", ts: T0 + 20 * HOUR, net: undefined},
          {pair: "BTC/USDT", ts: T0 + 90 * HOUR, net: 12},
          {pair: "BTC/USDT", ts: T0 + 100 * HOUR, net: undefined},
          {pair: "BTC/USDT", ts: T0 + 160 * HOUR, net: -3}
        ]
      }
    ),
  waterfall: () => Waterfall(parts, {width, unit: "USDT"}),
  "waterfall-liquidated": () =>
    Waterfall({...parts, liquidationLoss: "20", liquidationDrift: "-15", net: "32.1201"}, {width: 390, unit: "USDT"}),
  grid: () => GridChart(cells, {width, xLabel: "minRate", yLabel: "exitRate", chosen: {x: "0.0003", y: "0"}}),
  "grid-one": () =>
    GridChart(
      cells.filter((d) => d.y === "0").map((d) => ({...d, y: undefined})),
      {width, xLabel: "minRate", yLabel: undefined}
    ),
  around: () =>
    AroundChart(
      ["0.0002", "0.0003", "0.0004"].flatMap((value, i) => [
        {key: "minRate", value, net: 10 - i, trades: 4},
        {key: "exitRate", value, net: i === 2 ? undefined : 4 * i, trades: i === 2 ? undefined : 3}
      ]),
      {width, chosen: {minRate: "0.0003", exitRate: "0.0002"}, unit: "USDT"}
    ),
  "replay-rates": () =>
    ReplayRates(history, {
      width,
      levels: [
        {name: "enter", rate: 0.0003},
        {name: "leave below", rate: 0.0001}
      ]
    }),
  "replay-prices": () => ReplayPrices(history, {width, unit: "USDT", entryTs: T0 + 30 * HOUR}),
  "histogram-rows": () => HistogramRows(samples, {width, bins: 30, breakEven}),
  ecdf: () => EcdfChart(samples, {width, breakEven}),
  box: () => BoxRows(samples, {width, breakEven}),
  ridge: () => RidgeRows(samples, {width, bins: 30, breakEven}),
  survival: () => SurvivalChart(samples, {width}),
  autocorrelation: () => AutocorrelationChart(samples, {width}),
  hours: () => EffectChart(groups(hourOf), {width, kind: "hour"}),
  years: () => YearChart(groups(yearOf), {width, breakEven}),
  correlation: () => CorrelationChart(samples, {width})
};

const pretty = (chart: Element) => chart.outerHTML.replace(/></g, ">\n<");

describe("charts of the strategy pages", () => {
  for (const [name, draw] of Object.entries(charts)) {
    it(`${name} is drawn as reviewed`, async () => {
      await expect(pretty(draw())).toMatchFileSnapshot(`__snapshots__/strategy-${name}.svg`);
    });
  }
  it("use only colours of the theme, and have fewer than 10,000 marks", () => {
    for (const draw of Object.values(charts)) {
      const marks = [...draw().querySelectorAll("*")];
      for (const mark of marks) {
        for (const name of ["fill", "stroke"]) {
          expect(mark.getAttribute(name) ?? "none").toMatch(/^(none|currentColor|transparent|white|var\(--.*\))$/);
        }
      }
      expect(marks.length).toBeLessThan(10_000);
    }
  });
  it("stay small for five years of hours", () => {
    const long = {startMs: T0, stepMs: HOUR, values: Float64Array.from({length: 43_800}, (_, i) => 1e4 + (i % 97))};
    const trades = Array.from({length: 900}, (_, i) => ({
      pair: "X/Y",
      ts: T0 + i * 40 * HOUR,
      net: i % 2 ? 1 : undefined
    }));
    const chart = EquityChart([{name: "A", curve: long}], {width: 1200, capital: 1e4, trades});
    expect(chart.querySelectorAll("path,line,rect,circle,text").length).toBeLessThan(2000);
    expect(chart.querySelector('g[aria-label="line"] path')!.getAttribute("d")!.length).toBeLessThan(90_000);
  });
});

describe("a waterfall", () => {
  it("adds up exactly, and throws when the components do not sum to the net", () => {
    const money = fc.integer({min: -1e9, max: 1e9}).map((n) => new Decimal(n).div(1e6).toFixed());
    fc.assert(
      fc.property(
        fc.tuple(money, money, money, money, money, money),
        ([funding, basis, fees, slippage, loss, drift]) => {
          const net = new Decimal(funding).plus(basis).minus(fees).minus(slippage).minus(loss).plus(drift);
          const own = {
            funding,
            basis,
            fees,
            slippage,
            borrow: "0",
            liquidationLoss: loss,
            liquidationDrift: drift,
            net: net.toFixed()
          };
          const steps = waterfallSteps(own);
          const sum = steps.slice(0, -1).reduce((total, d) => total.plus(d.amount), new Decimal(0));
          expect(sum.eq(steps.at(-1)!.amount)).toBe(true);
          steps.slice(1, -1).forEach((d, i) => expect(d.from).toBe(steps[i]!.to));
          expect(() => waterfallSteps({...own, net: net.plus("0.000001").toFixed()})).toThrow("does not add up");
        }
      )
    );
  });
  it("shows liquidation and borrow only when not zero", () => {
    expect(waterfallSteps(parts).map((d) => d.name)).toEqual(["funding", "basis", "fees", "slippage", "net"]);
  });
});

it("grid colours never put a loss and a gain into one step", () => {
  fc.assert(
    fc.property(fc.array(fc.double({min: -0.5, max: 0.5, noNaN: true}), {minLength: 1}), (shares) => {
      const bounds = boundsOf(shares.map((share) => ({x: "", y: "", net: share, share, trades: 1})));
      expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
      const step = (share: number) => bounds.filter((b) => share >= b).length;
      for (const a of shares) for (const b of shares) if (a < -1e-9 && b > 1e-9) expect(step(a)).not.toBe(step(b));
    })
  );
});

it("curveAt reads the value at an instant, clamped to the ends", () => {
  expect(curveAt(equity, T0 - 1)).toBe(equity.values[0]);
  expect(curveAt(equity, T0 + 5.5 * HOUR)).toBe(equity.values[5]);
  expect(curveAt(equity, T0 + 1e12)).toBe(equity.values.at(-1));
});

describe("samples", () => {
  it("share bins, and count rates outside them", () => {
    const domain = domainOf(samples, breakEven);
    expect(domain[0]).toBeLessThanOrEqual(0);
    expect(domain[1]).toBeGreaterThan(breakEven);
    const inside = sharedBins(samples, domain, 25).reduce((n, d) => n + d.count, 0);
    expect(inside + beyond(samples, domain)).toBe(samples[0]!.count + samples[1]!.count);
  });
  it("cut a half-open range and exclude missing rates", () => {
    const cut = sampleOf(series("BTC/USDT", 1e-4), {fromMs: T0, toMs: T0 + 24 * HOUR, breakEven, named: true});
    expect([cut.t.length, cut.count, cut.name]).toEqual([3, 2, "BTC/USDT made"]);
    const none = sampleOf(series("BTC/USDT", 1e-4), {fromMs: 0, toMs: 1, breakEven, named: false});
    expect([none.count, none.mean, none.five, none.above]).toEqual([0, undefined, undefined, undefined]);
  });
});
