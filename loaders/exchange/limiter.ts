import {LIMIT_SHARE} from "../../src/lib/wire/data.js";
import {PRIORITIES, type Clock, type Priority} from "./types.js";

/** What a venue publishes of one limit: so much cost in any window of that length. */
export interface Limit {
  perWindow: number;
  windowMs: number;
}

/** What a request costs, by the limit it counts against. */
export type Costs = Readonly<Record<string, number>>;

export interface LimiterOptions {
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
  /** what has been answered and still counts: until when, and how much */
  counted: {until: number; cost: number}[];
  sum: number;
}

/**
 * A rolling-window limiter on a clock that never goes back, with a queue by priority and a cap on requests in flight.
 *
 * The venue counts a request when it arrives, which is any moment between sending and the reply. A request therefore
 * counts here from its sending until one window after its reply: whatever the network delays, no window at the venue can
 * hold more than is allowed here.
 */
export class Limiter {
  private readonly clock: Clock;
  private readonly concurrency: number;
  private readonly windows: Record<string, Window>;
  private readonly queues = new Map<Priority, Waiting[]>(PRIORITIES.map((priority) => [priority, []]));
  private inFlight = 0;
  private used: number = LIMIT_SHARE.most;
  private pausedUntil = -Infinity;
  private sleeper: {atMs: number; stop: AbortController} | undefined;

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
   * Waits for its turn: a higher priority first, in order of asking within one.
   * @returns call it once, when the reply has been read or given up
   * @throws the signal's reason when it fires before the turn came
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
      const leave = () => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(signal!.reason as Error);
        if (this.waiting === 0) this.rest();
        else this.pump();
      };
      const waiting: Waiting = {
        costs,
        admit: (done) => {
          signal?.removeEventListener("abort", leave);
          resolve(done);
        }
      };
      signal?.addEventListener("abort", leave, {once: true});
      queue.push(waiting);
      this.pump();
    });
  }

  /** Nothing is sent before this instant of the monotonic clock; a pause is only ever made longer. */
  pauseUntil(monotonicMs: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, monotonicMs);
  }

  /** Callers that wait for their turn. */
  get waiting(): number {
    return [...this.queues.values()].reduce((sum, queue) => sum + queue.length, 0);
  }

  /** The share of every published limit that is used from now on. */
  get share(): number {
    return this.used;
  }

  /** @throws RangeError `invalid share: VALUE` outside {@link LIMIT_SHARE} */
  set share(value: number) {
    if (!(value >= LIMIT_SHARE.least && value <= LIMIT_SHARE.most)) throw new RangeError(`invalid share: ${value}`);
    this.used = value;
    for (const window of Object.values(this.windows))
      window.allowed = Math.max(1, Math.floor(window.published * value));
    this.rest();
    if (this.waiting > 0) this.pump();
  }

  /** How full the window of a limit is, in its own cost. */
  usage(name: string): {inWindow: number; perWindow: number; published: number; windowMs: number; share: number} {
    const window = this.windows[name]!;
    expire(window, this.clock.monotonic());
    const {sum, inFlight, allowed: perWindow, published, windowMs} = window;
    return {inWindow: sum + inFlight, perWindow, published, windowMs, share: this.used};
  }

  private pump(): void {
    const now = this.clock.monotonic();
    if (now < this.pausedUntil) return this.wake(this.pausedUntil);
    for (const window of Object.values(this.windows)) expire(window, now);
    // A limit that is full for one caller is closed to all behind it, or the small would starve the large.
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
      if (first) this.wake(first.until);
    }
  }

  private fits(name: string, costs: Costs): boolean {
    const window = this.windows[name];
    if (window === undefined) return true;
    const used = window.sum + window.inFlight;
    // A throttle may leave less than one request costs: it then goes alone.
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

  /** One sleeper is enough: the one that wakes first looks at everything. */
  private wake(atMs: number): void {
    if (this.sleeper && this.sleeper.atMs <= atMs) return;
    this.rest();
    const sleeper = {atMs, stop: new AbortController()};
    this.sleeper = sleeper;
    this.clock.sleep(Math.max(1, Math.ceil(atMs - this.clock.monotonic())), sleeper.stop.signal).then(
      () => {
        if (this.sleeper === sleeper) this.sleeper = undefined;
        this.pump();
      },
      () => undefined
    );
  }

  /** Nobody waits: a timer left behind would keep the process alive until the end of a ban. */
  private rest(): void {
    this.sleeper?.stop.abort();
    this.sleeper = undefined;
  }
}

function expire(window: Window, now: number): void {
  let i = 0;
  for (; i < window.counted.length && window.counted[i]!.until <= now; i++) window.sum -= window.counted[i]!.cost;
  if (i > 0) window.counted.splice(0, i);
}
