import type {bybit as Bybit} from "ccxt";
import type {Span} from "../../src/lib/market/coverage.js";
import {
  baseOf,
  pairFromVenueSymbol,
  quoteOf,
  type CandleSeries,
  type ObservationSeries
} from "../../src/lib/market/pair.js";
import {CODES, DIALECT, envelope, LIMITS} from "./bybit-wire.js";
import {Refusal} from "./classify.js";
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
import {readCandles, readObservations, readSettlements, requireSame, requireWidth, symbolCheck} from "./page.js";
import {textOf} from "./values.js";
import type {CallOptions, Exchange, LeftOut, VenueTicker} from "./types.js";
import type {VenueInstrument} from "../rows.js";
import {observedOf, pageRowsOf} from "./venues.js";
import {type ClientOptions, type Reply, Wire} from "./wire.js";

/** Names of the steps of open interest. */
const STEPS: Readonly<Record<string, string>> = {"5m": "5min", "15m": "15min", "1h": "1h", "4h": "4h", "1d": "1d"};

const INTERVALS: Readonly<Record<string, string>> = {
  "1m": "1",
  "5m": "5",
  "15m": "15",
  "1h": "60",
  "4h": "240",
  "1d": "D"
};

/** Upper bound on the pages of a market list, whose cursors loop if it is reached; the real list has two. */
const MAX_PAGES = 50;

/**
 * A client of Bybit v5's public data, and of the simulated venue, which serves the same API under another URL and name.
 * It uses raw endpoints: ccxt's unified ones drop the turnover of a candle, digits of numbers and the time of a reply.
 */
export class BybitExchange implements Exchange {
  readonly venue: string;
  readonly origin: string;
  readonly pageRows = pageRowsOf("bybit");
  readonly fundingDepthMs = undefined;
  readonly candleSeries = ["spot", "perp", "mark", "index", "premium"] as const;
  readonly timeframes = Object.keys(INTERVALS);
  readonly observed = observedOf("bybit");
  leftOut: readonly LeftOut[] = [];
  onBan: ((untilMonotonicMs: number) => void) | undefined;
  private readonly wire: Wire;
  /** pairs by `market symbol`, as the venue's lists name them */
  private readonly pairs = new Map<string, string>();
  /** the venue's symbols by `market pair`, once its lists have been read */
  private readonly symbols = new Map<string, string>();

  constructor(
    private readonly client: Bybit,
    options: ClientOptions & {
      venue: string;
      origin?: string | undefined;
    }
  ) {
    this.venue = options.venue;
    this.wire = new Wire(client, {
      ...options,
      limits: LIMITS,
      mainLimit: "address",
      dialect: DIALECT,
      codes: CODES,
      time: () => client.publicGetV5MarketTime() as Reply,
      onBan: (until) => this.onBan?.(until)
    });
    this.origin = options.origin ?? this.wire.origin;
  }

  serverTime(options: CallOptions = {}) {
    return this.wire.serverTime(`${this.venue} time`, options, (reply) => {
      const nano = textOf(objectOf(envelope(reply).result)["timeNano"]);
      return nano !== undefined && /^\d{19}$/.test(nano) ? Number(nano.slice(0, 13)) : envelope(reply).time;
    });
  }

  async instruments(options: CallOptions = {}): Promise<VenueInstrument[]> {
    const [spots, perps] = await Promise.all([this.listed("spot", options), this.listed("linear", options)]);
    const spotMarkets = spots.flatMap((row) => maybeSpot(row) ?? []);
    const bases = new Set(spotMarkets.map(({coin}) => coin));
    const markets = [...spotMarkets, ...perps.flatMap((row) => maybePerp(row, bases) ?? [])];
    for (const {market, pair, symbol} of markets) {
      this.symbols.set(`${market} ${pair}`, symbol);
      this.pairs.set(`${market} ${symbol}`, pair);
    }
    this.leftOut = [
      ...spots.flatMap((row) => leftOutOf(row, "spot") ?? []),
      ...perps.flatMap((row) => leftOutOf(row, "perp") ?? [])
    ];
    return markets;
  }

