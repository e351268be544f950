import type {Candles, MarketData} from "./marketdata.js";
import {decimal, text} from "../money/decimal.js";

/** Returns JSON with sorted keys and no spaces, so equal values have equal text and equal hashes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner
  );
}

/**
 * Yields all rows of a pair's data as lines of canonical text, for hashing: numbers as shortest decimals, missing ones
 * empty. Equal lines give equal backtests.
 */
export function* dataLines(data: MarketData): Generator<string> {
  const {pair, venue, timeframe, instrument, perpMultiplier = 1} = data;
  yield canonicalJson({pair, venue, timeframe, instrument, perpMultiplier});
  for (const row of data.funding) {
    const rate = text(decimal(row.rate, "rate"));
    yield `funding,${row.tsMs},${rate},${row.reportedHours ?? ""},${row.nextSettlementMs ?? ""}`;
  }
  yield* candleLines("spot", data.spot);
  yield* candleLines("perp", data.perp);
  if (data.mark) yield* candleLines("mark", data.mark);
  if (data.finer) yield* candleLines("finer perp", data.finer.perp);
  if (data.finer?.mark) yield* candleLines("finer mark", data.finer.mark);
}

function* candleLines(name: string, candles: Candles): Generator<string> {
  const {ts, open, high, low, close, volume, turnover} = candles;
  const cell = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? "" : String(value));
  for (let i = 0; i < ts.length; ++i) {
    const row = [open[i], high[i], low[i], close[i], volume[i], turnover?.[i]].map(cell).join(",");
    yield `${name},${candles.timeframe},${ts[i]},${row}`;
  }
}
