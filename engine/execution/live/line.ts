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
  /** the line that reads the market: a ban of one stops the other */
  market?: Exchange | undefined;
  /** passes every queue and every pause: the line of an emergency stop */
  atOnce?: boolean;
  /** refuses to change anything at the venue: a dry run */
  reads?: boolean;
}

type Reply = Promise<unknown>;

/**
 * What of the address's 600 requests in five seconds is left by the line that reads the market (at most 80 %): an account's
 * requests never queue behind a backfill.
 */
const LIMITS = {account: {perWindow: 150, windowMs: 5_000}};
const MOST_PAGES = 40;
const RECV_WINDOW_MS = 5_000;

/** The signed line to one account: reading retries; what changes something is sent once, whatever comes back. */
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

  /** Never shown: for a digest of it alone. */
  protected get apiKey(): string {
    return this.#client.apiKey;
  }

  /** Sets the line's clock by the venue's: a signature carries it. */
  async syncClock(options: CallOptions = {}): Promise<void> {
    await this.#wire.serverTime("bybit time", {...options, atOnce: this.#atOnce}, (reply) => envelope(reply).time);
  }

  /** The venue's present, as far as this line knows it. */
  get venueMs(): number {
    return this.#wire.venueNow();
  }

  get usage() {
    return this.#wire.usage();
  }

  /** Sends one thing that changes something, once. @throws Refusal */
  protected async post(
    path: string,
    params: Fields,
    {atOnce = this.#atOnce, signal}: {atOnce?: boolean; signal?: AbortSignal} = {}
  ) {
    if (this.#reads) throw new RangeError(`invalid request: ${path} in a dry run`);
    const reply = await this.#secretly(
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
    return this.#secretly(
      this.#wire.call(
        `bybit ${path.slice(3)}`,
        {priority: "live", signal, atOnce: this.#atOnce},
        () => this.#client.request(path, "private", "GET", params) as Reply,
        (reply) => ({value: read(envelope(reply).result), doubtful: false})
      )
    );
  }

  /** The venue's words for a bad signature quote what was signed, the key included: no error leaves with it. */
  async #secretly<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      const {apiKey, secret} = this.#client;
      for (let e = error; e instanceof Error; e = e.cause)
        for (const word of [apiKey, secret]) if (word) e.message = e.message.replaceAll(word, "[redacted]");
      throw error;
    }
  }

  /** Every row over all cursors, newest first as the venue gives them. */
  protected async pages(path: string, params: Fields, options?: CallOptions): Promise<Fields[]> {
    const rows: Fields[] = [];
    for (let cursor = "", page = 0; page < MOST_PAGES; page++) {
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
    throw new Refusal("content", `${path} has more than ${MOST_PAGES} pages`);
  }

  /** A long stretch in windows, since a start alone reaches no further than the venue's own longest one. */
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
