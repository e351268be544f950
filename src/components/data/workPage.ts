import {h} from "../ui/dom.js";
import {EmptyState} from "../ui/emptyState.js";
import {engineClient, type EngineClient, type EngineState} from "../engine/engineClient.js";
import {WorkBoard} from "./workBoard.js";

type Kind = EngineState["link"];

/**
 * The work on the data as the engine tells it, with the commands to it. Where no engine can be, on a published site,
 * nothing is here at all. The room is taken before it is known what will stand in it, and is not given back.
 */
export function WorkPage(client: EngineClient = engineClient()): HTMLElement {
  const element = h("section", {class: "work-page", "aria-label": "Work"});
  if (client.base === null) return element;
  const content = h("div", {class: client.expected ? "frame frame--work" : "frame frame--work-off"});
  element.append(h("h2", {id: "work"}, "Work"), content);
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

/** What stands there while no work can be told of. */
function Absent(kind: Kind): HTMLElement {
  if (kind === "down")
    return EmptyState("The engine is not running. While it runs, work is started and watched here:", "npm start");
  if (kind === "no token")
    return EmptyState(
      "The engine runs, but this tab may not give it work yet. Open the link that it printed when it started, or ask for a fresh one:",
      "npx carrybook engine --ticket"
    );
  return h("p", {class: "muted"}, "Asking the engine …");
}
