import {LiveBlock, type Live} from "./liveFigure.js";
import type {Child} from "./dom.js";

const FOCUSABLE = "button, a[href], input, select, [tabindex]";

/**
 * Draws a block that can be redrawn while in use: the focus stays on the same control and tables keep their scroll
 * position. Redraws only when `key` returns another text.
 */
export function SteadyBlock<T>(render: (value: T) => Child, key: (value: T) => string = JSON.stringify): Live<T> {
  const block = LiveBlock(render);
  let last: string | undefined;
  return {
    element: block.element,
    update(value) {
      const next = key(value);
      if (next === last) return;
      last = next;
      const {element} = block;
      const scrolled = [...element.querySelectorAll(".table-wrap")].map((d) => d.scrollLeft);
      const focused = element.contains(document.activeElement)
        ? [...element.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement!)
        : -1;
      block.update(value);
      element.querySelectorAll(".table-wrap").forEach((d, i) => (d.scrollLeft = scrolled[i] ?? 0));
      if (focused >= 0) (element.querySelectorAll(FOCUSABLE)[focused] as HTMLElement | undefined)?.focus();
    }
  };
}
