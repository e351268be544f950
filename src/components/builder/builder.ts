import type {AroundPoint, Curve, LabRun} from "../../lib/workers/lab.js";
import {entriesOf, paramsOf, readAddress, whyInvalid, withKey, type RunRequest} from "../../lib/strategy/request.js";
import type {Variation} from "../../lib/backtest/sensitivity.js";
import {AroundChart, aroundHeight} from "../run/aroundChart.js";
import {h} from "../ui/dom.js";
import {EquityChart, type NamedCurve, type TradeMark} from "../charts/equityChart.js";
import {count, number, plural} from "../ui/format.js";
import {HandOn} from "./handOn.js";
import {KNOBS, mainKnobs, moreKnobs, valuesAround} from "../run/knobs.js";
import {LabClient} from "../run/labClient.js";
import {LiveBlock, LiveFigure} from "../ui/liveFigure.js";
import type {MarketFeed} from "../feed/marketFeed.js";
import {getParam, setParams} from "../ui/query.js";
import {dataKey, loadRun, type LoadedRun} from "../run/runLoader.js";
import {PairTable, pairsAnswer, RunKeys, runAnswer, unitOf} from "../run/runWords.js";
import {SourceLine} from "../ui/sourceLine.js";
import {defaultState, StrategyControls, valueOf} from "../run/strategyControls.js";
import {SweepPanel} from "./sweepPanel.js";
import {keptVariants, MAX_KEPT, VariantTable, variantName, writeVariants, type Variant} from "./variants.js";
import {VisitLog, VisitTable, visitAnswer} from "./visitLog.js";
import {Waterfall} from "../charts/waterfall.js";

interface Shown {
  state: RunRequest;
  run: LabRun;
  checks: readonly Variation[] | undefined;
}

interface Curves {
  state: RunRequest;
  curves: NamedCurve[];
  trades: TradeMark[];
}

/** Parts of the Builder page; they update in place. */
interface BuilderParts {
  answer: HTMLElement;
  keys: HTMLElement;
  controls: HTMLElement;
  equity: HTMLElement;
  status: HTMLElement;
  waterfall: HTMLElement;
  pairs: HTMLElement;
  variants: HTMLElement;
  around: HTMLElement;
  sweep: HTMLElement;
  visit: HTMLElement;
  handOn: HTMLElement;
  against: HTMLElement;
}

/** URLs of the worker scripts. */
interface WorkerUrls {
  lab: string;
  sweep: string;
}

/**
 * Draws the strategy builder: inputs, a live run in a worker, and its results. The URL holds the whole state; while a
 * slider is dragged, only the newest value is run.
 */
