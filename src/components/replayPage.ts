import type {ReplayHistory, ReplayStep} from "../lib/backtest/replay.js";
import type {OpenedReplay, ReplayAnswer, ReplayOrder} from "../lib/backtest/replayWorker.js";
import type {TradeReport} from "../lib/backtest/report.js";
import {entriesOf, paramsOf, stateOf, whyInvalid, type RunState} from "../lib/strategy/request.js";
import {parseInstant} from "../lib/time/instant.js";
import {lastAtOrBefore} from "../lib/time/search.js";
import {h} from "./dom.js";
import {EquityChart, type TradeMark} from "./equityChart.js";
import {count, instant, number, plural} from "./format.js";
import {linkTo} from "./links.js";
import {LiveBlock, LiveFigure} from "./liveFigure.js";
import type {MarketFeed} from "./marketFeed.js";
import {getParam, setParams} from "./query.js";
import {ReplayPrices, ReplayRates, type Level} from "./replayCharts.js";
import {Book, SignalTable, stepAnswer, StepKeys} from "./replayWords.js";
import {loadRun} from "./runLoader.js";
import {unitOf} from "./runWords.js";
import {SourceLine} from "./sourceLine.js";
import {defaultState, StrategyControls, valueOf} from "./strategyControls.js";
import {TradeCard} from "./tradeCard.js";
import {TradeList} from "./tradeList.js";

interface Known {
  step: ReplayStep;
  history: ReplayHistory | undefined;
}

/** The parts of the replay's page. */
export interface ReplayParts {
  answer: HTMLElement;
  player: HTMLElement;
  keys: HTMLElement;
  rates: HTMLElement;
  prices: HTMLElement;
  equity: HTMLElement;
  signals: HTMLElement;
  book: HTMLElement;
  trades: HTMLElement;
  trade: HTMLElement;
  rules: HTMLElement;
  against: HTMLElement;
}

/**
 * Steps through a run. The run lives in a worker and tells one step at a time, with the rows that were known then; the
 * page never holds a later rate or price. Keys: ← → one step, with shift to the next event, Home and End.
 */
