import type {Notification} from "../../lib/wire/trading.js";
import {badge} from "./badge.js";
import {h} from "./dom.js";

/** How long a notification below critical stays, ms. */
const STAY_MS = 8_000;
/** Maximum shown at once; more would hide the page. */
const MAX_TOASTS = 4;

const LEVELS = {info: "plain", warn: "warn", critical: "bad"} as const;
const WORDS = {info: "info", warn: "warning", critical: "critical"} as const;

/**
 * Shows notifications of the engine in a corner of the window. A critical one stays until it is dismissed; others stay
 * while hovered or focused.
 */
export function Toasts({stayMs = STAY_MS} = {}): {
  element: HTMLElement;
  show: (notification: Pick<Notification, "id" | "level" | "text">) => void;
} {
  const element = h("aside", {class: "toasts no-print", "aria-label": "Notifications", "aria-live": "polite"});
  return {
    element,
    show({id, level, text}) {
      if (element.querySelector(`[data-notification="${Number(id)}"]`)) return;
      const toast = h(
        "div",
        {class: `toast toast--${level}`, "data-notification": Number(id), role: level === "critical" ? "alert" : null},
        badge(WORDS[level], LEVELS[level]),
        h("span", {class: "toast-text"}, text),
        h(
          "button",
          {type: "button", class: "button", "aria-label": `Dismiss: ${text}`, click: () => toast.remove()},
          "Dismiss"
        )
      );
      element.append(toast);
      while (element.childElementCount > MAX_TOASTS) element.firstElementChild!.remove();
      if (level === "critical") return;
      const leave = (): void => {
        if (toast.matches(":hover") || toast.contains(document.activeElement)) setTimeout(leave, stayMs);
        else toast.remove();
      };
      setTimeout(leave, stayMs);
    }
  };
}
