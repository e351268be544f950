import type {MarketData} from "../../lib/market/marketdata.js";
import type {Range} from "../../lib/backtest/window.js";
import type {RunRequest} from "../../lib/strategy/request.js";
import type {MarketFeed} from "../feed/marketFeed.js";

/** Histories of a state and the range of the run. */
export interface LoadedRun {
  markets: readonly MarketData[];
  range: Range;
}

/** What decides which rows a state needs; two states of one key share their data. */
export const dataKey = ({pairs, venue, timeframe, fromMs, toMs}: RunRequest): string =>
  JSON.stringify([pairs, venue, timeframe, fromMs, toMs]);

/** Fetches the histories of a state, four at a time. */
export async function loadRun(
  feed: MarketFeed,
  {pairs, venue, timeframe, fromMs, toMs}: RunRequest,
  onProgress: (done: number, total: number) => void = () => {}
): Promise<LoadedRun> {
  const markets: MarketData[] = [];
  let done = 0;
  let next = 0;
  const work = async () => {
    for (let i = next++; i < pairs.length; i = next++) {
      markets[i] = await feed.market({pair: pairs[i]!, venue, timeframe});
      onProgress(++done, pairs.length);
    }
  };
  await Promise.all(Array.from({length: Math.min(4, pairs.length)}, work));
  return {markets, range: {fromMs, toMs}};
}
