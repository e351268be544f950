import {h} from "./dom.js";
import {getParam, numberIn, oneOf, setParam} from "./query.js";

/** An element with a value that fires `input` when it changes, as Framework's `view` expects. */
export type Control<T> = HTMLElement & {value: T};

/** Options shared by all controls; `param` names the query parameter that holds the state. */
interface ControlOptions {
  label: string;
  param?: string;
}

let ids = 0;
const nextId = () => `control-${++ids}`;

/** Makes an element a control whose value is read from elsewhere. */
export function control<T>(element: HTMLElement, read: () => T): Control<T> {
  Object.defineProperty(element, "value", {get: read});
  return element as Control<T>;
}

/** Draws exclusive choices as radio buttons. Arrow keys move the choice; `param` keeps it in the URL. */
export function segmented<T extends string>(
  options: readonly {value: T; label: string; title?: string}[],
  {label, param, value = options[0]!.value}: ControlOptions & {value?: T}
): Control<T> {
  const values = options.map((o) => o.value);
  let current = param ? oneOf(getParam(param), values, value) : value;
  const name = nextId();
  const element = h(
    "fieldset",
    {class: "control"},
    h("legend", {}, label),
    h(
      "div",
      {class: "segments"},
      options.map((o) =>
        h(
          "label",
          {title: o.title},
          h("input", {
            type: "radio",
            name,
            value: o.value,
            checked: o.value === current,
            change: () => {
              current = o.value;
              if (param) setParam(param, current, {fallback: value});
              element.dispatchEvent(new Event("input", {bubbles: true}));
            }
          }),
          o.label
        )
      )
    )
  );
  // The radio's own input event would reach `view` before the value has changed.
  element.addEventListener("input", (event) => event.target !== element && event.stopPropagation(), {capture: true});
  return control(element, () => current);
}

export function select<T extends string>(
  options: readonly {value: T; label: string}[],
  {label, param, value = options[0]!.value}: ControlOptions & {value?: T}
): Control<T> {
  const values = options.map((o) => o.value);
  const initial = param ? oneOf(getParam(param), values, value) : value;
  const id = nextId();
  const input = h(
    "select",
    {
      id,
      input: () => param && setParam(param, input.value, {fallback: value})
    },
    options.map((o) => h("option", {value: o.value, selected: o.value === initial}, o.label))
  );
  const element = h("div", {class: "control"}, h("label", {for: id}, label), input);
  return control(element, () => input.value as T);
}

/** Draws a search box; its value is the text as typed. */
export function searchBox({label, param, placeholder = ""}: ControlOptions & {placeholder?: string}): Control<string> {
  const id = nextId();
  const input = h("input", {
    id,
    type: "search",
    placeholder,
    autocomplete: "off",
    spellcheck: "false",
    value: (param && getParam(param)) ?? "",
    input: () => param && setParam(param, input.value)
  });
  const element = h("div", {class: "control"}, h("label", {for: id}, label), input);
  return control(element, () => input.value);
}

/** Draws a slider whose label shows its value. */
export function slider({
  label,
  param,
  min,
  max,
  step = 1,
  value,
  format = String
}: ControlOptions & {
  min: number;
  max: number;
  step?: number;
  value: number;
  format?: (value: number) => string;
}): Control<number> {
  const id = nextId();
  const initial = param ? numberIn(getParam(param), min, max, value) : value;
  const caption = h("label", {for: id}, `${label}: ${format(initial)}`);
  const input = h("input", {
    id,
    type: "range",
    min,
    max,
    step,
    value: initial,
    input: () => {
      caption.textContent = `${label}: ${format(input.valueAsNumber)}`;
      if (param) setParam(param, input.value, {fallback: String(value)});
    }
  });
  return control(h("div", {class: "control"}, caption, input), () => Number(input.value));
}

/** Draws a check box; the URL holds `1` or `0` where it differs from the default. */
export function checkbox({label, param, value = false}: ControlOptions & {value?: boolean}): Control<boolean> {
  const id = nextId();
  const initial = param && getParam(param) !== null ? getParam(param) === "1" : value;
  const input = h("input", {
    id,
    type: "checkbox",
    checked: initial,
    input: () => param && setParam(param, input.checked ? "1" : "0", {fallback: value ? "1" : "0"})
  });
  const element = h("div", {class: "control control--check"}, input, h("label", {for: id}, label));
  return control(element, () => input.checked);
}
