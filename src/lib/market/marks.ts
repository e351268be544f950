import type {Decimal} from "../money/decimal.js";
import {timeframeMs} from "../time/grid.js";
import {indexOf, lastAtOrBefore} from "../time/search.js";
import {openAt, priceOf, type Candles, type MarketData} from "./marketdata.js";

/** Where the price of a payment came from (§2). */
export type MarkSource = "mark-open" | "mark-close" | "perp-open" | "perp-close";

/**
 * The price a settlement at `t` is paid on (§2): the mark candle's open at `t`, else the close of the mark
 * candle that ended at `t`, else the perp's open at `t`, else the close of the newest perp candle that has ended. Before
 * any perp candle has ended, the open of the one in progress, the only price there is.
 */
export function markAt(data: MarketData, t: number): {mark: Decimal; markSource: MarkSource} | undefined {
  const {mark, perp} = data;
  if (mark) {
    const open = openAt(mark, t);
    if (open) return {mark: open, markSource: "mark-open"};
    const ended = indexOf(mark.ts, t - timeframeMs(mark.timeframe));
    const close = ended < 0 ? undefined : priceOf(mark.close[ended]);
    if (close) return {mark: close, markSource: "mark-close"};
  }
  const open = openAt(perp, t);
  if (open) return {mark: open, markSource: "perp-open"};
  const close = newestClose(perp, t);
  if (close) return {mark: close, markSource: "perp-close"};
  const begun = lastAtOrBefore(perp.ts, t);
  return begun < 0 ? undefined : {mark: priceOf(perp.open[begun])!, markSource: "perp-open"};
}

/** The close of the newest candle that has ended by `t`. */
export function newestClose(candles: Candles, t: number): Decimal | undefined {
  const ended = lastAtOrBefore(candles.ts, t - timeframeMs(candles.timeframe));
  return ended < 0 ? undefined : priceOf(candles.close[ended]);
}

/** A leg's price for equity at `t`: its open at `t`, else its newest close (§6), else its newest open. */
export function priceAt(candles: Candles, t: number): Decimal | undefined {
  const open = openAt(candles, t) ?? newestClose(candles, t);
  if (open) return open;
  const begun = lastAtOrBefore(candles.ts, t);
  return begun < 0 ? undefined : priceOf(candles.open[begun]);
}