export function Builder(feed: MarketFeed, urls: WorkerUrls): BuilderParts {
  const {catalogue} = feed;
  const fallback = defaultState(catalogue);
  const opened = readAddress(getParam, fallback);
  const unknown = opened.request.pairs.filter((pair) => !catalogue.entries.some((d) => d.pair === pair));
  let state: RunRequest = {...opened.request, pairs: opened.request.pairs.filter((pair) => !unknown.includes(pair))};
  const problems = [...opened.problems, ...unknown.map((pair) => `no history of ${pair}`)];

  let loaded: LoadedRun | undefined;
  let loadedKey = "";
  let shown: Shown | undefined;
  let curve: Curve | undefined;
  let kept: Variant[] = keptVariants(fallback);
  let keptRuns: (LabRun | undefined)[] = [];
  const log = new VisitLog();

  const client = new LabClient(urls.lab, {
    onPreview: ({equity}, entries) => {
      if (entries !== asked) return;
      curve = equity;
      drawCurves([]);
    },
    onRun: (run, entries, ms) => {
      if (entries !== asked) return;
      shown = {state, run, checks: undefined};
      curve = run.equity;
      status.update(`${plural(run.report.runs.length, "pair")} run in ${number(ms, 0)} ms`);
      draw();
      later();
    },
    onError: (error, entries) => {
      if (entries === asked) fail(error.message);
    }
  });
  let asked: Record<string, string> | undefined;

  const status = LiveBlock<string>((text) => text, {className: "subtitle status"});
  status.element.setAttribute("aria-live", "polite");
  const problem = h("div", {class: "problem", role: "alert"}, problems.join("; "));
  const answer = LiveBlock<Shown | string>((d) => h("p", {class: "answer"}, typeof d === "string" ? d : runAnswer(d)));
  const keys = LiveBlock<Shown>((d) => RunKeys(d));
  const equity = LiveFigure<Curves>(
    ({curves, trades, state: then}, width) =>
      EquityChart(curves, {
        width,
        height: 330,
        capital: Number(valueOf(then, "capital")),
        trades,
        unit: unitOf(then.pairs)
      }),
    {
      title: "Account equity",
      subtitle: ({state: then}) =>
        `Cash and both legs in ${unitOf(then.pairs)}, hourly, UTC. ○ opened, ▲ closed with a gain, ▼ with a loss; grey line: capital.`,
      height: 330
    }
  );
  const waterfall = LiveFigure<Shown>(
    ({run, state: then}, width) =>
      Waterfall(run.report.portfolio.totals, {width, height: 230, unit: unitOf(then.pairs)}),
    {
      title: "From funding to net",
      subtitle: ({state: then}) =>
        `All trades together, in ${unitOf(then.pairs)}; the components add up to the net exactly.`,
      height: 230,
      nothing: ({run}) => (run.report.portfolio.totals.trades ? null : "No trade, so there is nothing to add up.")
    }
  );
  const pairs = LiveBlock<Shown>(({run, state: then}) => [
    h("h2", {id: "pairs"}, "Results by pair"),
    h("p", {class: "answer"}, pairsAnswer(run.report.runs)),
    PairTable(run.report.runs, {unit: unitOf(then.pairs)})
  ]);
  const variants = LiveBlock<void>(() => [
    h(
      "div",
      {class: "pager"},
      h(
        "button",
        {
          type: "button",
          class: "button",
          disabled: kept.length >= MAX_KEPT || !shown,
          click: () => keep({strategy: state.strategy, set: state.set})
        },
        "Keep this variant for comparison"
      ),
      kept.length ? `${count(kept.length)} of ${MAX_KEPT} kept` : "none kept yet"
    ),
    kept.length && shown
      ? VariantTable(
          [{strategy: state.strategy, set: state.set}, ...kept].map((variant, i) => ({
            name: variantName(i),
            variant,
            run: i === 0 ? shown!.run : keptRuns[i - 1]
          })),
          {onUse: (i) => take(i), onDrop: (i) => setKept(kept.filter((_, j) => j !== i))}
        )
      : null
  ]);
  const around = LiveFigure<{points: readonly AroundPoint[]; state: RunRequest}>(
    ({points, state: then}, width) =>
      AroundChart(points, {width, chosen: chosenValues(then), unit: unitOf(then.pairs)}),
    {
      title: "Sensitivity to each input",
      subtitle: ({state: then}) =>
        `Net in ${unitOf(then.pairs)} when one input changes and the others stay; dot: current value. A plateau is more reliable than a peak.${then.pairs.length > 1 ? " Sum over the pairs, each with its own capital." : ""}`,
      height: ({points}, width) => aroundHeight(new Set(points.map((d) => d.key)).size, width)
    }
  );
  const visit = LiveBlock<number>((index) => [h("p", {class: "answer"}, visitAnswer(log, index)), VisitTable(log)]);
  const handOn = LiveBlock<void>(() => HandOn(state, shown?.run));
  const against = LiveBlock<Shown>((d) => RunAgainst(d));

  const controls = StrategyControls(catalogue, state, {
    onChange: (next) => {
      problem.textContent = "";
      accept(next);
    }
  });
  const sweep = SweepPanel({
    client,
    workerUrl: urls.sweep,
    current: () => (loaded && loadedKey === dataKey(state) ? {state, ...loaded} : undefined),
    onTrials: (trials, runner, then) => {
      log.addSweep(trials, (index) => {
        const {pair, cell} = runner.at(index);
        const words = Object.entries(cell.params).map(([key, value]) => `${key} ${value}`);
        return {
          key: JSON.stringify([pair, then.timeframe, then.fromMs, then.toMs, then.strategy, then.set, cell.params]),
          text: `sweep: ${pair}, ${then.strategy}, ${words.join(", ")}`
        };
      });
      if (shown) logRun(shown);
    },
    onUse: (params) => {
      let next = state;
      for (const [key, value] of Object.entries(params)) next = withKey(next, key, value);
      if (whyInvalid(next)) return;
      controls.show(next);
      accept(next);
    }
  });

  let writing: ReturnType<typeof setTimeout> | undefined;
  function accept(next: RunRequest): void {
    state = next;
    clearTimeout(writing);
    writing = setTimeout(() => setParams(paramsOf(state)), 120);
    void refresh();
  }

  async function refresh(): Promise<void> {
    const why = whyInvalid(state);
    if (why) return fail(why);
    if (!state.pairs.length) return fail(catalogue.entries.length ? "choose at least one pair" : "");
    const key = dataKey(state);
    if (key !== loadedKey) {
      try {
        const then = state;
        status.update(`loading ${plural(then.pairs.length, "history", "histories")} …`);
        const next = await loadRun(feed, then, (done, total) => {
          if (dataKey(state) === key)
            status.update(`loaded ${count(done)} of ${plural(total, "history", "histories")}`);
        });
        if (dataKey(state) !== key) return;
        loaded = next;
        loadedKey = key;
        keptRuns = [];
        client.setData(next.markets, next.range);
      } catch (error) {
        if (dataKey(state) === key) fail((error as Error).message);
        return;
      }
    }
    sweep.follow(state);
    client.run((asked = entriesOf(state)));
  }

  function fail(message: string): void {
    status.update("");
    problem.textContent = message;
    if (!shown) answer.update(message ? "There is no result yet." : "There is no data yet, so no run is possible.");
    equity.element.classList.add("stale");
  }

  function draw(): void {
    if (!shown) return;
    problem.textContent = "";
    equity.element.classList.remove("stale");
    answer.update(shown);
    keys.update(shown);
    drawCurves(marksOf(shown.run));
    waterfall.update(shown);
    pairs.update(shown);
    variants.update();
    handOn.update();
    against.update(shown);
    logRun(shown);
  }

  function drawCurves(trades: TradeMark[]): void {
    if (!curve) return;
    const curves = [
      {name: "A", curve},
      ...kept.flatMap((_, i) => (keptRuns[i] ? [{name: variantName(i + 1), curve: keptRuns[i]!.equity}] : []))
    ];
    equity.update({state, curves, trades});
  }

  function logRun({run, state: then}: Shown): void {
    const {pairs: list, timeframe, fromMs, toMs, strategy, set} = then;
    const words = [list.length > 3 ? plural(list.length, "pair") : list.join(", "), strategy];
    for (const [key, value] of Object.entries(set)) words.push(`${key} ${value}`);
    visit.update(log.add(JSON.stringify([list, timeframe, fromMs, toMs, strategy, set]), words.join(", "), run));
  }

  // Work that takes longer than a frame waits until the inputs rest.
  let pause: ReturnType<typeof setTimeout> | undefined;
  function later(): void {
    clearTimeout(pause);
    pause = setTimeout(async () => {
      const entries = asked;
      const then = state;
      if (!entries) return;
      try {
        for (let i = 0; i < kept.length; ++i) {
          if (keptRuns[i]) continue;
          const run = await client.aside(entriesOf(kept[i]!));
          if (entries !== asked) return;
          keptRuns[i] = run;
          variants.update();
          drawCurves(shown ? marksOf(shown.run) : []);
        }
        const checks = await client.checks(entries);
        if (entries !== asked || !shown) return;
        shown = {...shown, checks};
        keys.update(shown);
        against.update(shown);
        const points = await client.around(entries, aroundValues(then));
        if (entries === asked) around.update({points, state: then});
      } catch (error) {
        if ((error as Error).name !== "AbortError" && entries === asked) problem.textContent = (error as Error).message;
      }
    }, 250);
  }

  function keep(variant: Variant): void {
    setKept([...kept, variant]);
  }
  function setKept(next: Variant[]): void {
    keptRuns = next.map((variant) => keptRuns[kept.indexOf(variant)]);
    kept = next;
    writeVariants(kept);
    variants.update();
    drawCurves(shown ? marksOf(shown.run) : []);
    later();
  }
  function take(i: number): void {
    const variant = kept[i]!;
    setKept(kept.map((d, j) => (j === i ? {strategy: state.strategy, set: state.set} : d)));
    keptRuns[i] = shown?.run;
    const next = {...state, ...variant};
    controls.show(next);
    accept(next);
  }

  if (catalogue.entries.length) void refresh();
  else fail("");
  variants.update();
  if (catalogue.entries.length && !state.pairs.length) problem.textContent ||= "choose at least one pair";
  return {
    answer: answer.element,
    keys: keys.element,
    controls: h("div", {}, controls.element, problem),
    equity: equity.element,
    status: status.element,
    waterfall: waterfall.element,
    pairs: pairs.element,
    variants: variants.element,
    around: around.element,
    sweep: sweep.element,
    visit: visit.element,
    handOn: handOn.element,
    against: against.element
  };
}

