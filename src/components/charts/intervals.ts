import * as Plot from "npm:@observablehq/plot";
import {colors} from "../ui/colors.js";
import {day, instant} from "../ui/format.js";
import {timeScale, type TimeDomain} from "./timeAxis.js";
import type {Settlement} from "../feed/types.js";

/** Consecutive settlements with one interval, or rows whose interval is ambiguous. */
interface IntervalRun {
  /** Hours between settlements; null where the rows are ambiguous. */
  intervalHours: number | null;
  from: number;
  to: number;
  rows: number;
}

/**
 * Gathers consecutive settlements of one interval. The first row of a series has no interval of its own and joins the
 * run that follows it.
 */
export function intervalRuns(rows: readonly Settlement[]): IntervalRun[] {
  const runs: IntervalRun[] = [];
  rows.forEach((d, i) => {
    const hours = i === 0 ? (rows[1]?.intervalHours ?? d.intervalHours) : d.intervalHours;
    const last = runs.at(-1);
    if (last && last.intervalHours === hours) {
      last.to = d.boundaryTs;
      last.rows += 1;
    } else runs.push({intervalHours: hours, from: last ? last.to : d.boundaryTs, to: d.boundaryTs, rows: 1});
  });
  return runs;
}

/** Draws the settlement interval over time as a band; ambiguous intervals have the warning colour. */
export function IntervalStrip(
  rows: readonly Settlement[],
  {width, height = 64, domain, document}: {width: number; height?: number; domain: TimeDomain; document?: Document}
): SVGSVGElement {
  const runs = intervalRuns(rows)
    .filter((d) => d.to >= domain[0] && d.from <= domain[1])
    .map((d) => ({...d, from: Math.max(d.from, domain[0]), to: Math.min(d.to, domain[1])}));
  const widthOf = (d: IntervalRun) => ((d.to - d.from) / (domain[1] - domain[0] || 1)) * (width - 62);
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 46,
    marginRight: width >= 640 ? 112 : 16,
    marginTop: 6,
    x: timeScale(domain),
    y: {axis: null, domain: [0, 1]},
    marks: [
      Plot.rect(runs, {
        x1: "from",
        x2: "to",
        y1: 0,
        y2: 1,
        insetRight: 0.5,
        fill: (d: IntervalRun) => (d.intervalHours === null ? colors.warn : colors.basis),
        fillOpacity: (d: IntervalRun) => (d.intervalHours === null ? 1 : 0.15 + 0.1 * (8 / d.intervalHours))
      }),
      // A run of a few hours is a fraction of a pixel in years of history; a tick keeps it visible.
      Plot.ruleX(
        runs.filter((d) => widthOf(d) < 3),
        {
          x: "from",
          stroke: (d: IntervalRun) => (d.intervalHours === null ? colors.warn : colors.basis),
          strokeWidth: 2
        }
      ),
      Plot.text(
        runs.filter((d) => widthOf(d) > 30),
        {
          x: (d: IntervalRun) => (d.from + d.to) / 2,
          y: 0.5,
          text: (d: IntervalRun) => (d.intervalHours === null ? "?" : `${d.intervalHours} h`),
          fill: colors.ink,
          fontWeight: 550
        }
      ),
      Plot.tip(
        runs,
        Plot.pointerX({
          x: (d: IntervalRun) => (d.from + d.to) / 2,
          y: 0.5,
          title: (d: IntervalRun) =>
            `${d.intervalHours === null ? "interval not known" : `every ${d.intervalHours} h`}\n${instant(d.from)} to ${instant(d.to)}\n${d.rows} settlements`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Returns the changes of the settlement interval, newest first. */
export function switches(rows: readonly Settlement[]): {at: number; from: number | null; to: number | null}[] {
  const runs = intervalRuns(rows);
  return runs
    .slice(1)
    .map((run, i) => ({at: run.from, from: runs[i]!.intervalHours, to: run.intervalHours}))
    .reverse();
}

/** Formats a change of the interval: `2022-11-09: 8 h → 2 h`. */
export const switchText = ({at, from, to}: {at: number; from: number | null; to: number | null}): string =>
  `${day(at)}: ${from === null ? "not known" : `${from} h`} → ${to === null ? "not known" : `${to} h`}`;
