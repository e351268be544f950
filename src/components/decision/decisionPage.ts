import {PAGE_TIMEFRAMES} from "../../lib/market/catalogue.js";
import {DEFAULT_COSTS_TEXT} from "../../lib/market/costs.js";
import type {DecisionSnapshot} from "../../lib/market/snapshot.js";
import type {Weighed} from "../../lib/sweep/outofsample.js";
import {PRESETS} from "../../lib/strategy/config.js";
import {candidates, DECISION_FIELDS, keyOf, type Candidate} from "./decisionModel.js";
import {DecisionAgainst, DecisionAnswer, DecisionKeys, DecisionTable, type DecisionView} from "./decisionWords.js";
import {segmented} from "../ui/controls.js";
import {h} from "../ui/dom.js";
import {DownloadButtons} from "../ui/download.js";
import {plural} from "../ui/format.js";
import {LabClient} from "../run/labClient.js";
import {LiveBlock} from "../ui/liveFigure.js";
import type {MarketFeed} from "../feed/marketFeed.js";
import {getParam, numberIn, setParam} from "../ui/query.js";
import type {ExplorerRow} from "../feed/types.js";

interface DecisionParts {
  answer: HTMLElement;
  keys: HTMLElement;
  controls: HTMLElement;
  table: HTMLElement;
  against: HTMLElement;
}

/** Pairs tested on opening: strong and moderate ones, at most `MAX_TESTED`; if fewer than `MIN_TESTED`, the best few. */
const MAX_TESTED = 8;
const MIN_TESTED = 3;
const DEFAULT_HURDLE = 4;

/**
 * Draws the Decision page. Labels come from the newest settlements; out-of-sample results of a preset are computed in a
 * worker, pair by pair, from histories loaded one at a time.
 */
export function DecisionPage(
  snapshot: DecisionSnapshot | null,
  explorer: readonly ExplorerRow[],
  feed: MarketFeed,
  workerUrl: string
): DecisionParts {
  const rows = snapshot?.rows ?? [];
  const costs = snapshot?.costs ?? DEFAULT_COSTS_TEXT;
  const client = new LabClient(workerUrl, {onPreview: () => {}, onRun: () => {}, onError: () => {}});
  let weighed = new Map<string, Weighed | null>();
  let queue: Candidate[] = [];
  let stop: AbortController | undefined;
  let sorted: readonly Candidate[] = [];
  let hurdle = numberIn(getParam("hurdle"), 0, 100, DEFAULT_HURDLE);

  const preset = segmented(
    Object.keys(PRESETS).map((value) => ({value, label: value})),
    {label: "Rules", param: "preset", value: "balanced"}
  );
  const hurdleInput = h("input", {
    id: "hurdle",
    type: "number",
    min: 0,
    max: 100,
    step: 0.5,
    value: hurdle,
    input: () => {
      hurdle = numberIn(hurdleInput.value, 0, 100, hurdle);
      setParam("hurdle", String(hurdle), {fallback: String(DEFAULT_HURDLE)});
      draw();
    }
  });
  const all = h("button", {type: "button", class: "button", click: () => void weighAll(list())}, "Test all pairs");
  const cancel = h("button", {type: "button", class: "button", hidden: true, click: () => stop?.abort()}, "Cancel");
  const bar = h("progress", {max: 1, value: 0, hidden: true, "aria-label": "pairs tested"});
  const status = h("span", {"aria-live": "polite", class: "subtitle"});
  const problem = h("p", {class: "problem", role: "alert"});

  const answer = LiveBlock<DecisionView>((d) => DecisionAnswer(d));
  const keys = LiveBlock<DecisionView>((d) => DecisionKeys(d));
  const table = LiveBlock<DecisionView>((d) => [
    DecisionTable(d, {onWeigh: (one) => void weighAll([one]), onSort: (next) => (sorted = next)}),
    h(
      "div",
      {class: "pager no-print"},
      DownloadButtons(() => sorted, {
        fields: DECISION_FIELDS(preset.value),
        name: `carrybook-decision-${preset.value}`,
        noun: "pair"
      }),
      h("button", {type: "button", class: "button", click: () => print()}, "Print this page")
    )
  ]);
  const against = LiveBlock<DecisionView>((d) => DecisionAgainst({...d, costs: {perpFee: Number(costs.perpFee)}}));

  const list = () => candidates(rows, explorer, weighed);
  function draw(): void {
    const view = {list: list(), preset: preset.value, hurdle: hurdle / 100, pending: queue.length};
    answer.update(view);
    keys.update(view);
    table.update(view);
    against.update(view);
    all.disabled = Boolean(stop) || view.list.every((d) => d.weighed !== undefined);
  }

  /** Tests pairs one after another and shows each result as it arrives. */
  async function weighAll(pairs: readonly Candidate[]): Promise<void> {
    const wanted = pairs.filter((d) => !weighed.has(keyOf(d.row)) && !queue.some((q) => keyOf(q.row) === keyOf(d.row)));
    queue.push(...wanted);
    if (stop || !queue.length) return;
    const abort = (stop = new AbortController());
    const rules = preset.value;
    const results = weighed;
    cancel.hidden = bar.hidden = false;
    problem.textContent = "";
    let done = 0;
    draw();
    while (queue.length && !abort.signal.aborted) {
      const {row} = queue[0]!;
      status.textContent = `testing ${row.pair}, ${plural(queue.length, "pair")} to go`;
      bar.value = done / (done + queue.length);
      try {
        const entry = feed.catalogue.entries.find((d) => d.pair === row.pair && d.venue === row.venue);
        const timeframe = PAGE_TIMEFRAMES.find((frame) => entry?.candles.some((c) => c.timeframe === frame));
        const market = timeframe && (await feed.market({pair: row.pair, venue: row.venue, timeframe}));
        results.set(
          keyOf(row),
          market ? await client.weigh(market, {...PRESETS[rules], ...costs}, abort.signal) : null
        );
      } catch (error) {
        if ((error as Error).name === "AbortError") break;
        if ((error as Error).name !== "DataError") problem.textContent = `${row.pair}: ${(error as Error).message}`;
        results.set(keyOf(row), null);
      }
      queue.shift();
      ++done;
      if (results === weighed) draw();
    }
    if (stop === abort) {
      stop = undefined;
      status.textContent = abort.signal.aborted ? `Cancelled; ${plural(done, "pair")} tested.` : "";
      if (abort.signal.aborted) queue = [];
      cancel.hidden = bar.hidden = true;
      draw();
    }
  }

  function begin(): void {
    const ranked = list();
    const good = ranked.filter((d) => d.row.label === "strong" || d.row.label === "moderate").slice(0, MAX_TESTED);
    void weighAll(good.length >= MIN_TESTED ? good : ranked.slice(0, MIN_TESTED));
  }
  preset.addEventListener("input", () => {
    stop?.abort();
    stop = undefined;
    queue = [];
    weighed = new Map();
    draw();
    begin();
  });
  draw();
  if (rows.length) begin();
  return {
    answer: answer.element,
    keys: keys.element,
    controls: h(
      "div",
      {class: "no-print"},
      h(
        "div",
        {class: "controls"},
        preset,
        h("div", {class: "control"}, h("label", {for: "hurdle"}, "Risk-free return, % a year"), hurdleInput),
        all,
        cancel,
        bar,
        status
      ),
      problem
    ),
    table: table.element,
    against: against.element
  };
}
