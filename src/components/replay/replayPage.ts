import type {OpenedReplay} from "../../lib/workers/replay.js";
import type {TradeReport} from "../../lib/wire/trade.js";
import {paramsOf, readAddress, whyInvalid, type RunRequest} from "../../lib/strategy/request.js";
import {h} from "../ui/dom.js";
import {EquityChart} from "../charts/equityChart.js";
import {instant} from "../ui/format.js";
import {LedgerReplay} from "./ledgerReplay.js";
import {linkTo} from "../ui/links.js";
import {LiveBlock, LiveFigure} from "../ui/liveFigure.js";
import type {MarketFeed} from "../feed/marketFeed.js";
import {getParam, setParams} from "../ui/query.js";
import {ReplayPrices, ReplayRates} from "../charts/replayCharts.js";
import {ReplayPlayer} from "./replayPlayer.js";
import {firstEvent, indexGiven, indexOfTs, marksUntil, replayAgainst, untilNow} from "./replayRun.js";
import type {ReplaySource, ReplayView} from "./replaySource.js";
import {SourceLine} from "../ui/sourceLine.js";
import {defaultState, StrategyControls} from "../run/strategyControls.js";
import {TradeCard} from "../run/tradeCard.js";
import {TradeList} from "../run/tradeList.js";

