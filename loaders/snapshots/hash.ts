import {createHash} from "node:crypto";
import {canonicalJson, dataLines} from "../../src/lib/market/canonical.js";
import type {MarketData} from "../../src/lib/market/marketdata.js";

/** Returns the sha256 of a value's canonical JSON. */
export const hashOf = (value: unknown): string => createHash("sha256").update(canonicalJson(value)).digest("hex");

/** Returns the sha256 over every row of some pairs, in order of pair. */
export function dataHash(markets: readonly MarketData[]): string {
  const hash = createHash("sha256");
  for (const market of [...markets].sort((a, b) => (a.pair < b.pair ? -1 : 1))) {
    for (const line of dataLines(market)) hash.update(line).update("\n");
  }
  return hash.digest("hex");
}
