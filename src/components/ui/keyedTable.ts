import {h, type Child} from "./dom.js";
import type {Live} from "./liveFigure.js";
import {arrange, fillCell, newRow, type DrawnRow} from "./liveRows.js";

/** One column of a {@link KeyedTable}. */
export interface KeyedColumn<T> {
  label: string;
  title?: string;
  align?: "left" | "right";
  wrap?: boolean;
  /** Text of the cell; the cell is redrawn when it changes. */
  text: (d: T) => string;
  /** Content drawn instead of the text. */
  cell?: (d: T) => Child;
  /** Keeps the column visible at the right while the others scroll. */
  stays?: boolean;
}

/**
 * Draws a table whose rows are added, changed and removed while in use. A row keeps its element as long as its key
 * exists; only changed cells are redrawn, so focus and click targets stay put.
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
  /** maximum of rows drawn; the others are counted */
  most?: number;
}): Live<readonly T[]> {
  const rows = new Map<string, DrawnRow>();
  const last = h("td", {colspan: columns.length}, "Loading …");
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
  return {
    element: wrap,
    update(list) {
      const shown = list.slice(0, most);
      const keys = new Set(shown.map(key));
      for (const [id, {tr}] of rows) {
        if (keys.has(id)) continue;
        // A focus inside a removed row moves to the table instead of the page.
        if (tr.contains(document.activeElement)) wrap.focus({preventScroll: true});
        rows.delete(id);
      }
      const trs = shown.map((d) => {
        const id = key(d);
        let row = rows.get(id);
        if (!row) rows.set(id, (row = newRow(columns.map(classOf))));
        row.tr.className = rowClass?.(d) ?? "";
        for (const [i, column] of columns.entries()) {
          const text = column.text(d);
          fillCell(row.cells[i]!, text, () => (column.cell ? column.cell(d) : text));
        }
        return row.tr;
      });
      arrange(body, [...trs, lastRow]);
      const rest = list.length - shown.length;
      last.textContent = rest > 0 ? `and ${rest} more` : nothing;
      lastRow.hidden = rest <= 0 && shown.length > 0;
    }
  };
}
