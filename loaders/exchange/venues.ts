import type {CandleSeries, ObservationSeries, Series} from "../../src/lib/market/pair.js";
import {DAY_MS, timeframeMs} from "../../src/lib/time/grid.js";
import {UsageError} from "../errors.js";

/**
 * How settled funding is asked for:
 * - `backward`: the newest rows up to an end;
 * - `window`: both ends given; what a full page cuts off is asked for again;
 * - `pages`: numbered pages or offsets, newest first;
 * - `newest`: one page of the newest rows alone.
 */
type Paging = "backward" | "window" | "pages" | "newest";

/** How past values of one kind are fetched. */
export interface Observed {
  timeframes: readonly string[];
  /** rows of a full page */
  rows: number;
  /** how far back they go, in days or in rows of a timeframe; `all` since the listing */
  depth: "all" | {days: number} | {rows: number};
  /** true where a stamp is the end of its step: the value is known then, else a step later (§1) */
  endStamped: boolean;
}

/** What one venue serves of its history, by its ccxt id. */
export interface VenueRecord {
  venue: string;
  /** settled funding; undefined where the venue serves none that this program can store */
  funding?: {
    paging: Paging;
    /** rows of a full page */
    rows: number;
    /** how far back it goes, in days; `all` since the listing, `unknown` where the venue does not say */
    depth: number | "all" | "unknown";
    /** parameter of the page's number or offset, with the first value */
    page?: {name: string; by: "number" | "offset"; first: number};
  };
  /** where the venue's time comes from: an endpoint of its own, or the `Date` header of each reply */
  clock: "endpoint" | "date";
  candles: {
    series: readonly CandleSeries[];
    timeframes: readonly string[];
    rows: number;
    /** how far back they go, in rows of a timeframe; `unknown` where the venue does not say */
    depth: number | "all" | "unknown";
  };
  /** currencies that its linear perpetuals settle in */
  settles: readonly string[];
  /** past open interest; `files` where the venue publishes it and this program reads it from files alone */
  openInterest?: Observed | "files";
  /** past borrow rates, which venues give to the holders of accounts; this program reads them from files */
  borrow?: "files";
  /** what keeps it from being used; undefined for a venue that can be */
  missing?: string;
}

const TRADED = ["spot", "perp"] as const;
const ALL = ["spot", "perp", "mark", "index"] as const;
const WITH_PREMIUM = [...ALL, "premium"] as const;
const UP_TO_4H = ["1m", "5m", "15m", "1h", "4h", "1d"] as const;
const WITH_8H = ["1m", "5m", "15m", "1h", "4h", "8h", "1d"] as const;
const OPEN_INTEREST = ["5m", "15m", "1h", "4h", "1d"] as const;
const BOTH = ["USDT", "USDC"] as const;

type Line = Omit<VenueRecord, "venue" | "clock"> & Partial<VenueRecord>;

const candles = (
  series: readonly CandleSeries[],
  timeframes: readonly string[],
  rows = 200,
  depth: VenueRecord["candles"]["depth"] = "unknown"
) => ({series, timeframes, rows, depth});

const window = (rows: number, depth: number | "all" | "unknown" = "unknown") =>
  ({paging: "window", rows, depth}) as const;

const NOT_SETTLED = "its history has snapshots of the current rate, not settlements";
const IN_USD = "its perpetuals settle in USD, which this program does not read";

