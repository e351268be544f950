import {createExchange, type Clock, type Exchange, type ExchangeOptions} from "../../loaders/exchange/index.js";
import {uniform} from "../../engine/simulator/market/noise.js";
import {virtualClock, type VirtualClock} from "./clock.js";

/** Creates a client of the simulated venue on its own clock, with seeded jitter. */
export async function clientOf(
  url: string,
  nowMs: number,
  {deadline, ...options}: ExchangeOptions & {deadline?: Clock["deadline"]} = {}
): Promise<{exchange: Exchange; clock: VirtualClock}> {
  const clock = {...virtualClock(nowMs), ...(deadline && {deadline})};
  let drawn = 0;
  const exchange = await createExchange({
    url,
    simulated: options.venue === undefined,
    clock,
    random: () => uniform(11, drawn++),
    deadlineMs: 2_000,
    ...options
  });
  return {exchange, clock};
}

const notMade = (call: string) => async () => {
  throw new Error(`this venue was made without ${call}`);
};

/** Returns a venue of the given members; a call that a test did not make fails. */
export const madeExchange = (own: Partial<Exchange>): Exchange => ({
  venue: "made",
  origin: "made",
  pageRows: {funding: 200, candles: 1_000},
  fundingDepthMs: undefined,
  candleSeries: ["spot", "perp"],
  timeframes: ["1h"],
  serverTime: notMade("serverTime"),
  instruments: notMade("instruments"),
  tickers: notMade("tickers"),
  settlements: notMade("settlements"),
  candles: notMade("candles"),
  usage: () => ({requests: 0, retries: 0, inWindow: 0, perWindow: 1, windowMs: 1}),
  ...own
});

/** Collects everything that an asynchronous iterable yields. */
export async function collect<T>(walk: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of walk) all.push(item);
  return all;
}
