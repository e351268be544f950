import {HOUR_MS, MINUTE_MS} from "../../../src/lib/time/grid.js";
import {FundingSchedule} from "./funding.js";
import {
  candle,
  decimalsOf,
  inOutage,
  openCandle,
  openInterestAt,
  ticksAt,
  type Side,
  type SimCandle
} from "./market.js";
import {decimalText, klineRow} from "./klines.js";
import {uniform} from "./noise.js";
import {INTERVAL_MINUTES, LIMITS, OPEN_INTEREST_MINUTES} from "./rules.js";
import {universe, type ChosenCoins, type Coin} from "./universe.js";

export type Category = "spot" | "linear";
type Query = URLSearchParams;

/** An error reply of the venue: HTTP 200 with a `retCode`, as on Bybit. */
export class VenueError extends Error {
  constructor(
    readonly retCode: number,
    message: string,
    readonly result: unknown = {}
  ) {
    super(message);
  }
}

/** Computed settlements, shared by all venues of a process because they depend only on the coin. */
const schedules = new WeakMap<Coin, FundingSchedule>();

/** The venue's public endpoints: every reply is a function of the seed, the query and the time. */
export class Venue {
  private coins: readonly Coin[];

  private readonly spreadTicks: number;
  private readonly tickersOf = {
    spot: new WeakMap<Coin, {at: number; ticker: unknown}>(),
    linear: new WeakMap<Coin, {at: number; ticker: unknown}>()
  };
  private readonly daysOf = {
    spot: new WeakMap<Coin, {hour: number; hours: SimCandle[]}>(),
    linear: new WeakMap<Coin, {hour: number; hours: SimCandle[]}>()
  };

  /**
   * @param spreadTicks bid-ask spread, ticks; with 0 the touch equals the bar's price
   * @param coins the coins that are listed, as {@link universe} takes them
   */
  constructor(
    readonly seed: number,
    {spreadTicks = 1, coins}: {spreadTicks?: number | undefined; coins?: ChosenCoins | undefined} = {}
  ) {
    this.spreadTicks = spreadTicks;
    this.coins = universe(seed, coins);
  }

  /** Returns the coins of a category listed by `nowMs`. */
  listed(category: Category, nowMs: number): Coin[] {
    return this.coins.filter((coin) => coin.launchTs <= nowMs && (category === "linear" || coin.spot !== undefined));
  }

  schedule(coin: Coin): FundingSchedule {
    let schedule = schedules.get(coin);
    if (!schedule) schedules.set(coin, (schedule = new FundingSchedule(coin)));
    return schedule;
  }

  instruments(query: Query, nowMs: number): unknown {
    const category = categoryOf(query);
    const limit = limitOf(query, LIMITS.instrumentDefault, LIMITS.instrumentRows);
    const start = Number(query.get("cursor") ?? 0) || 0;
    const symbol = query.get("symbol");
    const all = this.listed(category, nowMs).filter(
      (coin) => this.trades(coin, nowMs) || symbol !== null || category === "spot"
    );
    const asked = symbol === null ? all : all.filter((coin) => nameOf(coin, category) === symbol);
    const list = asked
      .slice(start, start + limit)
      .map((coin) => (category === "spot" ? spotInstrument(coin) : this.perpInstrument(coin, nowMs)));
    const more = start + limit < asked.length;
    const result = {category, list};
    return category === "spot" ? result : {...result, nextPageCursor: more ? String(start + limit) : ""};
  }

  tickers(query: Query, nowMs: number): unknown {
    const category = categoryOf(query);
    const symbol = query.get("symbol");
    const trading = this.listed(category, nowMs).filter((coin) => category === "spot" || this.trades(coin, nowMs));
    const list = (symbol === null ? trading : [this.find(category, symbol, nowMs)]).map((coin) =>
      this.ticker(coin, category, nowMs)
    );
    return {category, list};
  }

