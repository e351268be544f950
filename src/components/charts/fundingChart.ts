import * as Plot from "npm:@observablehq/plot";
import {breakEvenRuleY} from "./breakEven.js";
import {colors} from "../ui/colors.js";
import {barColumns, decimate} from "./decimate.js";
import {bp, instant} from "../ui/format.js";
import {cutOf, isBeyond} from "./outliers.js";
import {timeScale, within, type TimeDomain} from "./timeAxis.js";
import type {Settlement} from "../feed/types.js";

/** Options of charts over time. */
interface TimeChartOptions {
  width: number;
  height?: number;
  domain: TimeDomain;
  document?: Document;
}

const x = (d: Settlement) => d.boundaryTs;

/** Returns the longest distance, ms, over which two settlements are joined by a line. */
export const maxGap = (d: Settlement): number => Math.max(1.5 * (d.intervalHours ?? 8), 12) * 36e5;

/**
 * Draws settled funding per 8 h as bars from zero, earned above and paid below, with the 30-day mean and the
 * break-even. Settlements are discrete, hence bars; gaps stay blank.
 */
export function FundingChart(
  rows: readonly Settlement[],
  {width, height = 300, domain, breakEven, document}: TimeChartOptions & {breakEven?: number | null} = {
    width: 640,
    domain: [0, 1]
  }
): SVGSVGElement {
  const roomy = width >= 640;
  const marginRight = roomy ? 112 : 16;
  const inner = width - 46 - marginRight;
  const bars = barColumns(rows, {x, y: (d) => d.rate8h, width: inner, domain});
  const mean = decimate(rows, {x, y: (d) => d.mean30, width: inner, domain, gap: maxGap});
  const tips = tipRows(rows, domain);
  const cut = cutOf(
    within(rows, x, domain).map(({rate8h, intervalHours}) => ({rate: rate8h, hours: intervalHours ?? 8}))
  );
  const held = (rate: number) => Math.max(-cut, Math.min(cut, rate)) * 1e4;
  const beyond = bars.flatMap((d) =>
    [d.high, d.low].filter((rate) => isBeyond(rate, cut)).map((rate) => ({x: d.x, rate}))
  );
  const thickness = Math.min(6, Math.max(0.75, (inner / Math.max(1, bars.length)) * 0.7));
  const inFrame = beyond.length ? {clip: true} : {};
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 46,
    marginRight,
    marginTop: 24,
    x: timeScale(domain),
    y: {label: "bp per 8 h", grid: true, nice: true},
    marks: [
      Plot.ruleX(
        bars.filter((d) => d.high > 0),
        {
          x: "x",
          y1: 0,
          y2: (d) => held(d.high),
          stroke: colors.earned,
          strokeWidth: thickness
        }
      ),
      Plot.ruleX(
        bars.filter((d) => d.low < 0),
        {
          x: "x",
          y1: 0,
          y2: (d) => held(d.low),
          stroke: colors.paid,
          strokeWidth: thickness
        }
      ),
      Plot.ruleY([0], {stroke: colors.soft}),
      Plot.line(mean, {
        x: (d) => x(d.datum),
        y: (d) => d.datum.mean30! * 1e4,
        z: "run",
        stroke: colors.card,
        strokeWidth: 3.5,
        ...inFrame
      }),
      Plot.line(mean, {
        x: (d) => x(d.datum),
        y: (d) => d.datum.mean30! * 1e4,
        z: "run",
        stroke: colors.ink,
        strokeWidth: 1.5,
        ...inFrame
      }),
      ...cutMarks(beyond, cut),
      ...breakEvenRuleY(breakEven, {outside: roomy}),
      Plot.tip(
        tips,
        Plot.pointerX({
          x: (d: Settlement) => d.boundaryTs,
          y: (d: Settlement) => held(d.rate8h ?? 0),
          title: (d: Settlement) =>
            [
              instant(d.boundaryTs),
              `settled ${bp(d.rate, 3)} for ${d.intervalHours ?? "?"} h`,
              `per 8 h ${bp(d.rate8h)}`,
              `30-day mean ${bp(d.mean30)}`,
              `basis ${bp(d.basis, 1)}`
            ].join("\n")
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Marks truncated bars with a glyph and labels the highest and the lowest with their value. */
function cutMarks(beyond: readonly {x: number; rate: number}[], cut: number): Plot.Markish[] {
  const sides = [beyond.filter((d) => d.rate > 0), beyond.filter((d) => d.rate < 0)];
  return sides.flatMap((side) => {
    if (!side.length) return [];
    const up = side[0]!.rate > 0;
    const extreme = side.reduce((a, b) => (Math.abs(b.rate) > Math.abs(a.rate) ? b : a));
    const place = {
      x: "x",
      y: cut * (up ? 1e4 : -1e4),
      fill: up ? colors.earned : colors.paid,
      stroke: colors.card,
      strokeWidth: 3
    };
    return [
      Plot.text(side, {...place, text: () => (up ? "▲" : "▼"), fontSize: 8, dy: up ? -4 : 5}),
      Plot.text([extreme], {...place, text: (d: {rate: number}) => bp(d.rate, 0), fontWeight: 550, dy: up ? -14 : 15})
    ];
  });
}

/** Returns the rows that get a tip: all of them, thinned evenly above 2,000. */
function tipRows(rows: readonly Settlement[], domain: TimeDomain): Settlement[] {
  const inside = within(rows, x, domain);
  const step = Math.ceil(inside.length / 2000);
  return step > 1 ? inside.filter((_, i) => i % step === 0) : inside;
}
