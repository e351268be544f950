import {parentPort, workerData} from "node:worker_threads";
import {CarrybookError} from "../../loaders/errors.js";
import type {ErrorCode} from "../../src/lib/wire/error.js";
import type {RunRequest} from "../../src/lib/strategy/request.js";
import {backtestDocument, runRequest} from "./backtest.js";

/** Input of a backtest thread. */
export interface BacktestOrder {
  dataDir: string;
  request: RunRequest;
}

/** Output of a backtest thread: the document, already serialised so the engine's loop need not, or an error. */
export type BacktestAnswer = {text: string} | {type: string; error: string; fix: string | undefined; code: ErrorCode};

const {dataDir, request} = workerData as BacktestOrder;
let answer: BacktestAnswer;
try {
  answer = {text: JSON.stringify(backtestDocument(await runRequest(dataDir, request)))};
} catch (error) {
  const {name, message} = error as Error;
  const {fix, code} = error instanceof CarrybookError ? error : {fix: undefined, code: "unexpected" as const};
  answer = {type: name, error: message, fix, code};
}
parentPort!.postMessage(answer);
