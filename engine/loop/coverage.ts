import {readManifest} from "../../loaders/lake/manifest.js";
import {HOUR_MS} from "../../src/lib/time/grid.js";

/**
 * Creates a reader of the share of a pair's settlements stored in the lake, cached for an hour.
 * @returns a function that returns undefined for a pair not in the lake
 */
export function coverageReader(
  dataDir: string,
  venue: string,
  now: () => number
): (pair: string) => number | undefined {
  let readTs = -Infinity;
  let shares = new Map<string, number>();
  return (pair) => {
    if (now() - readTs >= HOUR_MS || now() < readTs) {
      readTs = now();
      const series = readManifest(dataDir)?.series ?? [];
      shares = new Map(
        series
          .filter((entry) => entry.series === "funding" && entry.venue === venue)
          .map((entry) => [entry.pair, entry.coverage ?? 0])
      );
    }
    return shares.get(pair);
  };
}
