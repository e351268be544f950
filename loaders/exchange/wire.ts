import type {Exchange as Ccxt} from "ccxt";
import {classify, Refusal, type Codes} from "./classify.js";
import {Limiter, type Limit} from "./limiter.js";
import {ATTEMPTS, backoff, LIMIT_BACKOFF_MS, withRetries, type Attempt} from "./retry.js";
import {calls, createTransport, type Call, type Dialect} from "./transport.js";
import type {Usage} from "../../src/lib/wire/data.js";
import type {CallOptions, Clock} from "./types.js";

/** Settings of the connection to one venue. Time, randomness and network are injected. */
interface WireOptions {
  clock: Clock;
  /** uniform in [0, 1), for retry jitter */
  random: () => number;
  /** replaces every host of the venue's API */
  url?: string | undefined;
  deadlineMs: number;
  concurrency: number;
  limits: Readonly<Record<string, Limit>>;
  /** the limit that `usage` reports */
  mainLimit: string;
  dialect: Dialect;
  codes: Codes;
  /** requests the venue's time; the reply updates the clock */
  time: () => Promise<unknown>;
  /** true lets ccxt check replies for error codes of venues that have no table here */
  inspect?: boolean;
  /** true for a client with API keys, which may change state at the venue */
  writes?: boolean;
  /** called at every ban with its monotonic end, so that other clients of the venue stop too */
  onBan?: (untilMonotonicMs: number) => void;
}

/** What a client of one venue is opened with; the client itself knows the rest. */
export type ClientOptions = Omit<WireOptions, "limits" | "mainLimit" | "dialect" | "codes" | "time">;

/** A raw reply of ccxt, whose own type promises more than a venue keeps. */
export type Reply = Promise<unknown>;

/** A call in progress: venue time of its newest reply, UTC ms. */
interface Reading {
  asOfMs: number;
}

/**
 * The connection to one venue: ccxt's client over this project's transport. Every call passes the rate limit, the
 * deadline and the retry table.
 */
export class Wire {
  readonly origin: string;
  /** longest time in ms without a reply of a call that was let through: its deadline in each of its attempts */
  readonly patienceMs: number;
  private readonly limiter: Limiter;
  private requests = 0;
  private retries = 0;
  private bannedUntil = -Infinity;
  private anchor: {venueMs: number; monotonicMs: number} | undefined;

  constructor(
    client: Ccxt,
    private readonly options: WireOptions
  ) {
    const {clock, url, deadlineMs, concurrency, limits, dialect, inspect = false, writes = false} = options;
    this.limiter = new Limiter({clock, limits, concurrency});
    this.patienceMs = deadlineMs * ATTEMPTS;
    const origins = prepare(client, url);
    this.origin = url?.replace(/\/+$/, "") ?? origins[0]!;
    client.fetch = createTransport({
      limiter: this.limiter,
      clock,
      dialect,
      deadlineMs,
      origins,
      parse: (text) => client.parseJson(text) as unknown,
      onRequest: () => this.requests++,
      onRefusal: (refusal, attempt) => this.applyRefusal(refusal, attempt),
      venueNow: () => this.venueNow(),
      posts: inspect || writes,
      ...(inspect && {
        inspect: (reply, text, parsed) => {
          const headers = Object.fromEntries(reply.headers);
          try {
            client.handleErrors(reply.status, reply.statusText, reply.url, "GET", headers, text, parsed, {}, undefined);
          } catch (error) {
            throw translate(error);
          }
        }
      })
    }) as Ccxt["fetch"];
  }

  /**
   * Repeats one call until its reply is usable or its failure is final.
   * @param name label of the request in errors, e.g. `bybit funding/history BTCUSDT`
   * @param request the ccxt call
   * @param read parses the reply; throws Refusal for one that does not answer this call
   * @throws ExchangeError, or the signal's reason
   */
  call<T, R>(
    name: string,
    {priority, signal, pulse, atOnce = false}: CallOptions & {atOnce?: boolean},
    request: () => Promise<T>,
    read: (reply: T, reading: Reading) => Attempt<R>
  ): Promise<R> {
    const {clock, codes, random} = this.options;
    return withRetries(
      name,
      async (attempt) => {
        const call: Call = {...(priority && {priority}), signal, pulse, attempt, atOnce};
        const reply = await this.once(request, call);
        return read(reply, {asOfMs: call.reply?.venueMs ?? this.venueNow()});
      },
      {
        clock,
        codes,
        random,
        applyRefusal: (refusal, attempt) => this.applyRefusal(refusal, attempt),
        onRetry: () => this.retries++,
        resync: () => this.resync({priority, signal, pulse})
      },
      signal
    );
  }

