import {statfsSync} from "node:fs";
import type {EngineMode, EngineStatus, Health} from "../../src/lib/wire/trading.js";
import type {Clock} from "../../loaders/exchange/types.js";
import type {Usage} from "../../src/lib/wire/data.js";
import type {DataHost} from "../data/host.js";

const HOUR_MS = 3_600_000;
/** A cycle that is later than this many intervals is not late but gone. */
const LATE_CYCLES = 3;
/** The share of failed jobs, and how many, from which on something is wrong. */
const FAILING = {share: 0.2, jobs: 3};
/** A clock that is wrong by this much misplaces settlements. */
const WORST_SKEW_MS = 5_000;
/** Work without a new row for this long hangs. */
const STUCK_MS = 900_000;
/** Less room than this is worth a word before it is gone. */
const LEAST_FREE_BYTES = 1e9;

interface HealthInputs {
  mode: EngineMode;
  startedTs: number;
  status: EngineStatus;
  intervalMs: number;
  data: DataHost | undefined;
  usage: Usage | undefined;
  /** requests that had to be repeated in the last hour */
  errors1h: number;
  skewMs: number | null;
  /** room left where the data lies; undefined where it cannot be told */
  freeBytes: number | undefined;
  /** channels of notifications that do not get through, and why */
  failingChannels: ReadonlyMap<string, string>;
  nowMs: number;
}

/** Counts over the last hour from a total that only grows. */
export class HourCount {
  private readonly samples: {ms: number; total: number}[] = [];

  constructor(private readonly clock: Clock) {}

  /** Takes in the newest total and gives its growth within the last hour. */
  of(total: number): number {
    const now = this.clock.monotonic();
    const last = this.samples.at(-1);
    if (!last || now - last.ms >= 60_000) this.samples.push({ms: now, total});
    while (this.samples.length > 1 && now - this.samples[1]!.ms >= HOUR_MS) this.samples.shift();
    // A client that was replaced counts from nothing again.
    return Math.max(0, total - this.samples[0]!.total);
  }
}

/** Room left on the disk of a folder, in bytes; undefined where the system does not tell. */
export function freeBytesOf(dir: string): number | undefined {
  try {
    const {bavail, bsize} = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** `GET /health`: what works, what does not, and that in words. No account state. */
export function healthOf(inputs: HealthInputs): Health {
  const {mode, status, data, usage, errors1h, skewMs, nowMs} = inputs;
  const bannedUntilTs = usage?.bannedUntilMs !== undefined && usage.bannedUntilMs > nowMs ? usage.bannedUntilMs : null;
  const jobs = data?.figures() ?? {total24h: 0, completed24h: 0, failed24h: 0, failureRate: 0, averageMs: null};
  const {number, lastTs, lastMs, steps} = status.cycle;
  const issues: (Health["problems"][number] & {words: string})[] = [];
  const found = (code: string, words: string, about: string | null = null) => void issues.push({code, about, words});
  if (data?.failure) found("queue-failing", `the store's queue stands still: ${data.failure}`);
  if (bannedUntilTs !== null)
    found("venue-ban", `the venue bans this machine until ${new Date(bannedUntilTs).toISOString()}`);
  if (jobs.failed24h >= FAILING.jobs && jobs.failureRate >= FAILING.share)
    found("jobs-failing", `${jobs.failed24h} of ${jobs.total24h} jobs of the last day failed`);
  if (skewMs !== null && Math.abs(skewMs) >= WORST_SKEW_MS)
    found(
      "clock-skew",
      `this machine's clock is ${(Math.abs(skewMs) / 1_000).toFixed(0)} s ${skewMs > 0 ? "behind" : "ahead of"} the venue's`,
      skewMs > 0 ? "behind" : "ahead"
    );
  for (const {name, error} of steps) if (error !== null) found("cycle-step", `${name}: ${error}`, name);
  for (const {id, words} of data?.stuck(STUCK_MS) ?? [])
    found("job-stuck", `stuck: ${words} for ${STUCK_MS / 60_000} minutes`, id);
  if (inputs.freeBytes !== undefined && inputs.freeBytes < LEAST_FREE_BYTES)
    found("disk-space", `the disk has ${Math.round(inputs.freeBytes / 1e6)} MB left`);
  for (const [name, why] of inputs.failingChannels)
    found("notifications", `notifications do not get through: ${why}`, name);
  if (status.state === "halted") found("halted", "the loop is halted: a person must look at it first");
  if (status.emergency && !status.emergency.done) found("emergency", "an emergency stop is under way");
  if (status.emergency?.left.length) found("emergency-left", "an emergency stop could not close everything");
  const lateMs = nowMs - (lastTs ?? inputs.startedTs);
  const beats =
    mode === "data" ||
    !["starting", "running", "paused", "blocked"].includes(status.state) ||
    lateMs <= LATE_CYCLES * inputs.intervalMs + 60_000;
  if (!beats) found("cycle-late", `the loop has not finished a cycle for ${Math.round(lateMs / 1_000)} s`);
  return {
    status: beats ? (issues.length > 0 ? "degraded" : "healthy") : "down",
    mode,
    components: {
      store: {status: data ? (data.failure ? "failing" : "ok") : "off", error: data?.failure ?? null},
      exchange: {
        status: usage === undefined ? "off" : bannedUntilTs !== null ? "failing" : "ok",
        bannedUntilTs,
        errors1h
      },
      cycle: {state: status.state, number, lastTs, lastMs},
      jobs,
      clock: {skewMs}
    },
    issues: issues.map(({words}) => words),
    problems: issues.map(({code, about}) => ({code, about}))
  };
}
