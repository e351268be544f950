import type {Decimal} from "../money/decimal.js";
import {timeframeMs} from "../time/grid.js";
import {indexOf, lastAtOrBefore} from "../time/search.js";
import {openAt, priceOf, type Candles, type MarketData} from "./marketdata.js";

/** The source of a payment's mark price (§2). */
export type MarkSource = "mark-open" | "mark-close" | "perp-open" | "perp-close";

/**
 * Returns the mark price of a settlement at `t`, the first of these that exists (§2): the mark candle's open at `t`; the
 * close of the mark candle that ended at `t`; the perp's open at `t`; the close of the newest perp candle that has ended;
 * the open of the perp candle in progress.
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

/** Returns the close of the newest candle that has ended by `t`. */
function newestClose(candles: Candles, t: number): Decimal | undefined {
  const ended = lastAtOrBefore(candles.ts, t - timeframeMs(candles.timeframe));
  return ended < 0 ? undefined : priceOf(candles.close[ended]);
}

/** Returns a leg's price for equity at `t`: its open at `t`, else its newest close (§6), else its newest open. */
export function priceAt(candles: Candles, t: number): Decimal | undefined {
  const open = openAt(candles, t) ?? newestClose(candles, t);
  if (open) return open;
  const begun = lastAtOrBefore(candles.ts, t);
  return begun < 0 ? undefined : priceOf(candles.open[begun]);
}
