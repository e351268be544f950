import {h} from "./dom.js";

/** Draws the line below every result: what a backtest does not model. */
export const SourceLine = (text: string): HTMLElement =>
  h("p", {class: "subtitle"}, `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`);
