import {readManifest} from "../../loaders/lake/manifest.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";

/**
 * Tells the share of a pair's settlements that the lake has, read anew once an hour.
 * @returns a function that gives undefined for a pair the lake does not know
 */
export function coverageReader(
  dataDir: string,
  venue: string,
  now: () => number
): (pair: string) => number | undefined {
  let read = -Infinity;
  let shares = new Map<string, number>();
  return (pair) => {
    if (now() - read >= HOUR_MS || now() < read) {
      read = now();
      const series = readManifest(dataDir)?.series ?? [];
      shares = new Map(
        series
          .filter((entry) => entry.series === "funding" && entry.venue === venue)
          .map((entry) => [entry.pair, entry.coverage])
      );
    }
    return shares.get(pair);
  };
}
