import type {AroundPoint, LabAnswer, LabOrder, LabPreview, LabRun} from "../../lib/workers/lab.js";
import type {MarketData} from "../../lib/market/marketdata.js";
import type {Range} from "../../lib/backtest/window.js";
import type {Weighed} from "../../lib/sweep/outofsample.js";
import type {Variation} from "../../lib/backtest/sensitivity.js";
import type {SweepPlan} from "../../lib/sweep/plan.js";
import type {BestReport, Ranking} from "../../lib/sweep/report.js";
import type {RunTrial} from "../../lib/sweep/trials.js";

type Entries = Readonly<Record<string, string>>;
type Work = LabOrder extends infer O ? (O extends {id: number} ? Omit<O, "id"> : never) : never;

/** One worker with its data; it answers orders one after another. */
class LabThread {
  readonly #url: string;
  #worker: Worker | undefined;
  #data: {markets: readonly MarketData[]; range: Range} | undefined;
  #next = 0;
  readonly #open = new Map<number, {onAnswer: (answer: LabAnswer) => void; onFailure: (error: Error) => void}>();

  constructor(url: string) {
    this.#url = url;
  }

  setData(markets: readonly MarketData[], range: Range): void {
    this.#data = {markets, range};
    this.#worker?.postMessage({type: "data", markets, range} satisfies LabOrder);
  }

  #start(): Worker {
    const worker = new Worker(this.#url, {type: "module"});
    worker.onmessage = ({data}: MessageEvent<LabAnswer>) => {
      const waiting = data.id === undefined ? [...this.#open.values()] : [this.#open.get(data.id)];
      for (const order of waiting) {
        if (data.type === "error") order?.onFailure(Object.assign(new Error(data.message), {name: data.name}));
        else order?.onAnswer(data);
      }
    };
    worker.onerror = (event) => this.#fail(new Error(event.message || `cannot start the worker ${this.#url}`));
    if (this.#data) worker.postMessage({type: "data", ...this.#data} satisfies LabOrder);
    return worker;
  }

  #fail(error: Error): void {
    const orders = [...this.#open.values()];
    this.#open.clear();
    for (const {onFailure} of orders) onFailure(error);
  }

  /** Sends one order; the first answer for which `read` returns a value resolves it. Aborting terminates the worker. */
  ask<T>(
    order: Work,
    read: (answer: LabAnswer) => T | undefined,
    {signal}: {signal?: AbortSignal | undefined} = {}
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const id = ++this.#next;
      const finish = () => {
        this.#open.delete(id);
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = () => {
        finish();
        this.close();
        reject(new DOMException("cancelled", "AbortError"));
      };
      signal?.addEventListener("abort", onAbort, {once: true});
      this.#open.set(id, {
        onAnswer: (answer) => {
          const value = read(answer);
          if (value === undefined) return;
          finish();
          resolve(value);
        },
        onFailure: (error) => {
          finish();
          reject(error);
        }
      });
      (this.#worker ??= this.#start()).postMessage({...order, id} as LabOrder);
    });
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#fail(new DOMException("cancelled", "AbortError"));
  }
}

/** Callbacks of the live run. */
interface LiveHandlers {
  onPreview: (preview: LabPreview, entries: Entries) => void;
  onRun: (run: LabRun, entries: Entries, computeMs: number) => void;
  onError: (error: Error, entries: Entries) => void;
}

/**
 * Client of the strategy pages' workers. The live run has its own worker; of the configs that arrive while it is busy,
 * only the newest is run. Slower work goes to a second worker, so that sliders stay responsive.
 */
export class LabClient {
  readonly #live: LabThread;
  readonly #side: LabThread;
  readonly #handlers: LiveHandlers;
  #busy = false;
  #waiting: Entries | undefined;

  /** @param url URL of the worker's script */
  constructor(url: string, handlers: LiveHandlers) {
    this.#live = new LabThread(url);
    this.#side = new LabThread(url);
    this.#handlers = handlers;
  }

  setData(markets: readonly MarketData[], range: Range): void {
    this.#live.setData(markets, range);
    this.#side.setData(markets, range);
  }

  /** Runs a config live; replaces a config that is still waiting. */
  run(entries: Entries): void {
    this.#waiting = entries;
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting) {
      const entries = this.#waiting;
      this.#waiting = undefined;
      const began = performance.now();
      try {
        const run = await this.#live.ask({type: "run", entries}, (answer) => {
          if (answer.type === "preview") this.#handlers.onPreview(answer.preview, entries);
          return answer.type === "run" ? answer.run : undefined;
        });
        this.#handlers.onRun(run, entries, performance.now() - began);
      } catch (error) {
        this.#handlers.onError(error as Error, entries);
      }
    }
    this.#busy = false;
  }

  /** Runs a kept variant beside the live run. */
  aside(entries: Entries): Promise<LabRun> {
    return this.#side.ask({type: "run", entries}, (answer) => (answer.type === "run" ? answer.run : undefined));
  }

  checks(entries: Entries): Promise<Variation[]> {
    return this.#side.ask({type: "checks", entries}, (answer) =>
      answer.type === "checks" ? answer.checks : undefined
    );
  }

  around(entries: Entries, values: Readonly<Record<string, readonly string[]>>): Promise<AroundPoint[]> {
    return this.#side.ask({type: "around", entries, values}, (answer) =>
      answer.type === "around" ? answer.points : undefined
    );
  }

  /** Tests one config on one pair out of sample; aborting stops it at once. */
  weigh(market: MarketData, entries: Entries, signal?: AbortSignal): Promise<Weighed> {
    return this.#side.ask(
      {type: "weigh", market, entries},
      (answer) => (answer.type === "weighed" ? answer.weighed : undefined),
      {signal}
    );
  }

  /** Returns the report on every pair of a sweep; aborting stops it at once. */
  report(
    plan: SweepPlan,
    trials: readonly RunTrial[],
    by: Ranking,
    {signal, onProgress}: {signal?: AbortSignal; onProgress?: (done: number, total: number) => void} = {}
  ): Promise<BestReport[]> {
    return this.#side.ask(
      {type: "report", plan, trials, by},
      (answer) => {
        if (answer.type !== "report") return undefined;
        onProgress?.(answer.done, answer.total);
        return answer.done === answer.total ? answer.reports : undefined;
      },
      {signal}
    );
  }

  close(): void {
    this.#live.close();
    this.#side.close();
  }
}
