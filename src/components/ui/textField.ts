import {h} from "./dom.js";

/** A text field with a note below it that shows a hint or a problem. */
export interface TextField {
  element: HTMLElement;
  input: HTMLInputElement;
  /** shows a problem, or the hint when undefined */
  setProblem: (problem: string | undefined) => void;
}

/** Draws a labelled one-line field. `suggest` offers values; others are allowed too. */
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
    setProblem(problem) {
      input.setAttribute("aria-invalid", String(Boolean(problem)));
      note.className = problem ? "setting-note problem" : "setting-note";
      const text = problem ? `✗ ${problem}` : hint;
      if (note.textContent !== text) note.textContent = text;
    }
  };
}
