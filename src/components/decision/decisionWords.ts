import {liquidationCost} from "../../lib/strategy/label.js";
import type {Weighed} from "../../lib/sweep/outofsample.js";
import {type Candidate, isWaiting, lightOfPage, netOf} from "./decisionModel.js";
import {DataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {bp, count, day, number, percent, percentValue, periods, plural, signGlyph} from "../ui/format.js";
import {Keys} from "../ui/keys.js";
import {Lamp} from "../ui/lamp.js";

/** Input of the sentences and tables of the page. */
export interface DecisionView {
  list: readonly Candidate[];
  preset: string;
  /** risk-free return a year, a share */
  hurdle: number;
  /** pairs still to be tested */
  pending: number;
}

const ordinal = (share: number | null): string => (share === null ? "–" : percent(share, 0));

/** Draws the light with the answer in sentences that a beginner understands. */
export function DecisionAnswer({list, preset, pending}: DecisionView): HTMLElement {
  if (!list.length) return h("p", {class: "answer"}, "There is no data yet, so there is no decision.");
  const light = lightOfPage(list);
  const entering = list.filter((d) => d.row.enters[preset]);
  const best = list[0]!;
  const {row, explorer, weighed} = best;
  const net = netOf(weighed);
  const first =
    light === "green"
      ? `There is a case for opening ${row.pair}: its rate is high by its own standards, and the ${preset} rules had a gain on it out of sample.`
      : light === "yellow"
        ? row.label === "strong"
          ? `Wait: the rate of ${row.pair} is high now, but the out-of-sample result of the ${preset} rules is ${pending ? "still being computed" : "not known"}.`
          : `Wait: the rate of ${row.pair} is above its usual level, but not clearly.`
        : row.label === "strong" && net !== undefined
          ? `No: the rate of ${row.pair} is high now, but the ${preset} rules had no gain on it out of sample.`
          : `No: the rate of none of ${plural(list.length, "pair")} is high by its own standards.`;
  const waiting = list.filter((d) => isWaiting(d.row, preset)).length;
  const wait = waiting
    ? ` They cannot score ${plural(waiting, "pair")} yet: the candles that opened at the settlement are still open.`
    : "";
  const second = ` ${entering.length ? plural(entering.length, "pair") : "No pair"} ${entering.length > 1 ? "are" : "is"} above the threshold of the ${preset} rules now.`;
  const third =
    row.rate8h === null
      ? ""
      : ` ${row.pair} settled ${bp(row.rate8h)} per 8 h on ${day(row.newestTs)}, above ${ordinal(row.percentile)} of its own history; ` +
        (row.breakEvenPeriods === null
          ? "a rate that is not positive never covers the round trip."
          : `at that rate it breaks even after ${periods(row.breakEvenPeriods)}` +
            (explorer?.heldShare == null
              ? "."
              : `; ${percent(explorer.heldShare, 0)} of past entries reached break-even.`));
  return h(
    "div",
    {class: "verdict"},
    Lamp(light, {large: true}),
    h("p", {class: "answer"}, first + second + wait + third)
  );
}

/** Draws four figures: entries now, the best pair, out-of-sample gains, out-of-sample return against the hurdle. */
export function DecisionKeys({list, preset, hurdle, pending}: DecisionView): HTMLElement {
  const strong = list.filter((d) => d.row.label === "strong").length;
  const moderate = list.filter((d) => d.row.label === "moderate").length;
  const weighed = list.filter((d) => d.weighed?.outOfSample);
  const positive = weighed.filter((d) => netOf(d.weighed)! > 0).length;
  const annual = weighed.map((d) => d.weighed!.outOfSample!.annualReturn).sort((a, b) => a - b);
  const median = annual.length ? (annual[(annual.length - 1) >> 1]! + annual[annual.length >> 1]!) / 2 : null;
  const best = list[0]?.row;
  return Keys([
    {
      label: "Above the threshold now",
      value: count(list.filter((d) => d.row.enters[preset]).length),
      unit: `of ${count(list.length)}`,
      note: `${plural(strong, "pair")} strong, ${count(moderate)} moderate`
    },
    {
      label: "Best pair's newest rate",
      value: bp(best?.rate8h),
      unit: "per 8 h",
      note: best ? `${best.pair}, above ${ordinal(best.percentile)} of its history` : "",
      tone: best?.rate8h ? (best.rate8h > 0 ? "earned" : "paid") : null
    },
    {
      label: "Gained out of sample",
      value: weighed.length ? count(positive) : "–",
      unit: weighed.length ? `of ${count(weighed.length)} tested` : "",
      note: pending ? `testing ${plural(pending, "more pair")} …` : `${preset} rules, net of costs`
    },
    {
      label: "Return out of sample",
      value: median === null ? "–" : `${signGlyph(median)} ${percent(median, 2)}`.trim(),
      unit: "a year on capital",
      note: `median pair; the risk-free return is ${percent(hurdle, 1)}`,
      tone: median === null ? null : median > 0 ? "earned" : median < 0 ? "paid" : null
    }
  ]);
}

/** Draws the table of pairs with light, label and the numbers behind them. */
export function DecisionTable(
  {list, preset}: DecisionView,
  {onWeigh, onSort}: {onWeigh: (d: Candidate) => void; onSort: (rows: readonly Candidate[]) => void}
): HTMLElement {
  return DataTable(list, {
    caption: `Every pair at its newest settlement. Out of sample: the ${preset} rules on the second half of its history, net of costs`,
    param: "sort",
    pageSize: 60,
    onSort,
    columns: [
      {
        key: "pair",
        label: "Pair",
        align: "left",
        value: (d) => d.row.pair,
        cell: (d) => h("a", {href: `./pairs/${d.row.slug}`}, d.row.pair)
      },
      {
        key: "light",
        label: "Light",
        align: "left",
        value: (d) => ["green", "yellow", "red"].indexOf(d.light),
        cell: (d) => Lamp(d.light)
      },
      {
        key: "label",
        label: "Label",
        align: "left",
        value: (d) => d.row.label,
        cell: (d) => h("span", {title: d.row.reasons.join("; ")}, d.row.label)
      },
      {
        key: "enters",
        label: "Enters now",
        align: "left",
        value: (d) => Number(d.row.enters[preset] ?? false),
        cell: (d) => (d.row.enters[preset] ? "✓ yes" : isWaiting(d.row, preset) ? "– not yet" : "✗ no")
      },
      {
        key: "rate",
        label: "Rate, bp per 8 h",
        first: "descending",
        value: (d) => d.row.rate8h,
        cell: (d) => bp(d.row.rate8h).replace(" bp", "")
      },
      {
        key: "percentile",
        label: "Percentile, %",
        title: "share of the pair's own rates below the newest one, plus half the share equal to it",
        first: "descending",
        value: (d) => d.row.percentile,
        cell: (d) => ordinal(d.row.percentile).replace(" %", "")
      },
      {
        key: "z",
        label: "z",
        title: "standard deviations above the pair's own mean",
        first: "descending",
        value: (d) => d.row.z,
        cell: (d) => number(d.row.z, 2)
      },
      {key: "trend", label: "Trend", align: "left", value: (d) => d.row.trend},
      {
        key: "score",
        label: "Score",
        title: "composite score under the default weights, 0 to 1",
        first: "descending",
        value: (d) => d.row.composite,
        cell: (d) => number(d.row.composite, 2)
      },
      {
        key: "breakEven",
        label: "Break-even, periods",
        title: "periods of 8 h at the newest rate that cover the round trip",
        value: (d) => d.row.breakEvenPeriods,
        cell: (d) => number(d.row.breakEvenPeriods, 1)
      },
      {
        key: "held",
        label: "Reached break-even, %",
        title: "share of past entries whose rate lasted until break-even",
        first: "descending",
        value: (d) => d.explorer?.heldShare,
        cell: (d) => percent(d.explorer?.heldShare, 0).replace(" %", "")
      },
      {
        key: "coverage",
        label: "Coverage, %",
        value: (d) => d.explorer?.coverageShare,
        cell: (d) => percent(d.explorer?.coverageShare, 1).replace(" %", "")
      },
      {
        key: "oos",
        label: "Out of sample, net",
        first: "descending",
        value: (d) => netOf(d.weighed),
        cell: (d) =>
          d.weighed === undefined
            ? h("button", {type: "button", class: "link no-print", click: () => onWeigh(d)}, `Test ${d.row.pair}`)
            : d.weighed === null
              ? "no candles"
              : !d.weighed.outOfSample
                ? "insufficient"
                : h(
                    "span",
                    {class: netOf(d.weighed)! > 0 ? "earned" : netOf(d.weighed)! < 0 ? "paid" : null},
                    `${signGlyph(netOf(d.weighed))} ${number(netOf(d.weighed), 2)}`.trim()
                  )
      },
      {
        key: "annual",
        label: "Out of sample, % a year",
        first: "descending",
        value: (d) => d.weighed?.outOfSample?.annualReturn,
        cell: (d) => percentValue(d.weighed?.outOfSample?.annualReturn, 2)
      },
      {
        key: "whole",
        label: "All history, % a year",
        title: "the rules on the whole history, on the account's capital",
        first: "descending",
        value: (d) => d.weighed?.metrics.annualReturn,
        cell: (d) => percentValue(d.weighed?.metrics.annualReturn, 2)
      },
      {
        key: "delayed",
        label: "One bar later, % a year",
        title: "the whole history with every decision one bar later",
        first: "descending",
        value: (d) => delayed(d.weighed),
        cell: (d) => percentValue(delayed(d.weighed), 2)
      }
    ]
  });
}

const delayed = (weighed: Weighed | null | undefined): number | undefined =>
  weighed?.sensitivities.find(({code}) => code === "delayed")?.metrics.annualReturn;

/** Lists the strongest arguments against a trade, from the tested pairs and the liquidation arithmetic. */
export function DecisionAgainst({list, preset, hurdle, costs}: DecisionView & {costs: {perpFee: number}}): HTMLElement {
  const weighed = list.flatMap((d) => (d.weighed ? [d.weighed] : []));
  const worst = [...weighed].sort((a, b) => b.metrics.maxDrawdown - a.metrics.maxDrawdown)[0];
  const months = weighed.reduce((sum, d) => ({lost: sum.lost + d.months.lost, all: sum.all + d.months.all}), {
    lost: 0,
    all: 0
  });
  const years = weighed.reduce((sum, d) => ({lost: sum.lost + d.years.lost, all: sum.all + d.years.all}), {
    lost: 0,
    all: 0
  });
  const below = weighed.filter((d) => d.outOfSample && d.outOfSample.annualReturn < hurdle).length;
  const tested = weighed.filter((d) => d.outOfSample).length;
  const item = (title: string, text: string) => h("li", {}, h("strong", {}, `${title}. `), text);
  const calm = liquidationCost({leverage: 1, perpFee: costs.perpFee});
  const bold = liquidationCost({leverage: 3, perpFee: costs.perpFee});
  return h(
    "ul",
    {class: "arguments"},
    item(
      "The hurdle",
      tested
        ? `On ${count(below)} of ${plural(tested, "pair")} the ${preset} rules made less out of sample than a risk-free return of ${percent(hurdle, 1)} a year on capital.`
        : `The risk-free return is ${percent(hurdle, 1)} a year; no pair has been compared with it yet.`
    ),
    item(
      "The worst drawdown",
      worst
        ? `On ${worst.pair} the account fell by ${percent(worst.metrics.maxDrawdown, 2)} from its peak, between ${day(worst.startMs)} and ${day(worst.endMs)}.`
        : "No pair has been tested yet."
    ),
    item(
      "Losing months and years",
      months.all
        ? `${count(months.lost)} of ${plural(months.all, "pair-month")} and ${count(years.lost)} of ${plural(years.all, "pair-year")} lost money. A month without an open hedge counts as not lost.`
        : "No pair has been tested yet."
    ),
    item(
      "Liquidation",
      `With a margin equal to the notional, the short leg is liquidated when the price rises by ${percent(calm.rise, 1)}; at three times leverage, by ${percent(bold.rise, 1)}. This costs ${percent(calm.loss, 2)} and ${percent(bold.loss, 2)} of notional at once, and leaves the coin unhedged. ` +
        `In the tests it happened ${plural(
          weighed.reduce((sum, d) => sum + d.liquidated, 0),
          "time"
        )}.`
    )
  );
}
