import * as Plot from "npm:@observablehq/plot";
import {breakEvenLabel} from "../charts/breakEven.js";
import {categoryColor, colors} from "../ui/colors.js";
import type {Sample} from "./distributionModel.js";

/** How large a chart is drawn, and in which document: tests bring their own. */
export interface Sized {
  width: number;
  height?: number;
  document?: Document | undefined;
}

/** More rows than this would not be read; the table has them all. */
export const MOST_ROWS = 12;

/** A rate in basis points. */
export const bps = (rate: number) => rate * 1e4;
/** Room for the longest name. */
export const left = (samples: readonly Sample[], width: number) =>
  Math.min(width * 0.34, 16 + 7 * Math.max(6, ...samples.map((d) => d.name.length)));
/** The colour of a history is that of its pair. */
export const color = (d: {name: string}) => categoryColor(d.name.split(" ")[0]!);

/** The break-even as a dashed rule across. */
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

/** Rates across, in basis points per 8 h. */
export const xScale = (domain: readonly [number, number]): Plot.ScaleOptions => ({
  label: "bp per 8 h",
  labelAnchor: "center",
  labelArrow: "none",
  domain: domain.map(bps)
});

/** The height of a chart of one row for each history. */
export const rowsHeight = (n: number, each: number): number => 74 + Math.max(1, Math.min(MOST_ROWS, n)) * each;

/** Names on their lines, each as far from the ones before it as its line allows. */
export function namesAlong<T extends {name: string}>(
  points: readonly T[],
  x: keyof T & string,
  y: keyof T & string,
  samples: readonly Sample[]
): Plot.Markish[] {
  const labels: T[] = [];
  const scale = (key: keyof T & string) => Math.max(1e-9, ...points.map((p) => Math.abs(Number(p[key]))));
  const [unitX, unitY] = [scale(x), scale(y)];
  // A name is wider than high, so that a step up tells two of them apart sooner than one across.
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
