import type {MarketData} from "../../lib/market/marketdata.js";
import type {Range} from "../../lib/backtest/window.js";
import {commandOf, entriesOf, type RunRequest} from "../../lib/strategy/request.js";
import {gridOfCells, parseAxis, type Axis} from "../../lib/sweep/grid.js";
import {SweepRunner, type SweepPlan} from "../../lib/sweep/plan.js";
import {compareTrials, type BestReport, type Ranking} from "../../lib/sweep/report.js";
import type {RunTrial} from "../../lib/sweep/trials.js";
import {h} from "../ui/dom.js";
import {count, plural} from "../ui/format.js";
import {GridChart, gridHeight, type GridCell} from "../charts/gridChart.js";
import {CopyButton} from "./handOn.js";
import {KNOBS, thresholdsOf} from "../run/knobs.js";
import type {LabClient} from "../run/labClient.js";
import {LiveFigure} from "../ui/liveFigure.js";
import {getParam, setParams} from "../ui/query.js";
import {unitOf} from "../run/runWords.js";
import {valueOf} from "../run/strategyControls.js";
import {sweepInPage} from "./sweepPool.js";
import {FoldTable, SweepTable, sweepAnswer} from "./sweepWords.js";

/** Parts of the page that the sweep uses. */
interface SweepContext {
  client: LabClient;
  workerUrl: string;
  /** the state in hand with its data, or undefined while that loads */
  current: () => {state: RunRequest; markets: readonly MarketData[]; range: Range} | undefined;
  onTrials: (trials: readonly RunTrial[], runner: SweepRunner, state: RunRequest) => void;
  onUse: (params: Readonly<Record<string, string>>) => void;
}

const DEFAULT_AXES: Record<string, string> = {
  minRate: "0:0.0006:0.00005",
  exitRate: "-0.0001:0.0002:0.00005",
  entry: "0.2:0.6:0.05",
  exit: "0.05:0.4:0.05",
  expectedHoldPeriods: "10:100:10",
  decisionDelayBars: "0:4:1",
  leverage: "1:5:1",
  slippageBps: "0:20:5",
  weightLevel: "0:0.6:0.1",
  weightTrend: "0:0.6:0.1",
  weightPersistence: "0:0.6:0.1",
  weightBasis: "0:0.6:0.1"
};

interface Grid {
  cells: GridCell[];
  axes: readonly Axis[];
  state: RunRequest;
}

/**
 * Runs a sweep in the page: one or two parameters over their values on every selected pair, in workers, with progress
 * and cancel; then tests the best trial. The trials are identical to those of `carrybook sweep`.
 */
