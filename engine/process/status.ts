import type {EngineMode, EngineStatus} from "../../src/lib/wire/trading.js";
import {VERSION} from "../version.js";

/** Builds `GET /status` of an engine without a trading loop. */
export function dataStatus({
  mode,
  venue,
  stored,
  startedTs,
  venueTs,
  origin,
  stopping,
  failure
}: {
  mode: EngineMode;
  /** ccxt id, or `sim` */
  venue: string;
  /** true where the engine opened the store */
  stored: boolean;
  startedTs: number;
  venueTs: number | null;
  origin: string;
  stopping: boolean;
  failure: string | null;
}): EngineStatus {
  return {
    mode,
    state: stopping ? "stopping" : "running",
    why: stopping
      ? "finishing running work"
      : failure !== null
        ? `the store's queue has stopped: ${failure}`
        : stored
          ? "maintains the data; no trading loop in this mode"
          : "serves the API only; no store and no trading loop",
    venue,
    origin,
    simulated: venue === "sim",
    version: VERSION,
    startedTs,
    venueTs,
    cycle: {number: 0, lastTs: null, lastMs: null, nextTs: null, steps: []},
    blockedBy: null,
    account: null,
    emergency: null
  };
}
