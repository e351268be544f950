import {labWorker, type LabOrder} from "../../lib/workers/lab.js";

/** Scope of a dedicated worker; the DOM types declare only that of a window. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<LabOrder>) => void): void;
}

declare const self: WorkerScope;

const handle = labWorker((answer) => self.postMessage(answer));
self.addEventListener("message", ({data}) => handle(data));
