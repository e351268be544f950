import {h, type Child} from "./dom.js";

/** Options of {@link Figure}. */
interface FigureOptions {
  /** Subject of the chart, as a noun phrase. */
  title: string;
  /** Units, time zone, and how to read it. */
  subtitle?: Child;
  /** Height of the drawing in pixels, kept before and after it is drawn. */
  height: number;
  /** Text in place of the drawing when there is nothing to draw. */
  nothing?: string | null | false;
  /** Level of the heading. */
  level?: 2 | 3;
}

/**
 * Frames a chart: title, subtitle and a box of fixed height. Calls `draw` with the available width, again whenever that
 * changes. The box keeps its height while empty, so nothing on the page moves when the chart is drawn.
 */
export function Figure(
  draw: (width: number) => Element,
  {title, subtitle, height, nothing = null, level = 2}: FigureOptions
): HTMLElement {
  const heading = h(level === 2 ? "h2" : "h3", {}, title);
  const caption = subtitle ? h("p", {class: "subtitle"}, subtitle) : null;
  if (nothing) {
    return h(
      "figure",
      {class: "figure"},
      heading,
      caption,
      h("div", {class: "plot nothing", style: `height: ${height}px`}, nothing)
    );
  }
  const plot = h("div", {class: "plot", style: `height: ${height}px`});
  const figure = h("figure", {class: "figure"}, heading, caption, plot);
  let drawn = 0;
  const redraw = (width: number) => {
    if (width < 1 || Math.abs(width - drawn) < 1) return;
    drawn = width;
    try {
      const chart = draw(Math.floor(width));
      describe(chart, title);
      plot.replaceChildren(chart);
    } catch (error) {
      console.error(error);
      plot.replaceChildren(h("p", {role: "alert"}, `the chart could not be drawn: ${String(error)}`));
    }
  };
  new ResizeObserver(([entry]) => redraw(entry!.contentRect.width)).observe(plot);
  return figure;
}

/** Gives a chart its ARIA role and name; the data itself is in the tables and downloads. */
export function describe(chart: Element, title: string): void {
  const svg = chart.tagName.toLowerCase() === "svg" ? chart : chart.querySelector(":scope > svg:last-of-type");
  if (!svg) return;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", title);
  // Plot labels its groups, but a group without a role may not have a label.
  for (const group of svg.querySelectorAll("g[aria-label]")) group.removeAttribute("aria-label");
}
