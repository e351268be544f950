import type {Usage} from "../../src/lib/wire/data.js";
import type {Span} from "../../src/lib/market/coverage.js";
import type {CandleSeries, ObservationSeries, Series} from "../../src/lib/market/pair.js";
import type {CandleRow, FundingRow, ObservationRow, Revision} from "../rows.js";
import type {VenueInstrument} from "../rows.js";
import type {Absence, Observed} from "./venues.js";

/** A fetched piece of history, with the span over which its rows are all that the venue has. */
export interface Stretch<Row> {
  proven: Span;
  /** ascending, inside `proven` */
  rows: Row[];
  rejected: Rejected[];
  repeats: number;
  outside: number;
  /** settlements that the venue gave two rates */
  revised?: Revision[];
}

/** A market of a venue's list that is not read, with the reason. */
export interface LeftOut {
  /** the venue's own symbol */
  symbol: string;
  market: "spot" | "perp";
  reason: string;
}

export interface HistoryOptions extends CallOptions {
  /** called where nothing older is believed to be absent (§9.11), with the reason */
  onBegin?: ((absence: Absence) => void) | undefined;
  /** when the market was listed, UTC ms, where known; nothing is older */
  launchTs?: number | undefined;
}

/** Queue order under the venue's shared limit, highest priority first. */
export const PRIORITIES = ["live", "update", "repair", "backfill"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Queue priority of a call, and the signal that aborts it. */
export interface CallOptions {
  priority?: Priority;
  signal?: AbortSignal | undefined;
  /** called at each stage of each request of the call, so that a caller can tell waiting in the queue from silence */
  pulse?: ((stage: Stage) => void) | undefined;
}

/** Where a request is: waiting under the venue's limit, let through or given up there, on its way, or read whole. */
export type Stage = "queued" | "admitted" | "sent" | "answered";

/** Current state of one perp or spot market. */
export interface VenueTicker {
  pair: string;
  market: "spot" | "perp";
  /** over the last 24 h in the quote currency, never the base volume (§8.6); undefined where not published */
  turnover24h: string | undefined;
  last: string | undefined;
  bid: string | undefined;
  ask: string | undefined;
  /** the rate predicted for `nextFundingTs`; perps only, observed at the reply's instant */
  predictedRate?: string | undefined;
  nextFundingTs?: number | undefined;
}

/** An invalid row of a reply, with the reason. */
export interface Rejected {
  tsMs: number | undefined;
  reason: string;
}

/** A validated page: rows ascending, unique, inside the request, closed, with the venue's own digits. */
export interface Page<Row> {
  rows: Row[];
  /** invalid rows, left out of `rows`; counted, because each may leave a hole */
  rejected: Rejected[];
  /** number of duplicate rows, and of rows outside the request */
  repeats: number;
  outside: number;
  /** start of the stretch that the question covered, UTC ms; undefined where it had none, as all older rows were asked */
  fromMs?: number;
  /** settlements that the reply gave two rates; `rows` has the newer */
  revised?: Revision[];
  /** venue time of the reply, UTC ms, never ahead of its clock; later events are unknown here */
  asOfMs: number;
}

/**
 * A venue's public market data. Every call respects the rate limit, has its own deadline, and retries where that is
 * safe. Every failure is an `ExchangeError` with a fix.
 */
export interface Exchange {
  /** the ccxt id, or `sim` */
  readonly venue: string;
  /** base URL of the API, recorded as the origin of every row */
  readonly origin: string;
  /** rows of a full page */
  readonly pageRows: {readonly funding: number; readonly candles: number};
  /** how far back the venue serves settlements, in ms; undefined where it serves them all */
  readonly fundingDepthMs: number | undefined;
  /** markets of the list last read that are not among the instruments, with the reason */
  readonly leftOut?: readonly LeftOut[];
  /**
   * Returns from where on an empty reply means that there are no rows, and why not before (§9.11); undefined where it
   * always does. Without a timeframe it is about settlements, without a series about candles.
   */
  absence?(timeframe: string | undefined, asOfMs: number, series?: Series): Absence | undefined;
  /** candle series that the venue serves, and their timeframes */
  readonly candleSeries: readonly CandleSeries[];
  readonly timeframes: readonly string[];
  /** series of observations that the client fetches, and how */
  readonly observed?: Partial<Record<ObservationSeries, Observed>>;
  /** Fetches the observations of a window of at most one page; on clients that have some `observed`. */
  observations?(
    pair: string,
    series: ObservationSeries,
    timeframe: string,
    window: Span,
    options?: CallOptions
  ): Promise<Page<ObservationRow>>;
  /**
   * Returns the venue's clock (UTC ms) and its skew in ms, less half the round trip; positive when the venue is ahead.
   */
  serverTime(options?: CallOptions): Promise<{venueMs: number; skewMs: number}>;
  /** Fetches every spot and linear perpetual market in the venue's current listing; never cached (§8.4). */
  instruments(options?: CallOptions): Promise<VenueInstrument[]>;
  /** Fetches the current state of every market of a kind. */
  tickers(market: "spot" | "perp", options?: CallOptions): Promise<VenueTicker[]>;
  /**
   * Fetches the newest settlements at or before `untilMs`, at most one page. A short page does not prove that none is
   * older.
   */
  settlements(pair: string, untilMs: number, options?: CallOptions): Promise<Page<FundingRow>>;
  /** Fetches the closed candles that open in a window of at most one page. */
  candles(
    pair: string,
    series: CandleSeries,
    timeframe: string,
    window: Span,
    options?: CallOptions
  ): Promise<Page<CandleRow>>;
  /** longest time in ms between two stages of a call's requests, in which a deadline would have ended one of them */
  readonly patienceMs?: number;
  /** Returns the requests sent so far, retries included, and the end of a current ban, UTC ms. */
  usage(): Usage;
  /**
   * Changes the used share of the venue's published limits; undefined where a client has no limit of its own.
   * @throws RangeError below 0.05 or above 0.8
   */
  throttle?(share: number): void;
  /** Sends nothing before an instant of the monotonic clock, because another client of the venue was banned. */
  stopUntil?(monotonicMs: number): void;
  /** Called at every ban of this client, with its end on the monotonic clock. */
  onBan?: ((untilMonotonicMs: number) => void) | undefined;
}

/** Time as the exchange client knows it: handed in, so that no test waits and no clock step can stall it. */
export interface Clock {
  /** wall time, UTC ms; it may step */
  now: () => number;
  /** ms that never decrease */
  monotonic: () => number;
  /** resolves after `ms`, rejects when the signal aborts */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /**
   * Gives a request up once its reply has taken `ms`; returns what calls that off. Without it the machine's own timer does.
   * @param request method, path with query, and body
   */
  deadline?: (ms: number, giveUp: () => void, request: string) => () => void;
}
