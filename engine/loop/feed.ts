import type {Candles, Instrument} from "../../src/lib/market/marketdata.js";
import type {CandleSeries} from "../../src/lib/market/pair.js";
import {quoteOf} from "../../src/lib/market/pair.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {VolumeCheck} from "../../src/lib/strategy/signals.js";
import {volumeCheck} from "../../src/lib/strategy/turnover.js";
import {boundaryTs, floorTo, HOUR_MS, timeframeMs, type Timeframe} from "../../src/lib/time/grid.js";
import {fundingHistory} from "../../loaders/exchange/funding-history.js";
import type {CallOptions, Exchange} from "../../loaders/exchange/index.js";
import type {VenueInstrument} from "../../loaders/rows.js";
import {instrumentFrom} from "../../loaders/snapshots/instrument.js";
import type {CandleRow, FundingRow} from "../../loaders/rows.js";
import type {PairInput, SettlementInput, Touch} from "../journal/events.js";
import type {TradedPair} from "../trader/pair.js";
import type {PairQuote} from "../trader/quotes.js";

/** A pair's two listed markets. */
interface ListedPair {
  pair: string;
  spotPair: string;
  multiplier: number;
  instrument: Instrument | undefined;
  /** true when both markets are trading */
  active: boolean;
}

const LIVE: CallOptions = {priority: "live"};
/** Lookback of the volume filter plus one bar, hours. */
const VOLUME_BARS = 338;

/** Reads market data for the trading loop, at live priority. */
export class LiveFeed {
  readonly exchange: Exchange;
  readonly timeframe: Timeframe;
  readonly barMs: number;
  readonly markets = new Map<string, ListedPair>();
  readonly #signal: AbortSignal | undefined;

  constructor(
    exchange: Exchange,
    {timeframe = "1h", signal}: {timeframe?: Timeframe; signal?: AbortSignal | undefined} = {}
  ) {
    this.exchange = exchange;
    this.timeframe = timeframe;
    this.barMs = timeframeMs(timeframe);
    this.#signal = signal;
  }

  #options(): CallOptions {
    return {...LIVE, signal: this.#signal};
  }

