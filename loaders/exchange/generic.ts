import type {Exchange as Ccxt, Market} from "ccxt";
import type {Span} from "../../src/lib/market/coverage.js";
import {quoteOf, type CandleSeries} from "../../src/lib/market/pair.js";
import {DAY_MS, timeframeMs} from "../../src/lib/time/grid.js";
import {UsageError} from "../errors.js";
import type {Codes} from "./classify.js";
import {coinOf, Decimals, listOf, maybePair, maybeTs, objectOf, product, QUOTES, requireCandles} from "./fields.js";
import {readCandles, readSettlements} from "./page.js";
import {textOf} from "./values.js";
import {dateMs, retryAfterMs, type Dialect} from "./transport.js";
import {SettlementPages, type Ask, type RawSettlement} from "./settlement-pages.js";
import type {CallOptions, Exchange, LeftOut, VenueTicker} from "./types.js";
import type {VenueInstrument} from "../rows.js";
import {absenceOf, venueRecord} from "./venues.js";
import {type ClientOptions, Wire} from "./wire.js";

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
  readonly pageRows: {funding: number; candles: number};
  readonly fundingDepthMs: number | undefined;
  readonly candleSeries: readonly CandleSeries[];
  readonly timeframes: readonly string[];
  leftOut: readonly LeftOut[] = [];
  private readonly record: ReturnType<typeof venueRecord>;
  private readonly pages: SettlementPages;
  private readonly wire: Wire;
  private markets: Promise<void> | undefined;

  /** @throws UsageError for a venue whose record lacks what this program needs */
  constructor(
    private readonly client: Ccxt,
    options: ClientOptions
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
    this.record = venueRecord(this.venue);
    const {funding, candles, clock} = this.record;
    this.pages = new SettlementPages(funding);
    this.pageRows = {funding: funding.rows, candles: candles.rows};
    this.fundingDepthMs = typeof funding.depth === "number" ? funding.depth * DAY_MS : undefined;
    this.candleSeries = candles.series;
    this.timeframes = candles.timeframes;
    Object.assign(client, {number: String});
    this.wire = new Wire(client, {
      ...options,
      limits: {
        address: {perWindow: Math.max(2, Math.floor(WINDOW_MS / (client.rateLimit ?? 1_000))), windowMs: WINDOW_MS}
      },
      mainLimit: "address",
      dialect: DIALECT,
      codes: CODES,
      // A venue without an endpoint of its own says its time in the header of every reply.
      time: () => (clock === "endpoint" ? client.fetchTime() : client.loadMarkets(true)),
      inspect: true
    });
    this.origin = this.wire.origin;
  }

  serverTime(options: CallOptions = {}) {
    return this.wire.serverTime(`${this.venue} time`, options, (reply, headerMs) =>
      this.record.clock === "endpoint" ? (maybeTs(reply) ?? NaN) : (headerMs ?? NaN)
    );
  }

  async instruments(options: CallOptions = {}): Promise<VenueInstrument[]> {
    await this.load(options, true);
    const all = Object.values(this.client.markets as Record<string, Market>).filter(
      (market): market is Market & object => market !== undefined && (market.spot === true || market.swap === true)
    );
    const read = (market: Market & object) => pairOf(market, market.quote);
    this.leftOut = all.flatMap((market) => {
      const reason = whyLeftOut(market);
      return reason === undefined
        ? []
        : [{symbol: market.id ?? market.symbol, market: market.spot ? ("spot" as const) : ("perp" as const), reason}];
    });
    const kept = all.filter((market) => whyLeftOut(market) === undefined && read(market) !== undefined);
    const spots = kept.filter(({spot}) => spot);
    const bases = new Set(spots.map(baseNameOf));
    return [
      ...spots.flatMap((market) => instrumentOf(market, "spot", {coin: baseNameOf(market), multiplier: 1}) ?? []),
      ...kept
        .filter(({swap}) => swap)
        .flatMap((market) => instrumentOf(market, "perp", coinOf(baseNameOf(market), bases)) ?? [])
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
          const listed = (this.client.markets as Record<string, Market> | undefined)?.[ticker.symbol ?? ""];
          if (!listed || (market === "spot" ? !listed.spot : !listed.swap) || whyLeftOut(listed) !== undefined)
            return [];
          const name = pairOf(listed, listed.quote)!;
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
    const fields = (raw: unknown) => {
      const row = objectOf(raw);
      return {ts: textOf(row["timestamp"]) ?? null, rate: textOf(row["fundingRate"]) ?? null};
    };
    const ask: Ask = async (since, limit, params) =>
      listOf(await this.client.fetchFundingRateHistory(symbol, since, limit, params)) as RawSettlement[];
    return this.wire.call(
      `${this.venue} funding history ${symbol}`,
      options,
      () => this.pages.read(symbol, untilMs, ask),
      ({rows, fromMs}, {asOfMs}) => {
        const page = readSettlements(rows, fields, {untilMs, asOfMs});
        return {...page, value: {...page.value, ...(fromMs !== undefined && {fromMs})}};
      }
    );
  }

  async candles(pair: string, series: CandleSeries, timeframe: string, window: Span, options: CallOptions = {}) {
    requireCandles(this, series, timeframe);
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

  absence(timeframe: string | undefined, asOfMs: number) {
    return absenceOf(this.record, timeframe === undefined ? undefined : timeframeMs(timeframe), asOfMs);
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

  /** Finds the market by the venue's own record: a pair and a ccxt symbol may differ in case. */
  private symbolOf(pair: string, market: "spot" | "perp"): string {
    const symbol = market === "spot" ? pair : `${pair}:${quoteOf(pair)}`;
    const found = Object.keys(this.client.markets ?? {}).find((key) => key.toUpperCase() === symbol.toUpperCase());
    if (found === undefined)
      throw new UsageError(`unknown pair: ${pair} (${this.venue} lists no ${symbol})`, {code: "missing-market"});
    return found;
  }
}

/** Returns the base as the venue writes it: ccxt writes `kPEPE` in capitals, and the venue's own name beside it. */
function baseNameOf(market: Market & object): string {
  const name = textOf((market as {baseName?: unknown}).baseName);
  return name !== undefined && name.toUpperCase() === market.base.toUpperCase() ? name : market.base;
}

const pairOf = (market: Market & object, quote: string): string | undefined => maybePair(baseNameOf(market), quote);

/** Returns why a market is not read; undefined for one that is. */
function whyLeftOut(market: Market & object): string | undefined {
  if (market.swap && !market.linear) return "an inverse contract";
  if (!QUOTES.includes(market.quote)) return `quoted in ${market.quote}`;
  if (market.swap && market.settle !== market.quote) return `settled in ${market.settle}, quoted in ${market.quote}`;
  return pairOf(market, market.quote) === undefined ? "a name that is no pair" : undefined;
}

function instrumentOf(
  market: Market & object,
  kind: "spot" | "perp",
  coin: {coin: string; multiplier: number}
): VenueInstrument | undefined {
  const pair = pairOf(market, market.quote);
  if (pair === undefined) return undefined;
  const decimals = new Decimals();
  const contractSize = decimals.maybe(market.contractSize) ?? "1";
  const {precision, limits} = market;
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
