import {errorText} from "../../lib/wire/job.js";
import {h} from "../ui/dom.js";
import {age, bp, count, day, instant, number, plural} from "../ui/format.js";
import {CoverageStrip, coverageHeight} from "../charts/coverageStrip.js";
import {Figure} from "../ui/figure.js";
import {Keys} from "../ui/keys.js";
import {RankChart, rankHeight} from "../charts/rankChart.js";
import {filterRows} from "./explorerModel.js";
import {coverageText, meanCoverage} from "../pageBar.js";
import {IssueList} from "../ui/issueList.js";
import {DataTable} from "../ui/dataTable.js";
import type {ExplorerRow, Job, Status} from "../feed/types.js";

const SHOWN = 20;

const ranking = (explorer: readonly ExplorerRow[]) => {
  const ranked = filterRows(explorer, {range: "all"});
  const priced = ranked.filter((d) => d.newestRate8h !== null);
  return {ranked, priced, paying: priced.filter((d) => (d.netPerPeriod ?? 0) > 0), best: ranked[0]};
};

/** Says in one sentence how many pairs earn at their newest rate, and which breaks even first. */
export function OverviewAnswer(status: Status | null, explorer: readonly ExplorerRow[]): HTMLElement {
  if (!status?.series.length)
    return h("p", {class: "answer"}, "There is no data yet, so neither question can be answered.");
  return h("p", {class: "answer"}, answer(ranking(explorer)));
}

/** Draws four figures: pairs that earn, the best of them, rows, rows missing. */
export function OverviewKeys(
  status: Status | null,
  explorer: readonly ExplorerRow[],
  now: number = Date.now()
): HTMLElement {
  if (!status?.series.length) return h("div", {});
  const {priced, paying, best} = ranking(explorer);
  const missing = status.series.flatMap((d) => d.holes).reduce((n, d) => n + d.rows, 0);
  return Keys([
    {
      label: "Pairs that cover their costs",
      value: count(paying.length),
      unit: `of ${count(priced.length)}`,
      note: "newest rate, costs spread over 30 periods"
    },
    {
      label: "Best net rate",
      value: best?.netPerPeriod == null ? "–" : bp(best.netPerPeriod),
      unit: "per 8 h",
      note: best ? `${best.pair}, settled ${age(best.newestTs, now)}` : "",
      tone: best?.netPerPeriod ? (best.netPerPeriod > 0 ? "earned" : "paid") : null
    },
    {
      label: "Rows",
      value: count(status.rows.funding + status.rows.candles),
      note: `${count(status.rows.funding)} settlements, ${count(status.rows.candles)} candles`
    },
    {
      label: "Rows missing",
      value: count(missing),
      note: `coverage ${coverageText(meanCoverage(status.series))}, ${day(status.first)} to ${day(status.last)}`
    }
  ]);
}

/** Charts the newest settled rate of the best pairs, before and after costs. */
export function OverviewRates(status: Status | null, explorer: readonly ExplorerRow[]): HTMLElement {
  if (!status?.series.length) return h("div", {});
  const {ranked, priced} = ranking(explorer);
  return Figure((width) => RankChart(ranked.slice(0, SHOWN), {width}), {
    title: "Newest settled rate after costs",
    subtitle: [
      "Dot: newest rate per 8 h less the round trip spread over 30 periods. Grey tick: the rate itself. Hollow: cannot be opened. ",
      ranked.length > SHOWN
        ? `The best ${SHOWN} of ${count(ranked.length)} pairs; all are in the `
        : "All figures are in the ",
      h("a", {href: "./explorer"}, "Explorer"),
      "."
    ],
    height: rankHeight(Math.min(SHOWN, ranked.length)),
    nothing: priced.length ? null : "No pair has a settled rate yet."
  });
}

/** Lists the issues of the data. */
export const OverviewAttention = (status: Status | null): HTMLElement =>
  status?.series.length ? IssueList(status.issues) : h("p", {class: "muted"}, "No data yet, so nothing to check.");

/** Charts the funding history of every pair with its holes, and lists the newest jobs. */
export function OverviewCoverage(status: Status | null, now: number = Date.now()): HTMLElement {
  if (!status?.series.length) return h("div", {});
  const rows = coverageRows(status);
  return h(
    "div",
    {},
    Figure((width) => CoverageStrip(rows, {width, name: (d) => d.pair}), {
      title: "Funding history by pair",
      subtitle: [
        "From first to last settlement, UTC; holes are marked. All series are on the ",
        h("a", {href: "./data"}, "Data"),
        " page."
      ],
      height: coverageHeight(rows.length)
    }),
    JobTable(status.lastJobs, now)
  );
}

const coverageRows = (status: Status) => {
  const funding = status.series.filter((d) => d.series === "funding");
  return (funding.length ? funding : status.series).slice(0, 40);
};

function answer({priced, paying, best}: ReturnType<typeof ranking>): string {
  if (!priced.length) return "No settled rate has been imported yet, so there is nothing to rank.";
  const lead = `At their newest settled rate, ${paying.length ? count(paying.length) : "none"} of ${plural(priced.length, "pair")} would cover the round trip within 30 periods of 8 hours`;
  if (!paying.length) return `${lead}. Not trading is also a position.`;
  const open = paying.filter((d) => d.reasons === "");
  const first = open[0] ?? best!;
  return `${lead}${open.length < paying.length ? `, and ${count(open.length)} of them can be opened` : ""}. ${first.pair} would break even after ${number(first.breakEvenPeriods, 1)} periods.`;
}

/** Draws the table of the newest jobs; empty when none has run. */
function JobTable(jobs: readonly Job[], now: number): HTMLElement {
  if (!jobs.length) return h("div", {});
  return h(
    "div",
    {},
    h("h2", {id: "jobs"}, "Latest jobs"),
    DataTable(jobs, {
      caption: "Jobs that finished last",
      param: "jobs",
      pageSize: 5,
      columns: [
        {
          key: "what",
          label: "Job",
          align: "left",
          value: (d) => d.kind,
          cell: (d) => [d.kind, d.venue, d.pair, d.series].filter(Boolean).join(" ")
        },
        {key: "status", label: "State", align: "left", value: (d) => d.status},
        {
          key: "rows",
          label: "Rows",
          value: (d) => d.rowsFetched,
          cell: (d) => count(d.rowsFetched),
          first: "descending"
        },
        {
          key: "when",
          label: "Finished",
          align: "left",
          value: (d) => d.finishedAt,
          cell: (d) => h("span", {title: instant(d.finishedAt)}, age(d.finishedAt, now)),
          first: "descending"
        },
        {
          key: "error",
          label: "Error",
          align: "left",
          value: (d) => errorText(d),
          cell: (d) => errorText(d) ?? "–",
          wrap: true
        }
      ]
    })
  );
}
