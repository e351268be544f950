import type {Candles, MarketData} from "../market/marketdata.js";
import {jumpsOf} from "../market/oddities.js";
import type {Trade} from "../ledger/trade.js";
import {indexOf} from "../time/search.js";

/** What of a run rests on prices or volumes that no market made. */
export interface RunQuality {
  /** jumps by a factor of ten or more that a hedge was open across, one for both legs at one instant */
  jumpsCrossed: number;
  /** fills at the open of a bar in which nothing was traded on that leg */
  fillsWithoutVolume: number;
}

/** Counts the jumps that trades were open across and the fills on bars without volume, from the data of the run. */
export function qualityOf(trades: readonly Trade[], {spot, perp}: Pick<MarketData, "spot" | "perp">): RunQuality {
  const jumps = new Set([...jumpsOf(spot), ...jumpsOf(perp)].map(({ts}) => ts));
  let [jumpsCrossed, fillsWithoutVolume] = [0, 0];
  for (const {entryTs, exitTs, fills} of trades) {
    for (const ts of jumps) if (ts > entryTs && ts <= exitTs) jumpsCrossed++;
    for (const {leg, ts} of fills) if (isIdle(leg === "spot" ? spot : perp, ts)) fillsWithoutVolume++;
  }
  return {jumpsCrossed, fillsWithoutVolume};
}

function isIdle({ts, volume}: Candles, at: number): boolean {
  const i = indexOf(ts, at);
  return i >= 0 && volume[i] === 0;
}

/** Returns what a reader must know beside a headline, in one sentence; undefined where there is nothing. */
export function qualityWords({jumpsCrossed, fillsWithoutVolume}: RunQuality): string | undefined {
  const parts = [
    jumpsCrossed > 0 &&
      `hedges were open across ${jumpsCrossed} price ${jumpsCrossed === 1 ? "jump" : "jumps"} that no market makes`,
    fillsWithoutVolume > 0 &&
      `${fillsWithoutVolume} ${fillsWithoutVolume === 1 ? "fill was" : "fills were"} on bars without volume`
  ].filter((part): part is string => part !== false);
  return parts.length > 0 ? `Do not trust this result as it is: ${parts.join("; ")}.` : undefined;
}

/** Sums the counts over pairs. */
export const totalQuality = (all: readonly RunQuality[]): RunQuality => ({
  jumpsCrossed: all.reduce((sum, quality) => sum + quality.jumpsCrossed, 0),
  fillsWithoutVolume: all.reduce((sum, quality) => sum + quality.fillsWithoutVolume, 0)
});
