import {SweepRunner, type SweepPlan} from "../sweep/plan.js";
import type {RunTrial} from "../sweep/trials.js";

/** Requests to a sweep worker. */
export type SweepOrder = {type: "plan"; plan: SweepPlan} | {type: "run"; from: number; to: number};

/** Answers of a sweep worker; the daily returns of a chunk's trials are transferred. */
export type SweepAnswer =
  | {type: "ready"; length: number}
  | {type: "trials"; from: number; trials: RunTrial[]}
  | {type: "error"; name: string; message: string};

/**
 * Returns the message handler of a sweep worker, for Node's worker threads and Web Workers alike. Cancelling needs no
 * message: the pool stops assigning chunks.
 */
export function sweepWorker(
  answer: (message: SweepAnswer, transfer: ArrayBuffer[]) => void
): (order: SweepOrder) => void {
  let runner: SweepRunner | undefined;
  return (order) => {
    try {
      if (order.type === "plan") {
        runner = new SweepRunner(order.plan);
        answer({type: "ready", length: runner.length}, []);
      } else {
        if (!runner) throw new Error("missing plan: a chunk came before it");
        const trials = runner.run(order.from, order.to);
        const buffers = trials.map(({returns}) => returns.buffer as ArrayBuffer);
        answer({type: "trials", from: order.from, trials}, buffers);
      }
    } catch (error) {
      const {name, message} = error as Error;
      answer({type: "error", name, message}, []);
    }
  };
}
