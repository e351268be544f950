import {badge, freshnessBadge} from "../ui/badge.js";
import {CoverageStrip, coverageHeight, seriesName} from "../charts/coverageStrip.js";
import {LiveDataTable} from "../ui/dataTable.js";
import {h} from "../ui/dom.js";
import {Figure} from "../ui/figure.js";
import {age, count, day, instant, plural, span} from "../ui/format.js";
import {Keys} from "../ui/keys.js";
import {coverageText, meanCoverage, pairsWithPage} from "../pageBar.js";
import type {Live} from "../ui/liveFigure.js";
import type {SeriesActions} from "./actions.js";
import {isObservationSeries, isOwnSeries, isSeries} from "../../lib/market/pair.js";
import type {Hole, SeriesStatus, Status} from "../feed/types.js";

const STRIPS = 40;

/** Filter of the series on the Data page. */
export interface SeriesFilter {
  kind: "all" | "funding" | "candles" | "other" | "holes";
  search: string;
}

/** Kind of a series: rates of funding, candles, or single values such as open interest and borrow rates. */
const kindOf = ({series}: Pick<SeriesStatus, "series">): "funding" | "candles" | "other" =>
  series === "funding" || series === "predicted"
    ? "funding"
    : isSeries(series) && isObservationSeries(series)
      ? "other"
      : "candles";

/** A series that no venue is asked for: its rows come from files alone. */
const isFiled = ({series}: Pick<SeriesStatus, "series">): boolean => series === "borrow" || isOwnSeries(series);

/** Returns the series of a kind whose venue, pair, name and timeframe contain every word, sorted by pair. */
export function filterSeries(series: readonly SeriesStatus[], {kind, search}: SeriesFilter): SeriesStatus[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return series
    .filter((d) =>
      kind === "holes" ? d.holes.length > 0 : kind === "all" ? true : kindOf(d) === kind
    )
    .filter((d) => words.every((w) => `${d.venue} ${d.pair} ${seriesName(d)}`.toLowerCase().includes(w)))
    .sort((a, b) => a.pair.localeCompare(b.pair, "en") || seriesName(a).localeCompare(seriesName(b), "en"));
}

const holeRows = (series: readonly SeriesStatus[]) => series.flatMap((d) => d.holes).reduce((n, d) => n + d.rows, 0);

/** Says how complete and how fresh the data is. */
export function DataAnswer(status: Status | null): HTMLElement {
  if (!status?.series.length) return h("p", {class: "answer"}, "There is no data yet.");
  const open = status.series.flatMap((d) => d.holes).filter((d) => d.state === "open");
  const stale = status.series.filter((d) => d.freshness === "stale").length;
  const total = status.series.length;
  return h(
    "p",
    {class: "answer"},
    `${plural(total, "series", "series")} of ${plural(status.pairs, "pair")}, ${count(status.rows.funding + status.rows.candles + (status.rows.observations ?? 0))} rows, ${coverageText(meanCoverage(status.series))} complete. `,
    open.length ? `${plural(open.length, "hole")} can still be filled. ` : "No hole can still be filled. ",
    stale ? `${stale === total ? "All" : count(stale)} series are stale.` : "No series is stale."
  );
}

/** Draws four figures of all data. */
export function DataKeys(status: Status | null, now: number = Date.now()): HTMLElement {
  if (!status?.series.length) return h("div", {});
  return Keys([
    {
      label: "Settlements",
      value: count(status.rows.funding),
      note: plural(status.series.filter((d) => d.series === "funding").length, "series", "series")
    },
    {
      label: "Candles",
      value: count(status.rows.candles),
      note: plural(
        status.series.filter((d) => kindOf(d) === "candles").length,
        "series",
        "series"
      )
    },
    {
      label: "Rows missing",
      value: count(holeRows(status.series)),
      note: `coverage ${coverageText(meanCoverage(status.series))}`
    },
    {label: "Newest row", value: day(status.last), note: age(status.last, now)}
  ]);
}

const idOf = (d: SeriesStatus): string => `${d.venue} ${d.pair} ${seriesName(d)}`;

/** Draws a small button of a row; its accessible name includes the row. */
const act = (label: string, about: string, click: () => void): HTMLElement =>
  h("button", {type: "button", class: "button button--row", "aria-label": `${label} ${about}`, click}, label);

/**
 * Draws the table of series with time range, coverage, freshness and actions.
 * @param all all series; pairs with settlements are linked to their page
 */
