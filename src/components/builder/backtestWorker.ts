import {backtestWorker, type BacktestOrder} from "../../lib/workers/backtest.js";

/** Scope of a dedicated worker; the DOM types declare only that of a window. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<BacktestOrder>) => void): void;
}

const scope = self as unknown as WorkerScope;
const handle = backtestWorker((answer) => scope.postMessage(answer));
scope.addEventListener("message", ({data}) => handle(data));