export function ReplayPage(feed: MarketFeed, workerUrl: string): ReplayParts {
  const {catalogue} = feed;
  const opened = stateOf(getParam, defaultState(catalogue));
  const unknown = opened.state.pairs.filter((pair) => !catalogue.entries.some((d) => d.pair === pair));
  let state: RunState = {...opened.state, pairs: opened.state.pairs.filter((pair) => !unknown.includes(pair))};
  let replay: OpenedReplay | undefined;
  let index = 0;
  let known: Known | undefined;
  let watched = "";
  let worker: Worker | undefined;
  let generation = 0;

  const problem = h(
    "p",
    {class: "problem", role: "alert"},
    [...opened.problems, ...unknown.map((pair) => `there is no history of ${pair} here`)].join("; ")
  );
  const answer = LiveBlock<string>((text) => h("p", {class: "answer", "aria-live": "polite"}, text));
  const keys = LiveBlock<Known>((d) => StepKeys(d.step, state));
  const signals = LiveBlock<Known>((d) => SignalTable(d.step));
  const book = LiveBlock<Known>((d) => Book(d.step, unitOf(state.pairs)));
  const rates = LiveFigure<Known>(
    ({history}, width) => ReplayRates(history!, {width, height: 210, levels: levelsOf(state)}),
    {
      title: ({history}) => `Settled rates of ${history?.pair ?? "the pair"} up to this instant`,
      subtitle: () =>
        "Basis points per 8 h, UTC, the newest 180 settlements that were known. ▲ above zero the short leg earns, ▼ below it pays.",
      height: 210,
      nothing: ({history}) => (history?.rates.ts.length ? null : "Nothing had settled by then.")
    }
  );
  const prices = LiveFigure<Known>(
    ({history, step}, width) =>
      ReplayPrices(history!, {
        width,
        height: 210,
        unit: unitOf(state.pairs),
        entryTs: step.hedges.find((d) => d.pair === history!.pair)?.entryTs
      }),
    {
      title: ({history}) => `Opens of both legs of ${history?.pair ?? "the pair"}`,
      subtitle: () => `In ${unitOf(state.pairs)}, UTC, the newest 360 bars that had opened.`,
      height: 210,
      nothing: ({history}) => (history?.prices.ts.length ? null : "No bar had opened by then.")
    }
  );
  const equity = LiveFigure<{index: number; replay: OpenedReplay}>(
    ({index: i, replay: run}, width) =>
      EquityChart([{name: "equity", curve: untilNow(run, i)}], {
        width,
        height: 220,
        capital: run.capital,
        unit: unitOf(state.pairs),
        trades: marksUntil(run, run.ts[i]!)
      }),
    {
      title: "Value of the account so far",
      subtitle: () =>
        `In ${unitOf(state.pairs)}, UTC. ○ opened, ▲ closed with a gain, ▼ with a loss; the grey rule is the capital.`,
      height: 220,
      nothing: ({index: i}) => (i < 1 ? "The run begins here." : null)
    }
  );
  const trades = h("div", {});
  const trade = LiveBlock<TradeReport | undefined>((d) =>
    d
      ? TradeCard(d, {
          unit: unitOf(state.pairs),
          stepLink: (ts) =>
            h(
              "button",
              {type: "button", class: "link", click: () => goTo(replay ? indexOfTs(replay, ts) : 0)},
              instant(ts)
            )
        })
      : h("p", {class: "subtitle"}, "Press the instant at which a trade was opened to see all that explains it.")
  );
  const against = LiveBlock<OpenedReplay>((run) =>
    h("div", {}, h("p", {}, replayAgainst(run)), SourceLine(run.notShown))
  );

  // the player
  const scrubber = h("input", {
    type: "range",
    id: "scrubber",
    min: 0,
    max: 0,
    value: 0,
    input: () => goTo(scrubber.valueAsNumber)
  });
  const where = h("output", {for: "scrubber"});
  const button = (label: string, title: string, act: () => void) =>
    h("button", {type: "button", class: "button", title, click: act}, label);
  let playing: ReturnType<typeof setInterval> | undefined;
  const play = h(
    "button",
    {type: "button", class: "button", title: "a step every 150 milliseconds", click: () => togglePlay()},
    "Play"
  );
  const pairSelect = h("select", {
    id: "replay-pair",
    input: () => {
      watched = pairSelect.value;
      setParams({watch: watched});
      ask();
    }
  });
  const player = h(
    "div",
    {class: "player"},
    h(
      "div",
      {class: "pager"},
      button("⇤ Event", "the event before (shift and ←)", () => goTo(eventIndex(-1))),
      button("← Step", "one instant back (←)", () => goTo(index - 1)),
      play,
      button("Step →", "one instant on (→)", () => goTo(index + 1)),
      button("Event ⇥", "the next event (shift and →)", () => goTo(eventIndex(1))),
      h("span", {class: "control control--check"}, h("label", {for: "replay-pair"}, "Charts of"), pairSelect)
    ),
    h("label", {for: "scrubber", class: "sr-only"}, "Instant of the run"),
    scrubber,
    where
  );
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && target !== scrubber) return;
    if (event.altKey || event.ctrlKey || event.metaKey || !replay || !player.isConnected) return;
    const next = {
      ArrowRight: event.shiftKey ? eventIndex(1) : index + 1,
      ArrowLeft: event.shiftKey ? eventIndex(-1) : index - 1,
      Home: 0,
      End: replay.ts.length - 1
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    goTo(next);
  });

  function togglePlay(): void {
    if (playing) {
      clearInterval(playing);
      playing = undefined;
    } else {
      playing = setInterval(() => {
        if (!replay || index >= replay.ts.length - 1) togglePlay();
        else goTo(index + 1);
      }, 150);
    }
    play.textContent = playing ? "Pause" : "Play";
  }

  /** The step of the next event after, or the last before, the one in hand. */
  function eventIndex(direction: 1 | -1): number {
    if (!replay) return 0;
    const now = replay.ts[index]!;
    const found =
      direction > 0
        ? replay.events.find((d) => d.kind !== "settled" && d.ts > now)
        : replay.events.findLast((d) => d.kind !== "settled" && d.ts < now);
    return found ? indexOfTs(replay, found.ts) : direction > 0 ? replay.ts.length - 1 : 0;
  }

  let writing: ReturnType<typeof setTimeout> | undefined;
  function goTo(next: number): void {
    if (!replay) return;
    index = Math.max(0, Math.min(replay.ts.length - 1, next));
    scrubber.value = String(index);
    const ts = replay.ts[index]!;
    where.textContent = `${instant(ts)}, step ${count(index + 1)} of ${count(replay.ts.length)}`;
    scrubber.setAttribute("aria-valuetext", where.textContent);
    clearTimeout(writing);
    writing = setTimeout(() => setParams({at: new Date(ts).toISOString().slice(0, 16)}), 150);
    ask();
  }

  /** Asks the worker for the step in hand; while one is on its way only the newest is asked for after it. */
  let busy = false;
  let stale = false;
  let orders = 0;
  function ask(): void {
    if (!worker || !replay) return;
    if (busy) {
      stale = true;
      return;
    }
    busy = true;
    worker.postMessage({type: "at", id: ++orders, index, pair: watched} satisfies ReplayOrder);
  }

  function show(step: ReplayStep, history: ReplayHistory | undefined): void {
    known = {step, history};
    answer.update(stepAnswer(step, unitOf(state.pairs)));
    keys.update(known);
    signals.update(known);
    book.update(known);
    if (history) {
      rates.update(known);
      prices.update(known);
    }
    if (replay) equity.update({index: step.index, replay});
  }

  async function open(): Promise<void> {
    const mine = ++generation;
    worker?.terminate();
    worker = undefined;
    busy = stale = false;
    replay = undefined;
    if (playing) togglePlay();
    const why = whyInvalid(state);
    if (why || !state.pairs.length) {
      problem.textContent ||= why ?? "choose at least one pair under “Rules and pairs of this run”";
      return answer.update("There is no run to step through yet.");
    }
    answer.update(`Loading ${plural(state.pairs.length, "history", "histories")} and running the ledger …`);
    try {
      const {markets, range} = await loadRun(feed, state);
      if (mine !== generation) return;
      const thread = (worker = new Worker(workerUrl, {type: "module"}));
      thread.onerror = (event) => fail(event.message || "the worker could not be started");
      thread.onmessage = ({data}: MessageEvent<ReplayAnswer>) => {
        if (mine !== generation) return;
        if (data.type === "error") fail(data.message);
        else if (data.type === "opened") begin(data.replay);
        else {
          busy = false;
          show(data.step, data.history);
          if (stale) {
            stale = false;
            ask();
          }
        }
      };
      thread.postMessage({type: "open", id: ++orders, markets, range, entries: entriesOf(state)} satisfies ReplayOrder);
    } catch (error) {
      if (mine === generation) fail((error as Error).message);
    }
  }

  function fail(message: string): void {
    problem.textContent = message;
    answer.update("There is no run to step through yet.");
  }

  function begin(run: OpenedReplay): void {
    replay = run;
    problem.textContent = "";
    scrubber.max = String(run.ts.length - 1);
    const wanted = getParam("watch");
    watched = wanted && state.pairs.includes(wanted) ? wanted : state.pairs[0]!;
    pairSelect.replaceChildren(
      ...state.pairs.map((pair) => h("option", {value: pair, selected: pair === watched}, pair))
    );
    trades.replaceChildren(
      TradeList(run.trades, {unit: unitOf(state.pairs), onOpen: (d) => openTrade(d, {scroll: true})})
    );
    const linked = run.trades.find((d) => d.id === getParam("trade"));
    const given = getParam("at");
    if (linked) openTrade(linked, {scroll: false});
    else trade.update(undefined);
    against.update(run);
    goTo(given ? indexGiven(run, given) : linked ? indexOfTs(run, linked.entryTs) : firstEvent(run));
  }

  function openTrade(d: TradeReport, {scroll}: {scroll: boolean}): void {
    setParams({trade: d.id});
    trade.update(d);
    if (watched !== d.pair) {
      watched = pairSelect.value = d.pair;
      ask();
    }
    if (scroll) trade.element.scrollIntoView({block: "nearest"});
  }

  let typing: ReturnType<typeof setTimeout> | undefined;
  const controls = StrategyControls(catalogue, state, {
    onChange: (next) => {
      state = next;
      clearTimeout(typing);
      typing = setTimeout(() => {
        setParams({...paramsOf(state), at: null, trade: null});
        rulesLine.replaceChildren(...rulesOf(state));
        void open();
      }, 400);
    }
  });
  const rulesLine = h("p", {class: "subtitle"}, rulesOf(state));
  if (catalogue.entries.length) void open();
  else answer.update("There is nothing to step through before there is data.");
  trade.update(undefined);
  return {
    answer: answer.element,
    player: h("div", {}, player, problem),
    keys: keys.element,
    rates: rates.element,
    prices: prices.element,
    equity: equity.element,
    signals: signals.element,
    book: book.element,
    trades,
    trade: trade.element,
    rules: h(
      "div",
      {},
      rulesLine,
      h(
        "details",
        {class: "more"},
        h("summary", {}, "Rules and pairs of this run"),
        h("div", {class: "narrow"}, controls.element)
      )
    ),
    against: against.element
  };
}

