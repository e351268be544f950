import * as Plot from "npm:@observablehq/plot";
import type {AroundPoint} from "../../lib/workers/lab.js";
import {colors} from "../ui/colors.js";
import {number} from "../ui/format.js";
import {KNOBS} from "./knobs.js";

/**
 * Draws the net when one parameter changes and the others stay: one small chart per parameter with a common y scale;
 * the current value is a dot.
 */
export function AroundChart(
  points: readonly AroundPoint[],
  {
    width,
    chosen,
    unit = "quote",
    document
  }: {width: number; chosen: Readonly<Record<string, string>>; unit?: string; document?: Document}
): SVGSVGElement {
  const keys = [...new Set(points.map((d) => d.key))];
  const columns = width < 520 ? 1 : width < 860 ? 2 : 3;
  const name = (d: {key: string}) => KNOBS[d.key]?.label ?? d.key;
  const cell = (d: {key: string}) => keys.indexOf(d.key);
  const fx = (d: {key: string}) => cell(d) % columns;
  const fy = (d: {key: string}) => Math.floor(cell(d) / columns);
  const known = points.filter((d) => d.net !== undefined);
  // each parameter has its own x scale of numbered steps with labelled ends
  const position = (d: AroundPoint) => points.filter((p) => p.key === d.key).findIndex((p) => p.value === d.value);
  const most = Math.max(1, ...keys.map((key) => points.filter((p) => p.key === key).length)) - 1;
  const ends = keys.flatMap((key) => {
    const own = points.filter((p) => p.key === key);
    return [
      {...own[0]!, anchor: "start" as const},
      {...own.at(-1)!, anchor: "end" as const}
    ];
  });
  const at = points.filter((d) => d.net !== undefined && chosen[d.key] === d.value);
  return Plot.plot({
    document,
    width,
    height: aroundHeight(keys.length, width),
    marginLeft: 56,
    marginRight: 14,
    marginTop: 34,
    marginBottom: 26,
    x: {axis: null, domain: [-0.3, most + 0.3]},
    y: {label: `net, ${unit}`, grid: true, nice: true, ticks: 4},
    fx: {axis: null, padding: 0.08},
    fy: {axis: null, padding: 0.38},
    marks: [
      Plot.frame({stroke: colors.hairline}),
      Plot.ruleY([0], {stroke: colors.soft}),
      Plot.line(known, {x: position, y: "net", z: "key", fx, fy, stroke: colors.soft, strokeWidth: 1.5}),
      Plot.dot(known, {x: position, y: "net", fx, fy, r: 2, fill: colors.soft}),
      Plot.dot(at, {x: position, y: "net", fx, fy, r: 4.5, fill: colors.ink}),
      Plot.text(
        keys.map((key) => ({key})),
        {
          fx,
          fy,
          frameAnchor: "top-left",
          dy: -13,
          text: name,
          fill: colors.ink,
          fontWeight: 550
        }
      ),
      Plot.text(
        ends.filter((d) => d.anchor === "start"),
        {
          fx,
          fy,
          frameAnchor: "bottom-left",
          dy: 13,
          text: valueText,
          fill: colors.soft,
          textAnchor: "start"
        }
      ),
      Plot.text(
        ends.filter((d) => d.anchor === "end"),
        {
          fx,
          fy,
          frameAnchor: "bottom-right",
          dy: 13,
          text: valueText,
          fill: colors.soft,
          textAnchor: "end"
        }
      ),
      Plot.tip(
        known,
        Plot.pointer({
          x: position,
          y: "net",
          fx,
          fy,
          title: (d: AroundPoint) => `${name(d)}\n${valueText(d)}\nnet ${number(d.net, 2)} ${unit}\n${d.trades} trades`
        })
      )
    ]
  }) as SVGSVGElement;
}

const valueText = (d: AroundPoint): string => KNOBS[d.key]?.format(d.value) ?? d.value;

/** Returns the height of `keys` small charts at a width, px. */
export const aroundHeight = (keys: number, width: number): number =>
  60 + Math.ceil(keys / (width < 520 ? 1 : width < 860 ? 2 : 3)) * 185;