const LINES: Readonly<Record<string, Line>> = {
  bybit: {
    funding: {paging: "backward", rows: 200, depth: "all"},
    candles: candles(WITH_PREMIUM, UP_TO_4H, 1_000, "all"),
    settles: BOTH,
    borrow: "files",
    openInterest: {timeframes: OPEN_INTEREST, rows: 200, depth: "all", endStamped: false}
  },
  binance: {
    funding: {paging: "backward", rows: 1_000, depth: "all"},
    candles: candles(WITH_PREMIUM, WITH_8H, 1_000, "all"),
    settles: BOTH,
    borrow: "files",
    openInterest: {timeframes: OPEN_INTEREST, rows: 500, depth: {days: 29}, endStamped: true}
  },
  okx: {
    funding: {paging: "backward", rows: 400, depth: 90},
    candles: candles(ALL, UP_TO_4H, 100, "all"),
    settles: BOTH,
    borrow: "files",
    openInterest: {timeframes: OPEN_INTEREST, rows: 100, depth: {rows: 1_440}, endStamped: false}
  },
  hyperliquid: {
    funding: window(500, "all"),
    candles: candles(TRADED, WITH_8H, 1_000, 5_000),
    settles: ["USDC"]
  },
  apex: {funding: window(100), candles: candles(["perp"], UP_TO_4H), settles: ["USDT"]},
  aster: {funding: window(1_000), candles: candles(TRADED, WITH_8H), settles: ["USDT"]},
  backpack: {
    funding: {paging: "pages", rows: 1_000, depth: "unknown", page: {name: "offset", by: "offset", first: 0}},
    candles: candles(ALL, ["1m", "5m", "1h", "4h", "8h", "1d"]),
    settles: ["USDC"],
    openInterest: "files"
  },
  bingx: {funding: window(1_000), candles: candles(["spot", "perp", "mark"], UP_TO_4H), settles: BOTH},
  bitfinex: {
    candles: candles(TRADED, UP_TO_4H),
    settles: ["USDT"],
    clock: "date",
    openInterest: "files",
    missing: NOT_SETTLED
  },
  bitget: {
    funding: {paging: "pages", rows: 100, depth: "unknown", page: {name: "pageNo", by: "number", first: 1}},
    candles: candles(ALL, UP_TO_4H),
    settles: BOTH
  },
  blofin: {
    funding: {paging: "backward", rows: 100, depth: "unknown"},
    candles: candles(["perp"], WITH_8H),
    settles: ["USDT"],
    clock: "date"
  },
  coinex: {funding: window(1_000), candles: candles(TRADED, UP_TO_4H), settles: ["USDT"]},
  cryptocom: {candles: candles(TRADED, UP_TO_4H), settles: ["USD"], clock: "date", missing: IN_USD},
  deepcoin: {
    funding: {paging: "pages", rows: 100, depth: "unknown", page: {name: "page", by: "number", first: 1}},
    candles: candles(ALL, UP_TO_4H),
    settles: BOTH,
    clock: "date"
  },
  dydx: {
    funding: {paging: "backward", rows: 100, depth: "unknown"},
    candles: candles(["perp"], UP_TO_4H),
    settles: ["USDC"]
  },
  extended: {
    funding: window(100),
    candles: candles(["perp", "mark", "index"], WITH_8H),
    settles: ["USDC"],
    clock: "date",
    openInterest: "files"
  },
  gate: {
    funding: {paging: "backward", rows: 100, depth: "unknown"},
    candles: candles(ALL, WITH_8H),
    settles: ["USDT"],
    openInterest: "files"
  },
  grvt: {funding: window(100), candles: candles(["perp"], WITH_8H), settles: ["USDT"], clock: "date"},
  hashkey: {
    funding: {paging: "newest", rows: 100, depth: "unknown"},
    candles: candles(TRADED, WITH_8H),
    settles: ["USDT"]
  },
  htx: {
    funding: {paging: "pages", rows: 50, depth: "unknown", page: {name: "page_index", by: "number", first: 1}},
    candles: candles(ALL, UP_TO_4H),
    settles: ["USDT"],
    openInterest: "files"
  },
  krakenfutures: {
    candles: candles(["perp", "mark", "index"], UP_TO_4H),
    settles: ["USD"],
    clock: "date",
    missing: IN_USD
  },
  kucoinfutures: {
    funding: window(100),
    candles: candles(["perp", "mark", "index"], WITH_8H),
    settles: BOTH,
    borrow: "files",
    openInterest: "files"
  },
  mexc: {
    funding: {paging: "pages", rows: 100, depth: "unknown", page: {name: "page_num", by: "number", first: 1}},
    candles: candles(ALL, WITH_8H),
    settles: BOTH
  },
  modetrade: {funding: window(25), candles: candles(["perp"], UP_TO_4H), settles: ["USDC"]},
  paradex: {
    candles: candles(["perp", "mark", "index"], ["1m", "5m", "15m", "1h"]),
    settles: ["USDC"],
    missing: NOT_SETTLED
  },
  phemex: {funding: window(100), candles: candles(TRADED, UP_TO_4H), settles: ["USDT"], clock: "date"},
  toobit: {
    funding: {paging: "newest", rows: 100, depth: "unknown"},
    candles: candles(ALL, WITH_8H),
    settles: ["USDT"]
  },
  weex: {funding: window(100), candles: candles(ALL, WITH_8H), settles: ["USDT"]},
  whitebit: {funding: window(100), candles: candles(TRADED, WITH_8H), settles: ["USDT"]},
  woo: {funding: window(25), candles: candles(TRADED, UP_TO_4H), settles: ["USDT"]},
  woofipro: {funding: window(25), candles: candles(["perp"], UP_TO_4H), settles: ["USDC"]},
  xt: {funding: {paging: "newest", rows: 200, depth: "unknown"}, candles: candles(TRADED, WITH_8H), settles: ["USDT"]}
};

