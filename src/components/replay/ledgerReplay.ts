import type {ReplayHistory, ReplayStep} from "../../lib/backtest/replay.js";
import type {OpenedReplay, ReplayAnswer, ReplayOrder} from "../../lib/workers/replay.js";
import {entriesOf, type RunRequest} from "../../lib/strategy/request.js";
import {plural} from "../ui/format.js";
import type {MarketFeed} from "../feed/marketFeed.js";
import type {Level} from "../charts/replayCharts.js";
import type {ReplaySource} from "./replaySource.js";
import {Book, SignalTable, stepAnswer, StepKeys} from "./replayWords.js";
import {loadRun} from "../run/runLoader.js";
import {unitOf} from "../run/runWords.js";
import {valueOf} from "../run/strategyControls.js";

/** A worker order without its id. */
type Order = ReplayOrder extends infer O ? (O extends ReplayOrder ? Omit<O, "id"> : never) : never;

/**
 * Returns a backtest as a source of the Replay. It runs in a worker that returns one step at a time, so the page never
 * has a later rate or price.
 */
export function LedgerReplay(feed: MarketFeed, workerUrl: string, state: RunRequest): ReplaySource {
  const unit = unitOf(state.pairs);
  let worker: Worker | undefined;
  let closed = false;
  let id = 0;
  const waiting = new Map<number, {resolve: (answer: ReplayAnswer) => void; reject: (error: Error) => void}>();

  function order(message: Order, transfer: Worker): Promise<ReplayAnswer> {
    return new Promise((resolve, reject) => {
      waiting.set(++id, {resolve, reject});
      transfer.postMessage({...message, id});
    });
  }

  function start(): Worker {
    const thread = new Worker(workerUrl, {type: "module"});
    thread.onerror = (event) => {
      for (const {reject} of waiting.values()) reject(new Error(event.message || "the worker could not be started"));
      waiting.clear();
    };
    thread.onmessage = ({data}: MessageEvent<ReplayAnswer>) => {
      const pending = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.type === "error") pending?.reject(new Error(data.message));
      else pending?.resolve(data);
    };
    return thread;
  }

  return {
    unit,
    pairs: state.pairs,
    levels: levelsOf(state),
    texts: {
      rates: "the last 180 settlements known at this time",
      prices: "the last 360 bars opened by this time"
    },
    opening: `Loading ${plural(state.pairs.length, "history", "histories")} and running the ledger …`,
    async open(): Promise<OpenedReplay> {
      const {markets, range} = await loadRun(feed, state);
      if (closed) throw new Error("closed");
      worker = start();
      const answer = await order({type: "open", markets, range, entries: entriesOf(state)}, worker);
      return (answer as Extract<ReplayAnswer, {type: "opened"}>).replay;
    },
    async at(index, pair) {
      if (!worker) throw new Error("missing run: a step came before it");
      const {step, history} = (await order({type: "at", index, pair}, worker)) as {
        step: ReplayStep;
        history: ReplayHistory | undefined;
      };
      return {
        answer: stepAnswer(step, unit),
        keys: StepKeys(step, state),
        signals: SignalTable(step),
        book: Book(step, unit),
        history,
        entryTs: step.hedges.find((d) => d.pair === pair)?.entryTs
      };
    },
    close() {
      closed = true;
      worker?.terminate();
      waiting.clear();
    }
  };
}

function levelsOf(state: RunRequest): Level[] {
  const simple = valueOf(state, "strategy") === "simple";
  return [
    ...(simple ? [{name: "enter", rate: Number(valueOf(state, "minRate"))}] : []),
    {name: "exit below", rate: Number(valueOf(state, "exitRate"))}
  ];
}
