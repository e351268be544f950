import {labWorker, type LabOrder} from "../../lib/workers/lab.js";

/** What a dedicated worker offers; the page's own types know only windows. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<LabOrder>) => void): void;
}

const scope = self as unknown as WorkerScope;
const handle = labWorker((answer) => scope.postMessage(answer));
scope.addEventListener("message", ({data}) => handle(data));