export function SweepPanel(context: SweepContext): {element: HTMLElement; follow: (state: RunRequest) => void} {
  let state: RunRequest | undefined;
  let stop: AbortController | undefined;
  const keys = () =>
    state
      ? Object.keys(DEFAULT_AXES).filter((key) => {
          const other = thresholdsOf(state!.strategy)[0] === "minRate" ? /^(entry|exit|weight.*)$/ : /^minRate$/;
          return !other.test(key);
        })
      : [];

  const given = (getParam("grid") ?? "").split(";").filter(Boolean);
  const axes = [0, 1].map((i) => axisInput(i, i === 0 ? "First parameter" : "Second parameter"));
  const by = h(
    "select",
    {id: "sweep-by"},
    h("option", {value: "sharpe"}, "Sharpe ratio"),
    h("option", {value: "net"}, "net")
  );
  const run = h(
    "button",
    {type: "button", class: "button button--primary", click: () => void start()},
    "Run the sweep"
  );
  const cancel = h("button", {type: "button", class: "button", hidden: true, click: () => stop?.abort()}, "Cancel");
  const bar = h("progress", {max: 1, value: 0, hidden: true, "aria-label": "progress of the sweep"});
  const status = h("span", {"aria-live": "polite"});
  const problem = h("p", {class: "problem", role: "alert"});
  const outcome = h("div", {});
  const chart = LiveFigure<Grid>(
    ({cells, axes: [x, y], state: then}, width) =>
      GridChart(cells, {
        width,
        xLabel: x!.key,
        yLabel: y?.key,
        chosen: {x: valueOf(then, x!.key) ?? "", y: y && valueOf(then, y.key)}
      }),
    {
      title: "Net of every combination",
      subtitle: ({state: then}) =>
        `Per cent of capital over the range, sum of ${plural(then.pairs.length, "pair")}, each with its own capital. Blue: gain, orange: loss; frame: best combination; ×: current settings.`,
      height: ({cells}) => gridHeight(new Set(cells.map((d) => d.y)).size),
      level: 3
    }
  );
  chart.element.hidden = true;

  function axisInput(i: number, label: string) {
    const select = h("select", {
      id: `axis-${i}`,
      input: () => {
        values.value = DEFAULT_AXES[select.value] ?? "";
        write();
      }
    });
    const values = h("input", {id: `axis-${i}-values`, type: "text", spellcheck: "false", input: () => write()});
    return {
      select,
      values,
      element: h(
        "div",
        {class: "axis"},
        h("div", {class: "control"}, h("label", {for: select.id}, label), select),
        h("div", {class: "control"}, h("label", {for: values.id}, "from:to:step, or a,b,c"), values)
      )
    };
  }
  const specs = (): string[] =>
    axes.filter(({select}) => select.value).map(({select, values}) => `${select.value}=${values.value}`);
  function write(): void {
    setParams({grid: specs().join(";")});
    preview();
  }
  /** Shows the number of trials, or why the sweep cannot run. */
  function preview(): SweepPlan | undefined {
    const now = context.current();
    problem.textContent = "";
    if (!now || !state) return undefined;
    try {
      const parsed = specs().map(parseAxis);
      const grid = gridOfCells(entriesOf(now.state), parsed);
      status.textContent =
        `${count(grid.cells.length)} combinations × ${plural(now.markets.length, "pair")}` +
        (grid.leftOut.length ? `, ${count(grid.leftOut.length)} skipped: ${grid.leftOut[0]!.why}` : "");
      run.disabled = false;
      return {markets: now.markets, range: now.range, base: entriesOf(now.state), axes: parsed};
    } catch (error) {
      status.textContent = "";
      problem.textContent = (error as Error).message;
      run.disabled = true;
      return undefined;
    }
  }

  async function start(): Promise<void> {
    const plan = preview();
    const now = context.current();
    if (!plan || !now || stop) return;
    const abort = (stop = new AbortController());
    const progress = (done: number, total: number, words: string) => {
      bar.value = total ? done / total : 0;
      status.textContent = words;
    };
    run.disabled = true;
    cancel.hidden = bar.hidden = false;
    outcome.replaceChildren();
    const began = performance.now();
    try {
      const {trials, complete} = await sweepInPage(plan, {
        url: context.workerUrl,
        signal: abort.signal,
        onProgress: (done, total) => progress(done, total, `${count(done)} of ${count(total)} trials`)
      });
      const seconds = (performance.now() - began) / 1000;
      const runner = new SweepRunner(plan);
      context.onTrials(trials, runner, now.state);
      const cells = cellsOf(runner, trials);
      chart.element.hidden = cells.length === 0;
      chart.update({cells, axes: plan.axes, state: now.state});
      if (!complete) {
        status.textContent = `Cancelled after ${count(trials.length)} of ${count(runner.length)} trials. Their results are shown, but the best is not tested.`;
        return;
      }
      progress(0, 1, `${count(trials.length)} trials in ${seconds.toFixed(1)} s; testing the best …`);
      const reports = await context.client.report(plan, trials, by.value as Ranking, {
        signal: abort.signal,
        onProgress: (done, total) => progress(done, total, `tested ${count(done)} of ${plural(total, "pair")}`)
      });
      status.textContent = `${count(trials.length)} trials in ${seconds.toFixed(1)} s.`;
      outcome.replaceChildren(...conclusion(reports, runner, trials, now.state));
    } catch (error) {
      if ((error as Error).name === "AbortError") {
        status.textContent =
          "Cancelled during the test of the best. The results are shown, but the best is not tested.";
      } else problem.textContent = (error as Error).message;
    } finally {
      stop = undefined;
      run.disabled = false;
      cancel.hidden = bar.hidden = true;
    }
  }

  function conclusion(
    reports: readonly BestReport[],
    runner: SweepRunner,
    trials: readonly RunTrial[],
    then: RunRequest
  ): Node[] {
    const unit = unitOf(then.pairs);
    const best = [...trials].sort(compareTrials(by.value as Ranking))[0];
    const params = best && runner.at(best.index).cell.params;
    const folds = reports.map((report) => FoldTable(report, {unit})).filter((table) => table !== null);
    return [
      h("p", {class: "answer"}, reports[0] ? sweepAnswer(reports[0]) : ""),
      SweepTable(reports, {unit}),
      ...folds.slice(0, 3),
      h(
        "div",
        {class: "pager"},
        params
          ? h("button", {type: "button", class: "button", click: () => context.onUse(params)}, "Use the best settings")
          : null,
        CopyButton("Copy sweep command", () => commandOf(then, {verb: "sweep", grid: specs()}))
      )
    ];
  }

  const element = h(
    "div",
    {class: "sweep"},
    h(
      "div",
      {class: "controls"},
      axes.map((axis) => axis.element)
    ),
    h(
      "div",
      {class: "controls"},
      h("div", {class: "control"}, h("label", {for: "sweep-by"}, "Best by"), by),
      run,
      cancel,
      bar,
      status
    ),
    problem,
    chart.element,
    outcome
  );
  return {
    element,
    follow(next) {
      const kind = thresholdsOf(next.strategy)[0];
      const changed = !state || thresholdsOf(state.strategy)[0] !== kind;
      state = next;
      if (changed) {
        axes.forEach(({select, values}, i) => {
          const [key, ...rest] = (given[i] ?? "").split("=");
          const wanted = keys().includes(key!)
            ? key!
            : i === 0
              ? kind
              : given.length
                ? ""
                : thresholdsOf(next.strategy)[1];
          select.replaceChildren(
            ...(i === 1 ? [h("option", {value: ""}, "none")] : []),
            ...keys().map((name) => h("option", {value: name, title: KNOBS[name]?.title}, name))
          );
          select.value = wanted;
          values.value = key === wanted && rest.length ? rest.join("=") : (DEFAULT_AXES[wanted] ?? "");
        });
      }
      if (!stop) preview();
    }
  };
}

/** Sums the trials of a sweep over the pairs into cells; a cell that has not run on every pair is omitted. */
function cellsOf(runner: SweepRunner, trials: readonly RunTrial[]): GridCell[] {
  const {axes} = runner.grid;
  const pairs = runner.plan.markets.length;
  const sums = new Map<number, {net: number; trades: number; pairs: number}>();
  for (const {index, outcome} of trials) {
    const cell = index % runner.grid.cells.length;
    const sum = sums.get(cell) ?? {net: 0, trades: 0, pairs: 0};
    sums.set(cell, {net: sum.net + outcome.net, trades: sum.trades + outcome.trades, pairs: sum.pairs + 1});
  }
  return [...sums]
    .filter(([, sum]) => sum.pairs === pairs)
    .sort(([a], [b]) => a - b)
    .map(([index, {net, trades}]) => {
      const {params, config} = runner.grid.cells[index]!;
      return {
        x: params[axes[0]!.key]!,
        y: axes[1] && params[axes[1].key],
        net,
        trades,
        share: net / (Number(config.capital) * pairs)
      };
    });
}
