import type {binance as Binance} from "ccxt";
import type {Span} from "../../src/lib/market/coverage.js";
import {
  baseOf,
  isObservationSeries,
  pairFromVenueSymbol,
  quoteOf,
  type CandleSeries,
  type ObservationSeries,
  type Series
} from "../../src/lib/market/pair.js";
import {ceilTo, timeframeMs, TIMEFRAMES} from "../../src/lib/time/grid.js";
import type {Codes} from "./classify.js";
import {
  coinOf,
  Decimals,
  type Fields,
  filledList,
  listOf,
  maybePair,
  maybeTs,
  objectOf,
  QUOTES,
  requireCandles,
  requireObserved
} from "./fields.js";
import type {Costs} from "./limiter.js";
import {readCandles, readObservations, readSettlements, requireWidth, symbolCheck} from "./page.js";
import {textOf} from "./values.js";
import {dateMs, retryAfterMs, type Dialect} from "./transport.js";
import type {CallOptions, Exchange, Page, VenueTicker} from "./types.js";
import type {ObservationRow, VenueInstrument} from "../rows.js";
import {observedAbsence, observedOf, pageRowsOf} from "./venues.js";
import {type ClientOptions, type Reply, Wire} from "./wire.js";

/**
 * Weight per address and minute of each host, and the separate request count of settlements (developers.binance.com,
 * Limits).
 */
const LIMITS = {
  futures: {perWindow: 2_400, windowMs: 60_000},
  spot: {perWindow: 6_000, windowMs: 60_000},
  funding: {perWindow: 500, windowMs: 300_000},
  statistics: {perWindow: 1_000, windowMs: 300_000}
};

const CODES: Codes = {
  limit: ["-1003", "-1015"],
  again: ["-1000", "-1001", "-1006", "-1007", "-1008"],
  clock: ["-1021"]
};

const WEIGHTS: Readonly<Record<string, number>> = {
  "/fapi/v1/ticker/24hr": 40,
  "/fapi/v1/ticker/bookTicker": 5,
  "/fapi/v1/premiumIndex": 10,
  "/api/v3/exchangeInfo": 20,
  "/api/v3/ticker/24hr": 80,
  "/api/v3/klines": 2
};

/** Leaves out the sets of permissions, which are most of a list that otherwise nears the longest body allowed. */
const LEAN = {showPermissionSets: false};

