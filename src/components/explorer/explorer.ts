import {DownloadButtons} from "../ui/download.js";
import {EXPLORER_FIELDS} from "./explorerModel.js";
import {ExplorerTable} from "./explorerTable.js";
import {Figure} from "../ui/figure.js";
import {Keys} from "../ui/keys.js";
import {RankChart, rankHeight} from "../charts/rankChart.js";
import {h} from "../ui/dom.js";
import {bp, count, number, percent, periods, plural} from "../ui/format.js";
import type {ExplorerRow, Range} from "../feed/types.js";

const CHART_ROWS = 20;

const WORDS: Record<Range, string> = {
  "7d": "the newest 7 days",
  "30d": "the newest 30 days",
  "90d": "the newest 90 days",
  "1y": "the newest year",
  all: "the whole history"
};

const nothingOf = (all: readonly ExplorerRow[]): string =>
  all.length
    ? "No pair matches. Clear the search or widen the filters."
    : "Pairs appear here once their funding is imported.";

/** Answers the page's title in one sentence for the selected rows. */
export function ExplorerAnswer(rows: readonly ExplorerRow[], all: readonly ExplorerRow[] = rows): HTMLElement {
  const usable = rows.filter((d) => d.reasons === "" && !d.insufficient);
  const paying = usable.filter((d) => (d.netPerPeriod ?? 0) > 0);
  const best = usable
    .filter((d) => d.breakEvenPeriods !== null)
    .sort((a, b) => a.breakEvenPeriods! - b.breakEvenPeriods!)[0];
  const text = !all.length
    ? "There is no data to rank yet."
    : !rows.length
      ? "No pair matches the filters."
      : !best
        ? `None of ${plural(rows.length, "pair")} has a positive newest rate and can be opened.`
        : `Of ${plural(usable.length, "pair")} that can be opened, ${paying.length ? count(paying.length) : "none"} would cover the round trip within 30 periods. ` +
          `${best.pair} breaks even first, after ${periods(best.breakEvenPeriods)} at its newest rate; ` +
          (best.heldShare === null
            ? "it has no past entries to compare."
            : `${percent(best.heldShare, 0)} of ${plural(best.heldEntries ?? 0, "past entry", "past entries")} reached break-even.`);
  return h("p", {class: "answer"}, text);
}

/** Draws four figures of the selection. */
export function ExplorerKeys(rows: readonly ExplorerRow[], range: Range): HTMLElement {
  const usable = rows.filter((d) => d.reasons === "" && !d.insufficient);
  const rates = rows
    .map((d) => d.mean8h)
    .filter((v) => v !== null)
    .sort((a, b) => a - b);
  const median = rates.length ? (rates[(rates.length - 1) >> 1]! + rates[rates.length >> 1]!) / 2 : null;
  const soonest = usable
    .map((d) => d.breakEvenPeriods)
    .filter((v) => v !== null)
    .sort((a, b) => a - b)[0];
  const best = rows.find((d) => d.netPerPeriod !== null);
  return Keys([
    {
      label: "Earliest break-even",
      value: number(soonest, 1),
      unit: "periods of 8 h",
      note:
        soonest === undefined
          ? "no pair with a positive rate can be opened"
          : `${number(soonest / 3, 1)} days at the newest rate`
    },
    {
      label: "Best net rate",
      value: bp(best?.netPerPeriod),
      unit: "per 8 h",
      note: best ? `${best.pair}, ${percent(best.netAnnual)} a year of notional` : "",
      tone: best?.netPerPeriod ? (best.netPerPeriod > 0 ? "earned" : "paid") : null
    },
    {
      label: "Mean rate of the median pair",
      value: bp(median),
      unit: "per 8 h",
      note: `${WORDS[range]}, before costs`,
      strip: median === null ? null : {min: rates[0]!, max: rates.at(-1)!, value: median}
    },
    {
      label: "Can be opened",
      value: count(usable.length),
      unit: `of ${count(rows.length)}`,
      note: "enough turnover and coverage, with a spot market"
    }
  ]);
}

/** Charts the best pairs of the selection. */
export function ExplorerChart(rows: readonly ExplorerRow[], all: readonly ExplorerRow[] = rows): HTMLElement {
  const shown = rows.slice(0, CHART_ROWS);
  return Figure((width) => RankChart(shown, {width}), {
    title: "Newest settled rate after costs",
    subtitle:
      "Dot: newest rate per 8 h less the round trip spread over 30 periods. Grey tick: the rate itself. Hollow: cannot be opened." +
      (rows.length > shown.length ? ` The best ${shown.length} of ${count(rows.length)}.` : ""),
    height: rankHeight(Math.max(1, Math.min(CHART_ROWS, rows.length))),
    nothing: shown.length ? null : nothingOf(all)
  });
}

/** Draws the table of the selection and its downloads, which follow the table's order. */
export function ExplorerList(
  rows: readonly ExplorerRow[],
  range: Range,
  all: readonly ExplorerRow[] = rows
): HTMLElement {
  let sorted: readonly ExplorerRow[] = rows;
  const table = ExplorerTable(rows, {nothing: nothingOf(all), onSort: (next) => (sorted = next)});
  return h(
    "div",
    {},
    h("h2", {id: "all-figures"}, "All figures"),
    table,
    DownloadButtons(() => sorted, {fields: EXPLORER_FIELDS, name: `carrybook-explorer-${range}`, noun: "pair"})
  );
}
