import type {Remark} from "../../lib/market/snapshot.js";
import {quoteOf} from "../../lib/market/pair.js";
import {seriesName} from "../charts/coverageStrip.js";
import type {SeriesStatus} from "../feed/types.js";
import {badge} from "../ui/badge.js";
import {LiveDataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {instant, span} from "../ui/format.js";
import type {Live} from "../ui/liveFigure.js";

type Row = Remark & {series: SeriesStatus};

const NAMES: Readonly<Record<Remark["kind"], string>> = {
  revised: "revised",
  doubt: "row rejected",
  begins: "begins here",
  ended: "market gone",
  jump: "price jump",
  idle: "no volume"
};

/** Says what a remark means for whoever uses the rows. */
export function remarkWords({kind, ts, toTs, was, now, reason}: Remark, pair: string): string {
  if (kind === "revised" && was === null) return `${reason ?? ""}; the later rates are used`;
  if (kind === "revised") return `a rate of ${was} of notional at first, later ${now}; the later one is used`;
  if (kind === "jump") return `from ${was} to ${now} ${quoteOf(pair)}: a redenomination or a mistake, not a trade`;
  if (kind === "idle") return `nothing traded for ${span(toTs! - ts)}: a simulated fill here proves nothing`;
  return reason ?? "";
}

/** Draws the table of the findings of the series, or says that there are none. */
export function RemarkTable(): Live<readonly SeriesStatus[]> {
  const none = h("p", {class: "muted"}, "Nothing odd was found in the series shown.");
  const table = LiveDataTable<Row>({
    key: (d) => [d.series.venue, d.series.pair, d.series.series, d.series.timeframe, d.kind, d.ts, d.now].join("|"),
    caption: "Findings",
    param: "findings",
    sort: "-from",
    pageSize: 25,
    columns: [
      {key: "pair", label: "Series", align: "left", value: (d) => `${d.series.pair} ${seriesName(d.series)}`},
      {key: "from", label: "From", align: "left", value: (d) => d.ts, cell: (d) => instant(d.ts)},
      {
        key: "kind",
        label: "Finding",
        align: "left",
        value: (d) => d.kind,
        cell: (d) => badge(NAMES[d.kind], d.kind === "begins" || d.kind === "ended" ? "plain" : "warn")
      },
      {key: "says", label: "What it means", align: "left", sorts: false, value: (d) => remarkWords(d, d.series.pair)}
    ]
  });
  return {
    element: h("div", {}, none, table.element),
    update(series) {
      const remarks = series.flatMap((d) => (d.remarks ?? []).map((remark) => ({...remark, series: d})));
      none.hidden = remarks.length > 0;
      table.element.hidden = remarks.length === 0;
      table.update(remarks);
    }
  };
}
