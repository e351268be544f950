import {statfsSync} from "node:fs";
import type {EngineMode, EngineStatus, Health} from "../../src/lib/wire/trading.js";
import type {Clock} from "../../loaders/exchange/types.js";
import type {Usage} from "../../src/lib/wire/data.js";
import type {DataHost} from "../data/host.js";

const HOUR_MS = 3_600_000;
/** A loop without a finished cycle for this many intervals is down. */
const LATE_CYCLES = 3;
/** Failed jobs are a problem from this share and this count. */
const FAILING = {share: 0.2, jobs: 3};
/** Clock skew from which settlements may be misplaced. */
const WORST_SKEW_MS = 5_000;
/** A job without progress for this long is stuck. */
const STUCK_MS = 900_000;
/** Free disk space below which health reports a problem. */
const MIN_FREE_BYTES = 1e9;

interface HealthInputs {
  mode: EngineMode;
  startedTs: number;
  status: EngineStatus;
  intervalMs: number;
  data: DataHost | undefined;
  usage: Usage | undefined;
  /** requests retried in the last hour */
  errors1h: number;
  skewMs: number | null;
  /** free space on the disk of the data directory; undefined where unknown */
  freeBytes: number | undefined;
  /** failing notification channels, with the reason */
  failingChannels: ReadonlyMap<string, string>;
  nowMs: number;
}

/** Derives the count of the last hour from a cumulative total. */
export class HourCount {
  private readonly samples: {ms: number; total: number}[] = [];

  constructor(private readonly clock: Clock) {}

  /** Records the newest total and returns its growth within the last hour. */
  of(total: number): number {
    const now = this.clock.monotonic();
    const last = this.samples.at(-1);
    if (!last || now - last.ms >= 60_000) this.samples.push({ms: now, total});
    while (this.samples.length > 1 && now - this.samples[1]!.ms >= HOUR_MS) this.samples.shift();
    // A replaced client counts from zero again.
    return Math.max(0, total - this.samples[0]!.total);
  }
}

/** Returns the free bytes on the disk of a folder; undefined where the system does not report them. */
export function freeBytesOf(dir: string): number | undefined {
  try {
    const {bavail, bsize} = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Builds `GET /health`: the state of each component, and the problems in words. Contains no account state. */
export function healthOf(inputs: HealthInputs): Health {
  const {mode, status, data, usage, errors1h, skewMs, nowMs} = inputs;
  const bannedUntilTs = usage?.bannedUntilMs !== undefined && usage.bannedUntilMs > nowMs ? usage.bannedUntilMs : null;
  const jobs = data?.figures() ?? {total24h: 0, completed24h: 0, failed24h: 0, failureRate: 0, averageMs: null};
  const {number, lastTs, lastMs, steps} = status.cycle;
  const issues: (Health["problems"][number] & {message: string})[] = [];
  const found = (code: string, message: string, about: string | null = null) =>
    void issues.push({code, about, message});
  if (data?.failure) found("queue-failing", `the store's queue has stopped: ${data.failure}`);
  if (bannedUntilTs !== null)
    found("venue-ban", `the venue bans this machine until ${new Date(bannedUntilTs).toISOString()}`);
  if (jobs.failed24h >= FAILING.jobs && jobs.failureRate >= FAILING.share)
    found("jobs-failing", `${jobs.failed24h} of ${jobs.total24h} jobs failed in the last 24 h`);
  if (skewMs !== null && Math.abs(skewMs) >= WORST_SKEW_MS)
    found(
      "clock-skew",
      `this machine's clock is ${(Math.abs(skewMs) / 1_000).toFixed(0)} s ${skewMs > 0 ? "behind" : "ahead of"} the venue's`,
      skewMs > 0 ? "behind" : "ahead"
    );
  for (const {name, error} of steps) if (error !== null) found("cycle-step", `${name}: ${error}`, name);
  for (const {id, message} of data?.stuck(STUCK_MS) ?? [])
    found("job-stuck", `stuck: ${message} for ${STUCK_MS / 60_000} minutes`, id);
  if (inputs.freeBytes !== undefined && inputs.freeBytes < MIN_FREE_BYTES)
    found("disk-space", `the disk has ${Math.round(inputs.freeBytes / 1e6)} MB left`);
  for (const [name, why] of inputs.failingChannels) found("notifications", `notifications fail: ${why}`, name);
  if (status.state === "halted") found("halted", "the loop is halted until an operator resumes it");
  if (status.emergency && !status.emergency.done) found("emergency", "an emergency stop is in progress");
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
    issues: issues.map(({message}) => message),
    problems: issues.map(({code, about}) => ({code, about}))
  };
}
