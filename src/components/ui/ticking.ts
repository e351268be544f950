import {h} from "./dom.js";
import {instant} from "./format.js";

/** Returns the text at an instant, UTC ms. */
type TextAt = (now: number) => string;

const live = new Set<{element: HTMLElement; textAt: TextAt; misses: number}>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Draws text that is refreshed every second while it is on the page; its title is the instant `at`. */
export function Ticking(
  textAt: TextAt,
  {at, now = Date.now}: {at?: number | null; now?: () => number} = {}
): HTMLElement {
  const element = h("span", {class: "ticking", title: at == null ? null : instant(at)}, textAt(now()));
  live.add({element, textAt, misses: 0});
  timer ??= setInterval(() => {
    for (const one of live) {
      if (one.element.isConnected) {
        one.misses = 0;
        const text = one.textAt(now());
        if (one.element.textContent !== text) one.element.textContent = text;
      } else if (++one.misses > 10) live.delete(one);
    }
  }, 1_000);
  return element;
}