/** What each venue serves, by ccxt id in alphabetical order; the client of a venue does no more than its record says. */
export const VENUES: readonly VenueRecord[] = Object.entries(LINES)
  .map(([venue, line]): VenueRecord => ({venue, clock: "endpoint", ...line}))
  .sort((a, b) => (a.venue < b.venue ? -1 : 1));

/**
 * Returns the record of a venue that can be used.
 * @throws UsageError for a venue without a record, or that lacks what this program needs
 */
export function venueRecord(venue: string): VenueRecord & {funding: NonNullable<VenueRecord["funding"]>} {
  const record = VENUES.find((own) => own.venue === venue);
  const {funding, missing} = record ?? {};
  if (record === undefined || funding === undefined || missing !== undefined) {
    const why = record === undefined ? "no record says how it is asked for its history" : missing!;
    throw new UsageError(`invalid venue: ${venue} (${why})`, {
      fix: "see `npx carrybook venues`, or import the venue's files"
    });
  }
  return {...record, funding};
}

/** Returns the rows of a full page of settlements and of candles at a venue with a client of its own. */
export function pageRowsOf(venue: "bybit" | "binance" | "okx"): {funding: number; candles: number} {
  const {funding, candles} = LINES[venue]!;
  return {funding: funding!.rows, candles: candles.rows};
}

/** Returns the series of observations that the client of a venue fetches. */
export function observedOf(venue: string): Partial<Record<ObservationSeries, Observed>> {
  const openInterest = VENUES.find((own) => own.venue === venue)?.openInterest;
  return typeof openInterest === "object" ? {"open-interest": openInterest} : {};
}

/**
 * Checks that a venue's past values of the named series can be fetched; series of candles and settlements, which every
 * record has or lacks by itself, pass.
 * @param venue a ccxt id, or `sim`, which serves what Bybit does
 * @throws UsageError that says what is missing
 */
export function requireFetched(venue: string, series: readonly Series[], timeframes: readonly string[]): void {
  const record = VENUES.find((own) => own.venue === (venue === "sim" ? "bybit" : venue));
  if (record === undefined) return;
  const fix = (name: Series) => `import its files: npx carrybook import FILE… --venue ${venue} --series ${name}`;
  for (const name of series) {
    if (name === "borrow")
      throw new UsageError(`invalid series: borrow (no venue gives its past borrow rates without an account)`, {
        fix: fix(name)
      });
    if (name === "premium" && !record.candles.series.includes(name))
      throw new UsageError(`invalid series: premium (${venue} serves none)`, {fix: fix(name)});
    if (name !== "open-interest") continue;
    const {openInterest} = record;
    if (typeof openInterest !== "object")
      throw new UsageError(`invalid series: open-interest (no record says how ${venue} is asked for it)`, {
        fix: fix(name)
      });
    const lacking = timeframes.find((timeframe) => !openInterest.timeframes.includes(timeframe));
    if (lacking !== undefined)
      throw new UsageError(`invalid timeframe: ${lacking} (${venue} serves no open interest in it)`, {
        fix: `one or more of ${openInterest.timeframes.join(", ")}`
      });
  }
}

/** Where the absence of rows begins to be believed, UTC ms, and why nothing before it is. */
export interface Absence {
  from: number;
  reason: string;
}

/**
 * Returns from where on an empty reply means that the venue has no open interest; undefined where it always does (§9.11).
 * @param asOfMs venue time of the reply, UTC ms
 */
export function observedAbsence(
  venue: string,
  {depth}: Observed,
  timeframe: string,
  asOfMs: number
): Absence | undefined {
  if (depth === "all") return undefined;
  return "days" in depth
    ? {from: asOfMs - depth.days * DAY_MS, reason: `${venue} serves the newest ${depth.days} days of open interest`}
    : {
        from: asOfMs - depth.rows * timeframeMs(timeframe),
        reason: `${venue} serves the newest ${depth.rows} rows of open interest`
      };
}

/**
 * Returns the same for settlements and candles.
 * @param stepMs length of a candle; undefined for settlements
 * @param asOfMs venue time of the reply, UTC ms
 */
export function absenceOf(
  {venue, funding, candles: own}: VenueRecord,
  stepMs: number | undefined,
  asOfMs: number
): Absence | undefined {
  const depth = stepMs === undefined ? (funding?.depth ?? "unknown") : own.depth;
  if (depth === "all") return undefined;
  const what = stepMs === undefined ? "settlements" : "candles";
  if (depth === "unknown") return {from: Infinity, reason: `${venue} does not say how far back its ${what} go`};
  return stepMs === undefined
    ? {from: asOfMs - depth * DAY_MS, reason: `${venue} serves the newest ${depth} days of settlements`}
    : {from: asOfMs - depth * stepMs, reason: `${venue} serves the newest ${depth} candles of a timeframe`};
}
