import {AsyncLocalStorage} from "node:async_hooks";
import {Refusal} from "./classify.js";
import {realDeadline} from "./clock.js";
import type {Costs, Limiter} from "./limiter.js";
import type {CallOptions, Clock} from "./types.js";

/** A venue's rules for costs, errors, waits and time of raw requests and replies, before they are parsed. */
export interface Dialect {
  /** cost of a request by limit */
  costs: (url: URL) => Costs;
  /** the venue's error code in a body; undefined for success */
  code: (body: unknown) => {code: string; message: string} | undefined;
  /** the wait that a refusal requests, in ms, from its headers and the venue's time */
  wait: (headers: Headers, venueMs: number) => number | undefined;
  /** venue time of the reply, UTC ms; undefined where neither body nor headers have it */
  time: (body: unknown, headers: Headers) => number | undefined;
}

/** Longest body of a reply in bytes, after decompression. The longest honest ones, lists of markets, have half of it. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Requests of one attempt at one call, above which its pages are taken never to end. */
const MAX_REQUESTS = 200;

/** Context that a call passes to its requests, and what they measured. */
export interface Call extends CallOptions {
  /** number of this attempt, from 1 */
  attempt?: number;
  /** true bypasses the limit: an emergency */
  atOnce?: boolean;
  /** requests of this attempt so far */
  requests?: number;
  /** of the newest reply: venue time, monotonic send and arrival times, wall arrival time; all in ms */
  reply?: {venueMs: number | undefined; sentMs: number; arrivedMs: number; wallMs: number};
}

interface TransportOptions {
  limiter: Limiter;
  clock: Clock;
  dialect: Dialect;
  deadlineMs: number;
  /** allowed origins of requests: a client with a replaced base URL can never reach the real venue */
  origins: readonly string[];
  /** parses JSON as the client expects it; undefined when it is invalid */
  parse: (text: string) => unknown;
  onRequest: () => void;
  /** called before the next request is sent, so that a ban stops the queued ones */
  onRefusal: (refusal: Refusal, attempt: number) => void;
  /** the venue's time, UTC ms, for refusals that do not carry it */
  venueNow: () => number;
  /** true allows POST, for venues that read by POST and for clients with keys */
  posts?: boolean;
  /** checks a complete reply against the client's own error table; throws on a match */
  inspect?: (reply: Response, text: string, parsed: unknown) => void;
}

/** Call that the current asynchronous chain belongs to; ccxt's methods have no parameter for it. */
export const calls = new AsyncLocalStorage<Call>();

type Transport = (url: string, method?: string, headers?: Record<string, string>, body?: string) => Promise<unknown>;

/**
 * Creates a transport that sends one request under the venue's limit and a deadline that includes the body. It returns
 * only complete JSON without an error code. It replaces ccxt's `fetch`, whose timeout ends with the headers and which
 * reads anything but JSON as an empty reply.
 * @throws Refusal for every failure, or the signal's reason
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
    if (!origins.includes(url.origin))
      throw new RangeError(`invalid address: ${url.origin} does not belong to this venue`);
    const call = calls.getStore() ?? {};
    if (!call.atOnce) call.pulse?.("queued");
    const release = call.atOnce
      ? () => undefined
      : await limiter.acquire(dialect.costs(url), call.priority, call.signal).finally(() => call.pulse?.("admitted"));
    const abort = new AbortController();
    const stop = () => abort.abort(call.signal?.reason);
    call.signal?.addEventListener("abort", stop, {once: true});
    if (call.signal?.aborted) stop();
    const giveUp = () => abort.abort(new Refusal("deadline", `no complete reply within ${deadlineMs} ms`));
    const arrived = deadline(deadlineMs, giveUp, `${method} ${url.pathname}${url.search} ${body ?? ""}`);
    const sentMs = clock.monotonic();
    let complete = false;
    try {
      onRequest();
      if ((call.requests = (call.requests ?? 0) + 1) > MAX_REQUESTS)
        throw new Refusal("content", `the pages do not end: ${MAX_REQUESTS} requests for one call`);
      call.pulse?.("sent");
      const sending = fetch(url, {method, headers, body: body ?? null, signal: abort.signal, redirect: "manual"});
      const reply = await race(sending, abort.signal);
      const text = await readBody(reply, abort.signal);
      call.pulse?.("answered");
      complete = true;
      const arrivedMs = clock.monotonic();
      const parsed = parseReply(parse, text.trim());
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
        throw new Refusal("content", "the reply is not complete JSON", {status: reply.status, body: text});
      inspect?.(reply, text, parsed);
      call.reply = {venueMs, sentMs, arrivedMs, wallMs: clock.now()};
      return parsed;
    } catch (error) {
      if (error instanceof Refusal) {
        onRefusal(error, call.attempt ?? 1);
        throw error;
      }
      call.signal?.throwIfAborted();
      if (abort.signal.aborted) throw abort.signal.reason;
      if (complete) throw error;
      throw new Refusal("connection", causeOf(error));
    } finally {
      arrived();
      call.signal?.removeEventListener("abort", stop);
      release();
    }
  };
}

/**
 * Resolves or rejects like `work`; rejects when the signal aborts. Not every part of a reply heeds its signal: a body that claims
 * to be gzip and is not may never end.
 */
function race<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, {once: true});
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/**
 * Reads a body as text, counted as it is decompressed.
 * @throws Refusal for one of more than {@link MAX_BYTES}, or the signal's reason
 */
async function readBody(reply: Response, signal: AbortSignal): Promise<string> {
  if (reply.body === null) return "";
  const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let bytes = 0;
  let ended = false;
  try {
    for (;;) {
      const {done, value} = await race(reader.read(), signal);
      if (done) break;
      bytes += value.byteLength;
      if (bytes > MAX_BYTES)
        throw new Refusal("content", `the reply is longer than ${MAX_BYTES / 1024 ** 2} MB`, {status: reply.status});
      texts.push(decoder.decode(value, {stream: true}));
    }
    ended = true;
  } finally {
    if (!ended) void reader.cancel().catch(() => undefined);
  }
  texts.push(decoder.decode());
  return texts.join("");
}

/** Parses a body as the client does; a bare number, which some venues send as their time, stays text. */
function parseReply(parse: (text: string) => unknown, text: string): unknown {
  const parsed = parse(text);
  return parsed === undefined && /^\d+(\.\d+)?$/.test(text) ? text : parsed;
}

/** Returns the message of the innermost cause: fetch itself only says that it failed. */
function causeOf(error: unknown): string {
  let inner = error as {cause?: unknown; message?: string; code?: string};
  while (inner.cause instanceof Error) inner = inner.cause as typeof inner;
  return (inner.message || inner.code || String(error)).toLowerCase();
}

/** Parses `retry-after` to ms: seconds, or an HTTP date relative to the venue's time. */
export function retryAfterMs(headers: Headers, venueMs: number): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - venueMs);
}

/** Parses the `date` header to UTC ms: whole seconds, rounded down, so never ahead of the venue. */
export function dateMs(headers: Headers): number | undefined {
  const at = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(at) ? undefined : at;
}
