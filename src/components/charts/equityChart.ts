import * as Plot from "npm:@observablehq/plot";
import type {Curve} from "../../lib/workers/lab.js";
import {colors} from "../ui/colors.js";
import {decimate} from "./decimate.js";
import {instant, money, number, signGlyph} from "../ui/format.js";
import {timeScale, type TimeDomain} from "./timeAxis.js";

/** One curve with its name; the first is the current run. */
export interface NamedCurve {
  name: string;
  curve: Curve;
}

/** An entry or exit to mark on the first curve. */
export interface TradeMark {
  ts: number;
  /** undefined for an entry */
  net: number | undefined;
  pair: string;
}

/** Dashes of the variants, so that they differ without colour too. */
const DASHES = [undefined, "6,3", "2,3", "8,3,2,3"];
const STROKES = [colors.ink, colors.earned, colors.basis, colors.paid];
/** Above this number marks would merge into a band; the table below lists all trades. */
const MAX_MARKS = 400;

interface Point {
  ts: number;
  value: number;
}

const pointsOf = ({startMs, stepMs, values}: Curve): Point[] =>
  Array.from(values, (value, i) => ({ts: startMs + i * stepMs, value}));

/** Returns the value of a curve at the last grid point at or before an instant. */
export function curveAt({startMs, stepMs, values}: Curve, ts: number): number {
  const i = Math.min(values.length - 1, Math.max(0, Math.floor((ts - startMs) / stepMs)));
  return values[i]!;
}

/**
 * Draws the equity of up to four variants over time with direct labels and the capital as a rule. On the first curve,
 * a ring marks each entry and a triangle each exit: ▲ gain, ▼ loss.
 */
export function EquityChart(
  curves: readonly NamedCurve[],
  {
    width,
    height = 320,
    capital,
    trades = [],
    unit = "quote",
    domain,
    document
  }: {
    width: number;
    height?: number;
    capital: number;
    trades?: readonly TradeMark[];
    unit?: string;
    domain?: TimeDomain;
    document?: Document;
  }
): SVGSVGElement {
  const named = curves.length > 1;
  const marginRight = named ? 14 + 7 * Math.max(...curves.map((d) => d.name.length)) : 16;
  const inner = Math.max(50, width - 62 - marginRight);
  const lines = curves.map(({name, curve}, i) => ({
    name,
    curve,
    stroke: STROKES[i % STROKES.length]!,
    dash: DASHES[i % DASHES.length],
    points: decimate(pointsOf(curve), {x: (d) => d.ts, y: (d) => d.value, width: inner, ...(domain && {domain})})
  }));
  const first = curves[0]?.curve;
  const marks = first && trades.length <= MAX_MARKS ? trades.map((d) => ({...d, value: curveAt(first, d.ts)})) : [];
  const entries = marks.filter((d) => d.net === undefined);
  const exits = marks.filter((d) => d.net !== undefined);
  const tips = (lines[0]?.points ?? []).map(({datum}) => datum);
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 62,
    marginRight,
    marginTop: 24,
    x: timeScale(
      domain ?? (first ? [first.startMs, first.startMs + (first.values.length - 1) * first.stepMs] : undefined)
    ),
    y: {label: unit, grid: true, nice: true, ...flatDomain(lines, capital)},
    marks: [
      Plot.ruleY([capital], {stroke: colors.soft}),
      ...lines.map((line) =>
        Plot.line(line.points, {
          x: (d) => d.datum.ts,
          y: (d) => d.datum.value,
          z: "run",
          stroke: line.stroke,
          strokeWidth: 1.5,
          strokeDasharray: line.dash
        })
      ),
      ...(named ? endLabels(lines, height) : []),
      Plot.dot(entries, {x: "ts", y: "value", r: 3.5, stroke: colors.ink, fill: colors.card, strokeWidth: 1.5}),
      Plot.text(exits, {
        x: "ts",
        y: "value",
        text: (d: {net: number}) => signGlyph(d.net) || "●",
        fill: (d: {net: number}) => (d.net > 0 ? colors.earned : colors.paid),
        stroke: colors.card,
        strokeWidth: 3,
        fontSize: 12
      }),
      Plot.tip(
        tips,
        Plot.pointerX({
          x: "ts",
          y: "value",
          title: (d: Point) =>
            [instant(d.ts), ...lines.map((line) => `${line.name} ${money(curveAt(line.curve, d.ts), unit)}`)].join("\n")
        })
      ),
      Plot.tip(
        exits,
        Plot.pointer({
          x: "ts",
          y: "value",
          maxRadius: 12,
          title: (d: {ts: number; net: number; pair: string}) =>
            `${d.pair} closed ${instant(d.ts)}\nnet ${number(d.net, 2)} ${unit}`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Returns a fixed domain for an account that has hardly moved, so that rounding noise does not fill the chart. */
function flatDomain(
  lines: readonly {points: readonly {datum: Point}[]}[],
  capital: number
): {domain?: [number, number]} {
  const least = capital * 1e-5;
  const level = lines.every((line) => line.points.every(({datum}) => Math.abs(datum.value - capital) < least));
  return level && capital > 0 ? {domain: [capital * 0.9998, capital * 1.0002]} : {};
}

/** Places labels at the right end, in the order of the end values, moved apart where they would overlap. */
function endLabels(
  lines: readonly {name: string; stroke: string; points: readonly {datum: Point}[]}[],
  height: number
): Plot.Markish[] {
  const ends = lines
    .flatMap((line) => {
      const end = line.points.at(-1)?.datum;
      return end ? [{...line, end}] : [];
    })
    .sort((a, b) => b.end.value - a.end.value);
  const all = lines.flatMap((line) => line.points.map(({datum}) => datum.value));
  const perPixel = (Math.max(...all) - Math.min(...all) || 1) / Math.max(1, height - 54);
  let above = -Infinity;
  const top = ends[0]?.end.value ?? 0;
  return ends.map(({name, stroke, end}) => {
    const wanted = (top - end.value) / perPixel;
    const at = Math.max(wanted, above + 13);
    above = at;
    return Plot.text([end], {
      x: "ts",
      y: "value",
      text: () => name,
      dx: 6,
      dy: at - wanted,
      textAnchor: "start",
      fill: stroke,
      stroke: colors.card,
      strokeWidth: 3,
      fontWeight: 550
    });
  });
}
