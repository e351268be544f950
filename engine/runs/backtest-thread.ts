import {parentPort, workerData} from "node:worker_threads";
import {CarrybookError} from "../../loaders/errors.js";
import type {ErrorCode} from "../../src/lib/wire/error.js";
import {readRequest, type RequestFlags} from "./request.js";
import {backtestDocument, runRequest} from "./backtest.js";

/** What a thread is given. */
export interface BacktestOrder {
  dataDir: string;
  flags: RequestFlags;
}

/** What it answers: the document as text, which costs the loop that hands it on no time, or what went wrong. */
export type BacktestAnswer = {text: string} | {type: string; error: string; fix: string | undefined; code: ErrorCode};

const {dataDir, flags} = workerData as BacktestOrder;
let answer: BacktestAnswer;
try {
  answer = {text: JSON.stringify(backtestDocument(await runRequest(dataDir, readRequest(flags))))};
} catch (error) {
  const {name, message} = error as Error;
  const {fix, code} = error instanceof CarrybookError ? error : {fix: undefined, code: "unexpected" as const};
  answer = {type: name, error: message, fix, code};
}
parentPort!.postMessage(answer);
