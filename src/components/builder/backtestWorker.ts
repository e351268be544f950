import {backtestWorker, type BacktestOrder} from "../../lib/workers/backtest.js";

/** What a dedicated worker offers; the page's own types know only windows. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<BacktestOrder>) => void): void;
}

declare const self: WorkerScope;

const handle = backtestWorker((answer) => self.postMessage(answer));
self.addEventListener("message", ({data}) => handle(data));
