import {Checks} from "../ui/checks.js";
import {segmented} from "../ui/controls.js";
import {h} from "../ui/dom.js";
import {Command} from "../ui/emptyState.js";
import type {EngineClient} from "../engine/engineClient.js";
import {EstimatePanel} from "./estimatePanel.js";
import {getParam, setParams} from "../ui/query.js";
import {absenceOf, demoAbsence, type EngineView} from "./startModel.js";
import {TextField} from "../ui/textField.js";
import {backfillCommand} from "./workCommand.js";
import {errorWords, plannedWords} from "./workModel.js";
import {
  DEFAULT_SERIES,
  DEFAULT_TIMEFRAMES,
  FETCHABLE,
  TIMEFRAMES,
  readRequest,
  startLabel,
  type TypedRequest
} from "./workRequest.js";
import type {PlannedReport} from "../../lib/wire/data.js";
import {hasEnded} from "../../lib/wire/job.js";

const FIRST = {venue: "bybit", url: "", top: "20", pairs: "", days: "365"} as const;
type Field = keyof typeof FIRST;
const FIELDS = Object.keys(FIRST) as Field[];

/** Options of an {@link IngestionForm}. */
interface IngestionOptions {
  /** history of a venue (default), or the simulated market of the demo */
  kind?: "venue" | "demo";
  /** keeps the choices in the URL */
  remember?: boolean;
  /** called with the engine's messages once it has accepted the job */
  onStarted: (words: string[]) => void;
}

/**
 * Draws the form that starts an ingestion, with its estimated cost and the equivalent command. Without an engine that
 * can run it, shows what to type instead.
 */
