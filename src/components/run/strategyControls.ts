import {PAGE_TIMEFRAMES, type Catalogue} from "../../lib/market/catalogue.js";
import {Decimal} from "../../lib/money/decimal.js";
import {STRATEGY_NAMES} from "../../lib/strategy/config.js";
import {defaultsOf, whyInvalid, withKey, type RunRequest} from "../../lib/strategy/request.js";
import {HOUR_MS} from "../../lib/time/grid.js";
import {parseInstant} from "../../lib/time/instant.js";
import {h} from "../ui/dom.js";
import {day} from "../ui/format.js";
import {CHOICES, KNOBS, mainKnobs, moreKnobs, thresholdsOf, TYPED, type Knob} from "./knobs.js";
import {KnobSlider} from "./knobSlider.js";
import {PairPicker} from "./pairPicker.js";

/** Maximum of pairs in one page; the command line has no limit. */
export const MAX_PAIRS = 40;

/** Inputs of a strategy on a set of pairs. */
export interface StrategyControls {
  element: HTMLElement;
  readonly state: RunRequest;
  /** shows another state without saying so */
  show(state: RunRequest): void;
}

const STRATEGY_WORDS: Record<string, string> = {
  simple: "simple: the rate alone",
  composite: "composite: a score of four signals",
  conservative: "conservative (simple)",
  balanced: "balanced (composite)",
  aggressive: "aggressive (composite)"
};

/** Returns the pairs of a venue that have candles of a timeframe on both markets. */
const pairsWith = (catalogue: Catalogue, timeframe: string, venue = ""): string[] => [
  ...new Set(
    catalogue.entries
      .filter((entry) => (!venue || entry.venue === venue) && entry.candles.some((c) => c.timeframe === timeframe))
      .map(({pair}) => pair)
  )
];

/** The value that a key has in a state. */
export const valueOf = ({strategy, set}: Pick<RunRequest, "strategy" | "set">, key: string): string | undefined =>
  set[key] ?? defaultsOf(strategy)[key];

/**
 * Draws the inputs of a backtest and keeps them consistent: the exit threshold never exceeds the entry, and only pairs
 * with candles are offered. Invalid text is rejected with its reason.
 */
