import {availableParallelism} from "node:os";
import {Worker} from "node:worker_threads";
import type {SweepPlan} from "../../src/lib/sweep/plan.js";
import {runPool, type PoolOptions, type PoolResult, type PoolWorker} from "../../src/lib/workers/pool.js";
import type {SweepAnswer} from "../../src/lib/workers/sweep.js";

/** Starts a sweep worker in a thread of its own. */
function threadWorker(): PoolWorker {
  const worker = new Worker(new URL("./sweep-thread.js", import.meta.url));
  return {
    post: (order) => worker.postMessage(order),
    listen: (onAnswer, onFailure) => {
      worker.on("message", (answer: SweepAnswer) => onAnswer(answer));
      worker.on("error", onFailure);
    },
    close: () => void worker.terminate()
  };
}

/** Runs a sweep over worker threads, by default one per core. */
export function sweepInThreads(
  plan: SweepPlan,
  {threads = availableParallelism(), ...options}: PoolOptions & {threads?: number} = {}
): Promise<PoolResult> {
  return runPool(
    plan,
    Array.from({length: Math.max(1, threads)}, () => threadWorker()),
    options
  );
}
