import {chunksOf, type SweepPlan} from "../sweep/plan.js";
import type {RunTrial} from "../sweep/trials.js";
import type {SweepAnswer, SweepOrder} from "./sweep.js";

/** The pool's interface to a worker, in Node or in a browser. */
export interface PoolWorker {
  post(order: SweepOrder): void;
  /** Registers the handlers; called once, before the first `post`. */
  listen(onAnswer: (answer: SweepAnswer) => void, onFailure: (error: Error) => void): void;
  close(): void;
}

export interface PoolOptions {
  onProgress?: (done: number, total: number) => void;
  /** on abort no further chunk is assigned, and completed trials are kept */
  signal?: AbortSignal | undefined;
  chunk?: number;
}

/** The completed trials, sorted by index. */
export interface PoolResult {
  trials: RunTrial[];
  complete: boolean;
}

/**
 * Runs a sweep on several workers. Each receives the plan once, then chunk after chunk until none is left or the signal
 * aborts. The trials do not depend on the number of workers. Rejects with a worker's error.
 */
export function runPool(
  plan: SweepPlan,
  workers: readonly PoolWorker[],
  {onProgress, signal, chunk}: PoolOptions = {}
): Promise<PoolResult> {
  return new Promise((resolve, reject) => {
    const trials: RunTrial[] = [];
    let chunks: {from: number; to: number}[] | undefined;
    let next = 0;
    let total = 0;
    let idle = 0;
    const close = () => workers.forEach((worker) => worker.close());
    const fail = (error: Error) => {
      close();
      reject(error);
    };
    const assign = (worker: PoolWorker) => {
      const work = signal?.aborted ? undefined : chunks![next++];
      if (work) return worker.post({type: "run", ...work});
      if (++idle < workers.length) return;
      close();
      trials.sort((a, b) => a.index - b.index);
      resolve({trials, complete: trials.length === total});
    };
    for (const worker of workers) {
      worker.listen((answer) => {
        if (answer.type === "error") return fail(Object.assign(new Error(answer.message), {name: answer.name}));
        if (answer.type === "ready") {
          total = answer.length;
          chunks ??= chunksOf(total, chunk);
        } else {
          for (const trial of answer.trials) trials.push(trial);
          onProgress?.(trials.length, total);
        }
        assign(worker);
      }, fail);
      worker.post({type: "plan", plan});
    }
  });
}
