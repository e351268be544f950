import {parentPort} from "node:worker_threads";
import {sweepWorker, type SweepOrder} from "../../src/lib/workers/sweep.js";

const handle = sweepWorker((answer, transfer) => parentPort!.postMessage(answer, transfer));
parentPort!.on("message", (order: SweepOrder) => handle(order));
