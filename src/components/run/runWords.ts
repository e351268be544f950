import type {LabRun} from "../../lib/workers/lab.js";
import {qualityWords, totalQuality} from "../../lib/backtest/quality.js";
import type {RunReport} from "../../lib/backtest/report.js";
import type {Statistic} from "../../lib/stats/ratios.js";
import type {Variation} from "../../lib/backtest/sensitivity.js";
import type {RunRequest} from "../../lib/strategy/request.js";
import {DataTable, type Column} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {count, day, money, number, percent, plural, signGlyph} from "../ui/format.js";
import {Keys} from "../ui/keys.js";
import {slugOf} from "../ui/links.js";

/** A run with its inputs. */
interface ShownRun {
  state: RunRequest;
  run: LabRun;
  /** sensitivities: one bar of delay, doubled costs; undefined until computed */
  checks: readonly Variation[] | undefined;
}

/** Formats a statistic: the number, or the word in its place, such as `insufficient`. */
export const statistic = (value: Statistic | undefined, digits = 2): string =>
  typeof value === "number" ? number(value, digits) : (value ?? "–");

/** Formats a share with a sign glyph: `▲ 1.20 %`. */
const signedPercent = (share: number | undefined, digits = 2): string =>
  share === undefined ? "–" : `${signGlyph(share)} ${percent(share, digits)}`.trim();

/** Returns the common quote currency of pairs, or `quote` when they differ. */
export function unitOf(pairs: readonly string[]): string {
  const quotes = new Set(pairs.map((pair) => pair.split("/")[1]));
  return quotes.size === 1 ? [...quotes][0]! : "quote";
}

const pairsText = (pairs: readonly string[]): string =>
  pairs.length <= 3 ? pairs.join(", ") : `${plural(pairs.length, "pair")}`;

/** Answers the page's title for the current run. */
export function runAnswer({state, run}: ShownRun): string {
  const {totals, metrics} = run.report.portfolio;
  const span = `from ${day(run.startMs)} to ${day(run.endMs)}`;
  if (totals.trades === 0) {
    return `No: on ${pairsText(state.pairs)} ${span} these rules never opened a hedge, so there was no gain and no loss.`;
  }
  const gained = Number(totals.net) > 0;
  const paid = Number(totals.fees) + Number(totals.slippage);
  const warning = qualityWords(totalQuality(run.report.runs.map(({quality}) => quality)));
  return (
    `${warning ? `${warning} ` : ""}${gained ? "It gained" : "It lost"}: on ${pairsText(state.pairs)} ${span} these rules made ${plural(totals.trades, "trade")} ` +
    `and ${gained ? "earned" : "lost"} ${percent(Math.abs(metrics.totalReturn), 2)} of the capital, ${percent(metrics.annualReturn, 2)} a year; ` +
    `costs took ${money(paid, unitOf(state.pairs))} of ${money(Number(totals.funding), unitOf(state.pairs))} of funding.`
  );
}

/** Draws four figures of a run, each with what reduces it. */
export function RunKeys({state, run, checks}: ShownRun): HTMLElement {
  const {totals, metrics, intervals} = run.report.portfolio;
  const check = (code: Variation["code"]) => checks?.find((d) => d.code === code)?.metrics.annualReturn;
  const unit = unitOf(state.pairs);
  const {low, high} = intervals.sharpe;
  return Keys([
    {
      label: "Return on capital",
      value: signedPercent(metrics.annualReturn),
      unit: "a year",
      tone: metrics.annualReturn > 0 ? "earned" : metrics.annualReturn < 0 ? "paid" : null,
      note: checks
        ? `one bar later ${percent(check("delayed"), 2)}, at double costs ${percent(check("doubled-costs"), 2)}`
        : "computing one bar of delay and double costs …"
    },
    {
      label: "Net",
      value: `${signGlyph(Number(totals.net))} ${number(Number(totals.net), 2)}`.trim(),
      unit,
      tone: Number(totals.net) > 0 ? "earned" : Number(totals.net) < 0 ? "paid" : null,
      note: `of ${money(Number(run.report.config["capital"]), unit, 0)}; ${plural(totals.trades, "trade")}, ${count(totals.wins)} won, ${count(totals.liquidated)} liquidated`
    },
    {
      label: "Worst drawdown",
      value: percent(metrics.maxDrawdown, 2),
      unit: "of the peak",
      note: `hedge open ${percent(metrics.exposure, 0)} of the time`
    },
    {
      label: h("abbr", {title: "mean over standard deviation of daily returns, times √365"}, "Sharpe ratio"),
      value: statistic(metrics.sharpe),
      note:
        typeof low === "number" && typeof high === "number"
          ? `90 % interval ${number(low, 2)} to ${number(high, 2)}`
          : "too few days with returns for an interval"
    }
  ]);
}

