import {LIMIT_SHARE} from "../../src/lib/wire/data.js";
import {PRIORITIES, type Clock, type Priority} from "./types.js";

/** A published limit: the maximum cost within any window of `windowMs`. */
export interface Limit {
  perWindow: number;
  windowMs: number;
}

/** Cost of a request by the limit it counts against. */
export type Costs = Readonly<Record<string, number>>;

interface LimiterOptions {
  clock: Clock;
  /** the venue's published limits by name; the most of {@link LIMIT_SHARE} of each is used */
  limits: Readonly<Record<string, Limit>>;
  /** requests in flight at once */
  concurrency?: number;
}

interface Waiting {
  costs: Costs;
  admit: (done: () => void) => void;
}

interface Window {
  published: number;
  allowed: number;
  windowMs: number;
  inFlight: number;
  /** answered requests that still count: expiry on the monotonic clock, and cost */
  counted: {until: number; cost: number}[];
  sum: number;
}

/**
 * A rolling-window limiter on a monotonic clock, with a priority queue and a cap on requests in flight.
 *
 * The venue counts a request on arrival, at some time between sending and reply. It is counted here from sending until
 * one window after its reply. No network delay can therefore push more than the allowed cost into a window at the
 * venue.
 */
export class Limiter {
  private readonly clock: Clock;
  private readonly concurrency: number;
  private readonly windows: Record<string, Window>;
  private readonly queues = new Map<Priority, Waiting[]>(PRIORITIES.map((priority) => [priority, []]));
  private inFlight = 0;
  private used: number = LIMIT_SHARE.most;
  private pausedUntil = -Infinity;
  private timer: {atMs: number; stop: AbortController} | undefined;

  constructor({clock, limits, concurrency = 24}: LimiterOptions) {
    this.clock = clock;
    this.concurrency = concurrency;
    this.windows = Object.fromEntries(
      Object.entries(limits).map(([name, {perWindow, windowMs}]) => [
        name,
        {
          published: perWindow,
          allowed: Math.floor(perWindow * LIMIT_SHARE.most),
          windowMs,
          inFlight: 0,
          counted: [],
          sum: 0
        }
      ])
    );
  }

  /**
   * Waits for permission to send: by priority, then first come, first served.
   * @returns a function to call once, when the reply has been read or abandoned
   * @throws RangeError for a cost above the window; the signal's reason when it aborts first
   */
  acquire(costs: Costs, priority: Priority = "backfill", signal?: AbortSignal): Promise<() => void> {
    for (const [name, cost] of Object.entries(costs)) {
      const window = this.windows[name];
      if (window && cost > Math.floor(window.published * LIMIT_SHARE.most))
        throw new RangeError(`invalid cost: ${cost} of ${name}`);
    }
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const queue = this.queues.get(priority)!;
      const onAbort = () => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(signal!.reason as Error);
        if (this.waiting === 0) this.cancelTimer();
        else this.pump();
      };
      const waiting: Waiting = {
        costs,
        admit: (done) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(done);
        }
      };
      signal?.addEventListener("abort", onAbort, {once: true});
      queue.push(waiting);
      this.pump();
    });
  }

  /** Sends nothing before an instant of the monotonic clock; only ever lengthens a pause. */
  pauseUntil(monotonicMs: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, monotonicMs);
  }

  /** Number of queued callers. */
  get waiting(): number {
    return [...this.queues.values()].reduce((sum, queue) => sum + queue.length, 0);
  }

  /** Share of every published limit in use. */
  get share(): number {
    return this.used;
  }

  /** @throws RangeError `invalid share: VALUE` outside {@link LIMIT_SHARE} */
  set share(value: number) {
    if (!(value >= LIMIT_SHARE.least && value <= LIMIT_SHARE.most)) throw new RangeError(`invalid share: ${value}`);
    this.used = value;
    for (const window of Object.values(this.windows))
      window.allowed = Math.max(1, Math.floor(window.published * value));
    this.cancelTimer();
    if (this.waiting > 0) this.pump();
  }

  /** Returns the load of a limit's window, in units of its cost. */
  usage(name: string): {inWindow: number; perWindow: number; published: number; windowMs: number; share: number} {
    const window = this.windows[name]!;
    expire(window, this.clock.monotonic());
    const {sum, inFlight, allowed: perWindow, published, windowMs} = window;
    return {inWindow: sum + inFlight, perWindow, published, windowMs, share: this.used};
  }

  private pump(): void {
    const now = this.clock.monotonic();
    if (now < this.pausedUntil) return this.pumpAt(this.pausedUntil);
    for (const window of Object.values(this.windows)) expire(window, now);
    // A limit that is full for one caller is closed to all behind it, so that small requests cannot starve large ones.
    const full = new Set<string>();
    for (const priority of PRIORITIES) {
      const queue = this.queues.get(priority)!;
      for (let i = 0; i < queue.length && this.inFlight < this.concurrency;) {
        const waiting = queue[i]!;
        const blocked = Object.keys(waiting.costs).filter((name) => full.has(name) || !this.fits(name, waiting.costs));
        if (blocked.length > 0) {
          for (const name of blocked) full.add(name);
          i++;
        } else {
          queue.splice(i, 1);
          this.admit(waiting);
        }
      }
    }
    for (const name of full) {
      const first = this.windows[name]!.counted[0];
      if (first) this.pumpAt(first.until);
    }
  }

  private fits(name: string, costs: Costs): boolean {
    const window = this.windows[name];
    if (window === undefined) return true;
    const used = window.sum + window.inFlight;
    // A throttled limit may be smaller than one request, which is then sent alone.
    return used + costs[name]! <= window.allowed || used === 0;
  }

  private admit({costs, admit}: Waiting): void {
    this.inFlight++;
    const entries = Object.entries(costs).filter(([name]) => this.windows[name] !== undefined);
    for (const [name, cost] of entries) this.windows[name]!.inFlight += cost;
    let done = false;
    admit(() => {
      if (done) return;
      done = true;
      this.inFlight--;
      const now = this.clock.monotonic();
      for (const [name, cost] of entries) {
        const window = this.windows[name]!;
        window.inFlight -= cost;
        window.sum += cost;
        window.counted.push({until: now + window.windowMs, cost});
      }
      this.pump();
    });
  }

  /** Keeps only the earliest timer; on waking it serves every queued caller. */
  private pumpAt(atMs: number): void {
    if (this.timer && this.timer.atMs <= atMs) return;
    this.cancelTimer();
    const timer = {atMs, stop: new AbortController()};
    this.timer = timer;
    this.clock.sleep(Math.max(1, Math.ceil(atMs - this.clock.monotonic())), timer.stop.signal).then(
      () => {
        if (this.timer === timer) this.timer = undefined;
        this.pump();
      },
      () => undefined
    );
  }

  /** Cancels the timer when nobody waits; it would keep the process alive until the end of a ban. */
  private cancelTimer(): void {
    this.timer?.stop.abort();
    this.timer = undefined;
  }
}

function expire(window: Window, now: number): void {
  let i = 0;
  for (; i < window.counted.length && window.counted[i]!.until <= now; i++) window.sum -= window.counted[i]!.cost;
  if (i > 0) window.counted.splice(0, i);
}
