import type {Exchange as Ccxt, Market} from "ccxt";
import type {Span} from "../../src/lib/market/coverage.js";
import {baseOf, quoteOf, type CandleSeries} from "../../src/lib/market/pair.js";
import {isTimeframe, TIMEFRAMES} from "../../src/lib/time/grid.js";
import {UsageError} from "../errors.js";
import type {Codes} from "./classify.js";
import {coinOf, Decimals, listOf, maybePair, maybeTs, objectOf, product, QUOTES, requireTimeframe} from "./fields.js";
import {readCandles, readSettlements} from "./page.js";
import {textOf} from "./values.js";
import {dateMs, retryAfterMs, type Dialect} from "./transport.js";
import type {CallOptions, Exchange, VenueTicker} from "./types.js";
import type {VenueInstrument} from "../rows.js";
import {Wire, type WireOptions} from "./wire.js";

const CODES: Codes = {limit: [], again: [], clock: []};

/**
 * Window of the limit in ms. The limit is ccxt's request interval for the venue, over a window long enough for its
 * weights.
 */
const WINDOW_MS = 10_000;

const DIALECT: Dialect = {
  costs: () => ({address: 1}),
  code: () => undefined,
  time: (_, headers) => dateMs(headers),
  wait: retryAfterMs
};

/**
 * A client of any venue in ccxt, through its unified methods, with every number kept as text. What ccxt does not unify
 * is absent: candles have no turnover, and a volume only where a contract is one unit of the base.
 */
export class GenericExchange implements Exchange {
  readonly venue: string;
  readonly origin: string;
  readonly pageRows = {funding: 100, candles: 200};
  readonly fundingDepthMs = undefined;
  readonly candleSeries: readonly CandleSeries[];
  readonly timeframes: readonly string[];
  private readonly wire: Wire;
  private markets: Promise<void> | undefined;

  /** @throws UsageError where the venue serves no settled funding or no candles */
  constructor(
    private readonly client: Ccxt,
    options: Omit<WireOptions, "limits" | "mainLimit" | "dialect" | "codes" | "time">
  ) {
    this.venue = client.id;
    for (const [method, what] of [
      ["fetchFundingRateHistory", "settled funding rates"],
      ["fetchOHLCV", "candles"]
    ] as const) {
      if (client.has[method] !== true) {
        throw new UsageError(`${this.venue} serves no ${what} (ccxt: no ${method})`, {
          fix: "choose another venue, or import its files"
        });
      }
    }
    client.number = String as unknown as typeof client.number;
    const known = Object.keys((client.timeframes ?? {}) as object).filter(isTimeframe);
    this.timeframes = TIMEFRAMES.filter((timeframe) => known.includes(timeframe));
    this.candleSeries = [
      "spot",
      "perp",
      ...(client.has["fetchMarkOHLCV"] ? (["mark"] as const) : []),
      ...(client.has["fetchIndexOHLCV"] ? (["index"] as const) : [])
    ];
    this.wire = new Wire(client, {
      ...options,
      limits: {
        address: {perWindow: Math.max(2, Math.floor(WINDOW_MS / (client.rateLimit ?? 1_000))), windowMs: WINDOW_MS}
      },
      mainLimit: "address",
      dialect: DIALECT,
      codes: CODES,
      time: () => client.fetchTime(),
      inspect: true
    });
    this.origin = this.wire.origin;
  }

  serverTime(options: CallOptions = {}) {
    return this.wire.serverTime(`${this.venue} time`, options, (reply) => maybeTs(reply) ?? NaN);
  }

  async instruments(options: CallOptions = {}): Promise<VenueInstrument[]> {
    await this.load(options, true);
    const all = Object.values(this.client.markets as Record<string, Market>).filter((market) => market !== undefined);
    const spots = all.filter((market) => market.spot && QUOTES.includes(market.quote));
    const bases = new Set(spots.map(({base}) => base));
    const perps = all.filter(
      (market) => market.swap && market.linear && QUOTES.includes(market.quote) && market.settle === market.quote
    );
    return [
      ...spots.flatMap((market) => instrumentOf(market, "spot", {coin: market.base, multiplier: 1}) ?? []),
      ...perps.flatMap((market) => instrumentOf(market, "perp", coinOf(market.base, bases)) ?? [])
    ];
  }