export function SeriesTable(all: readonly SeriesStatus[], actions?: SeriesActions): Live<readonly SeriesStatus[]> {
  const pages = pairsWithPage(all);
  return LiveDataTable<SeriesStatus>({
    key: idOf,
    caption: "One row per series; click a header to sort",
    pageSize: 25,
    param: "sort",
    nothing: "No series matches.",
    columns: [
      {
        key: "pair",
        label: "Pair",
        align: "left",
        value: (d) => d.pair,
        cell: (d) => [
          pages.has(d.pair) ? h("a", {href: `./pairs/${d.pair.replace("/", "-")}`}, d.pair) : d.pair,
          " ",
          h("span", {class: "muted"}, d.venue)
        ]
      },
      {key: "series", label: "Series", align: "left", value: seriesName},
      {key: "rows", label: "Rows", value: (d) => d.rows, cell: (d) => count(d.rows), first: "descending"},
      {key: "from", label: "From", value: (d) => d.from, cell: (d) => h("span", {title: instant(d.from)}, day(d.from))},
      {
        key: "to",
        label: "To",
        value: (d) => d.lastTs ?? d.to,
        cell: (d) => h("span", {title: instant(d.lastTs ?? d.to)}, day(d.lastTs ?? d.to)),
        first: "descending"
      },
      {key: "coverage", label: "Coverage", value: (d) => d.coverage, cell: (d) => coverageText(d.coverage)},
      {
        key: "missing",
        label: "Rows missing",
        value: (d) => holeRows([d]),
        cell: (d) => count(holeRows([d])),
        first: "descending"
      },
      {
        key: "fresh",
        label: "Freshness",
        align: "left",
        value: (d) => d.ageMs,
        cell: freshnessBadge,
        mark: (d) => `${d.freshness} ${span(d.ageMs)}`
      },
      ...(actions
        ? [
            {
              key: "do",
              label: "Actions",
              sorts: false,
              align: "left" as const,
              value: idOf,
              cell: (d: SeriesStatus) => [
                ...(isFiled(d) ? [] : [act("Refresh", idOf(d), () => actions.refresh(d)), " "]),
                act("Check", idOf(d), () => actions.check(d))
              ]
            }
          ]
        : [])
    ]
  });
}

/** Charts the coverage of the series. */
export function DataCoverage(series: readonly SeriesStatus[]): HTMLElement {
  const shown = series.slice(0, STRIPS);
  return Figure(
    (width) =>
      CoverageStrip(shown, {width, name: (d) => `${d.pair} ${seriesName(d)}${several(shown, d) ? ` ${d.venue}` : ""}`}),
    {
      title: "Coverage and holes",
      subtitle: `From first to last row, UTC; holes in orange.${series.length > shown.length ? ` The first ${STRIPS} of ${count(series.length)}; use the filter to see others.` : ""}`,
      height: coverageHeight(shown.length),
      nothing: shown.length ? null : "No series."
    }
  );
}

const several = (series: readonly SeriesStatus[], d: SeriesStatus) =>
  series.some((e) => e.pair === d.pair && seriesName(e) === seriesName(d) && e.venue !== d.venue);

/** Draws the table of holes with their state and actions. */
export function HoleTable(actions?: SeriesActions): Live<readonly SeriesStatus[]> {
  type Row = Hole & {series: SeriesStatus};
  const id = (d: Row) => `${idOf(d.series)} ${d.from}`;
  const none = h("p", {class: "muted"}, "No holes in the series shown.");
  const table = LiveDataTable<Row>({
    key: id,
    caption: "Periods without rows",
    param: "holes",
    sort: "-rows",
    pageSize: 25,
    columns: [
      {key: "pair", label: "Series", align: "left", value: (d) => `${d.series.pair} ${seriesName(d.series)}`},
      {key: "from", label: "From", align: "left", value: (d) => d.from, cell: (d) => instant(d.from)},
      {key: "to", label: "To", align: "left", value: (d) => d.to, cell: (d) => instant(d.to)},
      {
        key: "length",
        label: "Length",
        value: (d) => d.to - d.from,
        cell: (d) => span(d.to - d.from),
        first: "descending"
      },
      {key: "rows", label: "Rows missing", value: (d) => d.rows, cell: (d) => count(d.rows), first: "descending"},
      {
        key: "state",
        label: "State",
        align: "left",
        value: (d) => d.state,
        cell: (d) => badge(d.state, d.state === "open" ? "warn" : "plain")
      },
      ...(actions
        ? [
            {
              key: "do",
              label: "Actions",
              sorts: false,
              align: "left" as const,
              value: id,
              cell: (d: Row) => {
                const about = `${idOf(d.series)} from ${instant(d.from)}`;
                return [
                  ...(isFiled(d.series) ? [] : [act("Fill", about, () => actions.fill(d.series, d)), " "]),
                  act("Check", about, () => actions.check(d.series))
                ];
              }
            }
          ]
        : [])
    ]
  });
  return {
    element: h("div", {}, none, table.element),
    update(series) {
      const holes = series.flatMap((d) => d.holes.map((hole) => ({...hole, series: d})));
      none.hidden = holes.length > 0;
      table.element.hidden = holes.length === 0;
      table.update(holes);
    }
  };
}