  orderbook(query: Query, nowMs: number): unknown {
    const category = categoryOf(query);
    const coin = this.find(category, required(query, "symbol"), nowMs);
    const depth = limitOf(query, category === "spot" ? 1 : 25, category === "spot" ? 200 : 500);
    const side = sideOf(category);
    const middle = ticksAt(coin, side, minuteOf(nowMs));
    const scale = 10 ** decimalsOf(coin, side);
    const second = Math.floor(nowMs / 1_000);
    const level = (i: number, sign: 1 | -1) => [
      ((middle + (sign > 0 ? i + this.spreadTicks : -i)) / scale).toFixed(decimalsOf(coin, side)),
      ((coin.turnover24h / 40_000 / (middle / scale)) * (0.4 + uniform(coin.seed, second, i * sign)) || 1).toFixed(
        coin.quantityDecimals
      )
    ];
    const levels = (sign: 1 | -1) => Array.from({length: depth}, (_, i) => level(i, sign));
    return {
      s: nameOf(coin, category),
      a: levels(1),
      b: levels(-1),
      ts: nowMs - 2,
      u: second,
      seq: second * 7,
      cts: nowMs - 4
    };
  }

  trades24(query: Query, nowMs: number): unknown {
    const category = categoryOf(query);
    const coin = this.find(category, required(query, "symbol"), nowMs);
    const count = limitOf(query, category === "spot" ? 60 : 500, category === "spot" ? 60 : 1_000);
    const side = sideOf(category);
    const decimals = decimalsOf(coin, side);
    const list = Array.from({length: count}, (_, i) => {
      const time = nowMs - 250 - i * 900;
      const price = ticksAt(coin, side, minuteOf(time)) / 10 ** decimals;
      const buy = uniform(coin.seed, Math.floor(time / 900), 9) > 0.5;
      return {
        execId: String(2_290_000_000_000_000_000n + BigInt(Math.floor(time / 900))),
        symbol: nameOf(coin, category),
        price: price.toFixed(decimals),
        size: Math.max(
          10 ** -coin.quantityDecimals,
          (coin.turnover24h / 96_000 / price) * uniform(coin.seed, Math.floor(time / 900), 8)
        ).toFixed(coin.quantityDecimals),
        side: buy ? "Buy" : "Sell",
        time: String(time),
        isBlockTrade: false,
        isRPITrade: false,
        seq: String(Math.floor(time / 900))
      };
    });
    return {category, list};
  }

  /** Returns klines newest first, including the candle in progress. */
  kline(query: Query, nowMs: number, kind: "trade" | "mark" | "index" | "premium"): unknown {
    const category =
      kind === "trade"
        ? categoryOf(query)
        : (query.get("category") ?? "linear") === "linear"
          ? "linear"
          : fail("category");
    const coin = this.find(category, required(query, "symbol"), nowMs);
    const minutes = INTERVAL_MINUTES[required(query, "interval")] ?? fail("interval");
    const stepMs = minutes * MINUTE_MS;
    const limit = limitOf(query, LIMITS.klineDefault, LIMITS.klineRows);
    const end = Math.min(instant(query, "end") ?? nowMs, nowMs);
    const start = Math.max(instant(query, "start") ?? -Infinity, coin.launchTs - stepMs + 1);
    const side: Side = kind === "trade" ? sideOf(category) : kind;
    const list: string[][] = [];
    for (let ts = Math.floor(end / stepMs) * stepMs; ts >= start && list.length < limit; ts -= stepMs) {
      const row = ts + stepMs > nowMs ? openCandle(coin, side, ts, nowMs) : candle(coin, side, ts, stepMs);
      if (row) list.push(klineRow(coin, side, row));
    }
    return {category, symbol: nameOf(coin, category), list};
  }

  /** Returns open interest on the grid of `intervalTime`, newest first. */
  openInterest(query: Query, nowMs: number): unknown {
    if (categoryOf(query) !== "linear") fail("category");
    const coin = this.find("linear", required(query, "symbol"), nowMs);
    const stepMs = (OPEN_INTEREST_MINUTES[required(query, "intervalTime")] ?? fail("intervalTime")) * MINUTE_MS;
    const limit = limitOf(query, LIMITS.openInterestDefault, LIMITS.openInterestRows);
    const end = Math.min(instant(query, "endTime") ?? nowMs, nowMs, (coin.delistTs ?? Infinity) - 1);
    const start = Math.max(instant(query, "startTime") ?? -Infinity, coin.launchTs);
    const list: {openInterest: string; timestamp: string}[] = [];
    let ts = Math.floor(end / stepMs) * stepMs;
    for (; ts >= start && list.length < limit; ts -= stepMs)
      if (!inOutage(ts)) list.push({openInterest: openInterestAt(coin, ts).toFixed(8), timestamp: String(ts)});
    return {category: "linear", symbol: coin.perp, list, nextPageCursor: ts >= start ? `lastid%3D${ts}` : ""};
  }

