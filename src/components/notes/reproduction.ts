import * as Plot from "npm:@observablehq/plot";
import {colors} from "../ui/colors.js";
import {DataTable} from "../ui/dataTable.js";
import {Figure} from "../ui/figure.js";
import {count, number} from "../ui/format.js";

/** Mean and standard deviation of a pair's funding, % a year. */
interface Annual {
  pair: string;
  mean: number;
  sd: number;
  n?: number;
}

interface Compared {
  pair: string;
  paper: Annual;
  ours: Annual | undefined;
}

const compare = (ours: readonly Annual[], paper: readonly Annual[]): Compared[] =>
  paper.map((d) => ({pair: d.pair, paper: d, ours: ours.find((o) => o.pair === d.pair)}));

/** Says in one sentence how many pairs agree and how large the largest difference is. */
export function reproductionAnswer(ours: readonly Annual[], paper: readonly Annual[]): string {
  const rows = compare(ours, paper).filter((d) => d.ours);
  if (!rows.length) {
    return "Not yet: the lake has no settled rates of these pairs at Binance between 2020-01-08 and 2024-03-11.";
  }
  const worst = (key: "mean" | "sd") => Math.max(...rows.map((d) => Math.abs(d.ours![key] - d.paper[key])));
  const missing = paper.length - rows.length;
  const lead = Math.max(worst("mean"), worst("sd")) < 0.25 ? "Yes" : "Not quite";
  return (
    `${lead}: for ${rows.length} of ${paper.length} pairs the means are within ${number(worst("mean"), 2)} and the standard deviations within ${number(worst("sd"), 2)} percentage points of the paper's, which are rounded to one decimal.` +
    (missing ? ` ${missing} of the paper's pairs ${missing === 1 ? "is" : "are"} not in the lake.` : "")
  );
}

/** Draws the table of the paper's figures, ours and the difference. */
export function ReproductionTable(ours: readonly Annual[], paper: readonly Annual[]): HTMLElement {
  const figure = (key: "mean" | "sd", name: string) => [
    {
      key: `${key}-paper`,
      label: `${name}, paper`,
      value: (d: Compared) => d.paper[key],
      cell: (d: Compared) => number(d.paper[key], 1)
    },
    {
      key: `${key}-ours`,
      label: `${name}, ours`,
      value: (d: Compared) => d.ours?.[key],
      cell: (d: Compared) => number(d.ours?.[key], 2)
    },
    {
      key: `${key}-difference`,
      label: "difference",
      value: (d: Compared) => d.ours && d.ours[key] - d.paper[key],
      cell: (d: Compared) => number(d.ours && d.ours[key] - d.paper[key], 2)
    }
  ];
  return DataTable(compare(ours, paper), {
    caption: "Settled funding, % a year (rate × 1,095), Binance, 2020-01-08 to 2024-03-11",
    columns: [
      {key: "pair", label: "Pair", align: "left", value: (d: Compared) => d.pair},
      ...figure("mean", "mean"),
      ...figure("sd", "st. dev."),
      {key: "n", label: "settlements", value: (d: Compared) => d.ours?.n, cell: (d: Compared) => count(d.ours?.n)}
    ]
  });
}

/** Charts the paper's mean and ours for each pair on one axis. */
export function ReproductionChart(ours: readonly Annual[], paper: readonly Annual[]): HTMLElement {
  const rows = compare(ours, paper).filter((d) => d.ours);
  return Figure(
    (width) =>
      Plot.plot({
        width,
        height: 190,
        marginLeft: 86,
        marginTop: 36,
        x: {axis: "top", label: "mean, % a year", grid: true, nice: true, labelOffset: 34},
        y: {type: "band", domain: paper.map((d) => d.pair), label: null, tickSize: 0},
        marks: [
          Plot.ruleX([0], {stroke: colors.soft}),
          Plot.tickX(paper, {x: "mean", y: "pair", stroke: colors.fees, strokeWidth: 2, insetTop: 4, insetBottom: 4}),
          Plot.dot(rows, {x: (d: Compared) => d.ours!.mean, y: "pair", r: 4, fill: colors.earned}),
          Plot.text(rows, {
            x: (d: Compared) => Math.max(d.ours!.mean, d.paper.mean),
            y: "pair",
            dx: 9,
            textAnchor: "start",
            text: (d: Compared) => number(d.ours!.mean, 2),
            fill: colors.ink
          })
        ]
      }),
    {
      title: "Mean funding, here and in the paper",
      subtitle: "Dot: computed from the rates in this lake. Grey tick: the paper, rounded to one decimal.",
      height: 190,
      nothing: rows.length ? null : "No settled rates of these pairs yet."
    }
  );
}