interface ReplayParts {
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

const NO_RUN = "There is no run to replay yet.";

/**
 * Steps through a run: a backtest of the rules in the URL, or, with `run=paper`, the run of the engine. Each step shows
 * only what was known then.
 * @param engineRun returns the run of the engine, called when the URL requests it
 */
export function ReplayPage(feed: MarketFeed, workerUrl: string, engineRun: () => ReplaySource): ReplayParts {
  const {catalogue} = feed;
  const ofEngine = getParam("run") !== null;
  const opened = readAddress(getParam, defaultState(catalogue));
  const unknown = ofEngine
    ? []
    : opened.request.pairs.filter((pair) => !catalogue.entries.some((d) => d.pair === pair));
  let state: RunRequest = {...opened.request, pairs: opened.request.pairs.filter((pair) => !unknown.includes(pair))};
  let source: ReplaySource | undefined;
  let replay: OpenedReplay | undefined;

  const problem = h(
    "p",
    {class: "problem", role: "alert"},
    ofEngine ? "" : [...opened.problems, ...unknown.map((pair) => `no history of ${pair}`)].join("; ")
  );
  const answer = LiveBlock<string>((text) => h("p", {class: "answer", "aria-live": "polite"}, text));
  const keys = LiveBlock<ReplayView>((d) => d.keys);
  const signals = LiveBlock<ReplayView>((d) => d.signals);
  const book = LiveBlock<ReplayView>((d) => d.book);
  const unit = () => source?.unit ?? "quote";
  const rates = LiveFigure<ReplayView>(
    ({history}, width) => ReplayRates(history!, {width, height: 210, levels: source?.levels ?? []}),
    {
      title: ({history}) => `Settled rates of ${history?.pair ?? "the pair"} up to this time`,
      subtitle: () =>
        `Basis points per 8 h, UTC, ${source?.texts.rates ?? ""}. Above zero the short leg receives funding, below zero it pays.`,
      height: 210,
      nothing: ({history}) => (history?.rates.ts.length ? null : "There was no settlement by this time.")
    }
  );
  const prices = LiveFigure<ReplayView>(
    ({history, entryTs}, width) => ReplayPrices(history!, {width, height: 210, unit: unit(), entryTs}),
    {
      title: ({history}) => `Prices of both legs of ${history?.pair ?? "the pair"}`,
      subtitle: () => `In ${unit()}, UTC, ${source?.texts.prices ?? ""}.`,
      height: 210,
      nothing: ({history}) => (history?.prices.ts.length ? null : "There was no price by this time.")
    }
  );
  const equity = LiveFigure<{index: number; replay: OpenedReplay}>(
    ({index: i, replay: run}, width) =>
      EquityChart([{name: "equity", curve: untilNow(run, i)}], {
        width,
        height: 220,
        capital: run.capital,
        unit: unit(),
        trades: marksUntil(run, run.ts[i]!)
      }),
    {
      title: "Account equity so far",
      subtitle: () => `In ${unit()}, UTC. ○ opened, ▲ closed with a gain, ▼ with a loss; grey line: capital.`,
      height: 220,
      nothing: ({index: i}) => (i < 1 ? "This is the first step of the run." : null)
    }
  );
  const trades = h("div", {});
  const trade = LiveBlock<TradeReport | undefined>((d) =>
    d
      ? TradeCard(d, {
          unit: unit(),
          stepLink: (ts) =>
            h(
              "button",
              {type: "button", class: "link", click: () => player.goTo(replay ? indexOfTs(replay, ts) : 0)},
              instant(ts)
            )
        })
      : h("p", {class: "subtitle"}, "Click the opening time of a trade to see its reasons, payments and fills.")
  );
  const against = LiveBlock<OpenedReplay>((run) =>
    h("div", {}, h("p", {}, replayAgainst(run)), SourceLine(run.notShown))
  );

  // While one step is being read, only the newest request is kept.
  let busy = false;
  let wanted: number | undefined;
  const player = ReplayPlayer((index) => {
    wanted = index;
    if (!busy) void ask();
  });
  async function ask(): Promise<void> {
    const from = source;
    busy = true;
    try {
      while (wanted !== undefined && from && from === source && replay) {
        const index = wanted;
        wanted = undefined;
        const view = await from.at(index, player.watched);
        if (from !== source) return;
        answer.update(view.answer);
        keys.update(view);
        signals.update(view);
        book.update(view);
        if (view.history) {
          rates.update(view);
          prices.update(view);
        }
        equity.update({index, replay});
      }
    } catch (error) {
      if (from === source) fail((error as Error).message);
    } finally {
      if (from === source) busy = false;
    }
  }

  function fail(message: string): void {
    problem.textContent = message;
    answer.update(NO_RUN);
  }

  async function open(next: ReplaySource): Promise<void> {
    source?.close();
    source = next;
    replay = undefined;
    busy = false;
    wanted = undefined;
    player.load(undefined);
    answer.update(next.opening);
    try {
      const run = await next.open();
      if (source === next) begin(run, next);
    } catch (error) {
      if (source === next) fail((error as Error).message);
    }
  }

  function openState(): void {
    const why = whyInvalid(state);
    if (!why && state.pairs.length) return void open(LedgerReplay(feed, workerUrl, state));
    source?.close();
    source = replay = undefined;
    player.load(undefined);
    problem.textContent ||= why ?? "choose at least one pair under “Rules and pairs of this run”";
    answer.update(NO_RUN);
  }

  function begin(run: OpenedReplay, {pairs}: ReplaySource): void {
    replay = run;
    problem.textContent = "";
    player.load(run, pairs);
    trades.replaceChildren(TradeList(run.trades, {unit: unit(), onOpen: (d) => openTrade(d, {scroll: true})}));
    const linked = run.trades.find((d) => d.id === getParam("trade"));
    const given = getParam("at");
    against.update(run);
    player.goTo(given ? indexGiven(run, given) : linked ? indexOfTs(run, linked.entryTs) : firstEvent(run));
    if (linked) openTrade(linked, {scroll: false});
    else trade.update(undefined);
  }

  function openTrade(d: TradeReport, {scroll}: {scroll: boolean}): void {
    setParams({trade: d.id});
    trade.update(d);
    player.watch(d.pair);
    if (scroll) trade.element.scrollIntoView({block: "nearest"});
  }

  trade.update(undefined);
  if (ofEngine) void open(engineRun());
  else if (catalogue.entries.length) openState();
  else answer.update("There is no data yet, so there is no run to replay.");
  return {
    answer: answer.element,
    player: h("div", {}, player.element, problem),
    keys: keys.element,
    rates: rates.element,
    prices: prices.element,
    equity: equity.element,
    signals: signals.element,
    book: book.element,
    trades,
    trade: trade.element,
    rules: ofEngine ? EngineRules() : rulesPart(),
    against: against.element
  };

  function rulesPart(): HTMLElement {
    let typing: ReturnType<typeof setTimeout> | undefined;
    const line = h("p", {class: "subtitle"}, rulesOf(state));
    const controls = StrategyControls(catalogue, state, {
      onChange: (next) => {
        state = next;
        clearTimeout(typing);
        typing = setTimeout(() => {
          setParams({...paramsOf(state), at: null, trade: null});
          line.replaceChildren(...rulesOf(state));
          openState();
        }, 400);
      }
    });
    return h(
      "div",
      {},
      line,
      h(
        "details",
        {class: "more"},
        h("summary", {}, "Rules and pairs of this run"),
        h("div", {class: "narrow"}, controls.element)
      )
    );
  }
}

const EngineRules = (): HTMLElement =>
  h(
    "p",
    {class: "subtitle"},
    "This is the run of the engine. Its rules and limits are on the ",
    h("a", {href: "./engine"}, "Engine"),
    " page. You can also ",
    h("a", {href: "./replay"}, "replay a backtest"),
    "."
  );

const rulesOf = (state: RunRequest): (Node | string)[] => [
  `${state.strategy}${Object.entries(state.set)
    .map(([key, value]) => `, ${key} ${value}`)
    .join("")} on ${state.pairs.join(", ") || "no pair"}, ${state.timeframe} bars. `,
  h("a", {href: linkTo("./builder", state)}, "Open this run in the Builder")
];
