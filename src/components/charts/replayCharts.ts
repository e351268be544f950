import * as Plot from "npm:@observablehq/plot";
import type {ReplayHistory} from "../../lib/backtest/replay.js";
import {colors} from "../ui/colors.js";
import {decimate} from "./decimate.js";
import {bp, instant, money} from "../ui/format.js";
import {timeScale} from "./timeAxis.js";

/** A threshold of a rule, as a share per 8 h. */
export interface Level {
  name: string;
  rate: number;
}

/** Draws the settled rates known at the step, with the thresholds of the rules; the newest rate is the last bar. */
export function ReplayRates(
  {rates}: Pick<ReplayHistory, "rates">,
  {
    width,
    height = 200,
    levels = [],
    document
  }: {width: number; height?: number; levels?: readonly Level[]; document?: Document}
): SVGSVGElement {
  const rows = Array.from(rates.ts, (ts, i) => ({ts, bp: rates.rate8h[i]! * 1e4})).filter((d) => !Number.isNaN(d.bp));
  const roomy = width >= 480;
  const marginRight = roomy ? 126 : 16;
  const thickness = Math.min(6, Math.max(1, ((width - 46 - marginRight) / Math.max(1, rows.length)) * 0.65));
  const sorted = [...levels].sort((a, b) => b.rate - a.rate);
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 46,
    marginRight,
    marginTop: 24,
    x: timeScale(),
    y: {label: "bp per 8 h", grid: true, nice: true},
    marks: [
      Plot.ruleX(rows, {
        x: "ts",
        y1: 0,
        y2: "bp",
        stroke: (d: {bp: number}) => (d.bp >= 0 ? colors.earned : colors.paid),
        strokeWidth: thickness
      }),
      Plot.ruleY([0], {stroke: colors.soft}),
      ...sorted.flatMap(({name, rate}, i) => [
        Plot.ruleY([rate * 1e4], {stroke: colors.fees, strokeDasharray: "5,4", strokeWidth: 1.25}),
        Plot.text([`${name} ${bp(rate)}`], {
          y: rate * 1e4,
          frameAnchor: "right" as const,
          dx: roomy ? 6 : 0,
          dy: roomy ? (sorted.length > 1 ? (i === 0 ? -6 : 6) : 0) : -5,
          textAnchor: roomy ? ("start" as const) : ("end" as const),
          lineAnchor: roomy ? ("middle" as const) : ("bottom" as const),
          fill: colors.fees,
          stroke: colors.card,
          strokeWidth: 4,
          fontWeight: 550
        })
      ]),
      Plot.tip(
        rows,
        Plot.pointerX({
          x: "ts",
          y: "bp",
          title: (d: {ts: number; bp: number}) => `${instant(d.ts)}\n${bp(d.bp / 1e4, 3)} per 8 h`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Draws the open prices of both legs up to the step, with direct labels. */
export function ReplayPrices(
  {prices}: Pick<ReplayHistory, "prices">,
  {
    width,
    height = 200,
    unit,
    entryTs,
    document
  }: {width: number; height?: number; unit: string; entryTs?: number | undefined; document?: Document}
): SVGSVGElement {
  const rows = Array.from(prices.ts, (ts, i) => ({ts, spot: prices.spot[i]!, perp: prices.perp[i]!}));
  const inner = width - 66 - 46;
  const line = (key: "spot" | "perp", stroke: string, strokeDasharray?: string) =>
    Plot.line(decimate(rows, {x: (d) => d.ts, y: (d) => (Number.isNaN(d[key]) ? null : d[key]), width: inner}), {
      x: (d) => d.datum.ts,
      y: (d) => d.datum[key],
      z: "run",
      stroke,
      strokeWidth: 1.5,
      strokeDasharray
    });
  const last = rows.at(-1);
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 66,
    marginRight: 46,
    marginTop: 24,
    x: timeScale(),
    y: {label: unit, grid: true, nice: true},
    marks: [
      line("spot", colors.fees),
      line("perp", colors.ink, "4,2"),
      ...(entryTs !== undefined && rows[0] && entryTs >= rows[0].ts
        ? [
            Plot.ruleX([entryTs], {stroke: colors.soft, strokeDasharray: "2,2"}),
            Plot.text(["opened"], {
              x: entryTs,
              frameAnchor: "top" as const,
              dy: -6,
              dx: -4,
              textAnchor: "end" as const,
              fill: colors.soft
            })
          ]
        : []),
      ...(last
        ? (["spot", "perp"] as const).map((key, i) =>
            Plot.text([last], {
              x: "ts",
              y: key,
              text: () => key,
              dx: 5,
              dy: i === 0 ? 6 : -6,
              textAnchor: "start",
              fill: key === "spot" ? colors.fees : colors.ink,
              fontWeight: 550
            })
          )
        : []),
      Plot.tip(
        rows,
        Plot.pointerX({
          x: "ts",
          y: "perp",
          title: (d: {ts: number; spot: number; perp: number}) =>
            `${instant(d.ts)}\nspot ${money(d.spot, unit, 4)}\nperp ${money(d.perp, unit, 4)}`
        })
      )
    ]
  }) as SVGSVGElement;
}
