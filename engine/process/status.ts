import type {EngineStatus} from "../../src/lib/wire/trading.js";
import {VERSION} from "../version.js";
import type {EngineOptions} from "./process.js";

/** `GET /status` of an engine without a trading loop. */
export function dataStatus({
  options,
  startedTs,
  venueTs,
  origin,
  stopping,
  failure
}: {
  options: EngineOptions;
  startedTs: number;
  venueTs: number | null;
  origin: string;
  stopping: boolean;
  failure: string | null;
}): EngineStatus {
  return {
    mode: options.mode,
    state: stopping ? "stopping" : "running",
    why: stopping
      ? "it ends what is under way"
      : failure !== null
        ? `the store's queue stands still: ${failure}`
        : options.openStore
          ? "keeps the data; no trading loop in this mode"
          : "answers alone; neither data nor trading",
    venue: options.venue,
    origin,
    simulated: options.venue === "sim",
    version: VERSION,
    startedTs,
    venueTs,
    cycle: {number: 0, lastTs: null, lastMs: null, nextTs: null, steps: []},
    blockedBy: null,
    account: null,
    emergency: null
  };
}
