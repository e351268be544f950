import {DataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {age, bpValue, count, day, instant} from "../ui/format.js";
import {coverageText, meanCoverage, pairsWithPage} from "../pageBar.js";
import type {ExplorerRow, SeriesStatus, Status} from "../feed/types.js";

interface PairRow {
  pair: string;
  slug: string;
  venues: string[];
  series: SeriesStatus[];
  newest: ExplorerRow | undefined;
}

/** Draws the table of pairs with time range, coverage and newest rate, linked to their pages. */
export function PairIndex(status: Status | null, explorer: readonly ExplorerRow[], search: string): HTMLElement {
  if (!status?.series.length) return h("div", {});
  const pages = pairsWithPage(status.series);
  const all = explorer.filter((d) => d.range === "all");
  const rows: PairRow[] = [...new Set(status.series.map((d) => d.pair))]
    .filter((pair) => pair.toLowerCase().includes(search.trim().toLowerCase().replace("-", "/")))
    .sort()
    .map((pair) => {
      const series = status.series.filter((d) => d.pair === pair);
      return {
        pair,
        slug: pair.replace("/", "-"),
        venues: [...new Set(series.map((d) => d.venue))],
        series,
        newest: all.find((d) => d.pair === pair)
      };
    });
  const first = (d: PairRow) => Math.min(...d.series.map((s) => s.from ?? Infinity));
  const last = (d: PairRow) => Math.max(...d.series.map((s) => s.lastTs ?? s.to ?? -Infinity));
  const missing = (d: PairRow) => d.series.reduce((n, s) => n + s.holes.reduce((m, hole) => m + hole.rows, 0), 0);
  return DataTable(rows, {
    caption: "Pairs in the lake",
    param: "sort",
    sort: "pair",
    nothing: "No pair matches.",
    columns: [
      {
        key: "pair",
        label: "Pair",
        align: "left",
        value: (d) => d.pair,
        cell: (d) => [
          pages.has(d.pair) ? h("a", {href: `./pairs/${d.slug}`}, d.pair) : d.pair,
          " ",
          h("span", {class: "muted"}, d.venues.join(", "), pages.has(d.pair) ? "" : ", no funding")
        ]
      },
      {key: "series", label: "Series", value: (d) => d.series.length, first: "descending"},
      {key: "from", label: "From", value: first, cell: (d) => day(first(d))},
      {
        key: "to",
        label: "To",
        value: last,
        cell: (d) => h("span", {title: age(last(d), Date.now())}, day(last(d))),
        first: "descending"
      },
      {
        key: "newest",
        label: "Newest, bp per 8 h",
        value: (d) => d.newest?.newestRate8h,
        cell: (d) => h("span", {title: instant(d.newest?.newestTs)}, bpValue(d.newest?.newestRate8h)),
        first: "descending"
      },
      {
        key: "coverage",
        label: "Coverage",
        value: (d) => meanCoverage(d.series),
        cell: (d) => coverageText(meanCoverage(d.series))
      },
      {key: "missing", label: "Rows missing", value: missing, cell: (d) => count(missing(d)), first: "descending"}
    ]
  });
}
