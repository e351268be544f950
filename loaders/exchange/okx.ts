import type {okx as Okx} from "ccxt";
import type {Span} from "../../src/lib/market/coverage.js";
import {
  baseOf,
  isObservationSeries,
  quoteOf,
  type CandleSeries,
  type ObservationSeries,
  type Series
} from "../../src/lib/market/pair.js";
import {DAY_MS, timeframeMs} from "../../src/lib/time/grid.js";
import {Refusal, type Codes} from "./classify.js";
import {
  Decimals,
  type Fields,
  filledList,
  listOf,
  maybePair,
  maybeTs,
  objectOf,
  product,
  requireCandles,
  requireObserved
} from "./fields.js";
import {readCandles, readObservations, readSettlements, requireWidth, symbolCheck} from "./page.js";
import {textOf} from "./values.js";
import {dateMs, retryAfterMs, type Dialect} from "./transport.js";
import type {CallOptions, Exchange, VenueTicker} from "./types.js";
import type {VenueInstrument} from "../rows.js";
import {absenceOf, observedAbsence, observedOf, pageRowsOf, venueRecord} from "./venues.js";
import {type ClientOptions, type Reply, Wire} from "./wire.js";

/** Requests per address in two seconds, of each endpoint (www.okx.com/docs-v5, Rate limit). */
const PER_TWO_SECONDS = {
  "rubik/stat/contracts/open-interest-history": 10,
  "market/candles": 40,
  "market/history-candles": 20,
  "market/mark-price-candles": 20,
  "market/history-mark-price-candles": 10,
  "market/index-candles": 20,
  "market/history-index-candles": 10,
  "market/tickers": 20,
  "public/funding-rate": 20,
  "public/funding-rate-history": 10,
  "public/instruments": 20,
  "public/time": 10
};
const LIMITS = Object.fromEntries(
  Object.entries(PER_TWO_SECONDS).map(([path, perWindow]) => [path, {perWindow, windowMs: 2_000}])
);

const CODES: Codes = {
  limit: ["50011", "50061"],
  again: ["50001", "50004", "50013", "50026"],
  clock: ["50102"]
};

/** Names of the bars. Days are in UTC: without the suffix, the venue's day begins in Hong Kong time. */
const BARS: Readonly<Record<string, string>> = {
  "1m": "1m",
  "5m": "5m",
  "15m": "15m",
  "1h": "1H",
  "4h": "4H",
  "1d": "1Dutc"
};

/** Names of the steps of open interest; days are in UTC as above. */
const PERIODS: Readonly<Record<string, string>> = {"5m": "5m", "15m": "15m", "1h": "1H", "4h": "4H", "1d": "1Dutc"};

/** Number of newest candles that the recent endpoint serves; older ones come from the history endpoint. */
const RECENT_CANDLES = 1_440;

