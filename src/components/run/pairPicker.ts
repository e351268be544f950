import {h} from "../ui/dom.js";

/** An editable set of pairs. */
export interface PairPicker {
  element: HTMLElement;
  /** shows another set without calling `onChange` */
  show(chosen: readonly string[], known: readonly string[]): void;
}

let ids = 0;

/**
 * Draws the selected pairs as removable chips, and a box that adds one by name, with suggestions. Works with hundreds
 * of pairs, because only selected ones are drawn.
 */
export function PairPicker({
  label = "Pairs",
  most,
  onChange
}: {
  label?: string;
  /** maximum of selected pairs */
  most: number;
  onChange: (chosen: string[]) => void;
}): PairPicker {
  let chosen: string[] = [];
  let known: readonly string[] = [];
  const id = `pairs-${++ids}`;
  const chips = h("ul", {class: "chips", "aria-label": `Selected ${label.toLowerCase()}`});
  const list = h("datalist", {id: `${id}-list`});
  const problem = h("span", {class: "problem", role: "alert"});
  const input = h("input", {
    id,
    type: "text",
    list: `${id}-list`,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "ETH/USDT",
    change: () => add(input.value),
    keydown: (event: KeyboardEvent) => event.key === "Enter" && add(input.value)
  });
  const all = h("button", {type: "button", class: "button", click: () => change(known.slice(0, most))}, "All");

  function add(text: string): void {
    const wanted = text.trim().toUpperCase().replace("-", "/");
    if (!wanted) return;
    const found = known.find((pair) => pair === wanted) ?? known.find((pair) => pair.startsWith(`${wanted}/`));
    problem.textContent = !found
      ? `no history of ${wanted} with candles of this timeframe`
      : !chosen.includes(found) && chosen.length >= most
        ? `at most ${most} pairs at once`
        : "";
    if (problem.textContent) return;
    input.value = "";
    if (found && !chosen.includes(found)) change([...chosen, found]);
  }
  function change(next: readonly string[]): void {
    chosen = [...next];
    draw();
    onChange(chosen);
  }
  function draw(): void {
    chips.replaceChildren(
      ...chosen.map((pair) =>
        h(
          "li",
          {},
          pair,
          h(
            "button",
            {
              type: "button",
              "aria-label": `remove ${pair}`,
              title: `remove ${pair}`,
              click: () => {
                change(chosen.filter((other) => other !== pair));
                input.focus();
              }
            },
            "×"
          )
        )
      )
    );
    list.replaceChildren(...known.filter((pair) => !chosen.includes(pair)).map((pair) => h("option", {value: pair})));
    all.textContent = known.length > most ? `First ${most} of ${known.length}` : `All ${known.length}`;
    all.disabled = known.length === 0 || chosen.length >= Math.min(most, known.length);
  }
  const element = h(
    "div",
    {class: "control picker"},
    h("label", {for: id}, label),
    chips,
    h("div", {class: "picker-row"}, input, list, all),
    problem
  );
  return {
    element,
    show(nextChosen, nextKnown) {
      chosen = [...nextChosen];
      known = nextKnown;
      problem.textContent = "";
      draw();
    }
  };
}
