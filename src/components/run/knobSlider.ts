import {h} from "../ui/dom.js";
import {positionOf, stepsOf, valueAt, type Knob} from "./knobs.js";

/** A slider over exact values; one that lies between two steps is kept until the slider is moved. */
export interface KnobSlider {
  element: HTMLElement;
  show(value: string): void;
}

let ids = 0;

/** @param onChange called with the exact text of the value at every step of a drag */
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
      say(value);
      onChange(value);
    }
  });
  function say(value: string): void {
    shown.textContent = knob.format(value);
    input.setAttribute("aria-valuetext", knob.format(value));
  }
  return {
    element: h("div", {class: "control knob", title: knob.title}, h("label", {for: id}, knob.label), shown, input),
    show(value) {
      input.value = String(positionOf(knob, value));
      say(value);
    }
  };
}