/** Says how many pairs were profitable, with the best and the worst. */
export function pairsAnswer(runs: readonly RunReport[]): string {
  const traded = runs.filter((d) => d.totals.trades > 0);
  const won = runs.filter((d) => Number(d.totals.net) > 0).length;
  if (!traded.length) return `0 of ${plural(runs.length, "pair")} profitable: none was opened.`;
  const ranked = [...traded].sort((a, b) => Number(b.totals.net) - Number(a.totals.net));
  const named = (d: RunReport) => `${d.pair} ${number(Number(d.totals.net), 2)}`;
  return (
    `${count(won)} of ${plural(runs.length, "pair")} profitable` +
    (ranked.length > 1 ? `; best ${named(ranked[0]!)}, worst ${named(ranked.at(-1)!)}.` : `: ${named(ranked[0]!)}.`)
  );
}

const numeric = (
  key: string,
  label: string,
  value: (d: RunReport) => number | null,
  digits = 2,
  title?: string
): Column<RunReport> => ({
  key,
  label,
  value,
  first: "descending",
  cell: (d) => number(value(d), digits),
  ...(title && {title})
});

/** Draws the table of pairs of a run with their components, each as if it had the account for itself. */
export function PairTable(runs: readonly RunReport[], {unit}: {unit: string}): HTMLElement {
  return DataTable(runs, {
    caption: `Results by pair; money in ${unit}, percentages of the whole capital`,
    param: "pairs-sort",
    sort: "-net",
    pageSize: 20,
    columns: [
      {
        key: "pair",
        label: "Pair",
        align: "left",
        value: (d) => d.pair,
        cell: (d) => h("a", {href: `./pairs/${slugOf(d.pair)}`}, d.pair)
      },
      {
        key: "net",
        label: "Net",
        first: "descending",
        value: (d) => Number(d.totals.net),
        cell: (d) =>
          h(
            "span",
            {class: Number(d.totals.net) > 0 ? "earned" : Number(d.totals.net) < 0 ? "paid" : null},
            `${signGlyph(Number(d.totals.net))} ${number(Number(d.totals.net), 2)}`.trim()
          )
      },
      numeric("annual", "% a year", (d) => d.metrics.annualReturn * 100),
      numeric("trades", "Trades", (d) => d.totals.trades, 0),
      numeric("won", "Won, %", (d) => (d.metrics.winRate === undefined ? null : d.metrics.winRate * 100), 0),
      numeric("funding", "Funding", (d) => Number(d.totals.funding)),
      numeric("basis", "Basis", (d) => Number(d.totals.basis)),
      numeric("fees", "Fees", (d) => Number(d.totals.fees)),
      numeric("slippage", "Slippage", (d) => Number(d.totals.slippage)),
      numeric("drawdown", "Drawdown, %", (d) => d.metrics.maxDrawdown * 100),
      numeric(
        "held",
        "Mean hold, h",
        (d) => d.metrics.meanHoldingHours ?? null,
        0,
        "mean time from entry to exit, in hours"
      ),
      numeric("work", "Exposure, %", (d) => d.metrics.exposure * 100, 0, "share of the time with a hedge open"),
      numeric(
        "refused",
        "Rejected",
        (d) => d.counts.cannotOpen + d.counts.noPrice,
        0,
        "entries that were rejected or found no price in time"
      )
    ]
  });
}
