import {h, type Child} from "./dom.js";
import {describe} from "./figure.js";

/** An element whose value is updated in place, so that nothing on the page moves or flickers. */
export interface Live<T> {
  element: HTMLElement;
  update(value: T): void;
}

/** Options of {@link LiveFigure}. Texts may depend on the value. */
interface LiveFigureOptions<T> {
  title: string | ((value: T) => string);
  subtitle?: (value: T) => Child;
  height: number | ((value: T, width: number) => number);
  /** Text in place of the drawing when there is nothing to draw. */
  nothing?: (value: T) => string | null;
  level?: 2 | 3;
}

/**
 * Draws a chart that is redrawn in place when its value or width changes. All updates within one animation frame are
 * drawn once, so a dragged slider queues no drawings.
 */
export function LiveFigure<T>(
  draw: (value: T, width: number) => Element,
  {title, subtitle, height, nothing, level = 2}: LiveFigureOptions<T>
): Live<T> {
  const heading = h(level === 2 ? "h2" : "h3", {}, typeof title === "string" ? title : "…");
  const caption = subtitle ? h("p", {class: "subtitle"}) : null;
  const plot = h("div", {class: "plot", style: `height: ${typeof height === "number" ? height : 0}px`});
  const element = h("figure", {class: "figure"}, heading, caption, plot);
  let value: {is: T} | undefined;
  let width = 0;
  let asked = 0;

  function redraw(): void {
    asked = 0;
    if (!value || width < 1) return;
    const now = value.is;
    const name = typeof title === "string" ? title : title(now);
    heading.textContent = name;
    caption?.replaceChildren(h("span", {}, subtitle!(now)));
    if (typeof height === "function") plot.style.height = `${height(now, width)}px`;
    const empty = nothing?.(now);
    plot.classList.toggle("nothing", Boolean(empty));
    if (empty) return plot.replaceChildren(empty);
    try {
      const chart = draw(now, width);
      describe(chart, name);
      plot.replaceChildren(chart);
    } catch (error) {
      console.error(error);
      plot.replaceChildren(h("p", {role: "alert"}, `the chart could not be drawn: ${String(error)}`));
    }
  }
  const ask = () => (asked ||= requestAnimationFrame(redraw));
  new ResizeObserver(([entry]) => {
    const next = Math.floor(entry!.contentRect.width);
    if (next === width) return;
    width = next;
    ask();
  }).observe(plot);
  return {
    element,
    update(next) {
      value = {is: next};
      ask();
    }
  };
}

/** Draws a block whose content is replaced on each update. */
export function LiveBlock<T>(render: (value: T) => Child, {className}: {className?: string} = {}): Live<T> {
  const element = h("div", {class: className});
  return {element, update: (value) => element.replaceChildren(...flat(render(value)))};
}

const flat = (child: Child): (Node | string)[] =>
  child === null || child === undefined || child === false
    ? []
    : Array.isArray(child)
      ? child.flatMap(flat)
      : [child instanceof Node ? child : String(child)];
