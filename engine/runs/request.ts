import {UsageError} from "../../loaders/errors.js";
import {SettingError} from "../../src/lib/strategy/config.js";
import {parseRunRequest, type RunEntries, type RunRequest} from "../../src/lib/strategy/request.js";

/** Converts a `RangeError` of the model into a `UsageError`. */
export function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const fix = error instanceof SettingError ? error.fix : undefined;
    throw new UsageError(error.message, fix === undefined ? {} : {fix});
  }
}

/** Reads a run request, which must name its pairs. @throws UsageError */
export function readRequest(entries: RunEntries): RunRequest {
  if (!entries.pairs?.length) throw new UsageError("missing pairs: --pairs", {fix: "for example --pairs BTC/USDT"});
  return asUsage(() => parseRunRequest(entries));
}
