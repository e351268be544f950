import type {Clock} from "../../loaders/exchange/types.js";

/** A clock on which nothing waits: the sleeper that is due first wakes at the next tick, and time jumps to it. */
export interface VirtualClock extends Clock {
  /** moves the wall clock alone, as an administrator or a time server does */
  step: (ms: number) => void;
  /** moves both on, as waiting does */
  advance: (ms: number) => void;
  /** total of all sleeps asked for, and the longest */
  slept: {count: number; longestMs: number};
}

interface Sleeper {
  atMs: number;
  wake: () => void;
}

/**
 * @param startMs the wall time it starts at
 * @param tickMs real time between two wakings: long enough for requests in flight to come back
 * @param busy while it says so, nobody wakes and no time passes: work that takes none on this clock goes on
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
        const leave = () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal!.reason as Error);
        };
        const sleeper: Sleeper = {
          atMs: monotonic + ms,
          wake: () => {
            signal?.removeEventListener("abort", leave);
            resolve();
          }
        };
        signal?.addEventListener("abort", leave, {once: true});
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
