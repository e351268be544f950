import {setTimeout as wait} from "node:timers/promises";
import type {Clock} from "./types.js";

/** Clock of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, signal ? {signal} : {})
};

/** Calls `giveUp` after `ms` of this machine's time; returns what calls that off. */
export const realDeadline = (ms: number, giveUp: () => void): (() => void) => {
  const timer = setTimeout(giveUp, ms);
  return () => clearTimeout(timer);
};
