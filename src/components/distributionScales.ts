import * as Plot from "npm:@observablehq/plot";
import {breakEvenLabel} from "./breakEven.js";
import {categoryColor, colors} from "./colors.js";
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

/** Names on their lines at heights of their own. */
export function namesAlong<T extends {name: string}>(
  points: readonly T[],
  x: keyof T & string,
  y: keyof T & string,
  samples: readonly Sample[]
): Plot.Markish[] {
  const labels = samples.flatMap((d, i) => {
    const own = points.filter((p) => p.name === d.name);
    const at = own[Math.min(own.length - 1, Math.floor((own.length * (i + 1)) / (samples.length + 6)))];
    return at ? [at] : [];
  });
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
