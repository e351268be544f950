import * as Plot from "npm:@observablehq/plot";
import {breakEvenLabel} from "../charts/breakEven.js";
import {categoryColor, colors} from "../ui/colors.js";
import type {Sample} from "./distributionModel.js";

/** Size of a chart in pixels, and its document, which tests replace. */
export interface Sized {
  width: number;
  height?: number;
  document?: Document | undefined;
}

/** Maximum of rows in a chart; the table has all of them. */
export const MAX_ROWS = 12;

/** A rate in basis points. */
export const bps = (rate: number) => rate * 1e4;
/** Returns the left margin for the longest name, px. */
export const left = (samples: readonly Sample[], width: number) =>
  Math.min(width * 0.34, 16 + 7 * Math.max(6, ...samples.map((d) => d.name.length)));
/** Returns the colour of a history: that of its pair. */
export const color = (d: {name: string}) => categoryColor(d.name.split(" ")[0]!);

/** Draws the break-even as a dashed vertical rule. */
export const breakEvenX = (breakEven: number, {label = true} = {}): Plot.Markish[] => [
  Plot.ruleX([bps(breakEven)], {stroke: colors.fees, strokeDasharray: "5,4", strokeWidth: 1.25}),
  ...(label
    ? [
        Plot.text([breakEvenLabel(breakEven)], {
          x: bps(breakEven),
          frameAnchor: "top" as const,
          dy: -8,
          lineAnchor: "bottom" as const,
          fill: colors.fees,
          fontWeight: 550
        })
      ]
    : [])
];

/** Returns the x scale of rates, in basis points per 8 h. */
export const xScale = (domain: readonly [number, number]): Plot.ScaleOptions => ({
  label: "bp per 8 h",
  labelAnchor: "center",
  labelArrow: "none",
  domain: domain.map(bps)
});

/** Returns the height of a chart with one row per history, px. */
export const rowsHeight = (n: number, each: number): number => 74 + Math.max(1, Math.min(MAX_ROWS, n)) * each;

/** Labels each line at the point farthest from the labels before it. */
export function namesAlong<T extends {name: string}>(
  points: readonly T[],
  x: keyof T & string,
  y: keyof T & string,
  samples: readonly Sample[]
): Plot.Markish[] {
  const labels: T[] = [];
  const scale = (key: keyof T & string) => Math.max(1e-9, ...points.map((p) => Math.abs(Number(p[key]))));
  const [unitX, unitY] = [scale(x), scale(y)];
  // A name is wider than high, so a vertical distance separates two labels sooner than a horizontal one.
  const apart = (p: T, q: T) =>
    Math.hypot((Number(p[x]) - Number(q[x])) / unitX, (2.5 * (Number(p[y]) - Number(q[y]))) / unitY);
  for (const {name} of samples) {
    const own = points.filter((p) => p.name === name);
    const places = own.slice(0, Math.max(1, Math.ceil(own.length * 0.7)));
    const room = (p: T) => Math.min(Infinity, ...labels.map((q) => apart(p, q)));
    const best = places.reduce<T | undefined>(
      (a, p) => (a === undefined || room(p) > room(a) + 1e-9 ? p : a),
      undefined
    );
    if (best) labels.push(best);
  }
  return [
    Plot.text(labels, {
      x,
      y,
      text: "name",
      dx: 6,
      dy: -6,
      textAnchor: "start",
      fill: color,
      stroke: colors.card,
      strokeWidth: 4,
      fontWeight: 550
    })
  ];
}