  /** Reads the venue's time, UTC ms, and its lead over this machine's clock, ms. */
  time(): Promise<{venueMs: number; skewMs: number}> {
    return this.exchange.serverTime(this.#options());
  }

  /** Refreshes the venue's list of markets. */
  async list(): Promise<ReadonlyMap<string, ListedPair>> {
    const instruments = await this.exchange.instruments(this.#options());
    const spots = new Map<string, VenueInstrument>();
    for (const market of instruments) if (market.market === "spot") spots.set(market.pair, market);
    // a delisted perp may still be hedged with coin, so its spot market stays
    for (const [pair, known] of this.markets) this.markets.set(pair, {...known, active: false});
    for (const perp of instruments) {
      if (perp.market !== "perp") continue;
      const spotPair = `${perp.coin}/${quoteOf(perp.pair)}`;
      const spot = spots.get(spotPair);
      this.markets.set(perp.pair, {
        pair: perp.pair,
        spotPair,
        multiplier: perp.multiplier,
        instrument: instrumentFrom(perp, spot),
        active: perp.active && spot?.active === true
      });
    }
    return this.markets;
  }

  /**
   * Reads touch, predicted rate and turnover of every listed pair.
   * @param venueMs time stamped on the quotes, UTC ms
   */
  async scan(venueMs: number): Promise<Map<string, PairQuote>> {
    const [perps, spots] = await Promise.all([
      this.exchange.tickers("perp", this.#options()),
      this.exchange.tickers("spot", this.#options())
    ]);
    const bySpot = new Map(spots.map((ticker) => [ticker.pair, ticker]));
    const byPerp = new Map(perps.map((ticker) => [ticker.pair, ticker]));
    const quotes = new Map<string, PairQuote>();
    for (const {pair, spotPair, multiplier} of this.markets.values()) {
      const perp = byPerp.get(pair);
      const spot = touchOf(bySpot.get(spotPair), 1);
      if (!perp && !spot) continue;
      quotes.set(pair, {
        pair,
        ts: venueMs,
        spot,
        perp: touchOf(perp, multiplier),
        predictedRate: perp?.predictedRate,
        nextFundingTs: perp?.nextFundingTs,
        turnover24h: perp?.turnover24h
      });
    }
    return quotes;
  }

  /** Returns a pair's settlements in (afterMs, untilMs], UTC ms, oldest first. */
  async settlements(pair: string, afterMs: number, untilMs: number): Promise<FundingRow[]> {
    const rows: FundingRow[] = [];
    const span = {from: afterMs + 1, to: untilMs + 1};
    for await (const stretch of fundingHistory(this.exchange, pair, span, this.#options())) rows.push(...stretch.rows);
    return rows.filter(({tsMs}) => boundaryTs(tsMs) > afterMs && tsMs <= untilMs).sort((a, b) => a.tsMs - b.tsMs);
  }

  /**
   * Returns the mark price of a settlement's payment (§2): the open of the mark candle at `t`, if it has ended, else
   * the close of the one before, else the perp's newest close.
   */
  async mark(pair: string, t: number): Promise<SettlementInput["mark"]> {
    const {barMs} = this;
    const multiplier = this.markets.get(pair)?.multiplier ?? 1;
    const open = floorTo(t, barMs);
    const marks = this.exchange.candleSeries.includes("mark")
      ? await this.#candles(pair, "mark", {from: open - barMs, to: open + barMs})
      : [];
    const opening = t === open ? marks.find(({tsMs}) => tsMs === t)?.open : undefined;
    if (opening) return {price: perCoin(opening, multiplier), source: "mark-open"};
    const ended = marks.find(({tsMs}) => tsMs + barMs === t);
    if (ended) return {price: perCoin(ended.close, multiplier), source: "mark-close"};
    const perps = await this.#candles(pair, "perp", {from: open - 2 * barMs, to: open});
    const newest = perps.at(-1);
    return newest && {price: perCoin(newest.close, multiplier), source: "perp-close"};
  }

  /** Returns the bars that ended since the last liquidation check, with the mark's high, else the perp's. */
  async bars(traded: TradedPair, venueMs: number): Promise<NonNullable<PairInput["bars"]>> {
    const {pair} = traded;
    const {barMs} = this;
    const window = {from: floorTo(traded.checkedTs, barMs), to: floorTo(venueMs, barMs)};
    if (window.to <= traded.checkedTs || window.to <= window.from) return [];
    const multiplier = this.markets.get(pair)?.multiplier ?? 1;
    const perps = await this.#candles(pair, "perp", window);
    const marks = this.exchange.candleSeries.includes("mark") ? await this.#candles(pair, "mark", window) : [];
    const highs = new Map<number, {high: string; source: "mark" | "perp"}>();
    for (const {tsMs, high} of perps) if (high) highs.set(tsMs, {high, source: "perp"});
    for (const {tsMs, high} of marks) if (high) highs.set(tsMs, {high, source: "mark"});
    const bars: NonNullable<PairInput["bars"]> = [];
    for (const [openTs, {high, source}] of [...highs].sort(([a], [b]) => a - b)) {
      if (openTs + barMs <= traded.checkedTs) continue;
      bars.push({openTs, endTs: openTs + barMs, high: Number(perCoin(high, multiplier)), source});
    }
    return bars;
  }

  /** Evaluates the volume filter at `venueMs`, UTC ms. */
  async volume(pair: string, venueMs: number): Promise<VolumeCheck> {
    const to = floorTo(venueMs, HOUR_MS);
    const rows = await this.#candles(pair, "perp", {from: to - VOLUME_BARS * HOUR_MS, to}, "1h");
    return volumeCheck(columns(rows), venueMs);
  }

  async #candles(
    pair: string,
    series: CandleSeries,
    window: {from: number; to: number},
    timeframe: Timeframe = this.timeframe
  ): Promise<CandleRow[]> {
    const {rows} = await this.exchange.candles(pair, series, timeframe, window, this.#options());
    return rows;
  }
}

const perCoin = (price: string, multiplier: number): string =>
  multiplier === 1 ? price : text(new Decimal(price).div(multiplier));

function touchOf(
  ticker: {bid: string | undefined; ask: string | undefined; last: string | undefined} | undefined,
  multiplier: number
): Touch | undefined {
  if (!ticker) return undefined;
  const {bid, ask} = ticker;
  // A one-sided book allows either entry or exit, not both.
  if (bid === undefined || ask === undefined || !(Number(bid) > 0) || !(Number(ask) > 0)) return undefined;
  const last = ticker.last !== undefined && Number(ticker.last) > 0 ? ticker.last : bid;
  return {bid: perCoin(bid, multiplier), ask: perCoin(ask, multiplier), last: perCoin(last, multiplier)};
}

function columns(rows: readonly CandleRow[]): Candles {
  const floats = (read: (row: CandleRow) => string | undefined) =>
    Float64Array.from(rows, (row) => Number(read(row) ?? NaN));
  return {
    timeframe: "1h",
    ts: Float64Array.from(rows, ({tsMs}) => tsMs),
    open: floats(({open}) => open),
    high: floats(({high}) => high),
    low: floats(({low}) => low),
    close: floats(({close}) => close),
    volume: floats(({volume}) => volume),
    turnover: floats(({turnover}) => turnover)
  };
}
