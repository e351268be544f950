import type {Hole} from "../../../src/lib/market/coverage.js";
import type {SeriesStatus, Status} from "../../../src/lib/market/snapshot.js";

const HOUR = 36e5;

/** Returns the status of one history, BTC/USDT funding unless changed. */
export const madeSeries = (now: number, change: Partial<SeriesStatus>): SeriesStatus => ({
  venue: "bybit",
  pair: "BTC/USDT",
  series: "funding",
  timeframe: "",
  rows: 1_095,
  from: now - 365 * 24 * HOUR,
  to: now,
  lastTs: now - HOUR,
  intervalMs: 8 * HOUR,
  coverage: 1,
  holes: [],
  freshness: "fresh",
  ageMs: HOUR,
  endedTs: null,
  ...change
});

/** Returns an engine's data status: three series, of which one has a hole and one is stale. */
export function madeStatus(now: number = Date.now()): Status {
  const hour = Math.floor(now / HOUR) * HOUR;
  const hole: Hole = {from: hour - 50 * HOUR, to: hour - 47 * HOUR, rows: 3, state: "open"};
  const all = [
    madeSeries(hour, {}),
    madeSeries(hour, {
      series: "perp",
      timeframe: "1h",
      rows: 8_757,
      intervalMs: HOUR,
      coverage: 8_757 / 8_760,
      holes: [hole]
    }),
    madeSeries(hour, {pair: "ETH/USDT", rows: 300, freshness: "stale", ageMs: 72 * HOUR, lastTs: hour - 72 * HOUR})
  ];
  return {
    asOf: now,
    state: "warning",
    source: "venue",
    simulated: false,
    origin: "https://api.bybit.com",
    pairs: 2,
    rows: {funding: 1_395, candles: 8_757},
    first: all[0]!.from,
    last: hour - HOUR,
    lastSync: now - 60_000,
    series: all,
    lastJobs: [],
    issues: [{level: "warning", text: "1 hole in the history", fix: "npx carrybook gaps --repair"}]
  };
}