export function StrategyControls(
  catalogue: Catalogue,
  initial: RunRequest,
  {onChange, fixedPairs = false}: {onChange: (state: RunRequest) => void; fixedPairs?: boolean}
): StrategyControls {
  let state = initial;
  const venues = [...new Set(catalogue.entries.map(({venue}) => venue))];
  const problem = h("p", {class: "problem", role: "alert"});
  const change = (next: RunRequest, {redraw = true} = {}) => {
    state = next;
    problem.textContent = "";
    if (redraw) draw();
    onChange(state);
  };

  const picker = PairPicker({most: MAX_PAIRS, onChange: (pairs) => change({...state, pairs}, {redraw: false})});
  const timeframe = labelled("Candles", h("select", {input: () => changeTimeframe(timeframe.input.value)}));
  const venue = labelled("Venue", h("select", {input: () => changeVenue(venue.input.value)}));
  const strategy = labelled(
    "Strategy or preset",
    h(
      "select",
      {input: () => change({...state, strategy: strategy.input.value, set: {}})},
      STRATEGY_NAMES.map((value) => h("option", {value}, STRATEGY_WORDS[value] ?? value))
    )
  );
  const from = labelled("From, UTC", h("input", {type: "date", change: () => changeRange("fromMs", from.input.value)}));
  const to = labelled("To, exclusive", h("input", {type: "date", change: () => changeRange("toMs", to.input.value)}));

  function changeTimeframe(next: string): void {
    const known = pairsWith(catalogue, next, state.venue);
    change({
      ...state,
      timeframe: next as RunRequest["timeframe"],
      pairs: state.pairs.filter((pair) => known.includes(pair))
    });
  }
  function changeVenue(next: string): void {
    const known = pairsWith(catalogue, state.timeframe, next);
    change({...state, venue: next, pairs: state.pairs.filter((pair) => known.includes(pair))});
  }
  function changeRange(end: "fromMs" | "toMs", value: string): void {
    try {
      const next = {...state, [end]: value ? parseInstant(value) : undefined};
      if (next.fromMs !== undefined && next.toMs !== undefined && next.fromMs >= next.toMs) {
        throw new RangeError("the start must be before the end");
      }
      change(next);
    } catch (error) {
      problem.textContent = (error as Error).message;
    }
  }

  /** Sets one key; moves the other threshold along when the two would cross. */
  function turn(key: string, value: string): void {
    let next = withKey(state, key, value);
    const [entry, exit] = thresholdsOf(state.strategy);
    if (key === entry || key === exit) {
      const other = key === entry ? exit : entry;
      const theirs = valueOf(next, other)!;
      const crossed = key === entry ? new Decimal(theirs).gt(value) : new Decimal(theirs).lt(value);
      if (crossed) {
        next = withKey(next, other, value);
        sliders.get(other)?.show(value);
      }
    }
    change(next, {redraw: false});
  }
  function type(key: string, value: string, input: HTMLInputElement): void {
    const next = withKey(state, key, value.trim());
    const why = whyInvalid(next);
    input.setAttribute("aria-invalid", String(Boolean(why)));
    if (why) problem.textContent = why;
    else change(next);
  }

  const sliders = new Map<string, KnobSlider>();
  const main = h("div", {class: "knobs"});
  const more = h("div", {class: "knobs"});
  const also = h("p", {class: "subtitle"});
  const auto = h("input", {
    type: "checkbox",
    id: "hold-auto",
    input: () => turn("expectedHoldPeriods", auto.checked ? "auto" : "30")
  });
  const typed = TYPED.map(({key, label, title}) => ({
    key,
    ...labelled(
      label,
      h("input", {
        type: "text",
        inputmode: "decimal",
        title,
        "data-key": key,
        change: (event: Event) => type(key, (event.target as HTMLInputElement).value, event.target as HTMLInputElement)
      })
    )
  }));
  const choices = CHOICES.map(({key, label, values}) => ({
    key,
    ...labelled(
      label,
      h(
        "select",
        {"data-key": key, input: (event: Event) => turn(key, (event.target as HTMLSelectElement).value)},
        values.map(({value, label}) => h("option", {value}, label))
      )
    )
  }));

  function drawKnobs(target: HTMLElement, knobs: readonly Knob[]): void {
    target.replaceChildren(
      ...knobs.map((knob) => {
        const slider = KnobSlider(knob, (value) => turn(knob.key, value));
        sliders.set(knob.key, slider);
        return slider.element;
      })
    );
  }
  let drawnFor = "";
  function draw(): void {
    const kind = thresholdsOf(state.strategy)[0];
    if (drawnFor !== kind) {
      sliders.clear();
      drawKnobs(main, mainKnobs(state.strategy));
      drawKnobs(more, moreKnobs(state.strategy));
      drawnFor = kind;
    }
    for (const [key, slider] of sliders) slider.show(valueOf(state, key)!);
    auto.checked = valueOf(state, "expectedHoldPeriods") === "auto";
    for (const {key, input} of [...typed, ...choices]) input.value = valueOf(state, key) ?? "";
    for (const {input} of typed) input.removeAttribute("aria-invalid");
    strategy.input.value = state.strategy;
    const frames = PAGE_TIMEFRAMES.filter((frame) => pairsWith(catalogue, frame, state.venue).length > 0);
    timeframe.input.replaceChildren(
      ...frames.map((value) =>
        h(
          "option",
          {value, selected: value === state.timeframe},
          `${value} (${pairsWith(catalogue, value, state.venue).length} pairs)`
        )
      )
    );
    venue.input.replaceChildren(
      ...venues.map((value) => h("option", {value, selected: value === (state.venue || venues[0])}, value))
    );
    from.input.value = state.fromMs === undefined ? "" : day(state.fromMs);
    to.input.value = state.toMs === undefined ? "" : day(state.toMs);
    picker.show(state.pairs, pairsWith(catalogue, state.timeframe, state.venue));
    const hidden = Object.entries(state.set).filter(
      ([key]) => !KNOBS[key] && !TYPED.some((d) => d.key === key) && !CHOICES.some((d) => d.key === key)
    );
    also.textContent = hidden.length ? `Also set: ${hidden.map(([key, value]) => `${key} = ${value}`).join(", ")}` : "";
  }

  const element = h(
    "div",
    {class: "strategy"},
    fixedPairs ? null : picker.element,
    h("div", {class: "strategy-row"}, timeframe.element, venues.length > 1 ? venue.element : null),
    h("div", {class: "strategy-row"}, from.element, to.element),
    strategy.element,
    main,
    h(
      "div",
      {class: "control control--check"},
      auto,
      h("label", {for: "hold-auto"}, "spread costs over the median of past runs")
    ),
    problem,
    h(
      "details",
      {class: "more"},
      h("summary", {}, "Costs, capital and margin"),
      more,
      h(
        "div",
        {class: "strategy-grid"},
        [...typed, ...choices].map((d) => d.element)
      )
    ),
    also
  );
  draw();
  return {
    element,
    get state() {
      return state;
    },
    show(next) {
      state = next;
      problem.textContent = "";
      draw();
    }
  };
}

let ids = 0;

function labelled<E extends HTMLInputElement | HTMLSelectElement>(
  label: string,
  input: E
): {element: HTMLElement; input: E} {
  input.id = `strategy-${++ids}`;
  return {element: h("div", {class: "control"}, h("label", {for: input.id}, label), input), input};
}

/** The state a page opens with: the first pair that has hourly candles, its newest year, the simple strategy. */
export function defaultState(catalogue: Catalogue): RunRequest {
  const frame = PAGE_TIMEFRAMES.find((timeframe) => pairsWith(catalogue, timeframe).length > 0) ?? "1h";
  const known = pairsWith(catalogue, frame);
  const pair = known.find((name) => name.startsWith("BTC/")) ?? known[0];
  const entry = catalogue.entries.find((d) => d.pair === pair);
  const ends = entry?.candles.find((c) => c.timeframe === frame);
  const endMs = ends && Math.min(ends.spot.to, ends.perp.to);
  const startMs = ends && Math.max(ends.spot.from, ends.perp.from);
  const from = endMs === undefined ? undefined : Math.max(startMs!, endMs - 365 * 24 * HOUR_MS);
  return {
    pairs: pair ? [pair] : [],
    venue: new Set(catalogue.entries.map((d) => d.venue)).size > 1 ? (entry?.venue ?? "") : "",
    timeframe: frame,
    strategy: "simple",
    set: {},
    fromMs: from === undefined ? undefined : from - (from % (24 * HOUR_MS)),
    toMs: undefined
  };
}
