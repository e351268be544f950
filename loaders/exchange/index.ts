import type {Exchange as Ccxt} from "ccxt";
import {UsageError} from "../errors.js";
import {systemClock} from "./clock.js";
import type {Clock, Exchange} from "./types.js";

export {candleHistory, type CandleOptions} from "./candle-history.js";
export {fundingHistory} from "./funding-history.js";
export {expectedRequests, expectedRows} from "./expect.js";
export {systemClock} from "./clock.js";
export type * from "./types.js";

export interface ExchangeOptions {
  /** a ccxt id; `bybit`, `binance` and `okx` are read through their own endpoints, every other one as ccxt unifies it */
  venue?: string;
  /** replaces every host of the venue's API, so that nothing can reach the real one */
  url?: string | undefined;
  /** true for the simulated venue, which speaks Bybit v5 at `url` and is named `sim` */
  simulated?: boolean;
  /** what rows say of where they come from, if not the URL: an embedded simulator has another port each time */
  origin?: string | undefined;
  clock?: Clock;
  /** uniform in [0, 1), for the jitter of retries */
  random?: () => number;
  /** for one request from sending to the last byte, in ms */
  deadlineMs?: number;
  /** requests in flight at once */
  concurrency?: number;
}

/**
 * Opens a venue for reading. ccxt is loaded here and not before, since it takes the better part of a second.
 * @throws UsageError `unknown venue`, or one without settled funding or candles
 */
export async function createExchange({
  venue = "bybit",
  url,
  simulated = false,
  origin,
  clock = systemClock,
  random = Math.random,
  deadlineMs = 10_000,
  concurrency = 24
}: ExchangeOptions = {}): Promise<Exchange> {
  if (simulated && url === undefined)
    throw new UsageError("missing url: the simulated venue has no address of its own");
  if (url !== undefined && !/^https?:\/\/[^/]+/.test(url)) throw new UsageError(`invalid url: ${url}`);
  const {default: ccxt} = await import("ccxt");
  const options = {clock, random, url, deadlineMs, concurrency};
  if (simulated || venue === "bybit") {
    const {BybitExchange} = await import("./bybit.js");
    return new BybitExchange(new ccxt.bybit(), {...options, venue: simulated ? "sim" : "bybit", origin});
  }
  if (venue === "binance") {
    const {BinanceExchange} = await import("./binance.js");
    return new BinanceExchange(new ccxt.binance(), options);
  }
  if (venue === "okx") {
    const {OkxExchange} = await import("./okx.js");
    return new OkxExchange(new ccxt.okx(), options);
  }
  if (!Object.values<unknown>(ccxt.exchanges).includes(venue)) {
    throw new UsageError(`unknown venue: ${venue}`, {
      fix: "use a name that ccxt knows, e.g. bybit, binance, okx, gate"
    });
  }
  const {GenericExchange} = await import("./generic.js");
  const classes = ccxt as unknown as Record<string, new () => Ccxt>;
  return new GenericExchange(new classes[venue]!(), options);
}