const rulesOf = (state: RunState): (Node | string)[] => [
  `${state.strategy}${Object.entries(state.set)
    .map(([key, value]) => `, ${key} ${value}`)
    .join("")} on ${state.pairs.join(", ") || "no pair"}, ${state.timeframe} bars. `,
  h("a", {href: linkTo("./builder", state)}, "Open it in the builder")
];

const indexOfTs = (run: OpenedReplay, ts: number): number => Math.max(0, lastAtOrBefore(run.ts, ts));

function indexGiven(run: OpenedReplay, text: string): number {
  try {
    return indexOfTs(run, parseInstant(text));
  } catch {
    return firstEvent(run);
  }
}

const firstEvent = (run: OpenedReplay): number => (run.events[0] ? indexOfTs(run, run.events[0].ts) : 0);

/** The curve up to a step, on the run's own instants; nothing later reaches the drawing. */
function untilNow(run: OpenedReplay, index: number) {
  const from = run.ts[0]!;
  const stepMs = 3_600_000;
  const length = Math.max(1, Math.floor((run.ts[index]! - from) / stepMs) + 1);
  let k = 0;
  const values = Float64Array.from({length}, (_, i) => {
    const t = from + i * stepMs;
    while (k + 1 <= index && run.ts[k + 1]! <= t) ++k;
    return run.equity[k]!;
  });
  return {startMs: from, stepMs, values};
}

