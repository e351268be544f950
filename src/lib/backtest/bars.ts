import {timeframeMs} from "../time/grid.js";
import {indexOf} from "../time/search.js";
import type {Candles, MarketData} from "../market/marketdata.js";

/** The bars of the liquidation check, as parallel columns sorted by end. Instants are UTC ms, prices in quote. */
export interface MarginBars {
  open: Float64Array;
  end: Float64Array;
  high: Float64Array;
  /** 1 for a mark high, 0 for a perp high */
  fromMark: Uint8Array;
}

interface Bar {
  open: number;
  end: number;
  high: number;
  fromMark: boolean;
}

/**
 * Returns the bars of the liquidation check (§3), each with the mark high if there is one, else the perp high. A finer
 * series replaces the coarse bars it covers completely; a coarse bar with a gap in the finer series is kept.
 */
export function marginBars(data: MarketData): MarginBars {
  const stepMs = timeframeMs(data.perp.timeframe);
  if (!data.mark && !data.finer) {
    const {ts, high} = data.perp;
    return {open: ts, end: ts.map((open) => open + stepMs), high, fromMark: new Uint8Array(ts.length)};
  }
  const coarse = barsOf(data.perp, data.mark);
  const fine = data.finer ? barsOf(data.finer.perp, data.finer.mark) : [];
  const fineEnds = new Map(fine.map((bar) => [bar.open, bar.end]));
  const covered = ({open, end}: Bar) => {
    let t: number | undefined = open;
    while (t !== undefined && t < end) t = fineEnds.get(t);
    return t === end;
  };
  const bars = fine.length ? [...fine, ...coarse.filter((bar) => !covered(bar))] : coarse;
  bars.sort((a, b) => a.end - b.end || a.open - b.open);
  return {
    open: Float64Array.from(bars, (bar) => bar.open),
    end: Float64Array.from(bars, (bar) => bar.end),
    high: Float64Array.from(bars, (bar) => bar.high),
    fromMark: Uint8Array.from(bars, (bar) => (bar.fromMark ? 1 : 0))
  };
}

/** Merges perp and mark bars. A mark series of another timeframe is ignored: its bars have another length. */
function barsOf(perp: Candles, mark: Candles | undefined): Bar[] {
  const stepMs = timeframeMs(perp.timeframe);
  const marks = mark?.timeframe === perp.timeframe ? mark : undefined;
  const bars: Bar[] = [];
  perp.ts.forEach((open, i) => {
    const m = marks ? indexOf(marks.ts, open) : -1;
    const high = m < 0 ? NaN : marks!.high[m]!;
    const fromMark = !Number.isNaN(high);
    bars.push({open, end: open + stepMs, high: fromMark ? high : perp.high[i]!, fromMark});
  });
  marks?.ts.forEach((open, i) => {
    const high = marks.high[i]!;
    if (indexOf(perp.ts, open) < 0 && !Number.isNaN(high)) bars.push({open, end: open + stepMs, high, fromMark: true});
  });
  return bars;
}
