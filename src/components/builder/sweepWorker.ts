import {sweepWorker, type SweepOrder} from "../../lib/workers/sweep.js";

/** What a dedicated worker offers; the page's own types know only windows. */
interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<SweepOrder>) => void): void;
}

declare const self: WorkerScope;

const handle = sweepWorker((answer, transfer) => self.postMessage(answer, transfer));
self.addEventListener("message", ({data}) => handle(data));
