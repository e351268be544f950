import {h} from "./dom.js";

/** A text field with a note below it, where its problem is said too. */
export interface TextField {
  element: HTMLElement;
  input: HTMLInputElement;
  /** says what is wrong, or the hint where nothing is */
  say: (problem: string | undefined) => void;
}

/** Makes a labelled field of one line. `suggest` offers words, and forbids no other. */
export function TextField({
  id,
  label,
  value = "",
  hint = "",
  numeric = false,
  suggest = [],
  onInput
}: {
  id: string;
  label: string;
  value?: string;
  hint?: string;
  numeric?: boolean;
  suggest?: readonly string[];
  onInput?: () => void;
}): TextField {
  const input = h("input", {
    id,
    type: "text",
    inputmode: numeric ? "numeric" : null,
    value,
    list: suggest.length ? `${id}-list` : null,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": `${id}-note`,
    input: () => onInput?.()
  });
  const note = h("span", {id: `${id}-note`, class: "setting-note"}, hint);
  return {
    input,
    element: h(
      "div",
      {class: "control setting"},
      h("label", {for: id}, label),
      input,
      suggest.length
        ? h(
            "datalist",
            {id: `${id}-list`},
            suggest.map((d) => h("option", {value: d}))
          )
        : null,
      note
    ),
    say(problem) {
      input.setAttribute("aria-invalid", String(Boolean(problem)));
      note.className = problem ? "setting-note problem" : "setting-note";
      const text = problem ? `✗ ${problem}` : hint;
      if (note.textContent !== text) note.textContent = text;
    }
  };
}
