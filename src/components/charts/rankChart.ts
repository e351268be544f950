import * as Plot from "npm:@observablehq/plot";
import {colors, signColor} from "../ui/colors.js";
import {bp, number, percent} from "../ui/format.js";
import type {ExplorerRow} from "../feed/types.js";

const bpOf = (rate: number | null) => (rate === null ? undefined : rate * 1e4);

/** Returns the height of a chart of `n` pairs, px. */
export const rankHeight = (n: number): number => 58 + 19 * Math.max(1, n);

/**
 * Draws pairs by their newest rate per 8 h net of the round trip, spread over the holding time: a dot right of zero
 * earns. The grey line starts at the gross rate, so its length is the cost.
 */
export function RankChart(
  rows: readonly ExplorerRow[],
  {width, height = rankHeight(rows.length), document}: {width: number; height?: number; document?: Document}
): SVGSVGElement {
  const name = (d: ExplorerRow) => d.pair;
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 92,
    marginRight: 24,
    marginTop: 38,
    x: {axis: "top", label: "bp per 8 h, after costs", grid: true, nice: true, labelAnchor: "right", labelOffset: 36},
    y: {type: "band", domain: rows.map(name), label: null, tickSize: 0, padding: 0},
    marks: [
      Plot.ruleX([0], {stroke: colors.soft}),
      Plot.ruleY(rows, {
        x1: (d: ExplorerRow) => bpOf(d.netPerPeriod),
        x2: (d: ExplorerRow) => bpOf(d.newestRate8h),
        y: name,
        stroke: colors.rule,
        strokeWidth: 1.5
      }),
      Plot.tickX(rows, {
        x: (d: ExplorerRow) => bpOf(d.newestRate8h),
        y: name,
        stroke: colors.fees,
        strokeWidth: 1.5,
        insetTop: 3,
        insetBottom: 3
      }),
      Plot.dot(rows, {
        x: (d: ExplorerRow) => bpOf(d.netPerPeriod),
        y: name,
        r: 4,
        fill: (d: ExplorerRow) => (d.reasons ? colors.card : signColor(d.netPerPeriod ?? 0)),
        stroke: (d: ExplorerRow) => signColor(d.netPerPeriod ?? 0),
        strokeWidth: 1.5
      }),
      Plot.tip(
        rows,
        Plot.pointerY({
          x: (d: ExplorerRow) => bpOf(d.netPerPeriod),
          y: name,
          title: (d: ExplorerRow) =>
            [
              `${d.pair} at ${d.venue}`,
              `newest rate ${bp(d.newestRate8h)} per 8 h`,
              `after costs ${bp(d.netPerPeriod)} per 8 h, ${percent(d.netAnnual)} a year of notional`,
              `break-even after ${number(d.breakEvenPeriods, 1)} periods of 8 h`,
              d.reasons && `cannot be opened: ${d.reasons}`
            ]
              .filter(Boolean)
              .join("\n")
        })
      )
    ]
  }) as SVGSVGElement;
}
