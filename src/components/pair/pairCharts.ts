/** Framed charts of a pair's page: title, unit, and the text shown without data. */
import {breakEvenRate} from "../charts/breakEven.js";
import {colors} from "../ui/colors.js";
import {CoverageStrip, coverageHeight} from "../charts/coverageStrip.js";
import {cumulate, type Cumulated} from "../charts/cumulative.js";
import {h} from "../ui/dom.js";
import {Figure, describe} from "../ui/figure.js";
import {bp, count, instant, number, percent, plural} from "../ui/format.js";
import {FundingChart, maxGap} from "../charts/fundingChart.js";
import {HeatLegend, Heatmap} from "../charts/heatmap.js";
import {Histogram, binRates} from "../charts/histogram.js";
import {IntervalStrip, intervalRuns, switchText, switches} from "../charts/intervals.js";
import {LineChart} from "../charts/lineChart.js";
import {costRule} from "../charts/breakEven.js";
import {extentOf, type TimeDomain} from "../charts/timeAxis.js";
import type {Costs, Daily, SeriesStatus, Settlement} from "../feed/types.js";

const NO_FUNDING = "No settled funding of this pair has been imported yet.";

/** Charts funding per settlement with its 30-day mean and the break-even. */
export function FundingFigure(
  rows: readonly Settlement[],
  {domain, costs}: {domain: TimeDomain; costs: Costs}
): HTMLElement {
  return Figure(
    (width) => FundingChart(rows, {width, height: 320, domain, breakEven: breakEvenRate(costs.roundTrip)}),
    {
      title: "Settled funding rate",
      subtitle: [
        "Basis points per 8 h, UTC. ",
        h("span", {class: "earned"}, "▲ earned by the short leg"),
        ", ",
        h("span", {class: "paid"}, "▼ paid by the short leg"),
        "; line: 30-day mean; blank: no rows. A bar that ends in ▲ or ▼ extends beyond the axis."
      ],
      height: 320,
      nothing: rows.length ? null : NO_FUNDING
    }
  );
}

/** Charts cumulative funding since the start of the window against the round-trip cost. */
export function CumulativeFigure(
  rows: readonly Settlement[],
  {domain, costs}: {domain: TimeDomain; costs: Costs}
): HTMLElement {
  const data = cumulate(rows);
  const total = data.at(-1)?.total ?? 0;
  return Figure(
    (width) =>
      LineChart<Cumulated>(data, {
        width,
        height: 250,
        domain,
        x: (d) => d.boundaryTs,
        series: [{name: "funding", y: (d) => d.total * 100, color: total < 0 ? colors.paid : colors.earned}],
        label: "% of notional",
        rightRoom: width >= 640 ? 112 : 16,
        gap: (a) => maxGap(a),
        zero: true,
        marks: costRule(costs.roundTrip * 100, `round trip ${percent(costs.roundTrip, 2)}`),
        tip: (d) =>
          `${instant(d.boundaryTs)}\nreceived in total ${percent(d.total, 2)}\nthis settlement ${bp(d.rate, 3)}`
      }),
    {
      title: "Cumulative funding of the window",
      subtitle: `Per cent of the notional of one leg, before costs, UTC. Dashed: cost of one round trip of both legs.`,
      height: 250,
      nothing: rows.length ? null : "No settlement in this window."
    }
  );
}

/** Charts daily closes of spot and perpetual. */
export function PriceFigure(rows: readonly Daily[], {domain, pair}: {domain: TimeDomain; pair: string}): HTMLElement {
  const inside = rows.filter((d) => d.ts >= domain[0] && d.ts <= domain[1]);
  const quote = pair.split("/")[1] ?? "quote";
  return Figure(
    (width) =>
      LineChart<Daily>(rows, {
        width,
        height: 230,
        domain,
        x: (d) => d.ts,
        series: [
          {name: "spot", y: (d) => d.spotClose, color: colors.fees},
          {name: "perp", y: (d) => d.close, color: colors.ink, dash: "4,2"}
        ],
        label: quote,
        gap: 1.5 * 864e5,
        tip: (d) => `${instant(d.ts)}\nperp close ${number(d.close, 4)}\nspot close ${number(d.spotClose, 4)}`
      }),
    {
      title: "Price",
      subtitle: `Daily closes in ${quote}, UTC; gaps are days without a candle.`,
      height: 230,
      nothing: inside.length ? null : "No candles of this pair in this window."
    }
  );
}

