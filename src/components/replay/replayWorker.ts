import {replayWorker, type ReplayOrder} from "../../lib/workers/replay.js";

/** Scope of a dedicated worker; the DOM types declare only that of a window. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ReplayOrder>) => void): void;
}

const scope = self as unknown as WorkerScope;
const handle = replayWorker((answer) => scope.postMessage(answer));
scope.addEventListener("message", ({data}) => handle(data));
