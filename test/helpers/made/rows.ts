import type {Daily, ExplorerRow, SeriesStatus, Settlement, Status} from "../../../src/components/feed/types.js";

const HOUR = 36e5;
const START = Date.UTC(2024, 0, 1);

/** Returns a linear congruential generator with the same sequence on every machine. */
function random(seed = 7): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/**
 * Returns made settlements with a hole of three days: 8 h at first, then 2 h for `switched` rows with an ambiguous row
 * before and after.
 */
export function madeSettlements(n = 120, seed = 7): Settlement[] {
  const next = random(seed);
  const rows: Settlement[] = [];
  let t = START;
  for (let i = 0; i < n; ++i) {
    const two = i >= n / 2 && i < n / 2 + 20;
    const hours = two ? 2 : 8;
    if (i === Math.floor(n / 4)) t += 72 * HOUR;
    const rate = (next() - 0.3) * 0.0004;
    const ambiguous = i === Math.floor(n / 4);
    const rate8h = ambiguous || i === 0 ? null : (rate * 8) / hours;
    const spot = 42000 + 500 * Math.sin(i / 9);
    rows.push({
      venue: "binance",
      ts: t + 3,
      boundaryTs: t,
      rate,
      intervalHours: ambiguous || i === 0 ? null : hours,
      intervalSource: ambiguous || i === 0 ? "ambiguous" : "inferred",
      rate8h,
      spotOpen: spot,
      perpOpen: spot * (1 + rate),
      basis: i % 10 === 5 ? null : rate,
      mean7: rate,
      sd7: 0.0001,
      z7: 0,
      mean30: i < 5 ? null : 0.00008 + 0.00002 * Math.sin(i / 12),
      sd30: 0.0001,
      z30: 0,
      mean90: rate,
      sd90: 0.0001,
      z90: 0
    });
    t += hours * HOUR;
  }
  return rows;
}

/** Returns made days with two of them missing. */
export function madeDaily(n = 40): Daily[] {
  return Array.from({length: n}, (_, i) => ({
    venue: "binance",
    ts: START + i * 24 * HOUR,
    open: 42000,
    high: 43000,
    low: 41000,
    close: 42000 + 800 * Math.sin(i / 5),
    volume: 1000,
    turnover: 42e6,
    spotClose: 41980 + 800 * Math.sin(i / 5),
    basisClose: 0.0004,
    realisedVol30: null,
    atr14: null,
    rsi14: null,
    ema20: null,
    ema50: null
  })).filter((_, i) => i !== 12 && i !== 13);
}

/** Returns made rows of the Explorer: `n` pairs in every range. */
export function madeExplorer(n = 6, seed = 3): ExplorerRow[] {
  const next = random(seed);
  return Array.from({length: n}, (_, i) => {
    const newest = i === n - 1 ? null : (next() - 0.3) * 0.0008;
    const pair = `${["BTC", "ETH", "SOL", "XRP", "DOGE", "ADA"][i] ?? `COIN${i}`}/USDT`;
    return (["7d", "30d", "90d", "1y", "all"] as const).map((range): ExplorerRow => ({
      venue: "binance",
      pair,
      slug: pair.replace("/", "-"),
      range,
      fromTs: START,
      toTs: START + 1e9,
      count: 270,
      mean8h: 0.0001 * i,
      median8h: 0.0001,
      sd8h: 0.0001,
      min8h: -0.0003,
      max8h: 0.001,
      q1: 0,
      q3: 0.0002,
      sharePositive: 0.8,
      coverageShare: i === 2 ? 0.9 : 1,
      coverageDays: 90,
      firstTs: START,
      lastTs: START + 1e9,
      aprGross: 0.11,
      aprNet: 0.08,
      streakNow: 2,
      streakLongest: 12,
      halfLifePeriods: 6,
      newestRate: newest,
      newestIntervalHours: 8,
      newestRate8h: newest,
      newestTs: START + 1e9,
      breakEvenPeriods: newest !== null && newest > 0 ? 0.0051 / newest : null,
      heldShare: 0.4,
      heldEntries: 30,
      netPerPeriod: newest === null ? null : newest - 0.00017,
      netAnnual: newest === null ? null : (newest - 0.00017) * 1095,
      turnover24h: i === 4 ? null : 1e9 / (i + 1),
      marketCap: null,
      tier: i === 0 ? "mega" : i === 4 ? "unknown" : "large",
      freshness: "stale",
      insufficient: i === 3,
      reasons: i === 2 ? 'coverage 90.0 % is below "95 %", thin' : ""
    }));
  }).flat();
}

/** Returns made series of one pair, one of them with two holes. */
export function madeSeries(): SeriesStatus[] {
  const base = {
    venue: "binance",
    pair: "SOL/USDT",
    from: START,
    to: START + 90 * 24 * HOUR,
    lastTs: START + 90 * 24 * HOUR - HOUR,
    intervalMs: HOUR,
    freshness: "stale" as const,
    ageMs: 1e10,
    endedTs: null
  };
  return [
    {...base, series: "funding", timeframe: "", rows: 270, coverage: 1, holes: []},
    {...base, series: "spot", timeframe: "1h", rows: 2160, coverage: 1, holes: []},
    {
      ...base,
      series: "perp",
      timeframe: "1h",
      rows: 2040,
      coverage: 2040 / 2160,
      holes: [
        {from: START + 10 * 24 * HOUR, to: START + 13 * 24 * HOUR, rows: 72, state: "open"},
        {from: START + 40 * 24 * HOUR, to: START + 42 * 24 * HOUR, rows: 48, state: "open"}
      ]
    }
  ];
}

/** Returns a made status with {@link madeSeries}; `empty` is a new data directory. */
export function madeStatus({empty = false} = {}): Status {
  const series = empty ? [] : madeSeries();
  return {
    asOf: START + 91 * 24 * HOUR,
    state: empty ? "empty" : "warning",
    source: "import",
    simulated: false,
    origin: empty ? null : "file",
    pairs: empty ? 0 : 1,
    rows: {funding: empty ? 0 : 270, candles: empty ? 0 : 4200},
    first: empty ? null : START,
    last: empty ? null : START + 90 * 24 * HOUR,
    lastSync: null,
    series,
    lastJobs: [],
    issues: empty ? [] : [{level: "warning", text: "2 holes in the history", fix: "npx carrybook gaps"}]
  };
}
