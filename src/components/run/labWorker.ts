import {labWorker, type LabOrder} from "../../lib/workers/lab.js";

/** Scope of a dedicated worker; the DOM types declare only that of a window. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<LabOrder>) => void): void;
}

const scope = self as unknown as WorkerScope;
const handle = labWorker((answer) => scope.postMessage(answer));
scope.addEventListener("message", ({data}) => handle(data));
