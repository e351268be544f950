import {runPool, type PoolOptions, type PoolResult, type PoolWorker} from "../../lib/workers/pool.js";
import type {SweepPlan} from "../../lib/sweep/plan.js";
import type {SweepAnswer} from "../../lib/workers/sweep.js";

export interface PageSweepOptions extends PoolOptions {
  /** where the worker's script is: `import.meta.resolve("./sweepWorker.js")` */
  url: string;
  /** how many workers; by default all cores but the one that draws */
  workers?: number;
}

/**
 * Runs a sweep in Web Workers, so that the page stays free to be typed in and scrolled. The trials are those of the
 * command line, to the bit; an aborted signal keeps what has come back.
 * @throws the worker's own error, e.g. for a grid that is none
 */
export function sweepInPage(
  plan: SweepPlan,
  {url, workers = Math.max(1, navigator.hardwareConcurrency - 1), ...options}: PageSweepOptions
): Promise<PoolResult> {
  return runPool(
    plan,
    Array.from({length: workers}, () => pageWorker(url)),
    options
  );
}

function pageWorker(url: string): PoolWorker {
  const worker = new Worker(url, {type: "module"});
  return {
    post: (order) => worker.postMessage(order),
    listen: (onAnswer, onFailure) => {
      worker.onmessage = ({data}: MessageEvent<SweepAnswer>) => onAnswer(data);
      worker.onerror = (event) => onFailure(new Error(event.message || `cannot start the worker ${url}`));
    },
    close: () => worker.terminate()
  };
}
