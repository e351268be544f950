import {replayWorker, type ReplayOrder} from "../../lib/workers/replay.js";

/** What a dedicated worker offers; the page's own types know only windows. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ReplayOrder>) => void): void;
}

declare const self: WorkerScope;

const handle = replayWorker((answer) => self.postMessage(answer));
self.addEventListener("message", ({data}) => handle(data));