  /** Returns settled funding, newest first; a start without an end is an error, as on the venue. */
  fundingHistory(query: Query, nowMs: number): unknown {
    if (categoryOf(query) !== "linear") fail("category");
    const coin = this.find("linear", required(query, "symbol"), nowMs);
    const start = instant(query, "startTime");
    const end = instant(query, "endTime");
    if (start !== undefined && end === undefined)
      throw new VenueError(10001, "params error: endTime is required with startTime");
    const limit = limitOf(query, LIMITS.fundingRows, LIMITS.fundingRows);
    const until = Math.min(end ?? nowMs, nowMs);
    const all = this.schedule(coin).until(nowMs);
    let last = all.length;
    while (last > 0 && all[last - 1]!.t > until) last--;
    const list: {symbol: string; fundingRate: string; fundingRateTimestamp: string}[] = [];
    for (let i = last - 1; i >= 0 && list.length < limit && all[i]!.t >= (start ?? -Infinity); i--) {
      list.push({symbol: coin.perp, fundingRate: decimalText(all[i]!.rate), fundingRateTimestamp: String(all[i]!.t)});
    }
    return {category: "linear", list};
  }

  /** Returns true while a coin's perp trades. */
  trades(coin: Coin, nowMs: number): boolean {
    return coin.delistTs === undefined || nowMs < coin.delistTs;
  }

  /** Returns the coin of a symbol listed by `nowMs`; undefined when there is none. */
  lookup(category: Category, symbol: string, nowMs: number): Coin | undefined {
    return this.listed(category, nowMs).find((c) => nameOf(c, category) === symbol);
  }

  /** Changes a coin in this venue only; other venues of the same seed keep theirs. */
  amend(coin: Coin, change: Partial<Pick<Coin, "delistTs" | "intervalChanges">>): Coin {
    const changed = {...coin, ...change};
    this.coins = this.coins.map((c) => (c === coin ? changed : c));
    return changed;
  }

  private find(category: Category, symbol: string, nowMs: number): Coin {
    const coin = this.lookup(category, symbol, nowMs);
    if (!coin) throw new VenueError(10001, "params error: symbol invalid");
    return coin;
  }

  /** Returns a ticker, which changes once a minute. */
  private ticker(coin: Coin, category: Category, nowMs: number): unknown {
    const at = minuteOf(nowMs);
    const known = this.tickersOf[category].get(coin);
    if (known?.at === at) return known.ticker;
    const ticker = this.tickerAt(coin, category, at);
    this.tickersOf[category].set(coin, {at, ticker});
    return ticker;
  }

  /** Returns the 24 hourly candles before an hour, newest first. */
  private closedHours(coin: Coin, category: Category, hour: number): readonly SimCandle[] {
    const known = this.daysOf[category].get(coin);
    if (known?.hour === hour) return known.hours;
    const hours = Array.from({length: 24}, (_, i) =>
      candle(coin, sideOf(category), hour - (i + 1) * HOUR_MS, HOUR_MS)
    ).filter((c) => c !== undefined);
    this.daysOf[category].set(coin, {hour, hours});
    return hours;
  }

  private tickerAt(coin: Coin, category: Category, at: number): unknown {
    const side = sideOf(category);
    const hours = this.closedHours(coin, category, Math.floor(at / HOUR_MS) * HOUR_MS);
    const decimals = decimalsOf(coin, side);
    const price = (ticks: number) => (ticks / 10 ** decimals).toFixed(decimals);
    const last = ticksAt(coin, side, at);
    const before = hours.at(-1)?.open ?? last;
    const size = (coin.turnover24h / 40_000 / (last / 10 ** decimals)).toFixed(coin.quantityDecimals);
    const shared = {
      symbol: nameOf(coin, category),
      lastPrice: price(last),
      prevPrice24h: price(before),
      price24hPcnt: (last / before - 1).toFixed(6),
      highPrice24h: price(Math.max(last, ...hours.map((h) => h.high))),
      lowPrice24h: price(Math.min(last, ...hours.map((h) => h.low))),
      turnover24h: hours.reduce((sum, h) => sum + h.turnover, 0).toFixed(8),
      volume24h: (hours.reduce((sum, h) => sum + h.volume, 0) / 10 ** coin.quantityDecimals).toFixed(
        coin.quantityDecimals
      )
    };
    const touch = {bid1Price: price(last), bid1Size: size, ask1Price: price(last + this.spreadTicks), ask1Size: size};
    if (category === "spot") return {...shared, ...touch, usdIndexPrice: price(ticksAt(coin, "index", at))};
    const next = this.schedule(coin).upcoming(at);
    const openInterest = (coin.turnover24h / 8 / (last / 10 ** decimals)).toFixed(coin.quantityDecimals);
    return {
      ...shared,
      ...touch,
      indexPrice: price(ticksAt(coin, "index", at)),
      markPrice: price(ticksAt(coin, "mark", at)),
      prevPrice1h: price(ticksAt(coin, side, at - HOUR_MS)),
      openInterest,
      openInterestValue: (coin.turnover24h / 8).toFixed(2),
      fundingRate: decimalText(Number(next.rate.toFixed(8))),
      nextFundingTime: String(next.t),
      predictedDeliveryPrice: "",
      basisRate: "",
      deliveryFeeRate: "",
      deliveryTime: "0",
      basis: ""
    };
  }

