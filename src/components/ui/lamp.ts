import type {Light} from "../../lib/strategy/label.js";
import {h} from "./dom.js";

const WORDS: Record<Light, {glyph: string; word: string}> = {
  green: {glyph: "✓", word: "Green"},
  yellow: {glyph: "!", word: "Yellow"},
  red: {glyph: "✗", word: "Red"}
};

/** Draws a traffic light with glyph and word; the colour only repeats them. */
export function Lamp(light: Light, {large = false} = {}): HTMLElement {
  const {glyph, word} = WORDS[light];
  return h(
    "span",
    {class: `lamp lamp--${light}${large ? " lamp--large" : ""}`},
    h("span", {class: "lamp-glyph", "aria-hidden": "true"}, glyph),
    word
  );
}
