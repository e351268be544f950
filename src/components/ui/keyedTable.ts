import {h, type Child} from "./dom.js";
import type {Live} from "./liveFigure.js";

/** One column of a {@link KeyedTable}. */
export interface KeyedColumn<T> {
  label: string;
  title?: string;
  align?: "left" | "right";
  wrap?: boolean;
  /** What is shown, and by which a cell is known to be the same as before. */
  text: (d: T) => string;
  /** Drawn in place of the text. */
  cell?: (d: T) => Child;
  /** Stays in sight at the right while the rest scrolls. */
  stays?: boolean;
}

/**
 * A table whose rows come, change and go while a reader is in it: a row stays the same element as long as its key is
 * there, only cells that say something else are drawn anew, so that no button moves from under a finger or a focus.
 */
export function KeyedTable<T>({
  caption,
  columns,
  key,
  rowClass,
  nothing,
  most = 60
}: {
  caption: string;
  columns: readonly KeyedColumn<T>[];
  key: (d: T) => string;
  rowClass?: (d: T) => string | null;
  nothing: string;
  /** rows that are drawn at most; the rest is counted */
  most?: number;
}): Live<readonly T[]> {
  interface Row {
    tr: HTMLTableRowElement;
    cells: {element: HTMLElement; text: string | undefined}[];
  }
  const rows = new Map<string, Row>();
  const last = h("td", {colspan: columns.length}, "Not read yet.");
  const lastRow = h("tr", {}, last);
  const body = h("tbody", {}, lastRow);
  const classOf = ({align, wrap, stays}: KeyedColumn<T>) =>
    [align === "right" ? "num" : "", wrap ? "wrap" : "", stays ? "stays" : ""].filter(Boolean).join(" ") || null;
  const wrap = h(
    "div",
    {class: "table-wrap", tabindex: 0, role: "region", "aria-label": caption},
    h(
      "table",
      {class: "table table--keyed"},
      h("caption", {}, h("span", {}, caption)),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) => h("th", {scope: "col", class: classOf(column), title: column.title}, column.label))
        )
      ),
      body
    )
  );
  const make = (): Row => {
    const cells = columns.map((column, i) => ({
      element: i === 0 ? h("th", {scope: "row", class: classOf(column)}) : h("td", {class: classOf(column)}),
      text: undefined
    }));
    return {
      tr: h(
        "tr",
        {},
        cells.map(({element}) => element)
      ),
      cells
    };
  };

  return {
    element: wrap,
    update(list) {
      const shown = list.slice(0, most);
      const keys = new Set(shown.map(key));
      for (const [id, {tr}] of rows) {
        if (keys.has(id)) continue;
        // Whoever was in a row that has gone stays in the table.
        if (tr.contains(document.activeElement)) wrap.focus({preventScroll: true});
        tr.remove();
        rows.delete(id);
      }
      let before: Element | null = null;
      for (const d of shown) {
        const id = key(d);
        let row = rows.get(id);
        if (!row) rows.set(id, (row = make()));
        row.tr.className = rowClass?.(d) ?? "";
        columns.forEach((column, i) => {
          const cell = row.cells[i]!;
          const text = column.text(d);
          if (text === cell.text) return;
          cell.text = text;
          const content = h("span", {}, column.cell ? column.cell(d) : text);
          cell.element.replaceChildren(...content.childNodes);
        });
        const next: Element | null = before ? before.nextElementSibling : body.firstElementChild;
        if (next !== row.tr) body.insertBefore(row.tr, next);
        before = row.tr;
      }
      const rest = list.length - shown.length;
      last.textContent = rest > 0 ? `and ${rest} more` : nothing;
      lastRow.hidden = rest <= 0 && shown.length > 0;
      body.append(lastRow);
    }
  };
}
