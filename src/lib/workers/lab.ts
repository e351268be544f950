import {dailyReturns, equityCurve} from "../backtest/curve.js";
import {moments, type Moments} from "../stats/ratios.js";
import {weigh, type Weighed} from "../sweep/outofsample.js";
import {sensitivities, type Variation} from "../backtest/sensitivity.js";
import {parseConfig} from "../strategy/config.js";
import type {Outcome} from "../sweep/outcome.js";
import {SweepRunner, type SweepPlan} from "../sweep/plan.js";
import {reportPair, type BestReport, type Ranking} from "../sweep/report.js";
import {PairSweep, type RunTrial} from "../sweep/trials.js";
import type {MarketData} from "../market/marketdata.js";
import {backtestReport, notShown, type BacktestReport} from "../backtest/report.js";
import {runWindows} from "../backtest/run.js";
import {windowOf, type PairWindow, type Range} from "../backtest/window.js";

/** An evenly spaced series: `values[i]` at `startMs + i × stepMs`. */
export interface Curve {
  startMs: number;
  stepMs: number;
  values: Float64Array;
}

/** One exact run for a page; the equity is a column instead of the report's list. */
export interface LabRun {
  report: Omit<BacktestReport, "portfolio"> & {portfolio: Omit<BacktestReport["portfolio"], "equity">};
  equity: Curve;
  startMs: number;
  endMs: number;
  /** moments of the daily returns, for statistics over all trials of a visit */
  moments: Moments;
  /** what a backtest does not model, in one line */
  notShown: string;
}

/** The float kernel's result for one pair, sent before that of the exact ledger. */
export interface LabPreview {
  equity: Curve;
  outcome: Outcome;
}

/** The result with one parameter changed and all others fixed. */
export interface AroundPoint {
  key: string;
  value: string;
  /** Σ over pairs, each with its own capital; undefined if the value contradicts another setting */
  net: number | undefined;
  trades: number | undefined;
}

type Entries = Readonly<Record<string, string>>;

/** Requests to the worker of the strategy pages: data first; each answer has the id of its order. */
export type LabOrder =
  | {type: "data"; markets: readonly MarketData[]; range: Range}
  | {type: "run"; id: number; entries: Entries}
  | {type: "checks"; id: number; entries: Entries}
  | {type: "around"; id: number; entries: Entries; values: Readonly<Record<string, readonly string[]>>}
  | {type: "weigh"; id: number; market: MarketData; entries: Entries}
  | {type: "report"; id: number; plan: SweepPlan; trials: readonly RunTrial[]; by: Ranking};

export type LabAnswer =
  | {type: "preview"; id: number; preview: LabPreview}
  | {type: "run"; id: number; run: LabRun}
  | {type: "checks"; id: number; checks: Variation[]}
  | {type: "around"; id: number; points: AroundPoint[]}
  | {type: "weighed"; id: number; weighed: Weighed}
  | {type: "report"; id: number; reports: BestReport[]; done: number; total: number}
  | {type: "error"; id: number | undefined; name: string; message: string};

/**
 * Returns the message handler of the strategy pages' worker. A run of one pair is answered twice: first by the float
 * kernel, then by the exact ledger.
 */
export function labWorker(answer: (message: LabAnswer) => void): (order: LabOrder) => void {
  let data: {markets: readonly MarketData[]; range: Range} = {markets: [], range: {}};
  let windows = new Map<boolean, PairWindow[]>();
  let sweeps: PairSweep[] = [];
  const cut = (warmup: boolean): PairWindow[] => {
    let list = windows.get(warmup);
    if (!list) windows.set(warmup, (list = data.markets.map((market) => windowOf(market, data.range, warmup))));
    return list;
  };
  const sweepOf = (i: number): PairSweep => (sweeps[i] ??= new PairSweep(data.markets[i]!, data.range));

  function preview(id: number, entries: Entries): void {
    const config = parseConfig(entries);
    const kernel = sweepOf(0).kernel(config.warmup);
    const outcome = kernel.run(config);
    if (!outcome) return;
    const {startMs, stepMs} = kernel.p.grid;
    answer({type: "preview", id, preview: {outcome, equity: {startMs, stepMs, values: kernel.equity.slice()}}});
  }

  function handle(order: LabOrder): void {
    if (order.type === "data") {
      data = order;
      windows = new Map();
      sweeps = [];
    } else if (order.type === "run") {
      if (data.markets.length === 1) preview(order.id, order.entries);
      const config = parseConfig(order.entries);
      answer({type: "run", id: order.id, run: labRun(cut(config.warmup), order.entries)});
    } else if (order.type === "checks") {
      answer({
        type: "checks",
        id: order.id,
        checks: sensitivities(data.markets, parseConfig(order.entries), data.range)
      });
    } else if (order.type === "around") {
      const points = Object.entries(order.values).flatMap(([key, values]) =>
        values.map((value) => aroundPoint(key, value, order.entries))
      );
      answer({type: "around", id: order.id, points});
    } else if (order.type === "weigh") {
      answer({type: "weighed", id: order.id, weighed: weigh(order.market, parseConfig(order.entries))});
    } else {
      const runner = new SweepRunner(order.plan);
      const {markets} = order.plan;
      const reports: BestReport[] = [];
      for (const market of markets) {
        reports.push(reportPair(runner, market, order.trials, {by: order.by}));
        answer({type: "report", id: order.id, reports: [...reports], done: reports.length, total: markets.length});
      }
    }
  }

  function aroundPoint(key: string, value: string, entries: Entries): AroundPoint {
    try {
      const config = parseConfig({...entries, [key]: value});
      const outcomes = data.markets.map((_, i) => sweepOf(i).run(0, config).outcome);
      return {
        key,
        value,
        net: outcomes.reduce((sum, {net}) => sum + net, 0),
        trades: outcomes.reduce((sum, {trades}) => sum + trades, 0)
      };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return {key, value, net: undefined, trades: undefined};
    }
  }

  return (order) => {
    try {
      handle(order);
    } catch (error) {
      const {name, message} = error as Error;
      answer({type: "error", id: "id" in order ? order.id : undefined, name, message});
    }
  };
}

/** Runs the exact ledger on prepared windows. */
export function labRun(windows: readonly PairWindow[], entries: Entries): LabRun {
  const result = runWindows(windows, parseConfig(entries));
  const {portfolio, ...rest} = backtestReport(result);
  const {equity: _, ...figures} = portfolio;
  const curve = equityCurve(result);
  return {
    report: {...rest, portfolio: figures},
    equity: {startMs: curve.startMs, stepMs: curve.stepMs, values: curve.equity},
    startMs: result.startMs,
    endMs: result.endMs,
    moments: moments(dailyReturns(curve)),
    notShown: notShown(result)
  };
}