  private perpInstrument(coin: Coin, nowMs: number): unknown {
    const step = (10 ** -coin.quantityDecimals).toFixed(coin.quantityDecimals);
    const tick = (10 ** -coin.priceDecimals).toFixed(coin.priceDecimals);
    const trading = this.trades(coin, nowMs);
    return {
      symbol: coin.perp,
      contractType: "LinearPerpetual",
      status: trading ? "Trading" : "Closed",
      baseCoin: `${coin.multiplier === 1 ? "" : coin.multiplier}${coin.coin}`,
      quoteCoin: "USDT",
      launchTime: String(coin.launchTs),
      deliveryTime: coin.delistTs === undefined ? "0" : String(coin.delistTs),
      deliveryFeeRate: "",
      priceScale: String(coin.priceDecimals),
      leverageFilter: {minLeverage: "1", maxLeverage: "50.00", leverageStep: "0.01"},
      priceFilter: {minPrice: tick, maxPrice: "1999999.8", tickSize: tick},
      lotSizeFilter: {
        maxOrderQty: "1000000",
        maxMktOrderQty: "200000",
        minOrderQty: step,
        qtyStep: step,
        postOnlyMaxOrderQty: "1000000",
        minNotionalValue: "5"
      },
      unifiedMarginTrade: true,
      fundingInterval: this.schedule(coin).upcoming(nowMs).intervalHours * 60,
      settleCoin: "USDT",
      copyTrading: "none",
      upperFundingRate: decimalText(coin.fundingCap),
      lowerFundingRate: decimalText(-coin.fundingCap)
    };
  }
}

function spotInstrument(coin: Coin): unknown {
  const decimals = decimalsOf(coin, "spot");
  const precision = coin.quantityDecimals + 2;
  return {
    symbol: coin.spot,
    baseCoin: coin.coin,
    quoteCoin: "USDT",
    status: "Trading",
    marginTrading: "utaOnly",
    stTag: "0",
    lotSizeFilter: {
      basePrecision: (10 ** -precision).toFixed(precision),
      quotePrecision: "0.00000001",
      minOrderQty: (10 ** -precision).toFixed(precision),
      maxOrderQty: "1000000",
      minOrderAmt: "1",
      maxOrderAmt: "2000000"
    },
    priceFilter: {tickSize: (10 ** -decimals).toFixed(decimals)},
    riskParameters: {priceLimitRatioX: "0.01", priceLimitRatioY: "0.02"}
  };
}

const minuteOf = (tsMs: number): number => Math.floor(tsMs / MINUTE_MS) * MINUTE_MS;
const sideOf = (category: Category): "spot" | "perp" => (category === "spot" ? "spot" : "perp");
const nameOf = (coin: Coin, category: Category): string | undefined => (category === "spot" ? coin.spot : coin.perp);

function fail(name: string): never {
  throw new VenueError(10001, `params error: ${name} invalid`);
}

function required(query: Query, name: string): string {
  return query.get(name) || fail(name);
}

function categoryOf(query: Query): Category {
  const category = query.get("category");
  return category === "spot" || category === "linear" ? category : fail("category");
}

function limitOf(query: Query, fallback: number, max: number): number {
  const text = query.get("limit");
  if (text === null) return fallback;
  const limit = Number(text);
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, max) : fail("limit");
}

function instant(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  return /^\d{1,16}$/.test(text) ? Number(text) : fail(name);
}
