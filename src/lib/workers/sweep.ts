import {SweepRunner, type SweepPlan} from "../sweep/plan.js";
import type {RunTrial} from "../sweep/trials.js";

/** What a sweep's worker is told. */
export type SweepOrder = {type: "plan"; plan: SweepPlan} | {type: "run"; from: number; to: number};

/** What it answers; a chunk's trials carry their daily returns as transferable arrays. */
export type SweepAnswer =
  | {type: "ready"; length: number}
  | {type: "trials"; from: number; trials: RunTrial[]}
  | {type: "error"; name: string; message: string};

/**
 * The message handler of a sweep's worker, the same in Node's worker threads and in the page's Web Workers: it knows
 * neither, only how to answer. Cancelling needs no message: whoever hands out chunks stops doing so.
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
