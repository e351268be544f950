import type {Freshness, Hole} from "./coverage.js";
import type {Tier} from "./summary.js";

/**
 * The data contract between loaders, which write it, and components, which read it. Missing values are null in Arrow
 * columns.
 */

/** The selectable ranges; `days` is undefined for the whole history. */
export const RANGES = [
  {id: "7d", days: 7},
  {id: "30d", days: 30},
  {id: "90d", days: 90},
  {id: "1y", days: 365},
  {id: "all", days: undefined}
] as const;
export type Range = (typeof RANGES)[number]["id"];

/** `status --json`. Instants are UTC ms; `to` is exclusive, `lastTs` is the stamp of the newest row. */
export interface Status {
  asOf: number;
  state: "disabled" | "empty" | "fetching" | "ready" | "warning";
  source: "demo" | "venue" | "import" | "mixed";
  simulated: boolean;
  origin: string | null;
  pairs: number;
  /** `observations` are open interest, borrow rates and series of a person's own; absent where there are none */
  rows: {funding: number; candles: number; observations?: number};
  first: number | null;
  last: number | null;
  lastSync: number | null;
  series: SeriesStatus[];
  /** newest first */
  lastJobs: JobSummary[];
  issues: Issue[];
}

/**
 * What a history's rows alone do not tell: a settlement that the venue later gave another rate (`revised`), an instant
 * whose row was rejected (`doubt`), where a history begins for another reason than its listing (`begins`), that its market
 * is gone (`ended`), a price that jumps as no market does (`jump`), and a day or longer without volume (`idle`).
 */
export interface Remark {
  kind: "revised" | "doubt" | "begins" | "ended" | "jump" | "idle";
  /** the boundary of a settlement or the open of a candle, UTC ms */
  ts: number;
  /** end of the stretch in doubt, without volume, or of revisions that are counted, exclusive */
  toTs: number | null;
  /** both rates of a revised settlement, or the prices before and after a jump, as decimal text; null where many are counted */
  was: string | null;
  now: string | null;
  /** why a row was rejected, or why nothing older is believed to be absent */
  reason: string | null;
  foundTs: number;
}

export interface SeriesStatus {
  venue: string;
  pair: string;
  series: string;
  timeframe: string;
  rows: number;
  from: number;
  to: number;
  lastTs: number;
  intervalMs: number | null;
  /** share of the rows due that are there; null for a series without a grid */
  coverage: number | null;
  holes: Hole[];
  /** what the rows alone do not tell; absent where there is nothing */
  remarks?: readonly Remark[];
  freshness: Freshness;
  ageMs: number;
  /** when the market was delisted; null while it trades or if unknown */
  endedTs: number | null;
}

/** A data problem that needs attention, with its fix. */
export interface Issue {
  level: "info" | "warning" | "critical";
  text: string;
  fix: string;
}

/** The fields of a job that pages show. */
export interface JobSummary {
  id: string;
  kind: string;
  status: string;
  venue: string | null;
  pair: string | null;
  series: string | null;
  timeframe?: string | null;
  rowsFetched: number | null;
  error: string | null;
  /** what to do about the error; absent where an earlier version published the job */
  errorFix?: string | null;
  createdAt: number | null;
  finishedAt: number | null;
}

/** One pair over one range. Rates are fractions per 8 h, APRs fractions per year on notional, instants UTC ms. */
export interface ExplorerRow {
  venue: string;
  pair: string;
  slug: string;
  range: Range;
  fromTs: number | null;
  toTs: number;
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
  coverageDays: number;
  firstTs: number | null;
  lastTs: number | null;
  aprGross: number | null;
  aprNet: number | null;
  streakNow: number;
  streakLongest: number;
  halfLifePeriods: number | null;
  newestRate: number | null;
  newestIntervalHours: number | null;
  newestRate8h: number | null;
  newestTs: number | null;
  breakEvenPeriods: number | null;
  heldShare: number | null;
  heldEntries: number;
  netPerPeriod: number | null;
  netAnnual: number | null;
  /** quote turnover of the perp's newest whole UTC day */
  turnover24h: number | null;
  tier: Tier;
  /** USD, from CoinGecko if enabled; never used in a decision */
  marketCap: number | null;
  freshness: Freshness;
  insufficient: boolean;
  /** why the pair is outside the universe; empty if it is inside */
  reasons: string;
}

/** One pair's label and statistics at its newest settlement (§7); null if unknown. */
export interface DecisionRow {
  venue: string;
  pair: string;
  slug: string;
  newestTs: number;
  rate8h: number | null;
  /** number of rates per 8 h in its history */
  rows: number;
  /** 0..1 */
  percentile: number | null;
  z: number | null;
  trend: "rising" | "stable" | "falling" | null;
  /** with the default weights */
  composite: number | null;
  basis: number | null;
  /** instant of the closes that the basis is of while the candles of the settlement are open; null for the two opens */
  closesTs: number | null;
  streak: number | null;
  breakEvenPeriods: number | null;
  label: "insufficient" | "strong" | "moderate" | "below average" | "not recommended";
  reasons: string[];
  /** per preset: true if it would enter the pair at that settlement */
  enters: Record<string, boolean>;
}

/** The data of the Decision page; costs as exact text with config keys. */
export interface DecisionSnapshot {
  costs: {spotFee: string; perpFee: string; slippageBps: string};
  rows: DecisionRow[];
}

export const EXPLORER_COLUMNS: readonly (keyof ExplorerRow)[] = [
  "venue",
  "pair",
  "slug",
  "range",
  "fromTs",
  "toTs",
  "count",
  "mean8h",
  "median8h",
  "sd8h",
  "min8h",
  "max8h",
  "q1",
  "q3",
  "sharePositive",
  "coverageShare",
  "coverageDays",
  "firstTs",
  "lastTs",
  "aprGross",
  "aprNet",
  "streakNow",
  "streakLongest",
  "halfLifePeriods",
  "newestRate",
  "newestIntervalHours",
  "newestRate8h",
  "newestTs",
  "breakEvenPeriods",
  "heldShare",
  "heldEntries",
  "netPerPeriod",
  "netAnnual",
  "turnover24h",
  "tier",
  "marketCap",
  "freshness",
  "insufficient",
  "reasons"
];
