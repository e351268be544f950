import {h} from "../ui/dom.js";
import {EmptyState} from "../ui/emptyState.js";
import {EngineBoard} from "./engineBoard.js";
import {engineClient, type EngineClient, type EngineState} from "./engineClient.js";

/**
 * Draws the account while the engine is up and this tab may see it, else how to get there. An account is removed from
 * the page as soon as the engine is gone.
 */
export function EnginePage(client: EngineClient = engineClient()): HTMLElement {
  const element = h("div", {class: "engine"});
  let shown: string | undefined;
  let board: ReturnType<typeof EngineBoard> | undefined;
  client.watch((state) => {
    const kind = kindOf(state);
    if (kind !== shown) {
      shown = kind;
      board?.close();
      board = kind === "up" ? EngineBoard(client) : undefined;
      element.replaceChildren(board ? board.element : Absent(kind));
    }
    board?.update(state);
  });
  return element;
}

type Kind = EngineState["link"] | "data";

const kindOf = ({link, status}: EngineState): Kind =>
  link === "up" ? (status ? (status.mode === "data" ? "data" : "up") : "unknown") : link;

/** Explains why no account is shown, with the command that helps. */
function Absent(kind: Kind): HTMLElement {
  if (kind === "unknown") return h("p", {class: "answer"}, "Asking the engine …");
  if (kind === "down")
    return h(
      "div",
      {},
      h("p", {class: "answer"}, "The engine is not running, so there is no account to show."),
      EmptyState(
        "All at once, demo, pages and engine, or the engine alone, trading on paper:",
        "npm start",
        "npx carrybook engine --mode paper"
      ),
      h(
        "p",
        {},
        "It prints a link to this page. What it did before is in its journal and comes back with it; what a live engine left open is at the venue, whether the engine runs or not."
      )
    );
  if (kind === "no token")
    return h(
      "div",
      {},
      h("p", {class: "answer"}, "The engine runs, but this tab may not see the account yet."),
      EmptyState(
        "Open the link that the engine printed when it started, or ask for a fresh one:",
        "npx carrybook engine --ticket"
      ),
      h(
        "p",
        {},
        "A link works once and for ten minutes. It signs in this tab and the others of this browser that are open; the token is kept in the tab alone and goes with it."
      )
    );
  return h(
    "div",
    {},
    h(
      "p",
      {class: "answer"},
      "The engine runs in mode data: it fetches and repairs history and trades nothing, so no account is there."
    ),
    EmptyState(
      "Stop it and start it with the trading loop, on paper:",
      "npx carrybook stop",
      "npx carrybook engine --mode paper"
    )
  );
}