  tickers(market: "spot" | "perp", options: CallOptions = {}): Promise<VenueTicker[]> {
    const category = market === "spot" ? "spot" : "linear";
    return this.wire.call(
      `${this.venue} tickers ${category}`,
      options,
      () => this.client.publicGetV5MarketTickers({category}) as Reply,
      (reply) => {
        const decimals = new Decimals();
        const byPair = new Map<string, VenueTicker>();
        for (const raw of filledList(envelope(reply).result["list"])) {
          const row = objectOf(raw);
          const symbol = textOf(row["symbol"]) ?? "";
          const pair = this.pairs.get(`${market} ${symbol}`) ?? pairOf(symbol, market);
          if (pair === undefined || byPair.has(pair)) continue;
          byPair.set(pair, {
            pair,
            market,
            turnover24h: decimals.maybe(row["turnover24h"]),
            last: decimals.maybe(row["lastPrice"]),
            bid: decimals.maybe(row["bid1Price"]),
            ask: decimals.maybe(row["ask1Price"]),
            ...(market === "perp" && {
              predictedRate: decimals.maybe(row["fundingRate"]),
              nextFundingTs: maybeTs(row["nextFundingTime"])
            })
          });
        }
        return {value: [...byPair.values()], doubtful: decimals.malformed};
      }
    );
  }

  settlements(pair: string, untilMs: number, options: CallOptions = {}) {
    const symbol = this.symbolOf(pair, "perp");
    // Queried by its end alone: with a start, the venue counts from there in an interval that may not have applied
    // then.
    const query = {category: "linear", symbol, endTime: untilMs, limit: this.pageRows.funding};
    return this.wire.call(
      `${this.venue} funding/history ${symbol}`,
      options,
      () => this.client.publicGetV5MarketFundingHistory(query) as Reply,
      (reply) => {
        const {result, time} = envelope(reply);
        requireSame("category", result["category"], query.category);
        const list = listOf(result["list"]);
        const requireSymbol = symbolCheck(list, "symbol", symbol);
        const fields = (raw: unknown) => {
          const row = objectOf(raw);
          requireSymbol(row);
          return {ts: textOf(row["fundingRateTimestamp"]) ?? null, rate: textOf(row["fundingRate"]) ?? null};
        };
        return readSettlements(list, fields, {untilMs, asOfMs: time});
      }
    );
  }

