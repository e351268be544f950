import {replayWorker, type ReplayOrder} from "../../lib/workers/replay.js";

/** Scope of a dedicated worker; the DOM types declare only that of a window. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ReplayOrder>) => void): void;
}

declare const self: WorkerScope;

const handle = replayWorker((answer) => self.postMessage(answer));
self.addEventListener("message", ({data}) => handle(data));
