import {h, type Child} from "./dom.js";

/** The command that brings the first data in. */
export const IMPORT_EXAMPLE =
  "npx carrybook import BTCUSDT-fundingRate-2024-01.csv --venue binance --pair BTC/USDT --series funding";

/** A command in a box with a button that copies it. */
export function Command(text: string): HTMLElement {
  const button = h(
    "button",
    {
      class: "button",
      type: "button",
      click: async () => {
        await navigator.clipboard?.writeText(text);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 1500);
      }
    },
    "Copy"
  );
  return h("div", {class: "command"}, h("code", {}, text), button);
}

/** What a page shows instead of charts when there is nothing to show: one sentence and what to type. */
export function EmptyState(
  sentence: Child = "There is no market data yet. Import a file of funding rates and this page fills by itself:",
  command: string = IMPORT_EXAMPLE
): HTMLElement {
  return h("div", {class: "empty", role: "status"}, h("p", {}, sentence), Command(command));
}
