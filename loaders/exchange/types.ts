import type {Span} from "../../src/lib/market/coverage.js";
import type {CandleSeries} from "../../src/lib/market/pair.js";
import type {CandleRow, FundingRow} from "../rows.js";
import type {VenueInstrument} from "../rows.js";

/** A piece of history as it arrives: its rows, and the span of which it holds all that the venue has. */
export interface Stretch<Row> {
  proven: Span;
  /** ascending, inside `proven` */
  rows: Row[];
  rejected: Rejected[];
  repeats: number;
  outside: number;
}

export interface HistoryOptions extends CallOptions {
  /** when the market was listed, where that is known: nothing is older */
  launchTs?: number | undefined;
}

/** Who goes first when the venue's limit is shared: what is live before what is mended before what is old. */
export const PRIORITIES = ["live", "update", "repair", "backfill"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** How a call is made: its place in the queue, and the signal that ends it. */
export interface CallOptions {
  priority?: Priority;
  signal?: AbortSignal | undefined;
}

/** One perp's or spot market's present state. */
export interface VenueTicker {
  pair: string;
  market: "spot" | "perp";
  /** of the last 24 h in the quote currency, never the base volume (SEMANTICS §8.6); undefined where it is not told */
  turnover24h: string | undefined;
  last: string | undefined;
  bid: string | undefined;
  ask: string | undefined;
  /** the rate the venue expects at `nextFundingTs`; perps only, observed at the reply's instant */
  predictedRate?: string | undefined;
  nextFundingTs?: number | undefined;
}

/** A row of a reply that is no row, and why. */
export interface Rejected {
  tsMs: number | undefined;
  reason: string;
}

/** A validated page: rows ascending, without repeats, inside what was asked for, closed only, in the venue's own digits. */
export interface Page<Row> {
  rows: Row[];
  /** rows left out because they are not what they claim to be; they leave a hole, which is why they are counted */
  rejected: Rejected[];
  /** rows that repeated another, or lay outside what was asked for */
  repeats: number;
  outside: number;
  /** the reply's instant by the venue's own clock, never ahead of it: what had not happened by then is not known here */
  asOfMs: number;
}

/**
 * A venue's public market data, behind one narrow interface. Every call keeps the venue's limit, has its own deadline,
 * retries what may be retried, and throws an `ExchangeError` that says what a person can do.
 */
export interface Exchange {
  /** the ccxt id, or `sim` */
  readonly venue: string;
  /** the API's base URL: the origin of every row that comes from here */
  readonly origin: string;
  /** rows of a full page */
  readonly pageRows: {readonly funding: number; readonly candles: number};
  /** how far back the venue serves settlements, in ms; undefined where it serves them all */
  readonly fundingDepthMs: number | undefined;
  /** candle series the venue serves, and in which lengths */
  readonly candleSeries: readonly CandleSeries[];
  readonly timeframes: readonly string[];
  /** The venue's clock, and how far it is ahead of this machine's, in ms (half the round trip taken off). */
  serverTime(options?: CallOptions): Promise<{venueMs: number; skewMs: number}>;
  /** Every spot and linear perpetual market that the venue lists today, read anew each time (SEMANTICS §8.4). */
  instruments(options?: CallOptions): Promise<VenueInstrument[]>;
  /** The present state of every market of a kind. */
  tickers(market: "spot" | "perp", options?: CallOptions): Promise<VenueTicker[]>;
  /** The newest settlements at or before `untilMs`, at most one page; fewer say nothing of what is older. */
  settlements(pair: string, untilMs: number, options?: CallOptions): Promise<Page<FundingRow>>;
  /** The closed candles that open in a window of at most one page. */
  candles(
    pair: string,
    series: CandleSeries,
    timeframe: string,
    window: Span,
    options?: CallOptions
  ): Promise<Page<CandleRow>>;
  /** Requests sent so far, retries included, and the instant until which the venue has banned this machine. */
  usage(): Usage;
  /**
   * Uses another share of the venue's published limits from now on; undefined where a client has no limit of its own.
   * @throws RangeError below 0.05 or above 0.8
   */
  throttle?(share: number): void;
  /** Sends nothing before an instant of the monotonic clock: another line to the same venue was banned. */
  stopUntil?(monotonicMs: number): void;
  /** Hears of every ban of this line. */
  onBan?: ((untilMonotonicMs: number) => void) | undefined;
}

export interface Usage {
  requests: number;
  retries: number;
  /** requests in the limit's present window, and how many it allows */
  inWindow: number;
  perWindow: number;
  windowMs: number;
  /** what the venue publishes for a window, and the share of it that is used */
  published?: number;
  share?: number;
  bannedUntilMs: number | undefined;
}

/** Time as the exchange client knows it: handed in, so that no test waits and no clock step can stall it. */
export interface Clock {
  /** wall time, UTC ms; may step */
  now: () => number;
  /** ms that never go back */
  monotonic: () => number;
  /** resolves after `ms`, rejects when the signal fires */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /**
   * Gives a request up once its reply has taken `ms`; returns what calls that off. Without it the machine's own timer does.
   * @param request method, path with query, and body
   */
  deadline?: (ms: number, giveUp: () => void, request: string) => () => void;
}
