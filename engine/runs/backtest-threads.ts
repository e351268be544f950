import {Worker} from "node:worker_threads";
import {DataError, UsageError} from "../../loaders/errors.js";
import type {RunRequest} from "../../src/lib/strategy/request.js";
import type {BacktestAnswer, BacktestOrder} from "./backtest-thread.js";

/** Runs backtests in worker threads, a few at a time, so they never block the engine's loop. */
export class Backtests {
  private readonly running = new Set<Worker>();

  constructor(
    private readonly dataDir: string,
    /** maximum concurrent backtests */
    readonly most = 2
  ) {}

  /** True when no further backtest can start. */
  get full(): boolean {
    return this.running.size >= this.most;
  }

  /**
   * Runs a backtest; the signal cancels it.
   * @returns the JSON document as text
   * @throws UsageError, DataError as the command would
   */
  async run(request: RunRequest, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const order: BacktestOrder = {dataDir: this.dataDir, request};
    const worker = new Worker(new URL("./backtest-thread.js", import.meta.url), {
      workerData: order,
      resourceLimits: {maxOldGenerationSizeMb: 1_024}
    });
    this.running.add(worker);
    try {
      const answer = await new Promise<BacktestAnswer>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
        worker.once("exit", () => reject(new Error("the backtest ended without a result")));
        signal.addEventListener("abort", () => reject(signal.reason as Error), {once: true});
      });
      if ("text" in answer) return answer.text;
      const {type, error, fix, code} = answer;
      const options = {code, ...(fix !== undefined && {fix})};
      if (type === "UsageError") throw new UsageError(error, options);
      if (type === "DataError") throw new DataError(error, options);
      throw new Error(error);
    } finally {
      this.running.delete(worker);
      await worker.terminate();
    }
  }

  /** Terminates all running backtests. */
  async close(): Promise<void> {
    await Promise.all([...this.running].map((worker) => worker.terminate()));
  }
}
