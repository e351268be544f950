import type {Candles, Instrument} from "../../src/lib/market/marketdata.js";
import type {CandleSeries} from "../../src/lib/market/pair.js";
import {quoteOf} from "../../src/lib/market/pair.js";
import {Decimal, text} from "../../src/lib/money/decimal.js";
import type {VolumeCheck} from "../../src/lib/strategy/signals.js";
import {volumeCheck} from "../../src/lib/strategy/turnover.js";
import {boundaryTs, floorTo, HOUR_MS, timeframeMs, type Timeframe} from "../../src/lib/time/grid.js";
import {fundingHistory, type CallOptions, type Exchange} from "../../loaders/exchange/index.js";
import type {VenueInstrument} from "../../loaders/rows.js";
import {instrumentFrom} from "../../loaders/snapshots/instrument.js";
import type {CandleRow, FundingRow} from "../../loaders/rows.js";
import type {PairInput, SettlementInput, Touch} from "../journal/events.js";
import type {TradedPair} from "../trader/pair.js";
import type {PairQuote} from "../trader/quotes.js";

/** A pair's two markets as the venue lists them. */
interface ListedPair {
  pair: string;
  spotPair: string;
  multiplier: number;
  instrument: Instrument | undefined;
  /** both markets can be traded */
  active: boolean;
}

const LIVE: CallOptions = {priority: "live"};
/** What the volume filter looks back on, and a bar more. */
const VOLUME_BARS = 338;

/** The market as the trading loop sees it: a venue's client, asked with the priority of what is live. */
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

  /** The venue's instant, and how far it is ahead of this machine's. */
  time(): Promise<{venueMs: number; skewMs: number}> {
    return this.exchange.serverTime(this.#options());
  }

  /** Reads the venue's list of markets anew. */
  async list(): Promise<ReadonlyMap<string, ListedPair>> {
    const instruments = await this.exchange.instruments(this.#options());
    const spots = new Map<string, VenueInstrument>();
    for (const market of instruments) if (market.market === "spot") spots.set(market.pair, market);
    // a perp that is gone from the list may still have coin beside it: its spot market is followed on
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

  /** The touch, the predicted rate and the turnover of every listed pair at one instant. */
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

  /** The settlements of a pair after one instant and up to another, oldest first. */
  async settlements(pair: string, afterMs: number, untilMs: number): Promise<FundingRow[]> {
    const rows: FundingRow[] = [];
    const span = {from: afterMs + 1, to: untilMs + 1};
    for await (const stretch of fundingHistory(this.exchange, pair, span, this.#options())) rows.push(...stretch.rows);
    return rows.filter(({tsMs}) => boundaryTs(tsMs) > afterMs && tsMs <= untilMs).sort((a, b) => a.tsMs - b.tsMs);
  }

  /**
   * What an open hedge is paid on at a settlement (§2): the mark candle that opens then, if it has ended
   * already, else the close of the one that ended then, else the perp's newest close.
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

  /** Bars that have ended since those the liquidation check has seen: the mark's highs, else the perp's. */
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
    // A hole ends the list: what comes after it is checked once it is filled or the next bar shows that it stays.
    for (const [openTs, {high, source}] of [...highs].sort(([a], [b]) => a - b)) {
      if (openTs + barMs <= traded.checkedTs) continue;
      bars.push({openTs, endTs: openTs + barMs, high: Number(perCoin(high, multiplier)), source});
    }
    return bars;
  }

  /** The volume filter's answer now. */
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
  // One side of a book is no market: nothing can be both entered and left there.
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
