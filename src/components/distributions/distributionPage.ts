import {groupBy, hourOf, weekdayOf, yearOf, type Group} from "../../lib/stats/groups.js";
import {breakEvenRate} from "../charts/breakEven.js";
import {segmented, slider} from "../ui/controls.js";
import {MAX_ROWS, rowsHeight} from "./distributionScales.js";
import {BoxRows, EcdfChart, HistogramRows, RidgeRows} from "./distributionShapes.js";
import {SampleTable} from "./distributionTable.js";
import {
  AutocorrelationChart,
  CorrelationChart,
  correlationHeight,
  EffectChart,
  SurvivalChart,
  YearChart
} from "./distributionTime.js";
import {beyond, domainOf, sampleOf, type Sample} from "./distributionModel.js";
import {
  distributionAgainst,
  distributionAnswer,
  DistributionKeys,
  type DistributionView,
  type Shape
} from "./distributionWords.js";
import {h} from "../ui/dom.js";
import {bp, count, day, plural} from "../ui/format.js";
import {LiveBlock, LiveFigure} from "../ui/liveFigure.js";
import type {MarketFeed} from "../feed/marketFeed.js";
import {PairPicker} from "../run/pairPicker.js";
import {dayIn, getParam, setParams} from "../ui/query.js";
import {MAX_PAIRS} from "../run/strategyControls.js";

interface DistributionParts {
  answer: HTMLElement;
  keys: HTMLElement;
  controls: HTMLElement;
  shape: HTMLElement;
  years: HTMLElement;
  survival: HTMLElement;
  autocorrelation: HTMLElement;
  hours: HTMLElement;
  weekdays: HTMLElement;
  correlation: HTMLElement;
  table: HTMLElement;
  against: HTMLElement;
}

const SHAPES: readonly {value: Shape; label: string; title: string}[] = [
  {value: "histogram", label: "histogram", title: "how often each rate was settled"},
  {value: "ecdf", label: "cumulative", title: "share of settlements at or below each rate (empirical distribution)"},
  {value: "box", label: "box", title: "quartiles, median and the middle 90 %"},
  {value: "ridge", label: "ridgeline", title: "overlapping outlines of many pairs"}
];

const WORDS: Record<Shape, string> = {
  histogram: "Shared bins; the height is the share of the pair's settlements",
  ecdf: "Where a line crosses the break-even, the distance to 100 % is the share of settlements above it",
  box: "Box: the middle half; tick: median; line: the middle 90 %",
  ridge: "Outlines on one scale; higher means more frequent"
};

const NOTHING = "No settlement in this range.";

/**
 * Compares the distributions of any set of pairs. A history is fetched when its pair is selected; the URL holds all
 * state.
 * @param roundTrip costs of one round trip, share of notional
 */
