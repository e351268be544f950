import {AsyncLocalStorage} from "node:async_hooks";
import {Refusal} from "./classify.js";
import type {Costs, Limiter} from "./limiter.js";
import type {CallOptions, Clock} from "./types.js";

/** What a venue's replies look like from outside, whoever parses them later. */
export interface Dialect {
  /** what a request counts against which limit */
  costs: (url: URL) => Costs;
  /** the venue's error code inside a body that arrived, undefined when it is none */
  code: (body: unknown) => {code: string; message: string} | undefined;
  /** how long a refusal asks to wait, in ms, by its headers and the venue's own time */
  wait: (headers: Headers, venueMs: number) => number | undefined;
  /** the instant the venue wrote the reply at, where its body or headers tell */
  time: (body: unknown, headers: Headers) => number | undefined;
}

/** What a call hands to the requests made inside it, and what it learns from them. */
export interface Call extends CallOptions {
  /** which try of the call this is, from 1 */
  attempt?: number;
  /** goes out at once, whatever the limit: an emergency */
  atOnce?: boolean;
  /** of the newest reply: the venue's time, and when it was sent and had arrived on the monotonic and the wall clock */
  reply?: {venueMs: number | undefined; sentMs: number; arrivedMs: number; wallMs: number};
}

export interface TransportOptions {
  limiter: Limiter;
  clock: Clock;
  dialect: Dialect;
  deadlineMs: number;
  /** every request must begin with one of these: a replaced base URL can never leak to the real venue */
  origins: readonly string[];
  /** parses JSON as the client expects it; undefined for what is none */
  parse: (text: string) => unknown;
  onRequest: () => void;
  /** called before the next request can go out: a ban must stop those that wait already */
  onRefusal: (refusal: Refusal, attempt: number) => void;
  /** the venue's present as far as it is known, for refusals that do not tell it */
  venueNow: () => number;
  /** lets the client read by POST, as some venues want it; it has no keys, so that it can do nothing else */
  posts?: boolean;
  /** looks into a reply that arrived whole; throws what the client's own error table says */
  inspect?: (reply: Response, text: string, parsed: unknown) => void;
}

/** The call that the requests of an asynchronous chain belong to: ccxt's methods have no place for it. */
export const calls = new AsyncLocalStorage<Call>();

export type Transport = (
  url: string,
  method?: string,
  headers?: Record<string, string>,
  body?: string
) => Promise<unknown>;

/**
 * One request under the venue's limit and a deadline that covers the reply's body too, given out only when it is whole,
 * is JSON and carries no error code. Replaces ccxt's own `fetch`, whose time-out ends with the headers and which takes
 * what is not JSON for an empty answer.
 * @throws Refusal for all else, and the signal's reason
 */
export function createTransport(options: TransportOptions): Transport {
  const {
    limiter,
    clock,
    dialect,
    deadlineMs,
    origins,
    parse,
    onRequest,
    onRefusal,
    venueNow,
    inspect,
    posts = false
  } = options;
  const {deadline = realDeadline} = clock;
  return async (address, method = "GET", headers = {}, body = undefined) => {
    if (method !== "GET" && !posts) throw new RangeError(`invalid method: ${method} (this client only reads)`);
    const url = new URL(address);
    if (!origins.includes(url.origin)) throw new RangeError(`invalid address: ${url.origin} is not this venue`);
    const call = calls.getStore() ?? {};
    const release = call.atOnce
      ? () => undefined
      : await limiter.acquire(dialect.costs(url), call.priority, call.signal);
    const cut = new AbortController();
    const stop = () => cut.abort(call.signal?.reason);
    call.signal?.addEventListener("abort", stop, {once: true});
    if (call.signal?.aborted) stop();
    const giveUp = () => cut.abort(new Refusal("deadline", `no whole reply within ${deadlineMs} ms`));
    const arrived = deadline(deadlineMs, giveUp, `${method} ${url.pathname}${url.search} ${body ?? ""}`);
    const sentMs = clock.monotonic();
    let whole = false;
    try {
      onRequest();
      const reply = await fetch(url, {method, headers, body: body ?? null, signal: cut.signal, redirect: "manual"});
      const text = await reply.text();
      whole = true;
      const arrivedMs = clock.monotonic();
      const parsed = parse(text.trim());
      const venueMs = dialect.time(parsed, reply.headers);
      const refused = dialect.code(parsed);
      if (!reply.ok || refused) {
        const waitMs = dialect.wait(reply.headers, venueMs ?? venueNow());
        throw new Refusal("answer", refused?.message || reply.statusText || "refused", {
          status: reply.status,
          ...(refused && {code: refused.code}),
          body: text,
          waitMs
        });
      }
      if (parsed === undefined)
        throw new Refusal("content", "the reply is not whole JSON", {status: reply.status, body: text});
      inspect?.(reply, text, parsed);
      call.reply = {venueMs, sentMs, arrivedMs, wallMs: clock.now()};
      return parsed;
    } catch (error) {
      if (error instanceof Refusal) {
        onRefusal(error, call.attempt ?? 1);
        throw error;
      }
      call.signal?.throwIfAborted();
      if (cut.signal.aborted) throw cut.signal.reason;
      if (whole) throw error;
      throw new Refusal("connection", causeOf(error));
    } finally {
      arrived();
      call.signal?.removeEventListener("abort", stop);
      release();
    }
  };
}

const realDeadline = (ms: number, giveUp: () => void): (() => void) => {
  const timer = setTimeout(giveUp, ms);
  return () => clearTimeout(timer);
};

/** The words of the innermost cause: fetch itself only says that it failed. */
function causeOf(error: unknown): string {
  let inner = error as {cause?: unknown; message?: string; code?: string};
  while (inner.cause instanceof Error) inner = inner.cause as typeof inner;
  return (inner.message || inner.code || String(error)).toLowerCase();
}

/** `retry-after` in ms: seconds, or an HTTP date against the venue's own time. */
export function retryAfterMs(headers: Headers, venueMs: number): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - venueMs);
}

/** The instant of the reply by its `date` header: whole seconds, rounded down, so never ahead of the venue. */
export function dateMs(headers: Headers): number | undefined {
  const at = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(at) ? undefined : at;
}
