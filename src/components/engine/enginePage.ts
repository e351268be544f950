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
  if (kind === "unknown") return h("p", {class: "answer"}, "Connecting to the engine …");
  if (kind === "down")
    return h(
      "div",
      {},
      h("p", {class: "answer"}, "The engine is not running, so there is no account to show."),
      EmptyState(
        "Start demo, pages and engine together, or only the engine in paper mode:",
        "npm start",
        "npx carrybook engine --mode paper"
      ),
      h(
        "p",
        {},
        "The engine prints a link to this page. It restores its account from its journal. Positions of a live engine stay open at the venue while the engine is off."
      )
    );
  if (kind === "no token")
    return h(
      "div",
      {},
      h("p", {class: "answer"}, "The engine is running, but this tab is not signed in."),
      EmptyState(
        "Open the link that the engine printed at its start, or get a new one:",
        "npx carrybook engine --ticket"
      ),
      h(
        "p",
        {},
        "A link works once, within ten minutes. It signs in this tab and the other open tabs of this browser. The token is stored only in the tab and is deleted when the tab is closed."
      )
    );
  return h(
    "div",
    {},
    h(
      "p",
      {class: "answer"},
      "The engine is running in data mode: it fetches and repairs history but does not trade, so there is no account."
    ),
    EmptyState("Stop it and start it in paper mode:", "npx carrybook stop", "npx carrybook engine --mode paper")
  );
}
