import {h} from "./ui/dom.js";

/** The part of Framework's FileAttachment that is read here. */
export interface TextAttachment {
  text(): Promise<string>;
}

/** A disclosure that shows the page's own source when it is opened, so that it can be copied into a note. */
export function SourceView(file: TextAttachment, path: string): HTMLElement {
  const code = h("code", {}, "…");
  const details = h(
    "details",
    {
      class: "source",
      toggle: async () => {
        if (!details.open || code.textContent !== "…") return;
        code.textContent = await file.text().catch(() => `could not be read: src/${path}`);
      }
    },
    h("summary", {}, "View source ", h("code", {}, `src/${path}`)),
    h("pre", {tabindex: 0}, code)
  );
  return details;
}
