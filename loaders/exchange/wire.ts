import type {Exchange as Ccxt} from "ccxt";
import {classify, Refusal, type Codes} from "./classify.js";
import {Limiter, type Limit} from "./limiter.js";
import {backoff, LIMIT_BACKOFF_MS, persist, type Attempt} from "./retry.js";
import {calls, createTransport, type Call, type Dialect} from "./transport.js";
import type {Usage} from "../../src/lib/wire/data.js";
import type {CallOptions, Clock} from "./types.js";

/** How a venue is spoken to; everything that touches time, chance or the network is handed in. */
export interface WireOptions {
  clock: Clock;
  /** uniform in [0, 1), for the jitter of retries */
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
  /** asks the venue for its time; its reply moves the clock */
  time: () => Promise<unknown>;
  /** lets ccxt look for the venue's error codes, where no table of ours does */
  inspect?: boolean;
  /** lets the client change something at the venue: one that holds keys */
  writes?: boolean;
  /** hears of every ban, so that another line to the same venue stops too */
  onBan?: (untilMonotonicMs: number) => void;
}

/** A call in progress: the instant of the newest reply, by the venue's own clock. */
export interface Reading {
  asOfMs: number;
}

/**
 * The line to one venue: ccxt's client with our transport in place of its own, and every call under the limit, the
 * deadline and the retry table.
 */
export class Wire {
  readonly origin: string;
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
      onRefusal: (refusal, attempt) => this.hold(refusal, attempt),
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
   * Makes one call until its reply can be read, or is known to be what it is.
   * @param name what is asked, for errors, e.g. `bybit funding/history BTCUSDT`
   * @param request the ccxt call
   * @param read turns the reply into the answer; throws Refusal for what is no reply to this call
   * @throws ExchangeError, or the signal's reason
   */
  call<T, R>(
    name: string,
    {priority, signal, atOnce = false}: CallOptions & {atOnce?: boolean},
    request: () => Promise<T>,
    read: (reply: T, reading: Reading) => Attempt<R>
  ): Promise<R> {
    const {clock, codes, random} = this.options;
    return persist(
      name,
      async (attempt) => {
        const call: Call = {...(priority && {priority}), signal, attempt, atOnce};
        const reply = await calls.run(call, async () => {
          try {
            return await request();
          } catch (error) {
            throw translate(error);
          }
        });
        this.observe(call);
        return read(reply, {asOfMs: call.reply?.venueMs ?? this.venueNow()});
      },
      {
        clock,
        codes,
        random,
        hold: (refusal, attempt) => this.hold(refusal, attempt),
        onRetry: () => this.retries++,
        resync: () => this.resync({priority, signal})
      },
      signal
    );
  }

  /** The venue's clock against this machine's, by one reply: half its round trip taken off. */
  async serverTime(name: string, options: CallOptions & {atOnce?: boolean}, read: (reply: unknown) => number) {
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
        const {sentMs, arrivedMs, wallMs} = measured.reply!;
        const venueMs = read(reply);
        if (!Number.isFinite(venueMs)) throw new Refusal("content", "the reply tells no time");
        return {
          value: {venueMs, skewMs: Math.round(venueMs - (wallMs - (arrivedMs - sentMs) / 2))},
          doubtful: false
        };
      }
    );
  }

  /** The venue's present, by its newest reply and the time that has passed since; else this machine's clock. */
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

  /** Nothing is sent before an instant of the monotonic clock: another line to the venue was banned. */
  stopUntil(monotonicMs: number): void {
    this.bannedUntil = Math.max(this.bannedUntil, monotonicMs);
    this.limiter.pauseUntil(this.bannedUntil);
  }

  /**
   * One attempt at something that must not be repeated: an order. No retry, whatever comes back.
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

  /** Stops every call of this venue as long as a refusal asks for. */
  private hold(refusal: Refusal, attempt: number): void {
    if (refusal.held) return;
    refusal.held = true;
    const {clock, codes, random} = this.options;
    const verdict = classify(refusal, codes);
    const now = clock.monotonic();
    if (verdict.act === "ban") {
      this.bannedUntil = Math.max(this.bannedUntil, now + verdict.waitMs);
      this.limiter.pauseUntil(this.bannedUntil);
      this.options.onBan?.(this.bannedUntil);
    } else if (verdict.act === "pause") {
      this.limiter.pauseUntil(now + (verdict.waitMs ?? backoff(LIMIT_BACKOFF_MS, attempt, random)));
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

/** Silences what ccxt would do on its own, and turns every address to `url` where one is given. */
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
      found.add(new URL((client as unknown as {implodeHostname: (u: string) => string}).implodeHostname(value)).origin);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  collect(urls["api"]);
  return [...found];
}

/** ccxt's own errors, raised where it reads a reply that our tables took for sound. */
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