export function IngestionForm(
  client: EngineClient,
  {kind = "venue", remember = false, onStarted}: IngestionOptions
): {element: HTMLElement; close: () => void} {
  const demo = kind === "demo";
  const given = (name: string): string | null => (remember ? getParam(name) : null);
  const said = h("div", {class: "step-note step-note--list", role: "status"});
  const field = (id: Field, label: string, hint: string, more: {numeric?: boolean; suggest?: readonly string[]} = {}) =>
    TextField({id: `${kind}-${id}`, label, hint, value: given(id) ?? FIRST[id], onInput: () => changed(), ...more});
  const fields = {
    venue: field("venue", "Venue", "bybit, binance, okx or another ccxt id", {suggest: ["bybit", "binance", "okx"]}),
    url: field("url", "Address of the simulated venue", "printed by `npx carrybook sim`"),
    top: field("top", "How many pairs", "the largest by turnover", {numeric: true}),
    pairs: field("pairs", "Pairs", "e.g. BTC/USDT, ETH/USDT"),
    days: field("days", "Days of history", "back from now", {numeric: true})
  };
  const choose = segmented(
    [
      {value: "top", label: "top by turnover"},
      {value: "pairs", label: "selected pairs"}
    ],
    {label: "Which pairs", value: given("pairs") ? "pairs" : "top"}
  );
  const list = (name: string, fallback: readonly string[]) => given(name)?.split(",") ?? fallback;
  const series = Checks("Series", FETCHABLE, {on: list("series", DEFAULT_SERIES), onChange: () => changed()});
  const timeframes = Checks(
    "Timeframes of candles",
    TIMEFRAMES.map((d) => ({value: d, label: d})),
    {on: list("timeframes", DEFAULT_TIMEFRAMES), onChange: () => changed()}
  );
  const listed = h("p", {class: "problem", role: "alert"});
  const estimate = EstimatePanel(client);
  const command = Command("");
  const same = h("div", {class: "same"}, h("p", {class: "muted"}, "The same as a command:"), command);
  const absence = h("div", {class: "absence"});
  const start = h("button", {type: "submit", class: "button button--primary"}, "Start fetching");
  let busy = false;
  /** whether the venue is set; until then it follows the engine's venue */
  let filled = demo || given("venue") !== null;

  const typed = (): TypedRequest => ({
    venue: demo ? "sim" : fields.venue.input.value,
    url: demo ? "" : fields.url.input.value,
    choose: demo ? "top" : choose.value,
    top: fields.top.input.value,
    pairs: fields.pairs.input.value,
    days: fields.days.input.value,
    series: demo ? DEFAULT_SERIES : series.value(),
    timeframes: demo ? DEFAULT_TIMEFRAMES : timeframes.value()
  });
  const view = (): EngineView => ({
    link: client.state.link,
    reachable: client.base !== null,
    simulated: client.state.status?.simulated ?? null
  });
  const simKnown = () => demo || client.state.status?.simulated === true;

  /** Shows problems at their fields; an empty field is no problem until the form is submitted. */
  function check({sent = false} = {}): ReturnType<typeof readRequest> {
    const now = typed();
    const result = readRequest(now, {simKnown: simKnown()});
    const {problems, body} = result;
    const {venue} = now;
    fields.top.element.hidden = now.choose !== "top";
    fields.pairs.element.hidden = now.choose !== "pairs";
    fields.url.element.hidden = venue.trim() !== "sim";
    for (const key of FIELDS) fields[key].setProblem(fields[key].input.value || sent ? problems[key] : undefined);
    listed.textContent = (["series", "timeframes"] as const)
      .flatMap((key) => (problems[key] ? `${key}: ${problems[key]}` : []))
      .join("; ");
    start.textContent = startLabel(result);
    const text = body && backfillCommand(body);
    const why = demo
      ? demoAbsence(view(), text ?? "npx carrybook demo")
      : absenceOf(view(), {venue: venue.trim().toLowerCase(), command: text});
    const shown = JSON.stringify(why);
    if (absence.dataset["shown"] !== shown) {
      absence.dataset["shown"] = shown;
      absence.replaceChildren(...(why ? [h("p", {}, why.message), ...why.commands.map(Command)] : []));
    }
    start.hidden = why !== null;
    same.hidden = text === null || (why?.commands.includes(text) ?? false);
    if (text) command.querySelector("code")!.textContent = text;
    estimate.element.hidden = why !== null;
    estimate.ask(why ? null : body, why || body ? "" : "Complete the form to see an estimate.");
    return result;
  }
  choose.addEventListener("input", () => changed());

  /** Checks the form and keeps its choices in the URL. */
  function changed(): void {
    check();
    if (remember && !demo) keep(typed());
  }

  const keep = ({choose: by, series: wanted, timeframes: frames, ...texts}: TypedRequest): void => {
    const differs = (a: readonly string[], b: readonly string[]) => (a.join() === b.join() ? null : a.join());
    setParams({
      venue: texts.venue === FIRST.venue ? null : texts.venue,
      url: texts.url,
      top: by === "pairs" || texts.top === FIRST.top ? null : texts.top,
      pairs: by === "pairs" ? texts.pairs : null,
      days: texts.days === FIRST.days ? null : texts.days,
      series: differs(wanted, DEFAULT_SERIES),
      timeframes: differs(frames, DEFAULT_TIMEFRAMES)
    });
  };

  const form = h(
    "form",
    {
      class: "settings ingestion",
      novalidate: true,
      "aria-label": demo ? "Fill the demo" : "Start an ingestion",
      submit: async (event: SubmitEvent) => {
        event.preventDefault();
        const {body} = check({sent: true});
        if (busy || start.hidden) return;
        if (!body) return form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
        busy = true;
        start.setAttribute("aria-disabled", "true");
        said.replaceChildren("Loading the pairs of the venue …");
        try {
          const words = plannedWords(await client.post<PlannedReport>("/jobs", body));
          said.replaceChildren(...words.map((line) => h("p", {}, line)));
          onStarted(words);
        } catch (error) {
          said.replaceChildren(h("p", {class: "problem"}, `not started: ${errorWords(error)}`));
        } finally {
          busy = false;
          start.removeAttribute("aria-disabled");
        }
      }
    },
    demo ? null : h("div", {class: "controls"}, choose),
    h(
      "div",
      {class: "settings-grid"},
      (demo ? (["top", "days"] as const) : FIELDS).map((key) => fields[key].element)
    ),
    demo ? null : h("div", {class: "controls"}, series.element, timeframes.element),
    listed,
    h("div", {class: "ingestion-end"}, absence, estimate.element, h("div", {class: "pager"}, start), said, same)
  );
  let seen = "";
  const unwatch = client.watch(({link, status}) => {
    const now = `${link} ${status?.simulated} ${status?.venue}`;
    // Called on every event of the stream.
    if (now === seen) return;
    seen = now;
    if (status && !filled) {
      filled = true;
      fields.venue.input.value = status.simulated ? "sim" : status.venue;
      fields.url.input.value = status.simulated && /^https?:/.test(status.origin) ? status.origin : "";
    }
    check();
  });
  // A finished batch reduces what is still missing.
  const unsubscribe = client.onEvent((event) => {
    if (event.type === "batch" && hasEnded(event.data)) estimate.again();
  });
  fields.venue.input.addEventListener("input", () => (filled = true));
  return {
    element: form,
    close() {
      unwatch();
      unsubscribe();
      estimate.close();
    }
  };
}
