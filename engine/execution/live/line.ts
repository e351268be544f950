import type {bybit as Bybit} from "ccxt";
import {CODES, DIALECT, envelope} from "../../../loaders/exchange/bybit-wire.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import {listOf, objectOf, type Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {CallOptions, Clock, Exchange} from "../../../loaders/exchange/types.js";
import {Wire} from "../../../loaders/exchange/wire.js";
import type {Keys} from "../../config/secrets.js";

export interface AccountOptions {
  clock: Clock;
  random: () => number;
  /** replaces every host of the venue's API */
  url?: string | undefined;
  keys: Keys;
  deadlineMs?: number;
  /** the market-data client; a ban of one pauses the other */
  market?: Exchange | undefined;
  /** bypasses every queue and pause, for emergency stops */
  atOnce?: boolean;
  /** rejects every write, for a dry run */
  reads?: boolean;
}

type Reply = Promise<unknown>;

/**
 * Bybit allows 600 requests per IP in five seconds; the market-data client uses at most 80 % of them. Account requests
 * therefore never queue behind a backfill.
 */
const LIMITS = {account: {perWindow: 150, windowMs: 5_000}};
const MAX_PAGES = 40;
const RECV_WINDOW_MS = 5_000;

/** Signed connection to one account. Reads are retried; writes are sent once, whatever the reply. */
export class AccountLine {
  readonly origin: string;
  readonly #wire: Wire;
  readonly #client: Bybit;
  readonly #atOnce: boolean;
  readonly #reads: boolean;

  protected constructor(
    client: Bybit,
    {clock, random, url, keys, deadlineMs = 5_000, market, atOnce = false, reads = false}: AccountOptions
  ) {
    this.#client = client;
    this.#atOnce = atOnce;
    this.#reads = reads;
    client.apiKey = keys.apiKey;
    client.secret = keys.secret;
    client.options["recvWindow"] = RECV_WINDOW_MS;
    this.#wire = new Wire(client, {
      clock,
      random,
      url,
      deadlineMs,
      concurrency: 24,
      limits: LIMITS,
      mainLimit: "account",
      dialect: {...DIALECT, costs: () => ({account: 1})},
      codes: CODES,
      time: () => client.publicGetV5MarketTime() as Reply,
      writes: true,
      onBan: (until) => market?.stopUntil?.(until)
    });
    client.nonce = () => this.#wire.venueNow();
    this.origin = this.#wire.origin;
    if (market) market.onBan = (until) => this.#wire.stopUntil(until);
  }

  /** Must never be displayed; only its digest may. */
  protected get apiKey(): string {
    return this.#client.apiKey;
  }

  /** Synchronises with the venue's clock, whose time every signature includes. */
  async syncClock(options: CallOptions = {}): Promise<void> {
    await this.#wire.serverTime("bybit time", {...options, atOnce: this.#atOnce}, (reply) => envelope(reply).time);
  }

  /** The venue's current time, UTC ms, as estimated here. */
  get venueMs(): number {
    return this.#wire.venueNow();
  }

  get usage() {
    return this.#wire.usage();
  }

  /** Sends one write, once. @throws Refusal; RangeError in a dry run */
  protected async post(
    path: string,
    params: Fields,
    {atOnce = this.#atOnce, signal}: {atOnce?: boolean; signal?: AbortSignal} = {}
  ) {
    if (this.#reads) throw new RangeError(`invalid request: ${path} in a dry run`);
    const reply = await this.#redacted(
      this.#wire.once(() => this.#client.request(path, "private", "POST", params) as Reply, {
        priority: "live",
        ...(signal && {signal}),
        attempt: 1,
        atOnce
      })
    );
    return envelope(reply).result;
  }

  protected get<T>(path: string, params: Fields, read: (result: Fields) => T, {signal}: CallOptions = {}): Promise<T> {
    return this.#redacted(
      this.#wire.call(
        `bybit ${path.slice(3)}`,
        {priority: "live", signal, atOnce: this.#atOnce},
        () => this.#client.request(path, "private", "GET", params) as Reply,
        (reply) => ({value: read(envelope(reply).result), doubtful: false})
      )
    );
  }

  /** Redacts the keys in errors: the venue's message for a bad signature quotes the signed text. */
  async #redacted<T>(reply: Promise<T>): Promise<T> {
    try {
      return await reply;
    } catch (error) {
      const {apiKey, secret} = this.#client;
      for (let e = error; e instanceof Error; e = e.cause)
        for (const word of [apiKey, secret]) if (word) e.message = e.message.replaceAll(word, "[redacted]");
      throw error;
    }
  }

  /** Returns the rows of all pages, newest first. @throws Refusal beyond {@link MAX_PAGES} pages */
  protected async pages(path: string, params: Fields, options?: CallOptions): Promise<Fields[]> {
    const rows: Fields[] = [];
    for (let cursor = "", page = 0; page < MAX_PAGES; page++) {
      const {list, next} = await this.get(
        path,
        {...params, ...(cursor && {cursor})},
        (result) => ({
          list: listOf(result["list"]).map(objectOf),
          next: textOf(result["nextPageCursor"]) ?? ""
        }),
        options
      );
      rows.push(...list);
      if (next === "" || list.length === 0 || next === cursor) return rows;
      cursor = next;
    }
    throw new Refusal("content", `${path} has more than ${MAX_PAGES} pages`);
  }

  /** Reads a long time span in windows of `longestMs`, the longest span of one request. Times in UTC ms. */
  protected async windows(
    path: string,
    query: Fields,
    {startTime, nowMs, longestMs}: {startTime: number; nowMs: number; longestMs: number},
    options?: CallOptions
  ): Promise<Fields[]> {
    const rows: Fields[] = [];
    let from = startTime;
    for (; nowMs - from > longestMs; from += longestMs)
      rows.push(...(await this.pages(path, {...query, startTime: from, endTime: from + longestMs - 1}, options)));
    rows.push(...(await this.pages(path, {...query, startTime: from}, options)));
    return rows;
  }
}