const marksUntil = (run: OpenedReplay, ts: number): TradeMark[] =>
  run.trades.flatMap((d) => [
    ...(d.entryTs <= ts ? [{pair: d.pair, ts: d.entryTs, net: undefined}] : []),
    ...(d.exitTs <= ts ? [{pair: d.pair, ts: d.exitTs, net: Number(d.net)}] : [])
  ]);

function levelsOf(state: RunState): Level[] {
  const simple = valueOf(state, "strategy") === "simple";
  return [
    ...(simple ? [{name: "enter", rate: Number(valueOf(state, "minRate"))}] : []),
    {name: "leave below", rate: Number(valueOf(state, "exitRate"))}
  ];
}

function replayAgainst(run: OpenedReplay): string {
  const lost = run.trades.filter((d) => Number(d.net) <= 0);
  const worst = [...run.trades].sort((a, b) => Number(a.net) - Number(b.net))[0];
  if (!worst) return "A run without trades proves nothing in either direction.";
  return (
    `${plural(lost.length, "trade")} of ${count(run.trades.length)} did not gain; the worst, ${worst.pair} opened ${instant(worst.entryTs)}, made ${number(Number(worst.net), 2)}. ` +
    "A replay shows fills at the open with an assumed slippage: no order book, no leg that fails, no venue that stops."
  );
}
