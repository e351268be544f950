import {h} from "../ui/dom.js";
import {positionOf, stepsOf, valueAt, type Knob} from "./knobs.js";

/** A slider over exact values; a value between two steps is kept until the slider is moved. */
export interface KnobSlider {
  element: HTMLElement;
  show(value: string): void;
}

let ids = 0;

/**
 * Draws the slider of one parameter.
 * @param onChange called with the exact decimal text at every step of a drag
 */
export function KnobSlider(knob: Knob, onChange: (value: string) => void): KnobSlider {
  const id = `knob-${++ids}`;
  const shown = h("output", {for: id});
  const input = h("input", {
    id,
    type: "range",
    min: 0,
    max: stepsOf(knob),
    step: 1,
    "data-key": knob.key,
    input: () => {
      const value = valueAt(knob, input.valueAsNumber);
      showText(value);
      onChange(value);
    }
  });
  function showText(value: string): void {
    shown.textContent = knob.format(value);
    input.setAttribute("aria-valuetext", knob.format(value));
  }
  return {
    element: h("div", {class: "control knob", title: knob.title}, h("label", {for: id}, knob.label), shown, input),
    show(value) {
      input.value = String(positionOf(knob, value));
      showText(value);
    }
  };
}