  /** Measures the venue's clock against this machine's from one reply, less half its round trip. */
  async serverTime(
    name: string,
    options: CallOptions & {atOnce?: boolean},
    read: (reply: unknown, headerMs: number | undefined) => number
  ) {
    const measured: Call = {};
    return this.call(
      name,
      options,
      async () => {
        const reply = await this.options.time();
        Object.assign(measured, calls.getStore());
        return reply;
      },
      (reply) => {
        const {sentMs, arrivedMs, wallMs, venueMs: headerMs} = measured.reply!;
        const venueMs = read(reply, headerMs);
        if (!Number.isFinite(venueMs)) throw new Refusal("content", "the reply has no time");
        return {
          value: {venueMs, skewMs: Math.round(venueMs - (wallMs - (arrivedMs - sentMs) / 2))},
          doubtful: false
        };
      }
    );
  }

  /**
   * Returns the venue's time, UTC ms: its newest reply plus the time elapsed, or this machine's clock before any reply.
   */
  venueNow(): number {
    const {clock} = this.options;
    if (!this.anchor) return Math.floor(clock.now());
    return Math.floor(this.anchor.venueMs + clock.monotonic() - this.anchor.monotonicMs);
  }

  usage(): Usage {
    const {clock, mainLimit} = this.options;
    const left = this.bannedUntil - clock.monotonic();
    return {
      requests: this.requests,
      retries: this.retries,
      ...this.limiter.usage(mainLimit),
      bannedUntilMs: left > 0 ? Math.round(clock.now() + left) : undefined
    };
  }

  /** Sends nothing before an instant of the monotonic clock, because another client of the venue was banned. */
  stopUntil(monotonicMs: number): void {
    this.bannedUntil = Math.max(this.bannedUntil, monotonicMs);
    this.limiter.pauseUntil(this.bannedUntil);
  }

  /**
   * Sends a request that must not be repeated, such as an order. Never retries.
   * @throws Refusal, or the signal's reason
   */
  async once<T>(request: () => Promise<T>, call: Call): Promise<T> {
    const reply = await calls.run(call, async () => {
      try {
        return await request();
      } catch (error) {
        throw translate(error);
      }
    });
    this.observe(call);
    return reply;
  }

  throttle(share: number): void {
    this.limiter.share = share;
  }

  /** Pauses every call to this venue for as long as a refusal requires. */
  private applyRefusal(refusal: Refusal, attempt: number): void {
    if (refusal.applied) return;
    refusal.applied = true;
    const {clock, codes, random} = this.options;
    const reaction = classify(refusal, codes);
    const now = clock.monotonic();
    if (reaction.act === "ban") {
      this.bannedUntil = Math.max(this.bannedUntil, now + reaction.waitMs);
      this.limiter.pauseUntil(this.bannedUntil);
      this.options.onBan?.(this.bannedUntil);
    } else if (reaction.act === "pause") {
      this.limiter.pauseUntil(now + (reaction.waitMs ?? backoff(LIMIT_BACKOFF_MS, attempt, random)));
    }
  }

  private observe({reply}: Call): void {
    if (reply?.venueMs !== undefined) this.anchor = {venueMs: reply.venueMs, monotonicMs: reply.arrivedMs};
  }

  private async resync(options: CallOptions): Promise<void> {
    const call: Call = {...options};
    await calls.run(call, this.options.time).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (!(error instanceof Refusal)) throw error;
    });
    this.observe(call);
  }
}

/**
 * Disables ccxt's own limiter, retries and logs, and redirects every URL to `url` where given.
 * @returns the origins that requests may go to
 */
function prepare(client: Ccxt, url: string | undefined): string[] {
  client.enableRateLimit = false;
  client.verbose = false;
  client.userAgent = {"User-Agent": "carrybook"};
  client.options["maxRetriesOnFailure"] = 0;
  const base = url?.replace(/\/+$/, "");
  const replaced = (value: unknown): unknown => {
    if (typeof value === "string") return base === undefined ? value : value.replace(/^(https?|wss?):\/\/[^/]+/, base);
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner)]));
  };
  const urls = client.urls as Record<string, unknown>;
  for (const [key, value] of Object.entries(urls)) urls[key] = replaced(value);
  const found = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === "string" && /^https?:/.test(value)) {
      found.add(new URL(client.implodeHostname(value)).origin);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  collect(urls["api"]);
  return [...found];
}

/** Converts an error that ccxt raised while parsing a reply into a refusal. */
function translate(error: unknown): unknown {
  if (error instanceof Refusal || !(error instanceof Error)) return error;
  const names: string[] = [];
  for (let c: unknown = error.constructor; typeof c === "function"; c = Object.getPrototypeOf(c)) {
    names.push((c as {name: string}).name);
  }
  if (!names.includes("BaseError")) return error;
  if (names.includes("RateLimitExceeded") || names.includes("DDoSProtection")) {
    return new Refusal("answer", error.message.slice(0, 160), {status: 429});
  }
  if (names.includes("OperationFailed")) return new Refusal("content", error.message.slice(0, 160));
  return new Refusal("answer", error.message.slice(0, 160), {status: 400});
}