  async tickers(market: "spot" | "perp", options: CallOptions = {}): Promise<VenueTicker[]> {
    await this.load(options);
    const type = market === "spot" ? "spot" : "swap";
    const decimals = new Decimals();
    return this.wire.call(
      `${this.venue} tickers ${type}`,
      options,
      () => this.client.fetchTickers(undefined, {type}),
      (reply) => ({
        value: Object.values(reply).flatMap((ticker) => {
          const [pair, settle] = (ticker.symbol ?? "").split(":");
          if (!pair || (settle === undefined) !== (market === "spot")) return [];
          const name = maybePair(baseOf(pair), quoteOf(pair));
          if (name === undefined) return [];
          const {quoteVolume, last, bid, ask} = ticker;
          return {
            pair: name,
            market,
            turnover24h: decimals.maybe(quoteVolume),
            last: decimals.maybe(last),
            bid: decimals.maybe(bid),
            ask: decimals.maybe(ask)
          };
        }),
        doubtful: decimals.malformed
      })
    );
  }

  async settlements(pair: string, untilMs: number, options: CallOptions = {}) {
    await this.load(options);
    const symbol = this.symbolOf(pair, "perp");
    return this.wire.call(
      `${this.venue} funding history ${symbol}`,
      options,
      () => this.client.fetchFundingRateHistory(symbol, undefined, this.pageRows.funding, {until: untilMs}),
      (reply, {asOfMs}) => {
        const fields = (raw: unknown) => {
          const row = objectOf(raw);
          return {ts: textOf(row["timestamp"]) ?? null, rate: textOf(row["fundingRate"]) ?? null};
        };
        return readSettlements(listOf(reply), fields, {untilMs, asOfMs});
      }
    );
  }

  async candles(pair: string, series: CandleSeries, timeframe: string, window: Span, options: CallOptions = {}) {
    requireTimeframe(this, timeframe);
    await this.load(options);
    const symbol = this.symbolOf(pair, series === "spot" ? "spot" : "perp");
    const price = series === "mark" || series === "index" ? {price: series} : {};
    const counted = price.price === undefined && Number(this.client.market(symbol).contractSize ?? 1) === 1;
    const fields = (raw: unknown) => {
      const [ts, open, high, low, close, volume] = listOf(raw, "row").map((value) => textOf(value) ?? null);
      return {ts, open, high, low, close, ...(counted && {volume})};
    };
    return this.wire.call(
      `${this.venue} candles ${series} ${symbol} ${timeframe}`,
      options,
      () =>
        this.client.fetchOHLCV(symbol, timeframe, window.from, this.pageRows.candles, {
          until: window.to - 1,
          ...price
        }) as Promise<unknown>,
      (reply, {asOfMs}) => readCandles(listOf(reply), fields, {timeframe, window, asOfMs})
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

  /** Loads the markets that ccxt's unified methods need: once, and again for every list of instruments. */
  private load(options: CallOptions, reload = false): Promise<void> {
    if (reload) this.markets = undefined;
    this.markets ??= this.wire
      .call(
        `${this.venue} markets`,
        options,
        () => this.client.loadMarkets(true),
        () => ({value: undefined, doubtful: false})
      )
      .catch((error: unknown) => {
        this.markets = undefined;
        throw error;
      });
    return this.markets;
  }

  private symbolOf(pair: string, market: "spot" | "perp"): string {
    const symbol = market === "spot" ? pair : `${pair}:${quoteOf(pair)}`;
    const found = Object.keys(this.client.markets ?? {}).find((key) => key.toUpperCase() === symbol.toUpperCase());
    if (found === undefined)
      throw new UsageError(`unknown pair: ${pair} (${this.venue} lists no ${symbol})`, {code: "missing-market"});
    return found;
  }
}

function instrumentOf(
  market: Market & object,
  kind: "spot" | "perp",
  coin: {coin: string; multiplier: number}
): VenueInstrument | undefined {
  const pair = maybePair(market.base, market.quote);
  if (pair === undefined) return undefined;
  const decimals = new Decimals();
  const contractSize = decimals.maybe(market.contractSize) ?? "1";
  const {precision, limits} = market as unknown as {
    precision?: {price?: unknown; amount?: unknown};
    limits?: {amount?: {min?: unknown}; cost?: {min?: unknown}};
  };
  const inBase = (value: unknown) => product(decimals.maybe(value), contractSize);
  return {
    pair,
    market: kind,
    symbol: market.id ?? market.symbol,
    ...coin,
    quote: market.quote,
    active: market.active !== false,
    status: market.active === undefined ? "" : market.active ? "active" : "inactive",
    launchTs: maybeTs(market.created),
    contractSize,
    tick: decimals.maybe(precision?.price),
    step: inBase(precision?.amount),
    minQty: inBase(limits?.amount?.min),
    minNotional: decimals.maybe(limits?.cost?.min)
  };
}
