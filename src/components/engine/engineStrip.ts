import {h} from "../ui/dom.js";
import {siteRoot} from "../ui/links.js";
import {engineClient, type EngineClient} from "./engineClient.js";
import {stripText} from "./engineModel.js";

/**
 * Draws the state of the engine in one line on every page, live. Not an ARIA live region: it changes every second.
 */
export function EngineStrip(client: EngineClient = engineClient()): HTMLElement {
  const link = h("a", {href: `${siteRoot()}engine`, class: "engine-link"}, "engine …");
  const element = h("span", {class: "engine-strip"}, link);
  const refresh = (): void => {
    const text = stripText(client.state, Date.now());
    if (link.textContent !== text) link.textContent = link.title = text;
    element.dataset["link"] = client.state.link;
  };
  client.watch(refresh);
  setInterval(() => client.state.link === "up" && element.isConnected && refresh(), 1_000);
  return element;
}
