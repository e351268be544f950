import * as Plot from "npm:@observablehq/plot";
import {ecdf} from "../../lib/stats/distribution.js";
import {breakEvenLabel} from "../charts/breakEven.js";
import {colors} from "../ui/colors.js";
import {domainOf, sharedBins, type Sample} from "./distributionModel.js";
import {bps, breakEvenX, color, left, MAX_ROWS, rowsHeight, xScale, type Sized} from "./distributionScales.js";
import {bp, count, number, percent} from "../ui/format.js";

/** Draws one histogram per row with shared bins, so that heights and positions can be compared. */
export function HistogramRows(
  samples: readonly Sample[],
  {width, height, bins, breakEven, document}: Sized & {bins: number; breakEven: number}
): SVGSVGElement {
  const shown = samples.slice(0, MAX_ROWS);
  const domain = domainOf(shown, breakEven);
  const cells = sharedBins(shown, domain, bins);
  return Plot.plot({
    document,
    width,
    height: height ?? rowsHeight(shown.length, 78),
    marginLeft: left(shown, width),
    marginRight: 12,
    marginTop: 26,
    marginBottom: 40,
    x: xScale(domain),
    y: {axis: null},
    fy: {domain: shown.map((d) => d.name), label: null, axis: "left", tickSize: 0, padding: 0.12},
    marks: [
      Plot.rectY(cells, {
        fy: "name",
        x1: (d) => bps(d.x0),
        x2: (d) => bps(d.x1),
        y: "share",
        fill: color,
        fillOpacity: 0.85,
        insetLeft: 0.5,
        insetRight: 0.5
      }),
      Plot.ruleY([0], {stroke: colors.soft}),
      Plot.ruleX([0], {stroke: colors.soft}),
      Plot.ruleX([bps(breakEven)], {stroke: colors.fees, strokeDasharray: "5,4", strokeWidth: 1.25}),
      Plot.text([shown[0]?.name], {
        fy: (d: string) => d,
        x: bps(breakEven),
        text: () => breakEvenLabel(breakEven),
        frameAnchor: "top",
        dy: -4,
        lineAnchor: "bottom",
        fill: colors.fees,
        fontWeight: 550
      }),
      Plot.tip(
        cells,
        Plot.pointerX({
          fy: "name",
          x: (d) => bps((d.x0 + d.x1) / 2),
          y: "share",
          title: (d) =>
            `${d.name}\n${number(bps(d.x0), 2)} to ${number(bps(d.x1), 2)} bp\n${count(d.count)} settlements (${percent(d.share)})`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Draws the share of settlements at or below each rate (empirical distribution function). */
export function EcdfChart(
  samples: readonly Sample[],
  {width, height = 340, breakEven, document}: Sized & {breakEven: number}
): SVGSVGElement {
  const shown = samples.slice(0, MAX_ROWS);
  const domain = domainOf(shown, breakEven);
  const step = Math.max(1, Math.ceil(shown.reduce((n, d) => n + d.count, 0) / 8000));
  const points = shown.flatMap((d) =>
    ecdf(d.values)
      .filter(({x}, i, all) => x >= domain[0] && x <= domain[1] && (i % step === 0 || i === all.length - 1))
      .map(({x, p}) => ({name: d.name, x: bps(x), p: p * 100}))
  );
  // each label sits where its line crosses a height of its own, so that labels never overlap
  const labels = shown.flatMap((d, i) => {
    const wanted = 92 - (i * 64) / Math.max(1, shown.length - 1 || 1);
    const own = points.filter((p) => p.name === d.name);
    const at = own.find((p) => p.p >= wanted) ?? own.at(-1);
    return at ? [at] : [];
  });
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 46,
    marginRight: 16,
    marginTop: 34,
    marginBottom: 40,
    x: xScale(domain),
    y: {label: "% of settlements at or below", grid: true, domain: [0, 100]},
    marks: [
      Plot.ruleX([0], {stroke: colors.soft}),
      ...breakEvenX(breakEven),
      Plot.line(points, {x: "x", y: "p", z: "name", stroke: color, strokeWidth: 1.5, curve: "step-after"}),
      Plot.text(labels, {
        x: "x",
        y: "p",
        text: "name",
        dx: 6,
        textAnchor: "start",
        fill: color,
        stroke: colors.card,
        strokeWidth: 4,
        fontWeight: 550
      }),
      Plot.tip(
        points,
        Plot.pointer({x: "x", y: "p", title: (d) => `${d.name}\n${number(d.p, 1)} % at or below ${number(d.x, 2)} bp`})
      )
    ]
  }) as SVGSVGElement;
}

/** Draws quartiles as a box with the median and the middle 90 % as a line; extremes are in the table. */
export function BoxRows(
  samples: readonly Sample[],
  {width, height, breakEven, document}: Sized & {breakEven: number}
): SVGSVGElement {
  const shown = samples.slice(0, MAX_ROWS).filter((d) => d.count);
  const at = (d: Sample, p: number) => d.values[Math.round(p * (d.count - 1))]!;
  const rows = shown.map((d) => ({name: d.name, five: d.five!, low: at(d, 0.05), high: at(d, 0.95), d}));
  const all = rows.flatMap(({low, high}) => [low, high]);
  const domain: [number, number] = [Math.min(0, ...all), Math.max(breakEven * 1.15, ...all)];
  return Plot.plot({
    document,
    width,
    height: height ?? rowsHeight(shown.length, 30),
    marginLeft: left(shown, width),
    marginRight: 12,
    marginTop: 34,
    marginBottom: 40,
    x: {...xScale(domain), grid: true},
    y: {type: "band", domain: rows.map((d) => d.name), label: null, tickSize: 0, padding: 0.35},
    marks: [
      Plot.ruleX([0], {stroke: colors.soft}),
      ...breakEvenX(breakEven),
      Plot.ruleY(rows, {y: "name", x1: (d) => bps(d.low), x2: (d) => bps(d.high), stroke: color, strokeWidth: 1.5}),
      Plot.barX(rows, {
        y: "name",
        x1: (d) => bps(d.five[1]),
        x2: (d) => bps(d.five[3]),
        fill: color,
        fillOpacity: 0.35,
        stroke: color
      }),
      Plot.tickX(rows, {y: "name", x: (d) => bps(d.five[2]), stroke: colors.ink, strokeWidth: 2.5}),
      Plot.tip(
        rows,
        Plot.pointerY({
          y: "name",
          x: (d) => bps(d.five[2]),
          title: (d) =>
            `${d.name}\nmedian ${bp(d.five[2])}\nquartiles ${bp(d.five[1])} and ${bp(d.five[3])}\nmiddle 90 %: ${bp(d.low)} to ${bp(d.high)}`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Draws overlapping outlines of the distributions, each on its own baseline. */
export function RidgeRows(
  samples: readonly Sample[],
  {width, height, bins, breakEven, document}: Sized & {bins: number; breakEven: number}
): SVGSVGElement {
  const shown = samples.slice(0, MAX_ROWS);
  const domain = domainOf(shown, breakEven);
  const cells = sharedBins(shown, domain, bins);
  const most = Math.max(1e-9, ...cells.map((d) => d.share));
  const lift = 2.2;
  const rows = shown.map((d, i) => ({name: d.name, base: shown.length - 1 - i}));
  const base = new Map(rows.map((d) => [d.name, d.base]));
  const y = (d: {name: string; share: number}) => base.get(d.name)! + (d.share / most) * lift;
  return Plot.plot({
    document,
    width,
    height: height ?? rowsHeight(shown.length, 34) + 40,
    marginLeft: left(shown, width),
    marginRight: 12,
    marginTop: 34,
    marginBottom: 40,
    x: xScale(domain),
    y: {axis: null, domain: [0, shown.length - 1 + lift]},
    marks: [
      ...rows.flatMap(({name}) => {
        const own = cells.filter((d) => d.name === name);
        const x = (d: {x0: number; x1: number}) => bps((d.x0 + d.x1) / 2);
        return [
          Plot.areaY(own, {
            x,
            y1: () => base.get(name)!,
            y2: y,
            fill: color(own[0] ?? {name}),
            fillOpacity: 0.3,
            curve: "monotone-x"
          }),
          Plot.lineY(own, {x, y, stroke: color(own[0] ?? {name}), strokeWidth: 1.25, curve: "monotone-x"})
        ];
      }),
      Plot.ruleX([0], {stroke: colors.soft}),
      ...breakEvenX(breakEven),
      Plot.text(rows, {
        x: bps(domain[0]),
        y: "base",
        text: "name",
        dx: -8,
        dy: -4,
        textAnchor: "end",
        fill: colors.ink
      })
    ]
  }) as SVGSVGElement;
}