const DIALECT: Dialect = {
  costs: ({pathname}) => ({[pathname.replace(/^.*\/api\/v5\//, "")]: 1}),
  code: (body) => {
    const {code, msg} = objectOf(body);
    return code === undefined || String(code as string) === "0"
      ? undefined
      : {code: String(code as string), message: textOf(msg) ?? ""};
  },
  time: (_, headers) => dateMs(headers),
  wait: retryAfterMs
};

/**
 * A client of OKX: spot and linear swaps. Swaps are sized in contracts; volumes are read in the coin and steps
 * converted to it. Settlements reach back about three months; the realised rate is read, not the forecast one.
 */
export class OkxExchange implements Exchange {
  readonly venue = "okx";
  readonly origin: string;
  readonly pageRows = pageRowsOf("okx");
  readonly fundingDepthMs = 90 * DAY_MS;
  readonly candleSeries = ["spot", "perp", "mark", "index"] as const;
  readonly timeframes = Object.keys(BARS);
  readonly observed = observedOf("okx");
  private readonly wire: Wire;

  constructor(
    private readonly client: Okx,
    options: ClientOptions
  ) {
    this.wire = new Wire(client, {
      ...options,
      limits: LIMITS,
      mainLimit: "market/history-candles",
      dialect: DIALECT,
      codes: CODES,
      time: () => client.publicGetPublicTime() as Reply
    });
    this.origin = this.wire.origin;
  }

  serverTime(options: CallOptions = {}) {
    return this.wire.serverTime("okx time", options, (reply) => maybeTs(dataOf(reply)[0]?.["ts"]) ?? NaN);
  }

  async instruments(options: CallOptions = {}): Promise<VenueInstrument[]> {
    const listed = (instType: string) =>
      this.rows(`instruments ${instType}`, options, () => this.client.publicGetPublicInstruments({instType}) as Reply);
    const [spots, swaps] = await Promise.all([listed("SPOT"), listed("SWAP")]);
    return [...spots.flatMap((row) => spotOf(row) ?? []), ...swaps.flatMap((row) => swapOf(row) ?? [])];
  }

  async tickers(market: "spot" | "perp", options: CallOptions = {}): Promise<VenueTicker[]> {
    const {client} = this;
    const instType = market === "spot" ? "SPOT" : "SWAP";
    const [rows, rates] = await Promise.all([
      this.rows(`tickers ${instType}`, options, () => client.publicGetMarketTickers({instType}) as Reply),
      market === "spot"
        ? []
        : this.rows("funding-rate", options, () => client.publicGetPublicFundingRate({instId: "ANY"}) as Reply)
    ]);
    const byId = new Map(rates.map((row) => [row["instId"], row]));
    const decimals = new Decimals();
    return rows.flatMap((row) => {
      const [base, quote] = (textOf(row["instId"]) ?? "").split("-");
      const pair = maybePair(base, quote);
      if (pair === undefined) return [];
      const last = decimals.maybe(row["last"]);
      const volume = decimals.maybe(row["volCcy24h"]);
      const rate = byId.get(row["instId"]) ?? {};
      return {
        pair,
        market,
        // In quote for spot. Swaps publish it in the coin alone, so the last price stands in for the day's prices.
        turnover24h: market === "spot" ? volume : product(volume, last),
        last,
        bid: decimals.maybe(row["bidPx"]),
        ask: decimals.maybe(row["askPx"]),
        ...(market === "perp" && {
          predictedRate: decimals.maybe(rate["fundingRate"]),
          nextFundingTs: maybeTs(rate["fundingTime"])
        })
      };
    });
  }

  settlements(pair: string, untilMs: number, options: CallOptions = {}) {
    const instId = swapId(pair);
    // `after` means strictly older than.
    const query = {instId, after: untilMs + 1, limit: this.pageRows.funding};
    return this.wire.call(
      `okx funding-rate-history ${instId}`,
      options,
      () => this.client.publicGetPublicFundingRateHistory(query) as Reply,
      (reply, {asOfMs}) => {
        const list = listOf(objectOf(reply)["data"], "data");
        const requireSymbol = symbolCheck(list, "instId", instId);
        const fields = (raw: unknown) => {
          const row = objectOf(raw);
          requireSymbol(row);
          return {ts: textOf(row["fundingTime"]) ?? null, rate: textOf(row["realizedRate"]) ?? null};
        };
        return readSettlements(list, fields, {untilMs, asOfMs});
      }
    );
  }

  async candles(pair: string, series: CandleSeries, timeframe: string, window: Span, options: CallOptions = {}) {
    requireCandles(this, series, timeframe);
    const instId = series === "spot" || series === "index" ? pair.replace("/", "-") : swapId(pair);
    const query = {
      instId,
      bar: BARS[timeframe],
      after: window.to,
      before: window.from - 1,
      limit: this.pageRows.candles
    };
    const {client, wire} = this;
    const recent = () => window.from > wire.venueNow() - (RECENT_CANDLES - 1) * timeframeMs(timeframe);
    const traded = () =>
      recent() ? client.publicGetMarketCandles(query) : client.publicGetMarketHistoryCandles(query);
    const requests = {
      spot: traded,
      perp: traded,
      mark: () =>
        recent() ? client.publicGetMarketMarkPriceCandles(query) : client.publicGetMarketHistoryMarkPriceCandles(query),
      index: () =>
        recent() ? client.publicGetMarketIndexCandles(query) : client.publicGetMarketHistoryIndexCandles(query)
    };
    return wire.call(
      `okx candles ${series} ${instId} ${timeframe}`,
      options,
      requests[series as keyof typeof requests] as () => Reply,
      (reply, {asOfMs}) => {
        const list = listOf(objectOf(reply)["data"], "data");
        requireWidth(list, series === "spot" || series === "perp" ? 9 : 6);
        const closed = list.filter((row) => !Array.isArray(row) || row.at(-1) !== "0");
        return readCandles(closed, series === "spot" ? spotFields : series === "perp" ? swapFields : markFields, {
          timeframe,
          window,
          asOfMs
        });
      }
    );
  }

  async observations(
    pair: string,
    series: ObservationSeries,
    timeframe: string,
    window: Span,
    options: CallOptions = {}
  ) {
    const {endStamped, rows} = requireObserved(this, series, timeframe);
    const instId = swapId(pair);
    const query = {instId, period: PERIODS[timeframe], begin: window.from - 1, end: window.to, limit: rows};
    // `[stamp, contracts, coins, US dollars]`; dollars are not the quote
    const fields = (raw: unknown) => {
      const [ts, , value] = listOf(raw, "row").map((cell) => textOf(cell) ?? null);
      return {ts, value};
    };
    return this.wire.call(
      `okx open-interest-history ${instId} ${timeframe}`,
      options,
      () => this.client.publicGetRubikStatContractsOpenInterestHistory(query) as Reply,
      (reply, {asOfMs}) => {
        const list = listOf(objectOf(reply)["data"], "data");
        requireWidth(list, 4);
        return readObservations(list, fields, {series, timeframe, window, asOfMs, endStamped});
      }
    );
  }

  get patienceMs() {
    return this.wire.patienceMs;
  }

  absence(timeframe: string | undefined, asOfMs: number, series?: Series) {
    const observed = series && isObservationSeries(series) ? this.observed[series] : undefined;
    if (observed && timeframe !== undefined) return observedAbsence(this.venue, observed, timeframe, asOfMs);
    return timeframe === undefined ? absenceOf(venueRecord("okx"), undefined, asOfMs) : undefined;
  }

  usage() {
    return this.wire.usage();
  }

  throttle(share: number) {
    this.wire.throttle(share);
  }

  private rows(name: string, options: CallOptions, request: () => Reply): Promise<Fields[]> {
    return this.wire.call(`okx ${name}`, options, request, (reply) => ({
      value: filledList(objectOf(reply)["data"], "data").map(objectOf),
      doubtful: false
    }));
  }
}

const swapId = (pair: string): string => `${baseOf(pair)}-${quoteOf(pair)}-SWAP`;

const dataOf = (reply: unknown): Fields[] => listOf(objectOf(reply)["data"], "data").map(objectOf);

/**
 * Reads `[ts, open, high, low, close, volume, …]`: the volume is in the coin for spot, in contracts for swaps.
 * @throws Refusal for a row of fewer than six columns
 */
function columns(raw: unknown) {
  const row = listOf(raw, "row").map((value) => textOf(value) ?? null);
  if (row.length < 6) throw new Refusal("content", "a candle has too few columns");
  return row;
}
function markFields(raw: unknown) {
  const [ts, open, high, low, close] = columns(raw);
  return {ts, open, high, low, close};
}
const spotFields = (raw: unknown) => ({...markFields(raw), volume: columns(raw)[5], turnover: columns(raw)[7]});
const swapFields = (raw: unknown) => ({...markFields(raw), volume: columns(raw)[6], turnover: columns(raw)[7]});

function spotOf(row: Fields): VenueInstrument | undefined {
  const pair = maybePair(row["baseCcy"], row["quoteCcy"]);
  if (pair === undefined) return undefined;
  return {...common(row, pair, "1"), market: "spot", coin: baseOf(pair)};
}

function swapOf(row: Fields): VenueInstrument | undefined {
  const [base, quote] = (textOf(row["instFamily"]) || textOf(row["uly"]) || "").split("-");
  const pair = maybePair(base, quote);
  if (pair === undefined || row["ctType"] !== "linear") return undefined;
  const decimals = new Decimals();
  const size = product(decimals.maybe(row["ctVal"]), decimals.maybe(row["ctMult"]) ?? "1");
  return size === undefined ? undefined : {...common(row, pair, size), market: "perp", coin: baseOf(pair)};
}

function common(row: Fields, pair: string, contractSize: string) {
  const decimals = new Decimals();
  return {
    pair,
    symbol: textOf(row["instId"])!,
    multiplier: 1,
    quote: quoteOf(pair),
    active: row["state"] === "live",
    status: textOf(row["state"]) ?? "",
    launchTs: maybeTs(row["listTime"]),
    delistTs: maybeTs(row["expTime"]),
    contractSize,
    tick: decimals.maybe(row["tickSz"]),
    step: product(decimals.maybe(row["lotSz"]), contractSize),
    minQty: product(decimals.maybe(row["minSz"]), contractSize)
  };
}
