import type {MarketData} from "../market/marketdata.js";
import {Replay, type ReplayEvent, type ReplayHistory, type ReplayStep} from "../backtest/replay.js";
import type {TradeReport} from "../wire/trade.js";
import type {Range} from "../backtest/window.js";

/** Requests to the replay worker. */
export type ReplayOrder =
  | {type: "open"; id: number; markets: readonly MarketData[]; range: Range; entries: Readonly<Record<string, string>>}
  | {type: "at"; id: number; index: number; pair: string};

/** The part of an opened run that the page keeps; the steps stay in the worker. */
export interface OpenedReplay {
  ts: Float64Array;
  equity: Float64Array;
  trades: TradeReport[];
  events: ReplayEvent[];
  capital: number;
  notShown: string;
}

export type ReplayAnswer =
  | {type: "opened"; id: number; replay: OpenedReplay}
  | {type: "step"; id: number; step: ReplayStep; history: ReplayHistory | undefined}
  | {type: "error"; id: number; name: string; message: string};

/** Returns the message handler of the replay worker, which keeps the run and answers one step at a time. */
export function replayWorker(answer: (message: ReplayAnswer) => void): (order: ReplayOrder) => void {
  let replay: Replay | undefined;
  return (order) => {
    const {id} = order;
    try {
      if (order.type === "open") {
        replay = new Replay(order.markets, order.entries, order.range);
        const {ts, equity, trades, events, notShown, config} = replay;
        answer({
          type: "opened",
          id,
          replay: {ts, equity, trades, events, notShown, capital: Number(config.capital.toFixed())}
        });
        return;
      }
      if (!replay) throw new Error("missing run: a step came before it");
      const history = order.pair ? replay.historyAt(order.index, order.pair) : undefined;
      answer({type: "step", id, step: replay.at(order.index), history});
    } catch (error) {
      const {name, message} = error as Error;
      answer({type: "error", id, name, message});
    }
  };
}
