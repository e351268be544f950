import * as Plot from "npm:@observablehq/plot";
import {colors} from "../ui/colors.js";
import {count, instant, percent} from "../ui/format.js";
import {timeScale, type TimeDomain} from "./timeAxis.js";
import type {Hole, SeriesStatus} from "../feed/types.js";

/** Returns the name of a series within its pair. */
export const seriesName = (d: Pick<SeriesStatus, "series" | "timeframe">): string =>
  d.timeframe ? `${d.series} ${d.timeframe}` : d.series;

/** Returns the height of a strip of `n` series, px. */
export const coverageHeight = (n: number): number => 34 + 18 * Math.max(1, n);

/**
 * Draws one bar per series from its first to its last row, with its holes marked. A hole narrower than two pixels is
 * drawn two pixels wide, so that it stays visible.
 */
export function CoverageStrip(
  series: readonly SeriesStatus[],
  {
    width,
    height = coverageHeight(series.length),
    domain,
    name = seriesName,
    document
  }: {
    width: number;
    height?: number;
    domain?: TimeDomain;
    name?: (d: SeriesStatus) => string;
    document?: Document;
  }
): SVGSVGElement {
  const rows = series.filter((d) => d.from !== null && d.to !== null);
  const from = domain?.[0] ?? Math.min(...rows.map((d) => d.from!));
  const to = domain?.[1] ?? Math.max(...rows.map((d) => d.to!));
  const marginLeft = Math.min(width * 0.4, 16 + 6.6 * Math.max(8, ...rows.map((d) => name(d).length)));
  const minimum = (2 * (to - from)) / Math.max(1, width - marginLeft - 8);
  const holes = rows.flatMap((d) =>
    d.holes.map((hole) => ({...hole, series: d, x2: Math.max(hole.to, hole.from + minimum)}))
  );
  return Plot.plot({
    document,
    width,
    height,
    marginLeft,
    marginRight: 8,
    marginTop: 4,
    marginBottom: 26,
    x: timeScale([from, to]),
    y: {type: "band", domain: rows.map(name), label: null, tickSize: 0, padding: 0.35},
    marks: [
      Plot.barX(rows, {x1: "from", x2: "to", y: name, fill: colors.earned, fillOpacity: 0.45, clip: true}),
      Plot.barX(holes, {
        x1: "from",
        x2: "x2",
        y: (d: {series: SeriesStatus}) => name(d.series),
        fill: colors.paid,
        insetTop: -2,
        insetBottom: -2,
        clip: true
      }),
      Plot.tip(
        rows,
        Plot.pointerY({
          x: (d: SeriesStatus) => (Math.max(d.from!, from) + Math.min(d.to!, to)) / 2,
          y: name,
          title: (d: SeriesStatus) => tipText(d, name)
        })
      ),
      Plot.tip(
        holes,
        Plot.pointer({
          x: (d: Hole) => (d.from + d.to) / 2,
          y: (d: {series: SeriesStatus}) => name(d.series),
          maxRadius: 8,
          title: (d: Hole) => `${d.state} hole\n${instant(d.from)} to ${instant(d.to)}\n${count(d.rows)} rows missing`
        })
      )
    ]
  }) as SVGSVGElement;
}

const tipText = (d: SeriesStatus, name: (d: SeriesStatus) => string): string =>
  [
    `${name(d)} (${d.venue})`,
    `${instant(d.from)} to ${instant(d.to)}`,
    `${count(d.rows)} rows, coverage ${percent(d.coverage, 2)}`,
    d.holes.length
      ? `${d.holes.length} holes, ${count(d.holes.reduce((n, x) => n + x.rows, 0))} rows missing`
      : "no holes"
  ].join("\n");
