import {DataTable, type Column} from "../ui/dataTable.js";
import {SAMPLE_FIELDS, type Sample} from "./distributionModel.js";
import {h} from "../ui/dom.js";
import {DownloadButtons} from "../ui/download.js";
import {bpValue, count, number, percent} from "../ui/format.js";
import {slugOf} from "../ui/links.js";

const column = (
  key: string,
  label: string,
  value: (d: Sample) => number | null | undefined,
  cell: (d: Sample) => string,
  title?: string
): Column<Sample> => ({
  key,
  label,
  value,
  cell,
  first: "descending",
  ...(title && {title})
});

/** Draws the table of all samples, with downloads. */
export function SampleTable({samples}: {samples: readonly Sample[]}): HTMLElement {
  let sorted: readonly Sample[] = samples;
  const table = DataTable(samples, {
    caption: "All figures; rates in basis points per 8 h, runs in days",
    param: "sort",
    pageSize: 40,
    nothing: "No pair is selected.",
    onSort: (next) => (sorted = next),
    columns: [
      {
        key: "name",
        label: "Pair",
        align: "left",
        value: (d) => d.name,
        cell: (d) => h("a", {href: `./pairs/${slugOf(d.pair)}`}, d.name)
      },
      column(
        "count",
        "Settlements",
        (d) => d.count,
        (d) => count(d.count)
      ),
      column(
        "mean",
        "Mean",
        (d) => d.mean,
        (d) => bpValue(d.mean)
      ),
      column(
        "sd",
        "Standard deviation",
        (d) => d.sd,
        (d) => bpValue(d.sd)
      ),
      column(
        "min",
        "Lowest",
        (d) => d.five?.[0],
        (d) => bpValue(d.five?.[0])
      ),
      column(
        "q1",
        "Lower quartile",
        (d) => d.five?.[1],
        (d) => bpValue(d.five?.[1])
      ),
      column(
        "median",
        "Median",
        (d) => d.five?.[2],
        (d) => bpValue(d.five?.[2])
      ),
      column(
        "q3",
        "Upper quartile",
        (d) => d.five?.[3],
        (d) => bpValue(d.five?.[3])
      ),
      column(
        "max",
        "Highest",
        (d) => d.five?.[4],
        (d) => bpValue(d.five?.[4])
      ),
      column(
        "positive",
        "Positive, %",
        (d) => d.positive,
        (d) => percent(d.positive, 1).replace(" %", "")
      ),
      column(
        "above",
        "Above break-even, %",
        (d) => d.above,
        (d) => percent(d.above, 1).replace(" %", "")
      ),
      column(
        "longest",
        "Longest run, days",
        (d) => d.longest,
        (d) => number(d.longest === undefined ? null : d.longest / 3, 1)
      ),
      column(
        "half",
        "Half-life, days",
        (d) => d.halfLife,
        (d) => number(d.halfLife === undefined ? null : d.halfLife / 3, 1)
      ),
      column(
        "auto",
        "Autocorrelation",
        (d) => d.autocorrelation[0]?.value,
        (d) => number(d.autocorrelation[0]?.value, 2),
        "correlation of each rate with the next one"
      )
    ]
  });
  return h(
    "div",
    {},
    table,
    DownloadButtons(() => sorted, {fields: SAMPLE_FIELDS, name: "carrybook-distributions", noun: "pair"})
  );
}