/** Returns the entries and exits of a run, to be marked on its curve. */
const marksOf = ({report}: LabRun): TradeMark[] =>
  report.runs.flatMap((run) =>
    run.trades.flatMap(({pair, entryTs, exitTs, net}) => [
      {pair, ts: entryTs, net: undefined},
      {pair, ts: exitTs, net: Number(net)}
    ])
  );

const knobsFor = (state: RunRequest) =>
  [...mainKnobs(state.strategy), ...moreKnobs(state.strategy)].filter(({key}) => valueOf(state, key) !== "auto");

const chosenValues = (state: RunRequest): Record<string, string> =>
  Object.fromEntries(knobsFor(state).map(({key}) => [key, valueOf(state, key)!]));

const aroundValues = (state: RunRequest): Record<string, string[]> =>
  Object.fromEntries(
    knobsFor(state)
      .slice(0, 6)
      .map(({key}) => [key, valuesAround(KNOBS[key]!, valueOf(state, key)!)])
  );

/** States the strongest argument against the run from its own figures. */
function RunAgainst({run, checks, state}: Shown): HTMLElement {
  const {metrics, splits, totals} = run.report.portfolio;
  const lost = splits.month.filter((d) => d.net < 0).length;
  const idle = splits.month.filter((d) => d.net === 0).length;
  const later = checks?.find(({code}) => code === "delayed");
  const unit = unitOf(state.pairs);
  const parts = [
    `Its worst drawdown was ${number(metrics.maxDrawdown * 100, 2)} % of the peak. It lost in ${count(lost)} of ${plural(splits.month.length, "month")}; ${count(idle)} had no open hedge.`,
    later
      ? `With every decision one bar later, it makes ${number(later.metrics.totalReturn * 100, 2)} % of capital instead of ${number(metrics.totalReturn * 100, 2)} %.`
      : "",
    totals.trades > 0 && totals.trades < 30
      ? `${plural(totals.trades, "trade")} ${totals.trades === 1 ? "is" : "are"} too few to separate skill from luck.`
      : "",
    `Of the sum of all cash flows, fees and slippage were ${number((metrics.feeShare ?? 0) * 100, 0)} % and funding ${number((metrics.fundingShare ?? 0) * 100, 0)} % (net ${number(Number(totals.net), 2)} ${unit}).`
  ];
  return h("div", {}, h("p", {}, parts.filter(Boolean).join(" ")), SourceLine(run.notShown));
}