export function DistributionPage(feed: MarketFeed, {roundTrip}: {roundTrip: number}): DistributionParts {
  const {catalogue} = feed;
  const venues = [...new Set(catalogue.entries.map(({venue}) => venue))].sort();
  const breakEven = breakEvenRate(roundTrip);
  let venue = venues.includes(getParam("venue") ?? "") ? getParam("venue")! : "";
  const known = () => [...new Set(catalogue.entries.filter((d) => !venue || d.venue === venue).map(({pair}) => pair))];
  const given = getParam("pairs")?.split(",").filter(Boolean);
  const unknown = (given ?? []).filter((pair) => !known().includes(pair));
  let pairs = (given ?? initialPairs(known())).filter((pair) => known().includes(pair)).slice(0, MAX_PAIRS);
  let fromMs = dayIn(getParam("from"));
  let toMs = dayIn(getParam("to"));
  let samples: Sample[] = [];
  let generation = 0;

  const status = h("p", {class: "subtitle", "aria-live": "polite"});
  const problem = h("p", {class: "problem", role: "alert"}, unknown.map((pair) => `no history of ${pair}`).join("; "));
  const picker = PairPicker({
    most: MAX_PAIRS,
    onChange: (next) => {
      pairs = next;
      setParams({pairs: pairs.join(",") || null});
      void refresh();
    }
  });
  const venueSelect = h(
    "select",
    {
      id: "distribution-venue",
      input: () => {
        venue = venueSelect.value;
        pairs = pairs.filter((pair) => known().includes(pair));
        setParams({venue: venue || null, pairs: pairs.join(",")});
        picker.show(pairs, known());
        void refresh();
      }
    },
    venues.length > 1 ? h("option", {value: ""}, "all, side by side") : null,
    venues.map((value) => h("option", {value, selected: value === venue}, value))
  );
  const date = (id: string, label: string, value: number | null, set: (ms: number | null) => void) => {
    const input = h("input", {
      id,
      type: "date",
      value: value === null ? null : day(value),
      change: () => {
        set(dayIn(input.value));
        setParams({[id]: input.value || null});
        void refresh();
      }
    });
    return h("div", {class: "control"}, h("label", {for: id}, label), input);
  };
  const shape = segmented(SHAPES, {label: "Shape", param: "shape"});
  const bins = slider({label: "Bins", param: "bins", min: 20, max: 120, step: 5, value: 60});
  shape.addEventListener("input", () => draw());
  bins.addEventListener("input", () => draw());

  const answer = LiveBlock<DistributionView>((d) => h("p", {class: "answer"}, distributionAnswer(d)));
  const keys = LiveBlock<DistributionView>((d) => DistributionKeys(d));
  const shapes = LiveFigure<DistributionView>((d, width) => shapeOf(d, width), {
    title: "Settled rates side by side",
    subtitle: (d) =>
      `${WORDS[d.shape]}. Basis points per 8 h; dashed: the break-even of ${bp(d.breakEven)}, at which 30 periods cover the round trip. ` +
      `${plural(beyond(d.samples, domainOf(d.samples.slice(0, MAX_ROWS), d.breakEven)), "settlement")} beyond the axis are only in the table.${d.samples.length > MAX_ROWS ? ` The first ${MAX_ROWS} of ${count(d.samples.length)} pairs.` : ""}`,
    height: (d, width) => shapeHeight(d, width),
    nothing: (d) => (d.samples.some((s) => s.count) ? null : NOTHING)
  });
  const nothing = (d: DistributionView) => (d.samples.some((s) => s.count) ? null : NOTHING);
  const years = LiveFigure<DistributionView>(
    (d, width) => YearChart(grouped(d, yearOf), {width, height: 270, breakEven: d.breakEven}),
    {
      title: "By year",
      subtitle: (d) => `Bar: middle half of the year's rates; dot: median. ${few(d)}`,
      height: 270,
      nothing
    }
  );
  const survival = LiveFigure<DistributionView>((d, width) => SurvivalChart(first(d), {width, height: 260}), {
    title: "How long funding stays positive",
    subtitle: (d) =>
      `Share of runs of positive settlements that last at least this long (Kaplan–Meier, because a run may still be open). ${few(d)}`,
    height: 260,
    nothing
  });
  const autocorrelation = LiveFigure<DistributionView>(
    (d, width) => AutocorrelationChart(first(d), {width, height: 260}),
    {
      title: "How well a rate predicts later ones",
      subtitle: (d) => `Autocorrelation of settled rates; grey: 95 % interval of independent rates. ${few(d)}`,
      height: 260,
      nothing
    }
  );
  const effect = (kind: "hour" | "weekday") =>
    LiveFigure<DistributionView>(
      (d, width) => EffectChart(frequent(grouped(d, kind === "hour" ? hourOf : weekdayOf)), {width, height: 240, kind}),
      {
        title: kind === "hour" ? "By hour of settlement" : "By day of the week",
        subtitle: (d) =>
          `Mean rate ± two standard errors, which are too small because rates are correlated; ${kind === "hour" ? "hours" : "days"} with fewer than 30 settlements are omitted. ${few(d)}`,
        height: 240,
        nothing
      }
    );
  const hours = effect("hour");
  const weekdays = effect("weekday");
  const correlation = LiveFigure<DistributionView>((d, width) => CorrelationChart(d.samples, {width}), {
    title: "Correlation between pairs",
    subtitle: () =>
      "Of rates per 8 h, matched by 8-hour buckets because venues settle at different times. A dash: fewer than 30 common buckets.",
    height: (d, width) => correlationHeight(d.samples.length, width),
    nothing: (d) => (d.samples.length > 1 ? null : "Choose a second pair to compare with.")
  });
  const table = LiveBlock<DistributionView>((d) => SampleTable(d));
  const against = LiveBlock<DistributionView>((d) => h("p", {}, distributionAgainst(d)));

  async function refresh(): Promise<void> {
    const mine = ++generation;
    const wanted = catalogue.entries.filter((d) => pairs.includes(d.pair) && (!venue || d.venue === venue));
    problem.textContent =
      fromMs !== null && toMs !== null && fromMs >= toMs ? "the start must be before the end" : problem.textContent;
    if (fromMs !== null && toMs !== null && fromMs >= toMs) return;
    try {
      let done = 0;
      const loaded = await Promise.all(
        wanted.map(async ({pair, venue: at}) => {
          const series = await feed.funding(pair, at);
          if (mine === generation)
            status.textContent = `loaded ${count(++done)} of ${plural(wanted.length, "history", "histories")}`;
          return series;
        })
      );
      if (mine !== generation) return;
      const named = new Set(wanted.map((d) => d.venue)).size > 1;
      samples = loaded.map((series) =>
        sampleOf(series, {fromMs: fromMs ?? -Infinity, toMs: toMs ?? Infinity, breakEven, named})
      );
      samples.sort((a, b) => pairs.indexOf(a.pair) - pairs.indexOf(b.pair));
      status.textContent = `${count(samples.reduce((n, d) => n + d.count, 0))} settlements of ${plural(samples.length, "history", "histories")}`;
      draw();
    } catch (error) {
      if (mine === generation) problem.textContent = (error as Error).message;
    }
  }

  function draw(): void {
    const firsts = samples.flatMap((d) => (d.t.length ? [d.t[0]!] : []));
    const lasts = samples.flatMap((d) => (d.t.length ? [d.t.at(-1)!] : []));
    const view: DistributionView = {
      samples,
      breakEven,
      bins: bins.value,
      shape: shape.value,
      fromMs: Math.min(...firsts),
      toMs: Math.max(...lasts)
    };
    for (const live of [
      answer,
      keys,
      shapes,
      years,
      survival,
      autocorrelation,
      hours,
      weekdays,
      correlation,
      table,
      against
    ]) {
      live.update(view);
    }
  }

  picker.show(pairs, known());
  if (catalogue.entries.length) void refresh();
  else draw();
  return {
    answer: answer.element,
    keys: keys.element,
    controls: h(
      "div",
      {},
      h(
        "div",
        {class: "controls"},
        picker.element,
        venues.length > 1
          ? h("div", {class: "control"}, h("label", {for: "distribution-venue"}, "Venue"), venueSelect)
          : null,
        date("from", "From, UTC", fromMs, (ms) => (fromMs = ms)),
        date("to", "To, exclusive", toMs, (ms) => (toMs = ms))
      ),
      h("div", {class: "controls"}, shape, bins),
      status,
      problem
    ),
    shape: shapes.element,
    years: years.element,
    survival: survival.element,
    autocorrelation: autocorrelation.element,
    hours: hours.element,
    weekdays: weekdays.element,
    correlation: correlation.element,
    table: table.element,
    against: against.element
  };
}

