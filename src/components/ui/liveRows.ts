import {h, type Child} from "./dom.js";

/** A drawn table row; `mark` is the text that the cell was last drawn for. */
export interface DrawnRow {
  tr: HTMLTableRowElement;
  cells: {element: HTMLElement; mark: string | undefined}[];
}

/** Creates an empty row with one cell per class name; the first cell is the row's header. */
export function newRow(classes: readonly (string | null)[]): DrawnRow {
  const cells = classes.map((name, i) => ({
    element: i === 0 ? h("th", {scope: "row", class: name}) : h("td", {class: name}),
    mark: undefined
  }));
  return {
    tr: h(
      "tr",
      {},
      cells.map(({element}) => element)
    ),
    cells
  };
}

/** Redraws a cell if its mark has changed, so that focus and click targets in unchanged cells stay put. */
export function fillCell(cell: DrawnRow["cells"][number], mark: string, content: () => Child): void {
  if (mark === cell.mark) return;
  cell.mark = mark;
  cell.element.replaceChildren(...h("span", {}, content()).childNodes);
}

/** Orders the children of a parent; children already in place are not moved, so they keep the focus. */
export function arrange(parent: Element, elements: readonly Element[]): void {
  const kept = new Set(elements);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  elements.forEach((element, i) => {
    if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
  });
}
