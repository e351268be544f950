import {chunksOf, type SweepPlan} from "../sweep/plan.js";
import type {RunTrial} from "../sweep/trials.js";
import type {SweepAnswer, SweepOrder} from "./sweep.js";

/** A worker as the pool sees it, whatever it runs in. */
export interface PoolWorker {
  post(order: SweepOrder): void;
  /** called once, before anything is posted */
  listen(onAnswer: (answer: SweepAnswer) => void, onFailure: (error: Error) => void): void;
  close(): void;
}

export interface PoolOptions {
  onProgress?: (done: number, total: number) => void;
  /** aborted: no further chunk is handed out, and what has come back is kept */
  signal?: AbortSignal | undefined;
  chunk?: number;
}

/** The trials that ran, by index, and whether all did. */
export interface PoolResult {
  trials: RunTrial[];
  complete: boolean;
}

/**
 * Runs a sweep over some workers: each gets the plan once and then chunk after chunk until none is left or the signal
 * aborts. The trials do not depend on how many workers there are.
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
    const hand = (worker: PoolWorker) => {
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
        hand(worker);
      }, fail);
      worker.post({type: "plan", plan});
    }
  });
}
