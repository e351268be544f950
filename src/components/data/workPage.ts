import {h} from "../ui/dom.js";
import {EmptyState} from "../ui/emptyState.js";
import {engineClient, type EngineClient, type EngineState} from "../engine/engineClient.js";
import {WorkBoard} from "./workBoard.js";

type Kind = EngineState["link"];

/**
 * Draws the jobs of the engine with their commands; empty on a published site, which has no engine. Space is reserved
 * before the content is known, and kept.
 */
export function WorkPage(client: EngineClient = engineClient()): HTMLElement {
  const element = h("section", {class: "work-page", "aria-label": "Jobs"});
  if (client.base === null) return element;
  const content = h("div", {class: client.expected ? "frame frame--work" : "frame frame--work-off"});
  element.append(h("h2", {id: "work"}, "Jobs"), content);
  let shown: Kind | undefined;
  let board: ReturnType<typeof WorkBoard> | undefined;
  client.watch(({link}) => {
    if (link === shown) return;
    shown = link;
    board?.close();
    board = link === "up" ? WorkBoard(client) : undefined;
    content.replaceChildren(board ? board.element : Absent(link));
  });
  return element;
}

/** Explains why no jobs are shown, with the command that helps. */
function Absent(kind: Kind): HTMLElement {
  if (kind === "down")
    return EmptyState("The engine is not running. Start it to run and follow jobs here:", "npm start");
  if (kind === "no token")
    return EmptyState(
      "The engine is running, but this tab is not signed in. Open the link that the engine printed at its start, or get a new one:",
      "npx carrybook engine --ticket"
    );
  return h("p", {class: "muted"}, "Connecting to the engine …");
}
