import {setFlagsFromString} from "node:v8";
import {runInNewContext} from "node:vm";

/**
 * Returns the bytes of the heap that are in use after a full collection. Without one, a measure says how long the
 * collector has waited, which differs with what else the process has done.
 */
export function liveHeapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
