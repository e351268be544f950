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

/** Collects everything that an asynchronous iterable yields. */
export async function collect<T>(walk: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of walk) all.push(item);
  return all;
}
