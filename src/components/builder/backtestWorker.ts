import {backtestWorker, type BacktestOrder} from "../../lib/workers/backtest.js";

/** What a dedicated worker offers; the page's own types know only windows. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<BacktestOrder>) => void): void;
}

const scope = self as unknown as WorkerScope;
const handle = backtestWorker((answer) => scope.postMessage(answer));
scope.addEventListener("message", ({data}) => handle(data));
