import {DataTable, type Column} from "../ui/dataTable.js";
import {freshnessBadge} from "../ui/badge.js";
import {h, type Child} from "../ui/dom.js";
import {bpValue, compact, count, instant, number, percentValue, signGlyph} from "../ui/format.js";
import {coverageText} from "../pageBar.js";
import type {ExplorerRow} from "../feed/types.js";

const signed = (value: number | null, text: string): Child =>
  value === null
    ? text
    : h("span", {class: value > 0 ? "earned" : value < 0 ? "paid" : null}, `${signGlyph(value)} ${text}`);

type FigureKey = {[K in keyof ExplorerRow]: ExplorerRow[K] extends number | null ? K : never}[keyof ExplorerRow];

/** A column of one number, largest first. */
const figure = (
  key: FigureKey,
  label: string,
  title: string,
  format: (value: number | null) => string
): Column<ExplorerRow> => ({
  key,
  label,
  title,
  value: (d) => d[key],
  cell: (d) => format(d[key]),
  first: "descending"
});

/** Columns of the Explorer; break-even comes before any annual figure. */
const EXPLORER_COLUMNS: readonly Column<ExplorerRow>[] = [
  {
    key: "pair",
    label: "Pair",
    align: "left",
    value: (d) => d.pair,
    cell: (d) => [h("a", {href: `./pairs/${d.slug}`}, d.pair), " ", h("span", {class: "muted"}, d.venue)]
  },
  {
    key: "breakEvenPeriods",
    label: "Break-even, periods",
    title: "periods of 8 h at the newest rate that cover the round trip of both legs; – if the rate is not positive",
    value: (d) => d.breakEvenPeriods,
    cell: (d) => number(d.breakEvenPeriods, 1)
  },
  {
    key: "heldShare",
    label: "Reached break-even, %",
    title: "share of past entries whose rate stayed at or above the exit rate until break-even",
    value: (d) => d.heldShare,
    cell: (d) =>
      h(
        "span",
        {title: d.heldEntries === null ? undefined : `of ${count(d.heldEntries)} past entries`},
        percentValue(d.heldShare, 0)
      ),
    first: "descending"
  },
  {
    key: "netPerPeriod",
    label: "Net, bp per 8 h",
    title: "newest rate per 8 h less the round trip spread over the expected holding time",
    value: (d) => d.netPerPeriod,
    cell: (d) => signed(d.netPerPeriod, bpValue(d.netPerPeriod)),
    first: "descending"
  },
  figure("netAnnual", "Net, % a year", "net per period times 1,095 periods of 8 h, on notional", percentValue),
  {
    key: "newestRate8h",
    label: "Newest, bp per 8 h",
    title: "newest settled rate, normalised to 8 h",
    value: (d) => d.newestRate8h,
    cell: (d) =>
      h("span", {title: `${instant(d.newestTs)}, every ${d.newestIntervalHours ?? "?"} h`}, bpValue(d.newestRate8h)),
    first: "descending"
  },
  figure("mean8h", "Mean, bp per 8 h", "mean settled rate of the range, normalised to 8 h", bpValue),
  figure("sharePositive", "Positive, %", "share of the range's settlements with a positive rate", (value) =>
    percentValue(value, 0)
  ),
  figure(
    "aprGross",
    "Gross, % a year",
    "sum of the rates of the range, scaled to 365 days, on notional, before costs",
    percentValue
  ),
  figure("aprNet", "After one round trip, % a year", "gross return less one round trip within the range", percentValue),
  {
    key: "turnover24h",
    label: "Turnover 24 h",
    title: "in quote currency, with the tier",
    value: (d) => d.turnover24h,
    cell: (d) => [compact(d.turnover24h), " ", h("span", {class: "muted"}, d.tier)],
    first: "descending"
  },
  {
    key: "coverageShare",
    label: "Coverage",
    title: "present rows over expected rows; the lowest of funding, spot and perp",
    value: (d) => d.coverageShare,
    cell: (d) => coverageText(d.coverageShare),
    first: "descending"
  },
  {
    key: "newestTs",
    label: "Freshness",
    align: "left",
    value: (d) => d.newestTs,
    cell: (d) => freshnessBadge({freshness: d.freshness, ageMs: d.newestTs === null ? null : Date.now() - d.newestTs}),
    first: "descending"
  },
  {
    key: "reasons",
    label: "Cannot be opened because",
    align: "left",
    value: (d) => d.reasons || null,
    cell: (d) => [d.insufficient ? "insufficient history" : "", d.reasons].filter(Boolean).join("; ") || "–",
    wrap: true
  }
];

// Shown only when the configuration enables market caps.
const MARKET_CAP: Column<ExplorerRow> = {
  key: "marketCap",
  label: "Market cap, USD",
  title: "market capitalisation of the coin, from CoinGecko",
  value: (d) => d.marketCap,
  cell: (d) => compact(d.marketCap),
  first: "descending"
};

const columnsFor = (rows: readonly ExplorerRow[]): readonly Column<ExplorerRow>[] => {
  if (!rows.some((d) => typeof d.marketCap === "number")) return EXPLORER_COLUMNS;
  const at = EXPLORER_COLUMNS.findIndex((c) => c.key === "turnover24h") + 1;
  return [...EXPLORER_COLUMNS.slice(0, at), MARKET_CAP, ...EXPLORER_COLUMNS.slice(at)];
};

/** Draws the table of matching pairs with all figures of the range. */
export function ExplorerTable(
  rows: readonly ExplorerRow[],
  {nothing, onSort}: {nothing: string; onSort?: (rows: readonly ExplorerRow[]) => void}
): HTMLElement {
  return DataTable(rows, {
    columns: columnsFor(rows),
    param: "sort",
    sort: "",
    caption: "Pairs, best first; click a header to sort",
    nothing,
    dim: (d) => d.insufficient || d.reasons !== "",
    onSort
  });
}
