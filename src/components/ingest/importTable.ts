import type {FileReport} from "../../lib/wire/imports.js";
import {badge} from "../ui/badge.js";
import {h, type Child} from "../ui/dom.js";
import {count, MISSING} from "../ui/format.js";
import {leftOutWords, rangeWords, readingWords, STATE_WORDS, troubleWords} from "./importModel.js";

const COLUMNS = ["File", "Taken for", "Rows", "New", "Same", "Different", "Range, UTC", "Left out"] as const;
const NUMBERS = new Set<string>(["Rows", "New", "Same", "Different"]);
const KIND = {planned: "plain", stored: "good", open: "warn", refused: "bad", failed: "bad"} as const;

/** Draws one row for each table of an import; a row opens to the first rows of its file and how they were read. */
export function ImportTable(): {element: HTMLElement; show: (reports: readonly FileReport[]) => void} {
  const body = h("tbody");
  /** files whose details are open, across plans */
  const opened = new Set<string>();
  const element = h(
    "div",
    {class: "table-wrap drop-table", tabindex: 0, role: "region", "aria-label": "Files"},
    h(
      "table",
      {class: "table"},
      h("caption", {}, "Files, and how each is read"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          COLUMNS.map((name) => h("th", {scope: "col", class: NUMBERS.has(name) ? "num" : null}, name))
        )
      ),
      body
    )
  );
  return {
    element,
    show(reports) {
      body.replaceChildren(...reports.flatMap((report, i) => rowsOf(report, i, opened)));
    }
  };
}

function rowsOf(report: FileReport, i: number, opened: Set<string>): HTMLElement[] {
  const {file, history, state, rows, different} = report;
  const trouble = troubleWords(report);
  const planned = trouble === null || rows > 0;
  const id = `drop-more-${i}`;
  const more = h(
    "tr",
    {id, class: "drop-more", hidden: !opened.has(file)},
    h("td", {colspan: COLUMNS.length}, detailOf(report))
  );
  const button = h(
    "button",
    {
      type: "button",
      class: "button",
      "aria-expanded": String(opened.has(file)),
      "aria-controls": id,
      click: () => {
        const open = !opened.delete(file);
        if (open) opened.add(file);
        more.hidden = !open;
        button.setAttribute("aria-expanded", String(open));
      }
    },
    "First rows",
    h("span", {class: "sr-only"}, ` of ${file}`)
  );
  const cell = (label: string, content: Child, kind: string | null = null): Child =>
    h("td", {class: kind, "data-label": label}, content);
  const number = (label: string, n: number, kind = "num"): Child => cell(label, planned ? count(n) : MISSING, kind);
  return [
    h(
      "tr",
      {"data-state": state},
      h(
        "th",
        {scope: "row", class: "drop-name"},
        badge(STATE_WORDS[state], KIND[state]),
        " ",
        breakable(file),
        report.sample.length > 0 ? h("div", {}, button) : null
      ),
      trouble
        ? h(
            "td",
            {class: "wrap drop-trouble", colspan: COLUMNS.length - 1},
            trouble.what,
            trouble.fix ? h("span", {class: "drop-fix"}, ` → ${trouble.fix}`) : null
          )
        : [
            cell("Taken for", history),
            number("Rows", rows),
            number("New", report.new),
            number("Same", report.same),
            number("Different", different, different > 0 ? "num drop-different" : "num"),
            cell("Range, UTC", rangeWords(report)),
            cell("Left out", leftOutWords(report) || MISSING, "wrap")
          ]
    ),
    more
  ];
}

/** A path that may break after each folder. */
const breakable = (path: string): Child =>
  path.split("/").flatMap((segment, i) => (i === 0 ? [segment] : ["/", h("wbr"), segment]));

function detailOf(report: FileReport): Child {
  return [
    readingWords(report).map((line) => h("p", {}, line)),
    report.sample.length === 0
      ? null
      : h(
          "div",
          {class: "drop-sample", tabindex: 0, role: "region", "aria-label": `First rows of ${report.file}`},
          h(
            "table",
            {},
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                (report.sample[0] ?? []).map((_, i) =>
                  h("th", {scope: "col"}, report.header?.[i]?.trim() || String(i + 1))
                )
              )
            ),
            h(
              "tbody",
              {},
              report.sample.map((fields) =>
                h(
                  "tr",
                  {},
                  fields.map((field) => h("td", {}, field ?? ""))
                )
              )
            )
          )
        )
  ];
}
