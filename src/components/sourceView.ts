import {h} from "./ui/dom.js";

/** The part of Framework's FileAttachment that this module uses. */
interface TextAttachment {
  text(): Promise<string>;
}

/** Shows the page's own source, loaded when the disclosure is opened, for copying into a note. */
export function SourceView(file: TextAttachment, path: string): HTMLElement {
  const code = h("code", {}, "…");
  const details = h(
    "details",
    {
      class: "source",
      toggle: async () => {
        if (!details.open || code.textContent !== "…") return;
        code.textContent = await file
          .text()
          .catch(() => `src/${path} could not be read; reload the page and open this again`);
      }
    },
    h("summary", {}, "View source ", h("code", {}, `src/${path}`)),
    h("pre", {tabindex: 0}, code)
  );
  return details;
}
