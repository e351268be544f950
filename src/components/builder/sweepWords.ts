import type {BestReport} from "../../lib/sweep/report.js";
import {DataTable, type Column} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {day, number, percent, plural} from "../ui/format.js";
import {statistic} from "../run/runWords.js";

const paramsText = (params: Readonly<Record<string, string>>): string =>
  Object.entries(params)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");

/** Describes the evidence for and against the best trial of a sweep on one pair. */
export function sweepAnswer({
  pair,
  best,
  trials,
  totals,
  deflation,
  overfitting,
  baselines,
  walkForward
}: BestReport): string {
  const anchored = walkForward.find((d) => d.mode === "anchored");
  const hold = baselines.holdThrough.net;
  const {beaten, median} = baselines.randomEntry;
  return [
    `${pair}: of ${plural(trials, "trial")} the best is ${paramsText(best.params)} with a net of ${number(Number(totals.net), 2)}.`,
    typeof deflation.deflatedSharpe === "number"
      ? `After all trials the probability that its Sharpe ratio is more than luck is ${percent(deflation.deflatedSharpe, 0)}.`
      : "It moves on too few days for a deflated Sharpe ratio.",
    typeof overfitting.pbo === "number"
      ? `The probability of overfitting is ${percent(overfitting.pbo, 0)}: so often the best in one half of the days was below the median in the other.`
      : "There are too few days or trials for a probability of overfitting.",
    `Holding through made ${number(hold, 2)}` +
      (beaten === undefined || median === undefined
        ? "."
        : `; random entries of the same number and length made ${number(median, 2)} in the median, and the best beats ${percent(beaten, 0)} of them.`),
    anchored
      ? `Walked forward, chosen on the past and traded on what came next, it made ${number(anchored.net, 2)}.`
      : "The range is too short to be walked forward."
  ].join(" ");
}

/** Draws the best trial of each pair and its tests as a table. */
export function SweepTable(reports: readonly BestReport[], {unit}: {unit: string}): HTMLElement {
  const figure = (
    key: string,
    label: string,
    value: (d: BestReport) => number | string | undefined,
    digits = 2,
    title?: string
  ): Column<BestReport> => ({
    key,
    label,
    first: "descending",
    value: (d) => {
      const v = value(d);
      return typeof v === "number" ? v : null;
    },
    cell: (d) => {
      const v = value(d);
      return typeof v === "number" ? number(v, digits) : (v ?? "–");
    },
    ...(title && {title})
  });
  const walk = (mode: string) => (d: BestReport) => d.walkForward.find((w) => w.mode === mode)?.net;
  const varied = (name: string) => (d: BestReport) => {
    const found = d.sensitivities.find((s) => s.name === name);
    return found && found.metrics.totalReturn * Number(d.config["capital"]);
  };
  return DataTable(reports, {
    caption: `The best of each pair and what is left of it; money in ${unit}`,
    param: "best",
    pageSize: 20,
    columns: [
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair},
      {key: "params", label: "Best values", align: "left", value: (d) => paramsText(d.best.params)},
      figure("net", "Net", (d) => Number(d.totals.net)),
      figure(
        "delayed",
        "One bar later",
        varied("decision one bar later"),
        2,
        "net when every decision is acted on one bar later"
      ),
      figure("doubled", "Double costs", varied("costs doubled"), 2, "net at twice the fees and slippage"),
      figure("sharpe", "Sharpe", (d) => d.metrics.sharpe),
      figure(
        "deflated",
        "Deflated, %",
        (d) =>
          typeof d.deflation.deflatedSharpe === "number"
            ? d.deflation.deflatedSharpe * 100
            : d.deflation.deflatedSharpe,
        0,
        "probability that the Sharpe ratio is above what luck alone shows the best of so many trials"
      ),
      figure(
        "pbo",
        "Overfit, %",
        (d) => (typeof d.overfitting.pbo === "number" ? d.overfitting.pbo * 100 : d.overfitting.pbo),
        0,
        "share of splits in which the best in sample was at or below the median out of sample"
      ),
      figure("hold", "Hold through", (d) => d.baselines.holdThrough.net, 2, "net of entering once and staying"),
      figure(
        "random",
        "Random entry",
        (d) => d.baselines.randomEntry.median,
        2,
        "median net of entries at random instants"
      ),
      figure("anchored", "Walk-forward", walk("anchored"), 2, "net out of sample, trained on everything before"),
      figure("rolling", "rolling", walk("rolling"), 2, "net out of sample, trained on a window of fixed length")
    ]
  });
}

/** Draws the folds of one pair's walk-forward: chosen values, net in training and out of sample; null without folds. */
export function FoldTable({pair, walkForward}: BestReport, {unit}: {unit: string}): HTMLElement | null {
  const rows = walkForward.flatMap(({mode, folds}) => folds.map((fold) => ({mode, ...fold})));
  if (!rows.length) return null;
  return h(
    "details",
    {class: "more"},
    h("summary", {}, `Walk-forward of ${pair}, step by step`),
    DataTable(rows, {
      caption: `Net in ${unit}; each stretch closes its hedges at its end and pays for it`,
      columns: [
        {key: "mode", label: "Training", align: "left", value: (d) => d.mode},
        {
          key: "from",
          label: "Trained from",
          align: "left",
          value: (d) => d.trainFromMs,
          cell: (d) => day(d.trainFromMs)
        },
        {key: "to", label: "Traded from", align: "left", value: (d) => d.trainToMs, cell: (d) => day(d.trainToMs)},
        {key: "end", label: "until", align: "left", value: (d) => d.testToMs, cell: (d) => day(d.testToMs)},
        {key: "params", label: "Chosen", align: "left", value: (d) => paramsText(d.params)},
        {key: "in", label: "Net in training", value: (d) => d.inSampleNet, cell: (d) => number(d.inSampleNet, 2)},
        {key: "out", label: "Net after it", value: (d) => d.outOfSampleNet, cell: (d) => number(d.outOfSampleNet, 2)}
      ]
    })
  );
}

export {paramsText, statistic};