  async candles(pair: string, series: CandleSeries, timeframe: string, window: Span, options: CallOptions = {}) {
    requireCandles(this, series, timeframe);
    const interval = INTERVALS[timeframe];
    const symbol = this.symbolOf(pair, series === "spot" ? "spot" : "perp");
    const query = {
      category: series === "spot" ? "spot" : "linear",
      symbol,
      interval,
      start: window.from,
      end: window.to - 1,
      limit: this.pageRows.candles
    };
    const {client} = this;
    const requests = {
      spot: () => client.publicGetV5MarketKline(query),
      perp: () => client.publicGetV5MarketKline(query),
      mark: () => client.publicGetV5MarketMarkPriceKline(query),
      index: () => client.publicGetV5MarketIndexPriceKline(query),
      premium: () => client.publicGetV5MarketPremiumIndexPriceKline(query)
    };
    return this.wire.call(
      `${this.venue} kline ${series} ${symbol} ${timeframe}`,
      options,
      requests[series],
      (reply) => {
        const {result, time} = envelope(reply);
        requireSame("category", result["category"], query.category);
        requireSame("symbol", result["symbol"], symbol);
        const list = listOf(result["list"]);
        requireWidth(list, series === "spot" || series === "perp" ? 7 : 5);
        return readCandles(list, klineFields, {timeframe, window, asOfMs: time, signed: series === "premium"});
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
    const symbol = this.symbolOf(pair, "perp");
    const query = {
      category: "linear",
      symbol,
      intervalTime: STEPS[timeframe],
      startTime: window.from,
      endTime: window.to - 1,
      limit: rows
    };
    return this.wire.call(
      `${this.venue} open-interest ${symbol} ${timeframe}`,
      options,
      () => this.client.publicGetV5MarketOpenInterest(query) as Reply,
      (reply) => {
        const {result, time} = envelope(reply);
        requireSame("category", result["category"], query.category);
        requireSame("symbol", result["symbol"], symbol);
        const fields = (raw: unknown) => {
          const row = objectOf(raw);
          return {ts: textOf(row["timestamp"]) ?? null, value: textOf(row["openInterest"]) ?? null};
        };
        return readObservations(listOf(result["list"]), fields, {series, timeframe, window, asOfMs: time, endStamped});
      }
    );
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

  stopUntil(monotonicMs: number) {
    this.wire.stopUntil(monotonicMs);
  }

  /** Returns `BTCUSDT` for both markets of BTC/USDT; perps in USDC are `BTCPERP`. */
  private symbolOf(pair: string, market: "spot" | "perp"): string {
    const usdc = market === "perp" && quoteOf(pair) === "USDC";
    return this.symbols.get(`${market} ${pair}`) ?? `${baseOf(pair)}${usdc ? "PERP" : quoteOf(pair)}`;
  }

  /** Fetches every instrument of a category once, over all cursors. */
  private async listed(category: "spot" | "linear", options: CallOptions): Promise<Fields[]> {
    const rows = new Map<unknown, Fields>();
    const seen = new Set<string>();
    for (let cursor = ""; ;) {
      const query = {category, ...(category === "linear" && {limit: 1_000}), ...(cursor && {cursor})};
      const page = await this.wire.call(
        `${this.venue} instruments-info ${category}`,
        options,
        () => this.client.publicGetV5MarketInstrumentsInfo(query) as Reply,
        (reply) => {
          const {result} = envelope(reply);
          const list = filledList(result["list"]).map(objectOf);
          const next = textOf(result["nextPageCursor"]) ?? "";
          if (next !== "" && seen.has(next)) throw new Refusal("content", "the cursor repeats");
          if (seen.size >= MAX_PAGES) throw new Refusal("content", `the list does not end: ${MAX_PAGES} pages`);
          return {value: {list, next}, doubtful: list.some((row) => textOf(row["symbol"]) === undefined)};
        }
      );
      for (const row of page.list) if (textOf(row["symbol"]) !== undefined) rows.set(row["symbol"], row);
      if (page.next === "") return [...rows.values()];
      seen.add((cursor = page.next));
    }
  }
}

/** Reads `[open time, open, high, low, close, volume, turnover]`; mark and index rows end with the close. */
function klineFields(raw: unknown) {
  const [ts, open, high, low, close, volume, turnover] = listOf(raw, "row").map((value) => textOf(value) ?? null);
  return {ts, open, high, low, close, volume, turnover};
}

function pairOf(symbol: string, market: "spot" | "perp"): string | undefined {
  if (market === "perp" && symbol.endsWith("PERP")) return maybePair(symbol.slice(0, -4), "USDC");
  const pair = pairFromVenueSymbol(symbol);
  return pair === undefined || !QUOTES.includes(quoteOf(pair)) ? undefined : maybePair(baseOf(pair), quoteOf(pair));
}

/** Returns why a listed market is not read; undefined for one that is. */
function leftOutOf(row: Fields, market: "spot" | "perp"): LeftOut | undefined {
  const quote = textOf(row["quoteCoin"]) ?? "?";
  const reason =
    market === "perp" && row["contractType"] !== "LinearPerpetual"
      ? "a dated contract"
      : !QUOTES.includes(quote)
        ? `quoted in ${quote}`
        : maybePair(row["baseCoin"], quote) === undefined
          ? "a name that is no pair"
          : undefined;
  return reason === undefined ? undefined : {symbol: textOf(row["symbol"])!, market, reason};
}

function maybeSpot(row: Fields): VenueInstrument | undefined {
  const pair = maybePair(row["baseCoin"], row["quoteCoin"]);
  if (pair === undefined) return undefined;
  const decimals = new Decimals();
  const lot = objectOf(row["lotSizeFilter"]);
  return {
    pair,
    market: "spot",
    symbol: textOf(row["symbol"])!,
    coin: textOf(row["baseCoin"])!,
    multiplier: 1,
    quote: quoteOf(pair),
    active: row["status"] === "Trading",
    status: textOf(row["status"]) ?? "",
    contractSize: "1",
    tick: decimals.maybe(objectOf(row["priceFilter"])["tickSize"]),
    step: decimals.maybe(lot["basePrecision"]),
    minQty: decimals.maybe(lot["minOrderQty"]),
    maxQty: decimals.maybe(lot["maxOrderQty"]),
    minNotional: decimals.maybe(lot["minOrderAmt"])
  };
}

function maybePerp(row: Fields, spotBases: ReadonlySet<string>): VenueInstrument | undefined {
  const pair = maybePair(row["baseCoin"], row["quoteCoin"]);
  if (pair === undefined || row["contractType"] !== "LinearPerpetual") return undefined;
  const decimals = new Decimals();
  const lot = objectOf(row["lotSizeFilter"]);
  const minutes = Number(row["fundingInterval"]);
  return {
    pair,
    market: "perp",
    symbol: textOf(row["symbol"])!,
    ...coinOf(textOf(row["baseCoin"])!, spotBases),
    quote: quoteOf(pair),
    active: row["status"] === "Trading",
    status: textOf(row["status"]) ?? "",
    launchTs: maybeTs(row["launchTime"]),
    delistTs: maybeTs(row["deliveryTime"]),
    contractSize: "1",
    tick: decimals.maybe(objectOf(row["priceFilter"])["tickSize"]),
    step: decimals.maybe(lot["qtyStep"]),
    minQty: decimals.maybe(lot["minOrderQty"]),
    maxQty: decimals.maybe(lot["maxOrderQty"]),
    minNotional: decimals.maybe(lot["minNotionalValue"]),
    fundingIntervalHours: minutes > 0 ? minutes / 60 : undefined
  };
}
