/** A stretch of a series without rows. */
export interface Hole {
  from: number;
  to: number;
  rows: number;
  state: string;
}

/** One series of one pair at one venue, as `status --json` gives it. */
export interface SeriesStatus {
  venue: string;
  pair: string;
  series: string;
  timeframe: string | null;
  rows: number;
  from: number | null;
  /** Exclusive end of the span. */
  to: number | null;
  /** Stamp of the newest row. */
  lastTs?: number | null;
  /** Share of the rows that the span should hold. */
  coverage: number | null;
  holes: Hole[];
  freshness: "fresh" | "aging" | "stale";
  ageMs: number | null;
}

/** Something that wants attention, with the command that answers it. */
export interface Issue {
  level: "info" | "warning" | "critical";
  text: string;
  fix: string | null;
}

/** A finished or running job, newest first. */
export interface Job {
  id: string;
  kind: string;
  status: string;
  venue: string | null;
  pair: string | null;
  series: string | null;
  timeframe?: string | null;
  rowsFetched: number | null;
  error: string | null;
  createdAt: number | null;
  finishedAt: number | null;
}

/** The state of the data as a whole. */
export interface Status {
  asOf: number;
  state: "disabled" | "empty" | "fetching" | "ready" | "warning";
  source: "demo" | "venue" | "import" | "mixed";
  pairs: number;
  rows: {funding: number; candles: number};
  first: number | null;
  last: number | null;
  lastSync: number | null;
  series: SeriesStatus[];
  origin: string | null;
  simulated: boolean;
  lastJobs: Job[];
  issues: Issue[];
}

/** The ranges of the Explorer. */
export type Range = "7d" | "30d" | "90d" | "1y" | "all";

/** One venue × pair × range; rates are shares per 8 h, missing is null. */
export interface ExplorerRow {
  venue: string;
  pair: string;
  slug: string;
  range: Range;
  fromTs: number | null;
  toTs: number | null;
  count: number;
  mean8h: number | null;
  median8h: number | null;
  sd8h: number | null;
  min8h: number | null;
  max8h: number | null;
  q1: number | null;
  q3: number | null;
  sharePositive: number | null;
  coverageShare: number | null;
  coverageDays: number | null;
  firstTs: number | null;
  lastTs: number | null;
  aprGross: number | null;
  aprNet: number | null;
  streakNow: number | null;
  streakLongest: number | null;
  halfLifePeriods: number | null;
  newestRate: number | null;
  newestIntervalHours: number | null;
  newestRate8h: number | null;
  newestTs: number | null;
  breakEvenPeriods: number | null;
  heldShare: number | null;
  heldEntries: number | null;
  netPerPeriod: number | null;
  netAnnual: number | null;
  turnover24h: number | null;
  /** Market capitalisation of the coin in US dollars, where the configuration asks for it. */
  marketCap?: number | null;
  tier: "mega" | "large" | "mid" | "small" | "unknown";
  freshness: "fresh" | "aging" | "stale";
  insufficient: boolean;
  /** Why it cannot be opened, joined by "; "; empty when it can. */
  reasons: string;
}

/** One settlement with what is derived from it. */
export interface Settlement {
  venue: string;
  ts: number;
  boundaryTs: number;
  rate: number;
  intervalHours: number | null;
  intervalSource: "reported" | "inferred" | "ambiguous" | null;
  rate8h: number | null;
  spotOpen: number | null;
  perpOpen: number | null;
  basis: number | null;
  mean7: number | null;
  sd7: number | null;
  z7: number | null;
  mean30: number | null;
  sd30: number | null;
  z30: number | null;
  mean90: number | null;
  sd90: number | null;
  z90: number | null;
}

/** One day of the perpetual with the spot close beside it. */
export interface Daily {
  venue: string;
  ts: number;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number | null;
  turnover: number | null;
  spotClose: number | null;
  basisClose: number | null;
  realisedVol30: number | null;
  atr14: number | null;
  rsi14: number | null;
  ema20: number | null;
  ema50: number | null;
}

/** What trading both legs costs: shares of notional, slippage in basis points. */
export interface Costs {
  spotFee: number;
  perpFee: number;
  slippageBps: number;
  roundTrip: number;
}

/** What a pair's page knows beside its rows. */
export interface PairMeta {
  pair: string;
  slug: string;
  venues: string[];
  series: SeriesStatus[];
  costs: Costs;
  instrument: string;
}
