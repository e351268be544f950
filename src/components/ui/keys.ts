import {h, s, type Child} from "./dom.js";
import {colors} from "./colors.js";

/** One key figure. */
interface KeyFigure {
  label: Child;
  value: string;
  unit?: string;
  /** Basis, start or total of the figure. */
  note?: Child;
  /** Range of the value over its history, drawn as a strip. */
  strip?: {min: number; max: number; value: number; zero?: boolean} | null;
  tone?: "earned" | "paid" | null;
}

/** Draws at most four figures that answer the page's question, each with its unit, basis and range. */
export function Keys(figures: readonly KeyFigure[]): HTMLElement {
  return h(
    "dl",
    {class: "keys"},
    figures.map(({label, value, unit, note, strip, tone}) =>
      h(
        "div",
        {class: "key"},
        h("dt", {}, label),
        h(
          "dd",
          {},
          h("span", {class: tone ? `value ${tone}` : "value"}, value),
          unit ? h("span", {class: "unit"}, ` ${unit}`) : null,
          strip ? RangeStrip(strip) : null,
          h("span", {class: "about"}, note)
        )
      )
    )
  );
}

/** Draws a line from the lowest to the highest value with a dot at the current one. */
function RangeStrip({min, max, value, zero = true}: NonNullable<KeyFigure["strip"]>): Element {
  const width = 120;
  const at = (x: number) => (max > min ? ((Math.min(Math.max(x, min), max) - min) / (max - min)) * width : width / 2);
  return s(
    "svg",
    {width, height: 12, viewBox: `0 0 ${width} 12`, "aria-hidden": "true", style: "display: block; margin: 0.15rem 0"},
    s("line", {x1: 0, x2: width, y1: 6, y2: 6, stroke: colors.rule, "stroke-width": 2}),
    zero && min < 0 && max > 0 ? s("line", {x1: at(0), x2: at(0), y1: 2, y2: 10, stroke: colors.soft}) : null,
    s("circle", {cx: at(value), cy: 6, r: 3.5, fill: colors.ink})
  );
}
