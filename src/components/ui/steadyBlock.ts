import {LiveBlock, type Live} from "./liveFigure.js";
import type {Child} from "./dom.js";

const FOCUSABLE = "button, a[href], input, select, [tabindex]";

/**
 * A block that is drawn anew while a reader is in it: the focus stays on the same control and a table stays scrolled
 * where it was. Nothing is drawn again when `key` says the same as before.
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