/** Returns BTC, ETH and SOL where available, else the first three pairs. */
function initialPairs(known: readonly string[]): string[] {
  const liked = ["BTC", "ETH", "SOL"].flatMap((base) => known.find((pair) => pair.startsWith(`${base}/`)) ?? []);
  return liked.length ? liked : known.slice(0, 3);
}

/** Charts with direct labels show at most four lines. */
const FEW = 4;
const first = (d: DistributionView): readonly Sample[] => d.samples.slice(0, FEW);
const few = (d: DistributionView): string =>
  d.samples.length > FEW ? `The first ${FEW} of ${count(d.samples.length)} pairs.` : "";

const grouped = (d: DistributionView, keyOf: (date: Date) => number): (Group & {name: string})[] =>
  first(d).flatMap((sample) => groupBy(sample, keyOf, d.breakEven).map((group) => ({name: sample.name, ...group})));

const frequent = <T extends Group>(groups: readonly T[]): T[] => groups.filter((d) => d.count >= 30);

function shapeOf(d: DistributionView, width: number): Element {
  const options = {width, bins: d.bins, breakEven: d.breakEven};
  return d.shape === "histogram"
    ? HistogramRows(d.samples, options)
    : d.shape === "ecdf"
      ? EcdfChart(d.samples, options)
      : d.shape === "box"
        ? BoxRows(d.samples, options)
        : RidgeRows(d.samples, options);
}

const shapeHeight = (d: DistributionView, _: number): number =>
  d.shape === "ecdf"
    ? 340
    : d.shape === "histogram"
      ? rowsHeight(d.samples.length, 78)
      : d.shape === "box"
        ? rowsHeight(d.samples.length, 30)
        : rowsHeight(d.samples.length, 34) + 40;
