import * as Plot from "npm:@observablehq/plot";
import {bucketCorrelation, bucketed} from "../../lib/stats/dependence.js";
import type {Group} from "../../lib/stats/groups.js";
import {breakEvenLabel} from "../charts/breakEven.js";
import {colors, heat, onSteps} from "../ui/colors.js";
import type {Sample} from "./distributionModel.js";
import {bps, color, left, MAX_ROWS, namesAlong, type Sized} from "./distributionScales.js";
import {bp, count, number, percent} from "../ui/format.js";

const MARGINS = {marginLeft: 46, marginRight: 16, marginTop: 24, marginBottom: 38} as const;

/** Returns the offset of each sample within a band, px, so that samples `each` px wide stand side by side. */
const sideBySide =
  (names: readonly string[], each: number) =>
  (name: string): number =>
    (names.indexOf(name) - (names.length - 1) / 2) * each;

/** Draws the survival of runs of positive funding (Kaplan–Meier). */
export function SurvivalChart(samples: readonly Sample[], {width, height = 260, document}: Sized): SVGSVGElement {
  const shown = samples.slice(0, MAX_ROWS);
  const points = shown.flatMap((d) =>
    d.survival.map(({length, share}) => ({name: d.name, days: length / 3, share: share * 100}))
  );
  const reach =
    Math.max(
      1,
      ...shown.map((d) => d.survival.find(({share}) => share <= 0.05)?.length ?? d.survival.at(-1)?.length ?? 0)
    ) / 3;
  const inside = points.filter((d) => d.days <= reach);
  return Plot.plot({
    document,
    width,
    height,
    ...MARGINS,
    x: {label: "days", labelAnchor: "center", labelArrow: "none", domain: [0, reach]},
    y: {label: "% still positive", grid: true, domain: [0, 100]},
    marks: [
      Plot.ruleY([50], {stroke: colors.soft, strokeDasharray: "2,2"}),
      Plot.line(inside, {x: "days", y: "share", z: "name", stroke: color, strokeWidth: 1.5, curve: "step-after"}),
      ...namesAlong(inside, "days", "share", shown),
      Plot.tip(
        inside,
        Plot.pointer({
          x: "days",
          y: "share",
          title: (d) => `${d.name}\n${number(d.share, 0)} % of runs last ${number(d.days, 1)} days`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Draws the autocorrelation of settled rates; the grey band is the 95 % interval of independent rates, ±1.96/√n. */
export function AutocorrelationChart(
  samples: readonly Sample[],
  {width, height = 260, document}: Sized
): SVGSVGElement {
  const shown = samples.slice(0, MAX_ROWS);
  const points = shown.flatMap((d) => d.autocorrelation.map(({lag, value}) => ({name: d.name, lag, value})));
  const least = Math.min(...shown.map((d) => d.count).filter((n) => n > 0));
  const band = 1.96 / Math.sqrt(Number.isFinite(least) ? least : 1);
  return Plot.plot({
    document,
    width,
    height,
    ...MARGINS,
    x: {label: "settlements later", labelAnchor: "center", labelArrow: "none"},
    y: {label: "correlation", grid: true, domain: [Math.min(-0.1, ...points.map((d) => d.value)), 1]},
    marks: [
      Plot.rectY([0], {y1: -band, y2: band, fill: colors.hairline}),
      Plot.ruleY([0], {stroke: colors.soft}),
      Plot.line(points, {x: "lag", y: "value", z: "name", stroke: color, strokeWidth: 1.5}),
      ...namesAlong(points, "lag", "value", shown),
      Plot.tip(
        points,
        Plot.pointer({
          x: "lag",
          y: "value",
          title: (d) => `${d.name}\n${d.lag} settlements later: ${number(d.value, 2)}`
        })
      )
    ]
  }) as SVGSVGElement;
}

const WEEKDAYS = ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Draws the mean rate of each group of each sample with ± two standard errors. */
export function EffectChart(
  groups: readonly (Group & {name: string})[],
  {width, height = 240, kind, document}: Sized & {kind: "hour" | "weekday"}
): SVGSVGElement {
  const names = [...new Set(groups.map((d) => d.name))];
  const keys = [...new Set(groups.map((d) => d.key))].sort((a, b) => a - b);
  const band = (d: Group) => (kind === "hour" ? `${String(d.key).padStart(2, "0")}:00` : WEEKDAYS[d.key]!);
  const domain = keys.map((key) => band({key} as Group));
  // samples are side by side within a band
  const room = (width - 62) / Math.max(1, keys.length);
  const shift = sideBySide(names, Math.min(9, (room * 0.8) / names.length));
  return Plot.plot({
    document,
    width,
    height,
    ...MARGINS,
    x: {
      type: "point",
      domain,
      label: kind === "hour" ? "hour of settlement, UTC" : "day of the week, UTC",
      labelAnchor: "center",
      labelArrow: "none",
      padding: 0.6
    },
    y: {label: "bp per 8 h", grid: true, nice: true},
    marks: [
      Plot.ruleY([0], {stroke: colors.soft}),
      ...names.flatMap((name) => {
        const own = groups.filter((d) => d.name === name);
        return [
          Plot.ruleX(own, {
            x: band,
            y1: (d: Group) => bps(d.mean - 2 * d.standardError),
            y2: (d: Group) => bps(d.mean + 2 * d.standardError),
            dx: shift(name),
            stroke: color({name}),
            strokeWidth: 1.25
          }),
          Plot.dot(own, {x: band, y: (d: Group) => bps(d.mean), dx: shift(name), fill: color({name}), r: 3})
        ];
      }),
      Plot.tip(
        groups,
        Plot.pointer({
          x: band,
          y: (d: Group) => bps(d.mean),
          title: (d: Group & {name: string}) =>
            `${d.name}, ${band(d)}\nmean ${bp(d.mean)} ± ${bp(2 * d.standardError)}\n${count(d.count)} settlements`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Draws quartiles and median of every year; the tip has the share at or above the break-even. */
export function YearChart(
  groups: readonly (Group & {name: string})[],
  {width, height = 260, breakEven, document}: Sized & {breakEven: number}
): SVGSVGElement {
  const names = [...new Set(groups.map((d) => d.name))];
  const years = [...new Set(groups.map((d) => d.key))].sort((a, b) => a - b);
  const room = (width - 62) / Math.max(1, years.length);
  const each = Math.min(26, (room * 0.8) / Math.max(1, names.length));
  const shift = sideBySide(names, each);
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 46,
    marginRight: 16,
    marginTop: 34,
    x: {type: "point", domain: years.map(String), label: null, padding: 0.6},
    y: {label: "bp per 8 h", grid: true, nice: true},
    marks: [
      Plot.ruleY([0], {stroke: colors.soft}),
      Plot.ruleY([bps(breakEven)], {stroke: colors.fees, strokeDasharray: "5,4", strokeWidth: 1.25}),
      Plot.text([breakEvenLabel(breakEven)], {
        y: bps(breakEven),
        frameAnchor: "right",
        dy: -4,
        textAnchor: "end",
        lineAnchor: "bottom",
        fill: colors.fees,
        stroke: colors.card,
        strokeWidth: 3,
        fontWeight: 550
      }),
      ...names.flatMap((name) => {
        const own = groups.filter((d) => d.name === name);
        const x = (d: Group) => String(d.key);
        return [
          Plot.ruleX(own, {
            x,
            y1: (d: Group) => bps(d.five[1]),
            y2: (d: Group) => bps(d.five[3]),
            dx: shift(name),
            stroke: color({name}),
            strokeWidth: Math.max(2, each * 0.55),
            strokeOpacity: 0.4
          }),
          Plot.dot(own, {
            x,
            y: (d: Group) => bps(d.five[2]),
            dx: shift(name),
            fill: color({name}),
            stroke: colors.card,
            r: 3.5
          })
        ];
      }),
      Plot.tip(
        groups,
        Plot.pointer({
          x: (d: Group) => String(d.key),
          y: (d: Group) => bps(d.five[2]),
          title: (d: Group & {name: string}) =>
            `${d.name}, ${d.key}\nmedian ${bp(d.five[2])}\nquartiles ${bp(d.five[1])} and ${bp(d.five[3])}\nat or above the break-even ${percent(d.above, 0)}\n${count(d.count)} settlements`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Draws the pairwise correlation of samples over their common 8-hour buckets. */
export function CorrelationChart(samples: readonly Sample[], {width, height, document}: Sized): SVGSVGElement {
  const shown = samples.slice(0, MAX_ROWS);
  const buckets = shown.map((d) => bucketed(d));
  const cells = shown.flatMap((a, i) =>
    shown.map((b, j) => ({a: a.name, b: b.name, ...bucketCorrelation(buckets[i]!, buckets[j]!)}))
  );
  const side = left(shown, width);
  const room = (width - side - 12) / Math.max(1, shown.length);
  const steep = room < 70;
  return Plot.plot({
    document,
    width,
    height: height ?? correlationHeight(shown.length, width),
    marginLeft: side,
    marginRight: 12,
    marginTop: steep ? side : 26,
    marginBottom: 8,
    padding: 0,
    x: {
      type: "band",
      axis: "top",
      domain: shown.map((d) => d.name),
      label: null,
      tickSize: 0,
      tickRotate: steep ? -60 : 0
    },
    y: {type: "band", domain: shown.map((d) => d.name), label: null, tickSize: 0},
    color: {
      type: "threshold",
      domain: [-0.5, -0.15, 0.15, 0.4, 0.6, 0.8],
      range: [colors.paid, ...heat.slice(2)]
    },
    marks: [
      Plot.cell(
        cells.filter((d) => d.value !== undefined),
        {x: "b", y: "a", fill: "value", inset: 0.5}
      ),
      Plot.text(cells, {
        x: "b",
        y: "a",
        text: (d) => (d.value === undefined ? "–" : number(d.value, room < 44 ? 1 : 2)),
        ...onSteps((d) => d.value !== undefined && (d.value >= 0.8 || d.value < -0.5))
      }),
      Plot.tip(
        cells,
        Plot.pointer({
          x: "b",
          y: "a",
          title: (d) =>
            `${d.a} and ${d.b}\n${d.value === undefined ? "insufficient" : number(d.value, 3)}\n${count(d.common)} common buckets of 8 h`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Returns the height of a correlation chart of `n` samples, px. */
export function correlationHeight(n: number, width: number): number {
  const shown = Math.min(MAX_ROWS, Math.max(1, n));
  return Math.min(460, Math.max(shown * 26, Math.min(shown * 44, width / 2))) + 130;
}
