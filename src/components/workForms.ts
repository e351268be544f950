import {segmented} from "./controls.js";
import {h} from "./dom.js";
import type {EngineClient} from "./engineClient.js";
import {errorWords, plannedWords} from "./workModel.js";
import {
  DEFAULT_SERIES,
  DEFAULT_TIMEFRAMES,
  FETCHABLE,
  TIMEFRAMES,
  readPairs,
  readRequest,
  startLabel,
  type Problems,
  type TypedRequest
} from "./workRequest.js";
import type {PlannedReport, TrackedReport} from "./workWire.js";

/** A row of check boxes of which any number may be on. */
function checks(
  legend: string,
  options: readonly {value: string; label: string; title?: string}[],
  on: readonly string[],
  change: () => void
): {element: HTMLFieldSetElement; value: () => string[]} {
  const inputs = options.map(({value}) =>
    h("input", {type: "checkbox", value, checked: on.includes(value), change: () => change()})
  );
  return {
    element: h(
      "fieldset",
      {class: "control"},
      h("legend", {}, legend),
      h(
        "div",
        {class: "checks"},
        options.map(({label, title}, i) => h("label", {title}, inputs[i], ` ${label}`))
      )
    ),
    value: () => inputs.filter((d) => d.checked).map((d) => d.value)
  };
}

const FIELDS = {
  venue: {label: "Venue", value: "bybit", hint: "a ccxt id"},
  url: {label: "Address of the simulated venue", value: "", hint: "for the venue sim alone"},
  top: {label: "How many pairs", value: "20", hint: "the largest by turnover"},
  pairs: {label: "Pairs", value: "", hint: "e.g. BTC/USDT, ETH/USDT"},
  days: {label: "Days of history", value: "365", hint: "back from now"}
} as const;
type Field = keyof typeof FIELDS;

/** What an ingestion is asked for; what it answered is said below its button. */
export function IngestionForm(client: EngineClient, onStarted: () => void): HTMLElement {
  const said = h("div", {class: "step-note step-note--list", role: "status"});
  const {status} = client.state;
  const first: Partial<Record<Field, string>> = status
    ? {venue: status.simulated ? "sim" : status.venue, url: /^https?:/.test(status.origin) ? status.origin : ""}
    : {};
  const field = (key: Field, numeric = false) => {
    const id = `ingest-${key}`;
    const input = h("input", {
      id,
      type: "text",
      inputmode: numeric ? "numeric" : null,
      value: first[key] ?? FIELDS[key].value,
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": `${id}-note`,
      input: () => check()
    });
    const note = h("span", {id: `${id}-note`, class: "setting-note"}, FIELDS[key].hint);
    return {
      input,
      note,
      element: h("div", {class: "control setting"}, h("label", {for: id}, FIELDS[key].label), input, note)
    };
  };
  const fields = {
    venue: field("venue"),
    url: field("url"),
    top: field("top", true),
    pairs: field("pairs"),
    days: field("days", true)
  };
  const choose = segmented(
    [
      {value: "top", label: "top by turnover"},
      {value: "pairs", label: "named pairs"}
    ],
    {label: "Which pairs"}
  );
  const series = checks("Series", FETCHABLE, DEFAULT_SERIES, () => check());
  const timeframes = checks(
    "Timeframes of candles",
    TIMEFRAMES.map((d) => ({value: d, label: d})),
    DEFAULT_TIMEFRAMES,
    () => check()
  );
  const listed = h("p", {class: "problem", role: "alert"});
  const start = h("button", {type: "submit", class: "button button--primary"}, "Start fetching");
  let busy = false;

  const typed = (): TypedRequest => ({
    venue: fields.venue.input.value,
    url: fields.url.input.value,
    choose: choose.value,
    top: fields.top.input.value,
    pairs: fields.pairs.input.value,
    days: fields.days.input.value,
    series: series.value(),
    timeframes: timeframes.value()
  });

  /** Says what is wrong where it is wrong; a field that nobody has filled in yet is no fault before it is sent. */
  function check({sent = false} = {}): ReturnType<typeof readRequest> {
    const result = readRequest(typed());
    const {problems} = result;
    fields.top.element.hidden = choose.value !== "top";
    fields.pairs.element.hidden = choose.value !== "pairs";
    fields.url.element.hidden = fields.venue.input.value.trim() !== "sim";
    for (const [key, {input, note}] of Object.entries(fields) as [Field, (typeof fields)[Field]][]) {
      const problem = input.value || sent ? problems[key as keyof Problems] : undefined;
      input.setAttribute("aria-invalid", String(Boolean(problem)));
      note.className = problem ? "setting-note problem" : "setting-note";
      note.textContent = problem ? `✗ ${problem}` : FIELDS[key].hint;
    }
    listed.textContent = [
      problems.series && `series: ${problems.series}`,
      problems.timeframes && `timeframes: ${problems.timeframes}`
    ]
      .filter(Boolean)
      .join("; ");
    start.textContent = startLabel(result);
    return result;
  }
  choose.addEventListener("input", () => check());

  const form = h(
    "form",
    {
      class: "settings",
      novalidate: true,
      "aria-label": "Start an ingestion",
      submit: async (event: SubmitEvent) => {
        event.preventDefault();
        const {body} = check({sent: true});
        if (busy) return;
        if (!body) return form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
        busy = true;
        start.setAttribute("aria-disabled", "true");
        said.replaceChildren("Asking the venue for its pairs …");
        try {
          const words = plannedWords(await client.post<PlannedReport>("/jobs", body));
          said.replaceChildren(...words.map((line) => h("p", {}, line)));
          onStarted();
        } catch (error) {
          said.replaceChildren(h("p", {}, `not started: ${errorWords(error)}`));
        } finally {
          busy = false;
          start.removeAttribute("aria-disabled");
        }
      }
    },
    h("div", {class: "controls"}, choose),
    h(
      "div",
      {class: "settings-grid"},
      [fields.venue, fields.url, fields.top, fields.pairs, fields.days].map(({element}) => element)
    ),
    h("div", {class: "controls"}, series.element, timeframes.element),
    listed,
    h("div", {class: "pager"}, start),
    said
  );
  check();
  return form;
}

/** Puts pairs on the list of scheduled updates. */
export function TrackForm(client: EngineClient, onTracked: (tracked: TrackedReport[]) => void): HTMLElement {
  const said = h("p", {class: "step-note", role: "status"});
  const input = h("input", {
    id: "track-pairs",
    type: "text",
    placeholder: "BTC/USDT, ETH/USDT",
    autocomplete: "off",
    spellcheck: "false"
  });
  return h(
    "form",
    {
      novalidate: true,
      "aria-label": "Track pairs",
      submit: async (event: SubmitEvent) => {
        event.preventDefault();
        try {
          const pairs = readPairs(input.value);
          if (!pairs.length) throw new RangeError("missing pairs: name at least one, e.g. BTC/USDT");
          onTracked(await client.post<TrackedReport[]>("/track", {pairs}));
          said.textContent = `${pairs.join(", ")} tracked: the next update fetches a year of it and what is new.`;
          input.value = "";
        } catch (error) {
          said.textContent = `not tracked: ${errorWords(error)}`;
        }
      }
    },
    h(
      "div",
      {class: "controls"},
      h("div", {class: "control"}, h("label", {for: "track-pairs"}, "Pairs to track"), input),
      h("button", {type: "submit", class: "button"}, "Track")
    ),
    said
  );
}
