import {labWorker, type LabOrder} from "../../lib/workers/lab.js";

/** What a dedicated worker offers; the page's own types know only windows. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<LabOrder>) => void): void;
}

declare const self: WorkerScope;

const handle = labWorker((answer) => self.postMessage(answer));
self.addEventListener("message", ({data}) => handle(data));
