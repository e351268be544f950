import type {Exchange as Ccxt} from "ccxt";
import {UsageError} from "../errors.js";
import {systemClock} from "./clock.js";
import type {Clock, Exchange} from "./types.js";

export {candleHistory, observationHistory} from "./grid-history.js";
export {fundingHistory} from "./funding-history.js";
export {expectedRequests, expectedRows} from "./expect.js";
export {systemClock} from "./clock.js";
export type * from "./types.js";

export interface ExchangeOptions {
  /** a ccxt id; `bybit`, `binance` and `okx` use their native endpoints, all others ccxt's unified methods */
  venue?: string;
  /** replaces every host of the venue's API, so that no request reaches the real one */
  url?: string | undefined;
  /** true for the simulated venue, which serves Bybit v5 at `url` under the name `sim` */
  simulated?: boolean;
  /** origin recorded for rows, if not the URL: the port of an embedded simulator changes each time */
  origin?: string | undefined;
  clock?: Clock;
  /** uniform in [0, 1), for retry jitter */
  random?: () => number;
  /** limit for one request from sending to the last byte, in ms */
  deadlineMs?: number;
  /** requests in flight at once */
  concurrency?: number;
}

/**
 * Opens a read-only client of a venue. Imports ccxt lazily, since that takes most of a second.
 * @throws UsageError `unknown venue`, or for a venue without settled funding or candles
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
