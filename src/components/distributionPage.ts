import {groupBy, hourOf, weekdayOf, yearOf, type Group} from "../lib/stats/groups.js";
import {DAY_MS} from "../lib/time/grid.js";
import {breakEvenRate} from "./breakEven.js";
import {segmented, slider} from "./controls.js";
import {MOST_ROWS, rowsHeight} from "./distributionScales.js";
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
import {h} from "./dom.js";
import {bp, count, day, number, percent, plural} from "./format.js";
import {Keys} from "./keys.js";
import {LiveBlock, LiveFigure} from "./liveFigure.js";
import type {MarketFeed} from "./marketFeed.js";
import {PairPicker} from "./pairPicker.js";
import {dayIn, getParam, setParams} from "./query.js";
import {MOST_PAIRS} from "./strategyControls.js";

/** What the charts show. */
interface View {
  samples: readonly Sample[];
  breakEven: number;
  bins: number;
  shape: Shape;
  fromMs: number;
  toMs: number;
}

type Shape = "histogram" | "ecdf" | "box" | "ridge";

/** The parts of the page. */
export interface DistributionParts {
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
  {value: "ridge", label: "ridgeline", title: "outlines of many pairs over each other"}
];

const WORDS: Record<Shape, string> = {
  histogram: "Shared bins; the height is the share of the pair's own settlements",
  ecdf: "Where a line crosses the break-even, the rest above it is the share of time beyond",
  box: "Box: the middle half; tick: median; line: the middle 90 %",
  ridge: "Outlines on one scale; the higher, the more often"
};

const NOTHING = "No settlement in this range.";

/**
 * Distributions of any set of pairs side by side. Histories are fetched when a pair is chosen, never all of them; all
 * state is in the address.
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
  let pairs = (given ?? opening(known())).filter((pair) => known().includes(pair)).slice(0, MOST_PAIRS);
  let fromMs = dayIn(getParam("from"));
  let toMs = dayIn(getParam("to"));
  let samples: Sample[] = [];
  let generation = 0;

  const status = h("p", {class: "subtitle", "aria-live": "polite"});
  const problem = h(
    "p",
    {class: "problem", role: "alert"},
    unknown.map((pair) => `there is no history of ${pair} here`).join("; ")
  );
  const picker = PairPicker({
    most: MOST_PAIRS,
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

  const answer = LiveBlock<View>((d) => h("p", {class: "answer"}, answerOf(d)));
  const keys = LiveBlock<View>((d) => SampleKeys(d));
  const shapes = LiveFigure<View>((d, width) => shapeOf(d, width), {
    title: "Settled rates side by side",
    subtitle: (d) =>
      `${WORDS[d.shape]}. Basis points per 8 h; dashed: the break-even of ${bp(d.breakEven)}, at which 30 periods pay the round trip. ` +
      `${plural(beyond(d.samples, domainOf(d.samples.slice(0, MOST_ROWS), d.breakEven)), "settlement")} beyond the axis are in the table alone.${d.samples.length > MOST_ROWS ? ` The first ${MOST_ROWS} of ${count(d.samples.length)} pairs.` : ""}`,
    height: (d, width) => shapeHeight(d, width),
    nothing: (d) => (d.samples.some((s) => s.count) ? null : NOTHING)
  });
  const nothing = (d: View) => (d.samples.some((s) => s.count) ? null : NOTHING);
  const years = LiveFigure<View>(
    (d, width) => YearChart(grouped(d, yearOf), {width, height: 270, breakEven: d.breakEven}),
    {
      title: "How it changed by year",
      subtitle: (d) => `Bar: the middle half of a year's rates, dot: median. ${few(d)}`,
      height: 270,
      nothing
    }
  );
  const survival = LiveFigure<View>((d, width) => SurvivalChart(first(d), {width, height: 260}), {
    title: "How long funding stays positive",
    subtitle: (d) =>
      `Share of runs of positive settlements that last at least so long; a run still open counts as far as it was seen. ${few(d)}`,
    height: 260,
    nothing
  });
  const autocorrelation = LiveFigure<View>((d, width) => AutocorrelationChart(first(d), {width, height: 260}), {
    title: "How much a rate tells of later ones",
    subtitle: (d) =>
      `Autocorrelation of settled rates; grey: where independent rates would stay 19 times of 20. ${few(d)}`,
    height: 260,
    nothing
  });
  const effect = (kind: "hour" | "weekday") =>
    LiveFigure<View>(
      (d, width) => EffectChart(frequent(grouped(d, kind === "hour" ? hourOf : weekdayOf)), {width, height: 240, kind}),
      {
        title: kind === "hour" ? "By hour of settlement" : "By day of the week",
        subtitle: (d) =>
          `Mean rate with two standard errors, which are too small because rates are correlated; ${kind === "hour" ? "hours" : "days"} with fewer than 30 settlements are left out. ${few(d)}`,
        height: 240,
        nothing
      }
    );
  const hours = effect("hour");
  const weekdays = effect("weekday");
  const correlation = LiveFigure<View>((d, width) => CorrelationChart(d.samples, {width}), {
    title: "Correlation between pairs",
    subtitle: () =>
      "Of rates per 8 h, joined by the 8-hour bucket in which they settled: venues settle at different instants. A dash: fewer than 30 common buckets.",
    height: (d, width) => correlationHeight(d.samples.length, width),
    nothing: (d) => (d.samples.length > 1 ? null : "Choose a second pair to compare with.")
  });
  const table = LiveBlock<View>((d) => SampleTable(d));
  const against = LiveBlock<View>((d) => h("p", {}, againstOf(d)));

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
    const view: View = {
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
        date("to", "Until, not included", toMs, (ms) => (toMs = ms))
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

/** Three well-known pairs where they are there, else the first three. */
function opening(known: readonly string[]): string[] {
  const liked = ["BTC", "ETH", "SOL"].flatMap((base) => known.find((pair) => pair.startsWith(`${base}/`)) ?? []);
  return liked.length ? liked : known.slice(0, 3);
}

