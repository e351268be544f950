import * as Plot from "npm:@observablehq/plot";
import {colors} from "../ui/colors.js";
import {decimate} from "./decimate.js";
import {timeScale, within, type TimeDomain} from "./timeAxis.js";

/** One line of a chart over time. */
interface Series<T> {
  name: string;
  y: (d: T) => number | null | undefined;
  color: string;
  dash?: string;
}

/** Options of {@link LineChart}. */
interface LineChartOptions<T> {
  width: number;
  height?: number;
  domain: TimeDomain;
  x: (d: T) => number;
  series: readonly Series<T>[];
  /** Unit on the y axis. */
  label: string;
  /** Distance above which two rows are not joined. */
  gap: number | ((previous: T, next: T) => number);
  /** Text of the tip, one line per series. */
  tip: (d: T) => string;
  zero?: boolean;
  marks?: Plot.Markish[];
  tickFormat?: string | ((value: number) => string);
  /** Right margin of a chart with a single line, to align with a chart that has labels there; px. */
  rightRoom?: number;
  document?: Document;
}

/**
 * Draws up to four lines over time with direct labels at their last point, thinned to the available pixels. Missing
 * values and missing rows are gaps.
 */
export function LineChart<T>(
  rows: readonly T[],
  {
    width,
    height = 220,
    domain,
    x,
    series,
    label,
    gap,
    tip,
    zero = false,
    marks = [],
    tickFormat,
    rightRoom = 16,
    document
  }: LineChartOptions<T>
): SVGSVGElement {
  const named = series.length > 1;
  const marginRight = named ? 12 + 7 * Math.max(...series.map((d) => d.name.length)) : rightRoom;
  const inner = width - 56 - marginRight;
  const lines = series.map((one) => ({...one, runs: decimate(rows, {x, y: one.y, width: inner, domain, gap})}));
  const inside = within(rows, x, domain);
  const step = Math.max(1, Math.ceil(inside.length / 2000));
  const tips = inside.filter((d, i) => i % step === 0 && series.some((one) => isValue(one.y(d))));
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 56,
    marginRight,
    marginTop: 24,
    x: timeScale(domain),
    y: {label, grid: true, nice: true, zero, tickFormat},
    marks: [
      ...(zero ? [Plot.ruleY([0], {stroke: colors.soft})] : []),
      ...lines.map((one) =>
        Plot.line(one.runs, {
          x: (d) => x(d.datum),
          y: (d) => one.y(d.datum),
          z: "run",
          stroke: one.color,
          strokeWidth: 1.5,
          strokeDasharray: one.dash
        })
      ),
      ...(named ? directLabels(lines, {x, height}) : []),
      ...marks,
      Plot.tip(
        tips,
        Plot.pointerX({
          x: (d: T) => x(d),
          y: (d: T) => series.map((one) => one.y(d)).find(isValue),
          title: tip
        })
      )
    ]
  }) as SVGSVGElement;
}

const isValue = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

// Stacks the labels in the order of the end values, so that lines that end close together stay readable.
function directLabels<T>(
  lines: readonly (Series<T> & {runs: {datum: T}[]})[],
  {x}: {x: (d: T) => number; height: number}
): Plot.Markish[] {
  const ends = lines
    .map((one) => ({one, end: one.runs.at(-1)?.datum}))
    .filter((d): d is {one: (typeof lines)[number]; end: T} => d.end !== undefined)
    .sort((a, b) => b.one.y(b.end)! - a.one.y(a.end)!);
  return ends.map(({one, end}, i) =>
    Plot.text([end], {
      x: (d) => x(d),
      y: (d) => one.y(d),
      text: () => one.name,
      dx: 5,
      dy: (i - (ends.length - 1) / 2) * 13,
      textAnchor: "start",
      fill: one.color,
      stroke: colors.card,
      strokeWidth: 3,
      fontWeight: 550
    })
  );
}
