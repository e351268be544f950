import {h} from "./dom.js";

/** The line that ends every result: what no backtest shows. */
export const SourceLine = (text: string): HTMLElement =>
  h("p", {class: "subtitle"}, `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`);
