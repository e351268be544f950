import * as Plot from "npm:@observablehq/plot";
import {colors, heat, heatBounds} from "../ui/colors.js";
import {bp, count} from "../ui/format.js";
import type {Settlement} from "../feed/types.js";

/** Mean rate per 8 h of the settlements of one month at one hour of the day, UTC. */
interface MonthHour {
  /** `2024-03`. */
  month: string;
  hour: number;
  mean: number;
  count: number;
}

/** Averages settled rates per 8 h by month and hour of day (UTC), weighing time (§2); cells without settlements are absent. */
export function monthHours(rows: readonly Settlement[]): MonthHour[] {
  const cells = new Map<string, MonthHour & {sum: number; hours: number}>();
  for (const {boundaryTs, rate8h, intervalHours} of rows) {
    if (rate8h === null || rate8h === undefined || intervalHours === null) continue;
    const date = new Date(boundaryTs);
    const month = date.toISOString().slice(0, 7);
    const hour = date.getUTCHours();
    const key = `${month}/${hour}`;
    const cell = cells.get(key) ?? {month, hour, mean: 0, count: 0, sum: 0, hours: 0};
    cell.sum += rate8h * intervalHours;
    cell.hours += intervalHours;
    cell.count += 1;
    cell.mean = cell.sum / cell.hours;
    cells.set(key, cell);
  }
  return [...cells.values()].map(({month, hour, mean, count}) => ({month, hour, mean, count}));
}

/** Returns all months from the first to the last, including months without rows, which are drawn as blank columns. */
export function monthsBetween(first: string, last: string): string[] {
  const months: string[] = [];
  for (
    let d = new Date(`${first}-01T00:00Z`);
    d.toISOString().slice(0, 7) <= last;
    d.setUTCMonth(d.getUTCMonth() + 1)
  ) {
    months.push(d.toISOString().slice(0, 7));
  }
  return months;
}

/** Draws month by hour of day; colour is the mean rate per 8 h in fixed steps, the same for every pair. */
export function Heatmap(
  rows: readonly Settlement[],
  {width, height = 220, document}: {width: number; height?: number; document?: Document}
): SVGSVGElement {
  const cells = monthHours(rows);
  const names = cells.map((d) => d.month).sort();
  const months = names.length ? monthsBetween(names[0]!, names.at(-1)!) : [];
  const hours = [...new Set(cells.map((d) => d.hour))].sort((a, b) => a - b);
  const every = Math.ceil(months.length / Math.max(1, Math.floor(width / 60)));
  return Plot.plot({
    document,
    width,
    height,
    marginLeft: 46,
    marginTop: 8,
    marginBottom: 28,
    padding: 0,
    x: {type: "band", domain: months, label: null, tickSize: 0, ticks: months.filter((_, i) => i % every === 0)},
    y: {
      type: "band",
      domain: hours,
      label: null,
      tickSize: 0,
      tickFormat: (hour: number) => `${String(hour).padStart(2, "0")}:00`
    },
    color: {type: "threshold", domain: [...heatBounds], range: [...heat]},
    marks: [
      Plot.cell(cells, {x: "month", y: "hour", fill: (d: MonthHour) => d.mean * 1e4, inset: 0.5}),
      Plot.tip(
        cells,
        Plot.pointer({
          x: "month",
          y: "hour",
          title: (d: MonthHour) =>
            `${d.month}, ${String(d.hour).padStart(2, "0")}:00 UTC\nmean ${bp(d.mean)} per 8 h\n${count(d.count)} settlements`
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Draws the colour steps of the heatmap with their edges. */
export function HeatLegend({width = 320, document}: {width?: number; document?: Document} = {}): SVGSVGElement {
  const labels = heat.map((fill, i) => ({fill, i}));
  return Plot.plot({
    document,
    width,
    height: 34,
    marginLeft: 0,
    marginRight: 0,
    marginTop: 0,
    marginBottom: 18,
    padding: 0,
    x: {type: "linear", domain: [0, heat.length], axis: null},
    y: {axis: null, domain: [0, 1]},
    marks: [
      Plot.rect(labels, {x1: (d) => d.i, x2: (d) => d.i + 1, y1: 0, y2: 1, fill: (d) => d.fill, insetRight: 1}),
      Plot.text([...heatBounds], {
        x: (_: number, i: number) => i + 1,
        y: 0,
        dy: 10,
        text: (d: number) => String(d === 1.01 ? 1 : d).replace("-", "−"),
        fill: colors.soft
      })
    ]
  }) as SVGSVGElement;
}
