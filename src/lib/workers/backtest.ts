import {parseConfig} from "../strategy/config.js";
import type {MarketData} from "../market/marketdata.js";
import {backtestReport, type BacktestReport} from "../backtest/report.js";
import {runWindows} from "../backtest/run.js";
import {windowOf, type PairWindow, type Range} from "../backtest/window.js";

/** Requests to a backtest worker: data once, then one config after another. */
export type BacktestOrder =
  | {type: "data"; markets: readonly MarketData[]; range: Range}
  | {type: "run"; id: number; entries: Readonly<Record<string, string>>};

export type BacktestAnswer =
  | {type: "result"; id: number; report: BacktestReport}
  | {type: "error"; id: number | undefined; name: string; message: string};

/**
 * Returns the message handler of a worker that runs backtests for a page. Data and signals are prepared once, so changing
 * a setting costs only the run. An answer has the id of its order; the page shows only the newest.
 */
export function backtestWorker(answer: (message: BacktestAnswer) => void): (order: BacktestOrder) => void {
  let data: {markets: readonly MarketData[]; range: Range} | undefined;
  let windows = new Map<boolean, PairWindow[]>();
  return (order) => {
    try {
      if (order.type === "data") {
        data = order;
        windows = new Map();
        return;
      }
      if (!data) throw new Error("missing data: a run came before it");
      const {markets, range} = data;
      const config = parseConfig(order.entries);
      const cut = windows.get(config.warmup) ?? markets.map((market) => windowOf(market, range, config.warmup));
      windows.set(config.warmup, cut);
      answer({type: "result", id: order.id, report: backtestReport(runWindows(cut, config))});
    } catch (error) {
      const {name, message} = error as Error;
      answer({type: "error", id: order.type === "run" ? order.id : undefined, name, message});
    }
  };
}
