import {sweepWorker, type SweepOrder} from "../../lib/workers/sweep.js";

/** Scope of a dedicated worker; the DOM types declare only that of a window. */
interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<SweepOrder>) => void): void;
}

declare const self: WorkerScope;

const handle = sweepWorker((answer, transfer) => self.postMessage(answer, transfer));
self.addEventListener("message", ({data}) => handle(data));
