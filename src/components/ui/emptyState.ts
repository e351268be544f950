import {h, type Child} from "./dom.js";
import {siteRoot} from "./links.js";

/** Example of a command that imports a file. */
export const IMPORT_EXAMPLE =
  "npx carrybook import BTCUSDT-fundingRate-2024-01.csv --venue binance --pair BTC/USDT --series funding";

/** Example of a command that fetches the history of a venue's largest pairs. */
const BACKFILL_EXAMPLE = "npx carrybook backfill --top 20 --days 365";

/** Shows a command with a button that copies it; the text is read on click. */
export function Command(text: string): HTMLElement {
  const code = h("code", {}, text);
  const button = h(
    "button",
    {
      class: "button",
      type: "button",
      click: async () => {
        await navigator.clipboard?.writeText(code.textContent);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 1500);
      }
    },
    "Copy"
  );
  return h("div", {class: "command"}, code, button);
}

/** Links to the Get started page from a page at any depth. */
export const startLink = (text: string): HTMLElement => h("a", {href: `${siteRoot()}start`}, text);

/** Replaces the charts of a page without data: one sentence and the commands that bring data. */
export function EmptyState(
  sentence: Child = [
    "There is no market data yet. ",
    startLink("Get started"),
    " with the demo, a venue's history or your own files, or run one of these commands. This page then updates by itself:"
  ],
  ...commands: string[]
): HTMLElement {
  const typed = commands.length > 0 ? commands : [BACKFILL_EXAMPLE, IMPORT_EXAMPLE];
  return h("div", {class: "empty", role: "status"}, h("p", {}, sentence), ...typed.map(Command));
}