/** Charts the basis at each settlement. */
export function BasisFigure(rows: readonly Settlement[], {domain}: {domain: TimeDomain}): HTMLElement {
  const known = rows.some((d) => d.basis !== null && d.boundaryTs >= domain[0] && d.boundaryTs <= domain[1]);
  return Figure(
    (width) =>
      LineChart<Settlement>(rows, {
        width,
        height: 230,
        domain,
        x: (d) => d.boundaryTs,
        series: [{name: "basis", y: (d) => (d.basis === null ? null : d.basis * 1e4), color: colors.basis}],
        label: "bp",
        gap: (a) => maxGap(a),
        zero: true,
        tip: (d) =>
          `${instant(d.boundaryTs)}\nbasis ${bp(d.basis, 1)}\nspot ${number(d.spotOpen, 4)}, perp ${number(d.perpOpen, 4)}`
      }),
    {
      title: "Basis at settlement",
      subtitle: "Perpetual over spot, less one, in basis points, at the open prices of the settlement time, UTC.",
      height: 230,
      nothing: known ? null : "The basis needs spot and perp candles; at least one of them is missing."
    }
  );
}

/** Charts the settlement interval and lists its changes. */
export function IntervalFigure(rows: readonly Settlement[], {domain}: {domain: TimeDomain}): HTMLElement {
  const changes = switches(rows);
  const ambiguous = intervalRuns(rows)
    .filter((d) => d.intervalHours === null)
    .reduce((n, d) => n + d.rows, 0);
  const listed = changes.slice(0, 4).map(switchText).join("; ");
  return Figure((width) => IntervalStrip(rows, {width, domain}), {
    title: "Hours between settlements",
    subtitle: changes.length
      ? `${plural(changes.length, "change")} in all history${ambiguous ? `, ${count(ambiguous)} ambiguous rows (amber)` : ""}. Newest: ${listed}.`
      : "The interval never changed.",
    height: 64,
    nothing: rows.length ? null : NO_FUNDING
  });
}

/** Charts the distribution of the window's rates. */
export function HistogramFigure(
  rows: readonly Settlement[],
  {bins, costs, domain}: {bins: number; costs: Costs; domain: TimeDomain}
): HTMLElement {
  const rates = rows.map((d) => d.rate8h).filter((v) => v !== null);
  const breakEven = breakEvenRate(costs.roundTrip);
  const {below, above} = binRates(rates, {bins, breakEven});
  const over = rates.filter((v) => v >= breakEven).length;
  return Figure((width) => Histogram(rates, {width, height: 270, bins, breakEven}), {
    title: "Settled rates of the window",
    subtitle:
      `${count(rates.length)} settlements from ${instant(domain[0]).slice(0, 10)} to ${instant(domain[1]).slice(0, 10)}: ` +
      `${percent(rates.length ? over / rates.length : null)} at or above the break-even of ${bp(breakEven)} (blue). Grey: positive, but below it; orange: negative.` +
      (below + above ? ` The outermost bins include ${count(below + above)} rates beyond them.` : ""),
    height: 270,
    nothing: rates.length ? null : "No settlement in this window."
  });
}

/** Charts the mean rate by month and hour of day over all history. */
export function HeatmapFigure(rows: readonly Settlement[]): HTMLElement {
  const figure = Figure((width) => Heatmap(rows, {width, height: 210}), {
    title: "Mean rate by month and hour of settlement",
    subtitle: "Basis points per 8 h, UTC, all history; blank: no settlement at that hour.",
    height: 210,
    nothing: rows.length ? null : NO_FUNDING
  });
  if (rows.length) {
    const legend = HeatLegend();
    describe(legend, "colour steps, in basis points per 8 h");
    figure.append(
      h("p", {class: "subtitle"}, "Colour steps in bp per 8 h; most venues settle at 1 bp as a baseline."),
      legend
    );
  }
  return figure;
}

/** Charts the coverage of the pair's series. */
export function CoverageFigure(series: readonly SeriesStatus[]): HTMLElement {
  const holes = series.flatMap((d) => d.holes);
  const missing = holes.reduce((n, d) => n + d.rows, 0);
  const extent = extentOf(
    [...series.flatMap((d) => [d.from, d.to])].filter((v) => v !== null).sort((a, b) => a - b),
    (v) => v
  );
  return Figure((width) => CoverageStrip(series, {width, domain: extent ?? undefined}), {
    title: "Coverage",
    subtitle: holes.length
      ? `From first to last row of each series, UTC. ${count(holes.length)} holes (orange), ${count(missing)} rows missing.`
      : "From first to last row of each series, UTC. No holes.",
    height: coverageHeight(series.length),
    nothing: series.length ? null : "No series of this pair."
  });
}

export {PairAgainst, PairAnswer, PairKeys, UnknownPair, readCosts} from "./pairWords.js";