const DIALECT: Dialect = {
  costs: ({pathname, searchParams}): Costs => {
    if (pathname.includes("/futures/data/")) return {statistics: 1};
    const path = pathname.slice(pathname.search(/\/f?api\//));
    if (/\/funding(Rate|Info)$/.test(path)) return {funding: 1, futures: 1};
    if (path.startsWith("/api/")) return {spot: WEIGHTS[path] ?? 1};
    if (!/klines$/i.test(path)) return {futures: WEIGHTS[path] ?? 1};
    const limit = Number(searchParams.get("limit") ?? 500);
    return {futures: limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1_000 ? 5 : 10};
  },
  code: (body) => {
    const {code, msg} = Array.isArray(body) ? ({} as Fields) : objectOf(body);
    return typeof code === "number" && code < 0 ? {code: String(code), message: textOf(msg) ?? ""} : undefined;
  },
  // Klines carry no server time. The `date` header does, in whole seconds and never ahead.
  time: (body, headers) => maybeTs(objectOf(body)["serverTime"]) ?? dateMs(headers),
  wait: retryAfterMs
};

/**
 * A client of Binance: spot and USD-M perpetuals, on two hosts with a limit each. Stamps of settlements jitter by
 * milliseconds. A page of 1,000 candles weighs half as much per row as the 1,500 that futures would serve.
 */
export class BinanceExchange implements Exchange {
  readonly venue = "binance";
  readonly origin: string;
  readonly pageRows = pageRowsOf("binance");
  readonly fundingDepthMs = undefined;
  readonly candleSeries = ["spot", "perp", "mark", "index", "premium"] as const;
  readonly timeframes = TIMEFRAMES;
  readonly observed = observedOf("binance");
  private readonly wire: Wire;

  constructor(
    private readonly client: Binance,
    options: ClientOptions
  ) {
    this.wire = new Wire(client, {
      ...options,
      limits: LIMITS,
      mainLimit: "futures",
      dialect: DIALECT,
      codes: CODES,
      time: () => client.fapiPublicGetTime() as Reply
    });
    this.origin = options.url === undefined ? "https://fapi.binance.com" : this.wire.origin;
  }

  serverTime(options: CallOptions = {}) {
    return this.wire.serverTime("binance time", options, (reply) => maybeTs(objectOf(reply)["serverTime"]) ?? NaN);
  }

  async instruments(options: CallOptions = {}): Promise<VenueInstrument[]> {
    const markets = (reply: unknown) => ({
      value: filledList(objectOf(reply)["symbols"], "symbols").map(objectOf),
      doubtful: false
    });
    const {client} = this;
    const [spots, perps, intervals] = await Promise.all([
      this.wire.call("binance spot exchangeInfo", options, () => client.publicGetExchangeInfo(LEAN) as Reply, markets),
      this.wire.call("binance exchangeInfo", options, () => client.fapiPublicGetExchangeInfo() as Reply, markets),
      this.rows("fundingInfo", options, () => client.fapiPublicGetFundingInfo() as Reply)
    ]);
    // Only symbols with an adjusted interval or cap are in this list; all others settle every eight hours.
    const hours = new Map(intervals.map((row) => [row["symbol"], Number(row["fundingIntervalHours"])]));
    const spotMarkets = spots.flatMap(
      (row) => instrumentOf(row, "spot", () => ({coin: textOf(row["baseAsset"])!, multiplier: 1})) ?? []
    );
    const bases = new Set(spotMarkets.map(({coin}) => coin));
    return [
      ...spotMarkets,
      ...perps
        .filter((row) => row["contractType"] === "PERPETUAL")
        .flatMap((row) => instrumentOf(row, "perp", (base) => coinOf(base, bases)) ?? [])
        .map((market) => ({...market, fundingIntervalHours: hours.get(market.symbol) ?? 8}))
    ];
  }

  async tickers(market: "spot" | "perp", options: CallOptions = {}): Promise<VenueTicker[]> {
    const {client} = this;
    if (market === "spot") {
      const rows = await this.rows("spot ticker/24hr", options, () => client.publicGetTicker24hr() as Reply);
      return tickersOf(market, rows, rows, []);
    }
    const [day, book, premium] = await Promise.all([
      this.rows("ticker/24hr", options, () => client.fapiPublicGetTicker24hr() as Reply),
      this.rows("ticker/bookTicker", options, () => client.fapiPublicGetTickerBookTicker() as Reply),
      this.rows("premiumIndex", options, () => client.fapiPublicGetPremiumIndex() as Reply)
    ]);
    return tickersOf(market, day, book, premium);
  }

  settlements(pair: string, untilMs: number, options: CallOptions = {}) {
    const symbol = symbolOf(pair);
    // With an end alone, the venue returns the newest rows up to it; with a start, the oldest rows from it.
    const query = {symbol, endTime: untilMs, limit: this.pageRows.funding};
    return this.wire.call(
      `binance fundingRate ${symbol}`,
      options,
      () => this.client.fapiPublicGetFundingRate(query) as Reply,
      (reply, {asOfMs}) => {
        const list = listOf(reply);
        const requireSymbol = symbolCheck(list, "symbol", symbol);
        const fields = (raw: unknown) => {
          const row = objectOf(raw);
          requireSymbol(row);
          return {ts: textOf(row["fundingTime"]) ?? null, rate: textOf(row["fundingRate"]) ?? null};
        };
        return readSettlements(list, fields, {untilMs, asOfMs});
      }
    );
  }

  async candles(pair: string, series: CandleSeries, timeframe: string, window: Span, options: CallOptions = {}) {
    requireCandles(this, series, timeframe);
    const symbol = symbolOf(pair);
    const query = {
      ...(series === "index" ? {pair: symbol} : {symbol}),
      interval: timeframe,
      startTime: window.from,
      endTime: window.to - 1,
      limit: this.pageRows.candles
    };
    const {client} = this;
    const requests = {
      spot: () => client.publicGetKlines(query),
      perp: () => client.fapiPublicGetKlines(query),
      mark: () => client.fapiPublicGetMarkPriceKlines(query),
      index: () => client.fapiPublicGetIndexPriceKlines(query),
      premium: () => client.fapiPublicGetPremiumIndexKlines(query)
    };
    const traded = series === "spot" || series === "perp";
    const fields = (raw: unknown) => {
      const row = listOf(raw, "row").map((value) => textOf(value) ?? null);
      const [ts, open, high, low, close, volume, , turnover] = row;
      return {ts, open, high, low, close, ...(traded && {volume, turnover})};
    };
    return this.wire.call(
      `binance klines ${series} ${symbol} ${timeframe}`,
      options,
      requests[series] as () => Reply,
      (reply, {asOfMs}) => {
        const list = listOf(reply);
        requireWidth(list, 12);
        return readCandles(list, fields, {timeframe, window, asOfMs, signed: series === "premium"});
      }
    );
  }

  async observations(
    pair: string,
    series: ObservationSeries,
    timeframe: string,
    window: Span,
    options: CallOptions = {}
  ): Promise<Page<ObservationRow>> {
    const {endStamped, rows} = requireObserved(this, series, timeframe);
    const symbol = symbolOf(pair);
    const nowMs = this.wire.venueNow();
    // What is older than the venue serves is an error there, and asks nothing.
    const oldest = ceilTo(this.absence(timeframe, nowMs, series)?.from ?? -Infinity, timeframeMs(timeframe));
    const startTime = Math.max(window.from, oldest);
    if (startTime >= window.to) return {rows: [], rejected: [], repeats: 0, outside: 0, asOfMs: nowMs};
    const query = {symbol, period: timeframe, startTime, endTime: window.to - 1, limit: rows};
    return this.wire.call(
      `binance openInterestHist ${symbol} ${timeframe}`,
      options,
      () => this.client.fapiDataGetOpenInterestHist(query) as Reply,
      (reply, {asOfMs}) => {
        const list = listOf(reply);
        const requireSymbol = symbolCheck(list, "symbol", symbol);
        const fields = (raw: unknown) => {
          const row = objectOf(raw);
          requireSymbol(row);
          return {
            ts: textOf(row["timestamp"]) ?? null,
            value: textOf(row["sumOpenInterest"]) ?? null,
            notional: textOf(row["sumOpenInterestValue"]) ?? null
          };
        };
        return readObservations(list, fields, {series, timeframe, window, asOfMs, endStamped});
      }
    );
  }

  absence(timeframe: string | undefined, asOfMs: number, series?: Series) {
    const observed = series && isObservationSeries(series) ? this.observed[series] : undefined;
    return observed && timeframe !== undefined ? observedAbsence(this.venue, observed, timeframe, asOfMs) : undefined;
  }

  get patienceMs() {
    return this.wire.patienceMs;
  }

  usage() {
    return this.wire.usage();
  }

  throttle(share: number) {
    this.wire.throttle(share);
  }

  private rows(name: string, options: CallOptions, request: () => Reply): Promise<Fields[]> {
    return this.wire.call(`binance ${name}`, options, request, (reply) => ({
      value: filledList(reply).map(objectOf),
      doubtful: false
    }));
  }
}

/** Returns the symbol, which both markets of a pair share. */
const symbolOf = (pair: string): string => `${baseOf(pair)}${quoteOf(pair)}`;

function instrumentOf(
  row: Fields,
  market: "spot" | "perp",
  coin: (base: string) => {coin: string; multiplier: number}
): VenueInstrument | undefined {
  const pair = maybePair(row["baseAsset"], row["quoteAsset"]);
  if (pair === undefined) return undefined;
  const decimals = new Decimals();
  const filters = (Array.isArray(row["filters"]) ? row["filters"] : []).map(objectOf);
  const filter = (type: string) => filters.find((f) => f["filterType"] === type) ?? {};
  const status = textOf(row["status"] ?? row["contractStatus"]) ?? "";
  return {
    pair,
    market,
    symbol: textOf(row["symbol"])!,
    ...coin(textOf(row["baseAsset"])!),
    quote: quoteOf(pair),
    active: status === "TRADING",
    status,
    launchTs: maybeTs(row["onboardDate"]),
    // A perpetual's delivery date lies in 2100, beyond the latest valid instant, and reads as undefined.
    delistTs: maybeTs(row["deliveryDate"]),
    contractSize: "1",
    tick: decimals.maybe(filter("PRICE_FILTER")["tickSize"]),
    step: decimals.maybe(filter("LOT_SIZE")["stepSize"]),
    minQty: decimals.maybe(filter("LOT_SIZE")["minQty"]),
    minNotional: decimals.maybe(
      filter("NOTIONAL")["minNotional"] ?? filter("MIN_NOTIONAL")["notional"] ?? filter("MIN_NOTIONAL")["minNotional"]
    )
  };
}

function tickersOf(market: "spot" | "perp", day: Fields[], book: Fields[], premium: Fields[]): VenueTicker[] {
  const decimals = new Decimals();
  const bySymbol = (rows: Fields[]) => new Map(rows.map((row) => [row["symbol"], row]));
  const [touches, rates] = [bySymbol(book), bySymbol(premium)];
  return day.flatMap((row) => {
    const pair = pairFromVenueSymbol(textOf(row["symbol"]) ?? "");
    if (pair === undefined || !QUOTES.includes(quoteOf(pair)) || maybePair(baseOf(pair), quoteOf(pair)) === undefined)
      return [];
    const touch = touches.get(row["symbol"]) ?? {};
    const rate = rates.get(row["symbol"]) ?? {};
    return {
      pair,
      market,
      turnover24h: decimals.maybe(row["quoteVolume"]),
      last: decimals.maybe(row["lastPrice"]),
      bid: decimals.maybe(touch["bidPrice"]),
      ask: decimals.maybe(touch["askPrice"]),
      ...(market === "perp" && {
        predictedRate: decimals.maybe(rate["lastFundingRate"]),
        nextFundingTs: maybeTs(rate["nextFundingTime"])
      })
    };
  });
}
