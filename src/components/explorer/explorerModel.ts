import {EXPLORER_COLUMNS} from "../../lib/market/snapshot.js";
import type {Field} from "../ui/download.js";
import type {ExplorerRow, Range} from "../feed/types.js";

/** Ranges that can be selected. */
export const RANGES: readonly {value: Range; label: string; title: string}[] = [
  {value: "7d", label: "7 d", title: "the newest 7 days of each pair"},
  {value: "30d", label: "30 d", title: "the newest 30 days of each pair"},
  {value: "90d", label: "90 d", title: "the newest 90 days of each pair"},
  {value: "1y", label: "1 y", title: "the newest 365 days of each pair"},
  {value: "all", label: "all", title: "the whole history"}
];

/** Turnover tiers with their bounds, in quote currency over 24 hours. */
export const TIERS: readonly {value: ExplorerRow["tier"]; label: string}[] = [
  {value: "mega", label: "mega (from 1 bn)"},
  {value: "large", label: "large (from 100 m)"},
  {value: "mid", label: "mid (from 10 m)"},
  {value: "small", label: "small (below 10 m)"},
  {value: "unknown", label: "unknown"}
];

/** Filter of the Explorer. */
interface ExplorerFilter {
  range: Range;
  search?: string;
  venue?: string;
  tier?: string;
  /** Only pairs that can be opened. */
  open?: boolean;
}

/** Returns the matching rows by net per period, descending; insufficient histories last, ties by name. */
export function filterRows(
  rows: readonly ExplorerRow[],
  {range, search = "", venue = "all", tier = "all", open = false}: ExplorerFilter
): ExplorerRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows
    .filter((d) => d.range === range)
    .filter((d) => venue === "all" || d.venue === venue)
    .filter((d) => tier === "all" || d.tier === tier)
    .filter((d) => !open || d.reasons === "")
    .filter((d) => words.every((w) => `${d.pair} ${d.slug} ${d.venue}`.toLowerCase().includes(w)))
    .sort(
      (a, b) =>
        Number(a.insufficient) - Number(b.insufficient) ||
        Number(a.netPerPeriod === null) - Number(b.netPerPeriod === null) ||
        (b.netPerPeriod ?? 0) - (a.netPerPeriod ?? 0) ||
        a.pair.localeCompare(b.pair, "en")
    );
}

const text = (name: keyof ExplorerRow): Field<ExplorerRow> => ({
  name,
  type: "text",
  value: (d) => d[name] as string | null
});
const numeric = (name: keyof ExplorerRow): Field<ExplorerRow> => ({
  name,
  type: "number",
  value: (d) => d[name] as number | null
});

const TEXTS: readonly (keyof ExplorerRow)[] = ["venue", "pair", "range", "tier", "freshness", "reasons"];

/** Columns of the download: all figures of the snapshot in their own unit, rates as shares per 8 h. */
export const EXPLORER_FIELDS: readonly Field<ExplorerRow>[] = EXPLORER_COLUMNS.filter((name) => name !== "slug").map(
  (name) => {
    if (name === "insufficient") return {name, type: "boolean", value: (d) => d.insufficient};
    return TEXTS.includes(name) ? text(name) : numeric(name);
  }
);
