import type {Variation} from "../../lib/backtest/sensitivity.js";
import type {BestReport} from "../../lib/sweep/report.js";
import {DataTable, type Column} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {day, number, percent, plural} from "../ui/format.js";

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
      ? `Given all trials, the probability that its Sharpe ratio is more than luck is ${percent(deflation.deflatedSharpe, 0)}.`
      : "Its returns change on too few days for a deflated Sharpe ratio.",
    typeof overfitting.pbo === "number"
      ? `The probability of overfitting is ${percent(overfitting.pbo, 0)}: the share of splits in which the in-sample best ranked below the out-of-sample median.`
      : "There are too few days or trials for a probability of overfitting.",
    `Holding one hedge throughout made ${number(hold, 2)}` +
      (beaten === undefined || median === undefined
        ? "."
        : `. Random entries of the same number and length had a median of ${number(median, 2)}; the best beats ${percent(beaten, 0)} of them.`),
    anchored
      ? `In a walk-forward test, with settings chosen on past data and traded on later data, it made ${number(anchored.net, 2)}.`
      : "The range is too short for a walk-forward test."
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
  const varied = (code: Variation["code"]) => (d: BestReport) => {
    const found = d.sensitivities.find((s) => s.code === code);
    return found && found.metrics.totalReturn * Number(d.config["capital"]);
  };
  return DataTable(reports, {
    caption: `Best settings of each pair, with tests; money in ${unit}`,
    param: "best",
    pageSize: 20,
    columns: [
      {key: "pair", label: "Pair", align: "left", value: (d) => d.pair},
      {key: "params", label: "Best settings", align: "left", value: (d) => paramsText(d.best.params)},
      figure("net", "Net", (d) => Number(d.totals.net)),
      figure("delayed", "One bar later", varied("delayed"), 2, "net with every decision one bar later"),
      figure("doubled", "Double costs", varied("doubled-costs"), 2, "net at twice the fees and slippage"),
      figure("sharpe", "Sharpe", (d) => d.metrics.sharpe),
      figure(
        "deflated",
        "Deflated, %",
        (d) =>
          typeof d.deflation.deflatedSharpe === "number"
            ? d.deflation.deflatedSharpe * 100
            : d.deflation.deflatedSharpe,
        0,
        "probability that the Sharpe ratio is above what luck alone gives the best of so many trials"
      ),
      figure(
        "pbo",
        "Overfit, %",
        (d) => (typeof d.overfitting.pbo === "number" ? d.overfitting.pbo * 100 : d.overfitting.pbo),
        0,
        "share of splits in which the in-sample best ranked at or below the out-of-sample median"
      ),
      figure(
        "hold",
        "Held throughout",
        (d) => d.baselines.holdThrough.net,
        2,
        "net of one hedge held over the whole range"
      ),
      figure(
        "random",
        "Random entry",
        (d) => d.baselines.randomEntry.median,
        2,
        "median net of entries at random times"
      ),
      figure("anchored", "Walk-forward", walk("anchored"), 2, "out-of-sample net, trained on all earlier data"),
      figure("rolling", "Rolling", walk("rolling"), 2, "out-of-sample net, trained on a window of fixed length")
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
    h("summary", {}, `Walk-forward of ${pair}, fold by fold`),
    DataTable(rows, {
      caption: `Net in ${unit}; hedges are closed at the end of each fold, with costs`,
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
        {key: "end", label: "Traded to", align: "left", value: (d) => d.testToMs, cell: (d) => day(d.testToMs)},
        {key: "params", label: "Chosen", align: "left", value: (d) => paramsText(d.params)},
        {key: "in", label: "Net in training", value: (d) => d.inSampleNet, cell: (d) => number(d.inSampleNet, 2)},
        {
          key: "out",
          label: "Net out of sample",
          value: (d) => d.outOfSampleNet,
          cell: (d) => number(d.outOfSampleNet, 2)
        }
      ]
    })
  );
}
