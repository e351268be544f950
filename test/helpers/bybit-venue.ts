import type {ServerResponse} from "node:http";
import {answer} from "./http.js";

export interface MadeSettlement {
  ts: number;
  rate: string;
}

/** Data of a constructed venue with Bybit's rules and one market; absent fields are empty. */
export interface MadeVenue {
  now: () => number;
  symbol?: string;
  /** launch of its perp; 2020-03-30 by default */
  launchTs?: number;
  /** delivery time of its perp; "0" while it trades */
  deliveryTs?: number;
  /** current interval, which may differ from that of the history */
  fundingIntervalMinutes?: () => number;
  settlements?: readonly MadeSettlement[];
  /** newest first, as `[open time, open, high, low, close, volume, turnover]` */
  klines?: (category: string, interval: string) => readonly string[][];
  tickers?: (category: string) => readonly unknown[];
}

export const envelope = (now: number, result: unknown, retCode = 0, retMsg = "OK") => ({
  retCode,
  retMsg,
  result,
  retExtInfo: {},
  time: now
});

/** Returns the reply to a request by Bybit v5's rules, for the public endpoints that this project reads. */
export function bybitReply(venue: MadeVenue, url: URL): unknown {
  const {now, symbol = "BTCUSDT", settlements = [], klines = () => [], tickers = () => []} = venue;
  const query = url.searchParams;
  const category = query.get("category") ?? "";
  const at = now();
  const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
  switch (url.pathname) {
    case "/v5/market/time":
      return envelope(at, {timeSecond: String(Math.floor(at / 1000)), timeNano: `${at}000000`});
    case "/v5/market/instruments-info":
      return envelope(at, {
        category,
        list: category === "linear" ? [perp(symbol, venue)] : [spot(symbol)],
        ...(category !== "spot" && {nextPageCursor: ""})
      });
    case "/v5/market/tickers":
      return envelope(at, {category, list: tickers(category)});
    case "/v5/market/funding/history": {
      const [start, end] = [number("startTime"), number("endTime")];
      if (start !== undefined && end === undefined) return envelope(at, {}, 10001, "endTime is required");
      const list = settlements
        .filter(({ts}) => ts <= Math.min(end ?? at, at) && ts >= (start ?? -Infinity))
        .sort((a, b) => b.ts - a.ts)
        .slice(0, number("limit") ?? 200)
        .map(({ts, rate}) => ({symbol, fundingRate: rate, fundingRateTimestamp: String(ts)}));
      return envelope(at, {category, list});
    }
    default: {
      const list = klines(category, query.get("interval") ?? "")
        .filter(([ts]) => Number(ts) >= (number("start") ?? 0) && Number(ts) <= (number("end") ?? at))
        .slice(0, number("limit") ?? 200);
      return envelope(at, {category, symbol, list});
    }
  }
}

export const sendBybit = (venue: MadeVenue, url: URL, reply: ServerResponse): void =>
  answer(reply, bybitReply(venue, url));

const perp = (symbol: string, {fundingIntervalMinutes, launchTs = 1_585_526_400_000, deliveryTs = 0}: MadeVenue) => ({
  symbol,
  contractType: "LinearPerpetual",
  status: "Trading",
  baseCoin: symbol.replace(/USDT$/, ""),
  quoteCoin: "USDT",
  launchTime: String(launchTs),
  deliveryTime: String(deliveryTs),
  deliveryFeeRate: "",
  priceScale: "2",
  leverageFilter: {minLeverage: "1", maxLeverage: "100.00", leverageStep: "0.01"},
  priceFilter: {minPrice: "0.10", maxPrice: "199999.80", tickSize: "0.10"},
  lotSizeFilter: {maxOrderQty: "100.000", minOrderQty: "0.001", qtyStep: "0.001", minNotionalValue: "5"},
  unifiedMarginTrade: true,
  fundingInterval: fundingIntervalMinutes?.() ?? 480,
  settleCoin: "USDT",
  copyTrading: "both"
});

const spot = (symbol: string) => ({
  symbol,
  baseCoin: symbol.replace(/USDT$/, ""),
  quoteCoin: "USDT",
  status: "Trading",
  marginTrading: "utaOnly",
  lotSizeFilter: {basePrecision: "0.000001", quotePrecision: "0.00000001", minOrderQty: "0.000048", minOrderAmt: "1"},
  priceFilter: {tickSize: "0.01"}
});
