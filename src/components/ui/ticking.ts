import {h} from "./dom.js";
import {instant} from "./format.js";

/** Text that depends on the present. */
type Say = (now: number) => string;

const live = new Set<{element: HTMLElement; say: Say; misses: number}>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Text that is said anew every second while it is on the page; the instant itself is in its title. */
export function Ticking(say: Say, {at, now = Date.now}: {at?: number | null; now?: () => number} = {}): HTMLElement {
  const element = h("span", {class: "ticking", title: at == null ? null : instant(at)}, say(now()));
  live.add({element, say, misses: 0});
  timer ??= setInterval(() => {
    for (const one of live) {
      if (one.element.isConnected) {
        one.misses = 0;
        const text = one.say(now());
        if (one.element.textContent !== text) one.element.textContent = text;
      } else if (++one.misses > 10) live.delete(one);
    }
  }, 1_000);
  return element;
}
