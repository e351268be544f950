import {h} from "../ui/dom.js";
import {siteRoot} from "../ui/links.js";
import {engineClient, type EngineClient} from "./engineClient.js";
import {stripText} from "./engineModel.js";

/**
 * The engine in one line, on every page, live. Its place is fixed whatever it says; a screen reader is not told of every
 * second.
 */
export function EngineStrip(client: EngineClient = engineClient()): HTMLElement {
  const link = h("a", {href: `${siteRoot()}engine`, class: "engine-link"}, "engine …");
  const element = h("span", {class: "engine-strip"}, link);
  const say = (): void => {
    const text = stripText(client.state, Date.now());
    if (link.textContent !== text) link.textContent = link.title = text;
    element.dataset["link"] = client.state.link;
  };
  client.watch(say);
  setInterval(() => client.state.link === "up" && element.isConnected && say(), 1_000);
  return element;
}
