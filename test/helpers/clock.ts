import type {Clock} from "../../loaders/exchange/types.js";

/** A clock without real waiting: at each tick, time jumps to the earliest sleeper, which wakes. */
export interface VirtualClock extends Clock {
  /** steps the wall clock alone, as an administrator or a time server does, in ms */
  step: (ms: number) => void;
  /** advances both clocks, as waiting does, in ms */
  advance: (ms: number) => void;
  /** number of sleeps, and the longest in ms */
  slept: {count: number; longestMs: number};
}

interface Sleeper {
  atMs: number;
  wake: () => void;
}

/**
 * Creates a virtual clock.
 * @param startMs initial wall time, UTC ms
 * @param tickMs real time between two wakings in ms: long enough for requests in flight to return
 * @param busy while it returns true, no sleeper wakes and no time passes: other work takes no time on this clock
 */
export function virtualClock(startMs: number, tickMs = 1, busy: () => boolean = () => false): VirtualClock {
  let monotonic = 0;
  let wall = startMs;
  let ticking = false;
  const sleepers: Sleeper[] = [];
  const slept = {count: 0, longestMs: 0};
  const tick = () => {
    ticking = false;
    if (busy()) return schedule();
    sleepers.sort((a, b) => a.atMs - b.atMs);
    const first = sleepers.shift();
    if (!first) return;
    const ms = Math.max(0, first.atMs - monotonic);
    monotonic += ms;
    wall += ms;
    first.wake();
    schedule();
  };
  const schedule = () => {
    if (ticking || sleepers.length === 0) return;
    ticking = true;
    setTimeout(tick, tickMs);
  };
  return {
    now: () => wall,
    monotonic: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        slept.count++;
        slept.longestMs = Math.max(slept.longestMs, ms);
        if (signal?.aborted) return reject(signal.reason as Error);
        const onAbort = () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal!.reason as Error);
        };
        const sleeper: Sleeper = {
          atMs: monotonic + ms,
          wake: () => {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          }
        };
        signal?.addEventListener("abort", onAbort, {once: true});
        sleepers.push(sleeper);
        schedule();
      }),
    step: (ms) => void (wall += ms),
    advance: (ms) => {
      monotonic += ms;
      wall += ms;
    },
    slept
  };
}
