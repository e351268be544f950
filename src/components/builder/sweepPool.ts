import {runPool, type PoolOptions, type PoolResult, type PoolWorker} from "../../lib/workers/pool.js";
import type {SweepPlan} from "../../lib/sweep/plan.js";
import type {SweepAnswer} from "../../lib/workers/sweep.js";

interface PageSweepOptions extends PoolOptions {
  /** URL of the worker's script: `import.meta.resolve("./sweepWorker.js")` */
  url: string;
  /** number of workers; by default all cores but one */
  workers?: number;
}

/**
 * Runs a sweep in Web Workers, so that the page stays responsive. The trials are identical to those of the command line;
 * an aborted signal keeps the trials already returned.
 * @throws the worker's error, e.g. for an invalid grid
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
