import {h} from "./dom.js";

/** Draws a row of check boxes; any number may be checked. */
export function Checks(
  legend: string,
  options: readonly {value: string; label: string; title?: string}[],
  {on, onChange}: {on: readonly string[]; onChange: () => void}
): {element: HTMLFieldSetElement; value: () => string[]} {
  const inputs = options.map(({value}) =>
    h("input", {type: "checkbox", value, checked: on.includes(value), change: () => onChange()})
  );
  return {
    element: h(
      "fieldset",
      {class: "control"},
      h("legend", {}, legend),
      h(
        "div",
        {class: "checks"},
        options.map(({label, title}, i) => h("label", {title}, inputs[i], ` ${label}`))
      )
    ),
    value: () => inputs.filter((d) => d.checked).map((d) => d.value)
  };
}