/** Charts whose lines carry their names bear four of them. */
const FEW = 4;
const first = (d: View): readonly Sample[] => d.samples.slice(0, FEW);
const few = (d: View): string =>
  d.samples.length > FEW ? `The first ${FEW} of ${count(d.samples.length)} pairs.` : "";

const grouped = (d: View, keyOf: (date: Date) => number): (Group & {name: string})[] =>
  first(d).flatMap((sample) => groupBy(sample, keyOf, d.breakEven).map((group) => ({name: sample.name, ...group})));

const frequent = <T extends Group>(groups: readonly T[]): T[] => groups.filter((d) => d.count >= 30);

function shapeOf(d: View, width: number): Element {
  const options = {width, bins: d.bins, breakEven: d.breakEven};
  return d.shape === "histogram"
    ? HistogramRows(d.samples, options)
    : d.shape === "ecdf"
      ? EcdfChart(d.samples, options)
      : d.shape === "box"
        ? BoxRows(d.samples, options)
        : RidgeRows(d.samples, options);
}

const shapeHeight = (d: View, _: number): number =>
  d.shape === "ecdf"
    ? 340
    : d.shape === "histogram"
      ? rowsHeight(d.samples.length, 78)
      : d.shape === "box"
        ? rowsHeight(d.samples.length, 30)
        : rowsHeight(d.samples.length, 34) + 40;

/** One sentence for what is chosen. */
function answerOf({samples, breakEven, fromMs, toMs}: View): string {
  const known = samples.filter((d) => d.count);
  if (!known.length) return "Choose at least one pair with settlements in the range.";
  const most = [...known].sort((a, b) => b.above! - a.above!)[0]!;
  const least = [...known].sort((a, b) => a.above! - b.above!)[0]!;
  const span = `from ${day(fromMs)} to ${day(toMs)}`;
  return known.length === 1
    ? `Rarely: ${span}, ${percent(most.above)} of the settlements of ${most.name} were at or above the break-even of ${bp(breakEven)}, and ${percent(most.positive, 0)} were positive.`.replace(
        /^Rarely/,
        most.above! >= 0.5 ? "Mostly" : most.above! >= 0.2 ? "At times" : "Rarely"
      )
    : `${span.replace(/^from/, "From")}, ${most.name} was at or above the break-even of ${bp(breakEven)} most often, in ${percent(most.above)} of its settlements, and ${least.name} least often, in ${percent(least.above)}.`;
}

/** Four figures over what is chosen. */
function SampleKeys({samples, breakEven}: View): HTMLElement {
  const known = samples.filter((d) => d.count);
  const total = known.reduce((n, d) => n + d.count, 0);
  const share = (pick: (d: Sample) => number) =>
    total ? known.reduce((sum, d) => sum + pick(d) * d.count, 0) / total : null;
  const lives = known.flatMap((d) => d.halfLife ?? []).sort((a, b) => a - b);
  const life = lives.length ? lives[(lives.length - 1) >> 1]! : null;
  const medians = known.map((d) => d.five![2]).sort((a, b) => a - b);
  return Keys([
    {
      label: "At or above the break-even",
      value: percent(share((d) => d.above!)),
      unit: "of settlements",
      note: `break-even ${bp(breakEven)} per 8 h`
    },
    {
      label: "Positive",
      value: percent(
        share((d) => d.positive!),
        0
      ),
      unit: "of settlements",
      note: `${count(total)} settlements of ${plural(known.length, "history", "histories")}`
    },
    {
      label: "Median rate",
      value: bp(medians.length ? medians[(medians.length - 1) >> 1]! : null),
      unit: "per 8 h",
      note: medians.length > 1 ? `from ${bp(medians[0])} to ${bp(medians.at(-1))} between pairs` : "of the pair"
    },
    {
      label: "Half-life of a positive run",
      value: number(life === null ? null : life / 3, 1),
      unit: "days",
      note: life === null ? "more than half outlive what was seen" : "half of all runs end sooner"
    }
  ]);
}

/** What the chosen distributions hide. */
function againstOf({samples, breakEven}: View): string {
  const known = samples.filter((d) => d.count);
  if (!known.length) return "Without settlements nothing speaks for it either.";
  const days = known.map((d) => {
    const byYear = groupBy(d, yearOf, breakEven).filter((group) => group.count >= 90);
    const best = [...byYear].sort((a, b) => b.above - a.above)[0];
    return {
      d,
      best,
      worst: [...byYear].sort((a, b) => a.above - b.above)[0],
      spanDays: (d.t.at(-1)! - d.t[0]!) / DAY_MS
    };
  });
  const widest = days
    .filter(({best, worst}) => best && worst)
    .sort((a, b) => b.best!.above - b.worst!.above - (a.best!.above - a.worst!.above))[0];
  const tail = [...known].sort((a, b) => a.five![0] - b.five![0])[0]!;
  return (
    (widest
      ? `A distribution forgets when things happened: ${widest.d.name} was beyond the break-even in ${percent(widest.best!.above, 0)} of the settlements of ${widest.best!.key} and in ${percent(widest.worst!.above, 0)} of ${widest.worst!.key}. `
      : "") +
    `The lowest rate here, ${bp(tail.five![0], 1)} of ${tail.name}, is far off the chart; one such settlement takes back weeks. ` +
    "And being beyond the break-even now says nothing about staying there for thirty periods: look at the runs."
  );
}
