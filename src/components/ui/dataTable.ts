import {h, type Child} from "./dom.js";
import {count} from "./format.js";
import type {Live} from "./liveFigure.js";
import {arrange, fillCell, newRow, type DrawnRow} from "./liveRows.js";
import {getParam, setParam} from "./query.js";

/** One column of a table. */
export interface Column<T> {
  key: string;
  /** Header, with the unit. */
  label: string;
  /** Meaning of the number, shown on hover. */
  title?: string;
  /** Sort key; null sorts last in both directions. */
  value: (d: T) => number | string | null | undefined;
  /** Content of the cell; the value as text by default. */
  cell?: (d: T) => Child;
  align?: "left" | "right";
  /** Direction of the first click. */
  first?: "ascending" | "descending";
  /** Text that may break into lines. */
  wrap?: boolean;
  /** False for a column that cannot be sorted. */
  sorts?: boolean;
  /** Text that a live table compares to decide whether to redraw a cell; the value by default. */
  mark?: (d: T) => string;
}

/** Options of {@link DataTable}. */
interface DataTableOptions<T> {
  columns: readonly Column<T>[];
  /** Key of the initial sort column, with `-` before it for descending; empty keeps the order of the rows. */
  sort?: string;
  /** Query parameter of the sorting; `<param>-page` holds the page. */
  param?: string;
  pageSize?: number;
  caption: string;
  dim?: (d: T) => boolean;
  /** Shown when there is no row. */
  nothing?: string;
  /** Called after each sort with all rows in their new order. */
  onSort?: (rows: readonly T[]) => void;
  /** Identity of a row in a live table; without it every row is redrawn. */
  key?: (d: T) => string;
}

/** Sorts rows by a column: missing values last in both directions, ties in their original order. */
export function sortRows<T>(rows: readonly T[], column: Column<T> | undefined, descending: boolean): T[] {
  if (!column) return [...rows];
  const missing = (v: unknown) => v === null || v === undefined || (typeof v === "number" && Number.isNaN(v));
  return rows
    .map((d, i) => ({d, i, v: column.value(d)}))
    .sort((a, b) => {
      if (missing(a.v) || missing(b.v)) return Number(missing(a.v)) - Number(missing(b.v)) || a.i - b.i;
      const order = typeof a.v === "string" ? a.v.localeCompare(String(b.v), "en") : (a.v as number) - (b.v as number);
      return (descending ? -order : order) || a.i - b.i;
    })
    .map(({d}) => d);
}

/**
 * Draws a sortable table with pages. The first column names the row. Sorting and page are in the URL; the pressed
 * button keeps the focus.
 */
export function DataTable<T>(rows: readonly T[], options: DataTableOptions<T>): HTMLElement {
  const {element, update} = LiveDataTable(options);
  update(rows);
  return element;
}

/** Draws a table that is updated in place: with a `key`, a row keeps its element and only changed cells are redrawn. */
export function LiveDataTable<T>({
  columns,
  sort = "",
  param,
  pageSize = 50,
  caption,
  dim,
  nothing = "Nothing to show.",
  onSort,
  key
}: DataTableOptions<T>): Live<readonly T[]> {
  let rows: readonly T[] = [];
  let drawn = new Map<string, DrawnRow>();
  const known = (text: string | null) => (text && columns.some((c) => c.key === text.replace(/^-/, "")) ? text : null);
  const pageParam = param ? `${param}-page` : undefined;
  let state = (param && known(getParam(param))) ?? sort;
  let page = Math.max(0, Number((pageParam && getParam(pageParam)) ?? 1) - 1) || 0;
  let sorted: T[] = [];

  const head = columns.map((column) => {
    const button = h(
      "button",
      {
        type: "button",
        title: column.title,
        click: () => {
          const descending = state === column.key || (state !== `-${column.key}` && column.first === "descending");
          state = descending ? `-${column.key}` : column.key;
          page = 0;
          if (param) setParam(param, state, {fallback: sort});
          if (pageParam) setParam(pageParam, null);
          update();
        }
      },
      column.label
    );
    const content = column.sorts === false ? column.label : button;
    return {column, th: h("th", {scope: "col", class: column.align === "left" ? null : "num"}, content)};
  });
  const body = h("tbody", {});
  const table = h(
    "table",
    {class: "table"},
    h("caption", {}, h("span", {}, caption)),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.map(({th}) => th)
      )
    ),
    body
  );
  const turn = (step: number) => () => {
    page += step;
    if (pageParam) setParam(pageParam, String(page + 1), {fallback: "1"});
    update();
  };
  const previous = h("button", {type: "button", class: "button", click: turn(-1)}, "Previous");
  const next = h("button", {type: "button", class: "button", click: turn(1)}, "Next");
  const shown = h("span", {"aria-live": "polite"});
  const pager = h("div", {class: "pager"}, previous, next, shown);

  function update(): void {
    const column = columns.find((c) => c.key === state.replace(/^-/, ""));
    const descending = state.startsWith("-");
    sorted = sortRows(rows, column, descending);
    const pages = Math.max(1, Math.ceil(sorted.length / pageSize));
    page = Math.min(page, pages - 1);
    for (const {column: c, th} of head) {
      if (c === column) th.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
    const slice = sorted.slice(page * pageSize, (page + 1) * pageSize);
    const shownRows = new Map<string, DrawnRow>();
    const trs = slice.map((d, i) => {
      const id = key ? key(d) : String(i);
      const own = (key && drawn.get(id)) ?? newRow(columns.map(classOf));
      fillRow(own, d, columns, dim);
      shownRows.set(id, own);
      return own.tr;
    });
    drawn = shownRows;
    arrange(body, trs.length ? trs : [h("tr", {}, h("td", {colspan: columns.length}, nothing))]);
    previous.disabled = page === 0;
    next.disabled = page >= pages - 1;
    pager.hidden = pages === 1;
    shown.textContent = `${count(page * pageSize + 1)} to ${count(page * pageSize + slice.length)} of ${count(sorted.length)}`;
    onSort?.(sorted);
  }
  return {
    element: h(
      "div",
      {},
      h("div", {class: "table-wrap", tabindex: 0, role: "region", "aria-label": caption}, table),
      pager
    ),
    update(next) {
      rows = next;
      update();
    }
  };
}

const classOf = <T>({align, wrap}: Column<T>): string | null =>
  [align === "left" ? "" : "num", wrap ? "wrap" : ""].filter(Boolean).join(" ") || null;

function fillRow<T>({tr, cells}: DrawnRow, d: T, columns: readonly Column<T>[], dim?: (d: T) => boolean): void {
  tr.classList.toggle("dim", dim?.(d) ?? false);
  if (!tr.classList.length) tr.removeAttribute("class");
  columns.forEach((column, i) => {
    const mark = column.mark ? column.mark(d) : String(column.value(d));
    fillCell(cells[i]!, mark, () => (column.cell ? column.cell(d) : String(column.value(d) ?? "–")));
  });
}
