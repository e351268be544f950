import {CODES} from "../../../loaders/exchange/bybit-wire.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {Clock} from "../../../loaders/exchange/types.js";
import {Decimal, text, ZERO} from "../../../src/lib/money/decimal.js";
import {failureText, legText, pairOfLeg, type CloseFailure, type Remainder} from "../../../src/lib/wire/emergency.js";
import {closedText, type ClosedLeg, type StopReport, type StopScope} from "../venue.js";
import type {BybitAccount} from "./account.js";
import {decimalField, textField} from "./fill.js";
import {wholeSteps, type PairMarkets} from "./markets.js";
import {FINAL_STATES, filledOf} from "./track.js";
import {verdictOf} from "./verdict.js";

interface StopOptions {
  account: BybitAccount;
  /** reads the venue's markets, by pair */
  markets: () => Promise<ReadonlyMap<string, PairMarkets>>;
  clock: Clock;
  signal: AbortSignal;
  /** unique per stop, part of each client id; at most eight letters and digits */
  stamp: string;
  /** reports each order and each failure */
  onProgress?: (line: string) => void;
  /** time limit, ms; default {@link TIME_LIMIT_MS} */
  forMs?: number;
}

/** Default time limit of a stop, ms. */
const TIME_LIMIT_MS = 90_000;
/** Delay before a retry, ms. */
const RETRY_MS = 500;
/** Bybit's codes for unknown keys, a wrong signature, missing rights and expired keys. */
const INVALID_KEYS = ["10003", "10004", "10005", "33004"];
/** Consecutive rounds without a fill after which the stop gives up. */
const IDLE_ROUNDS = 3;

/**
 * Flattens the account using only what the venue reports, never the engine's state: cancels every order, closes every
 * short, sells the engine's coins. Unanswered orders are retried under the same client id, so nothing is sold twice.
 * Never rejects: failures are in the report.
 * @param scope what may be sold, and which account the keys must belong to
 */
export const stopAtVenue = (scope: StopScope, options: StopOptions): Promise<StopReport> =>
  new VenueStop(options).run(scope);

/** A leg that is open at the venue. */
type OpenLeg = Extract<Remainder, {code: "short" | "coins"}>;

/** One closing order to send. */
interface ClosingOrder {
  /** the pair of a spot sale, the venue's symbol of a short */
  key: string;
  category: "spot" | "linear";
  symbol: string;
  leg: OpenLeg;
}

interface OpenAtVenue {
  tasks: ClosingOrder[];
  /** holdings that are not the engine's to close */
  others: Remainder[];
}

class VenueStop {
  readonly #options: StopOptions;
  readonly #untilMs: number;
  readonly #fills: string[] = [];
  readonly #done = new Map<string, ClosedLeg[]>();
  readonly #failed = new Map<string, CloseFailure>();
  /** pairs by the symbol of their perp, once the markets are known */
  #names: ReadonlyMap<string, string> = new Map();
  #orders = 0;

  constructor(options: StopOptions) {
    this.#options = options;
    this.#untilMs = options.clock.monotonic() + (options.forMs ?? TIME_LIMIT_MS);
  }

  get #expired(): boolean {
    return this.#options.signal.aborted || this.#options.clock.monotonic() >= this.#untilMs;
  }

  async run(scope: StopScope): Promise<StopReport> {
    const {account, signal} = this.#options;
    const cancelling = this.#retry("cancel all orders", async () => {
      await account.cancelAll();
      return {cancelled: true};
    });
    const listed = this.#retry("list the markets", this.#options.markets);
    if (scope.account !== undefined) {
      const key = await this.#retry("read whose keys these are", () => account.key({signal}));
      if (key?.account !== scope.account) {
        return this.#report(undefined, [
          key ? {code: "other-account", account: key.account, expected: scope.account} : {code: "account-unknown"}
        ]);
      }
    }
    // Shorts are closed first, without waiting for the markets: only they can be liquidated.
    let open = await this.#readOpen();
    await this.#sendAll(open?.tasks ?? []);
    const markets = scope.held.size > 0 ? await listed : new Map<string, PairMarkets>();
    this.#names = new Map([...(markets ?? [])].map(([pair, {perp}]) => [perp.symbol, pair]));
    for (let idle = 0; ;) {
      open = await this.#readOpen(scope, markets);
      if (!open || open.tasks.length === 0 || idle >= IDLE_ROUNDS || this.#expired) break;
      const before = this.#fills.length;
      await this.#sendAll(open.tasks);
      idle = this.#fills.length > before ? 0 : idle + 1;
      if (idle > 0) await this.#pause();
    }
    const cancelled = (await cancelling) !== undefined;
    const unknown: Remainder[] = [
      ...(open ? [] : [{code: "account-unread"} as const]),
      ...(cancelled ? [] : [{code: "orders-open"} as const]),
      ...(markets ? [] : [{code: "markets-unread"} as const])
    ];
    return this.#report(open, unknown);
  }

  #report(open: OpenAtVenue | undefined, unknown: readonly Remainder[]): StopReport {
    const pairOf = (key: string) => this.#names.get(key) ?? key;
    const legs = (open?.tasks ?? []).map(({key, category, leg}): OpenLeg => {
      const failure = this.#failed.get(`${category} ${key}`) ?? null;
      return leg.code === "short" ? {...leg, pair: this.#names.get(leg.symbol) ?? null, failure} : {...leg, failure};
    });
    const keys = [...[...this.#done.keys()].map(pairOf), ...legs.flatMap((leg) => pairOfLeg(leg) ?? [])];
    const pairs = [...new Set(keys)].sort().map((pair) => ({
      pair,
      closed: [...this.#done].flatMap(([key, closed]) => (pairOf(key) === pair ? closed : []))
    }));
    const remaining = [...legs, ...(open?.others ?? []), ...unknown];
    return {pairs, remaining, flat: remaining.length === 0, fills: this.#fills};
  }

  /** Reads what is open at the venue; coins only when `scope` is given. Returns undefined after the time limit. */
  async #readOpen(scope?: StopScope, markets?: ReadonlyMap<string, PairMarkets>): Promise<OpenAtVenue | undefined> {
    const {account, signal} = this.#options;
    const read = await this.#retry("read the account", () =>
      Promise.all([account.positions({signal}), account.balances({signal})])
    );
    if (!read) return undefined;
    const [positions, balances] = read;
    const open: OpenAtVenue = {tasks: [], others: []};
    for (const row of positions) {
      const symbol = textOf(row["symbol"]) ?? "?";
      const [size, side] = [textOf(row["size"]) ?? "0", textOf(row["side"])];
      if (side === "Sell") {
        open.tasks.push({
          key: symbol,
          category: "linear",
          symbol,
          leg: {code: "short", pair: null, symbol, quantity: size, failure: null}
        });
      } else open.others.push({code: "foreign-long", symbol, quantity: size});
    }
    for (const [pair, most] of scope?.held ?? []) {
      const market = markets?.get(pair);
      if (!market) {
        if (markets && most.gt(ZERO)) open.others.push({code: "no-market", pair, quantity: text(most)});
        continue;
      }
      const above = new Decimal(balances.get(market.coin) ?? "0").minus(scope!.before[market.coin] ?? "0");
      const coins = wholeSteps(market.spot, Decimal.min(most, above));
      if (!coins.gt(ZERO)) continue;
      const leg = {code: "coins", pair, coin: market.coin, quantity: text(coins), failure: null} as const;
      open.tasks.push({key: pair, category: "spot", symbol: market.spot.symbol, leg});
    }
    return open;
  }

  /** Sends all closing orders simultaneously. */
  async #sendAll(tasks: readonly ClosingOrder[]): Promise<void> {
    await Promise.all(tasks.map((task) => this.#order(task)));
  }

  async #order(task: ClosingOrder): Promise<void> {
    const {account, stamp} = this.#options;
    const {category, symbol, leg, key} = task;
    const spot = category === "spot";
    const orderLinkId = `stop-${stamp}-${symbol.slice(0, 14)}-${spot ? "s" : "p"}${++this.#orders}`;
    const order: Fields = {
      category,
      symbol,
      side: spot ? "Sell" : "Buy",
      orderType: "Market",
      qty: leg.quantity,
      timeInForce: "IOC",
      orderLinkId,
      ...(spot ? {isLeverage: 0, marketUnit: "baseCoin"} : {positionIdx: 0, reduceOnly: true})
    };
    const refused = await this.#send(order, legText(leg));
    if (refused !== undefined) return this.#fail(task, refused);
    const filled = await this.#retry(`follow ${orderLinkId}`, async () => {
      const found = await account.order(category, symbol, orderLinkId, {signal: this.#options.signal});
      if (!found || !FINAL_STATES.includes(textOf(found["orderStatus"]) ?? ""))
        throw new Refusal("content", "it has not ended");
      const done = filledOf(found);
      if (done.isZero()) return {done, status: textOf(found["orderStatus"])};
      const rows = await account.executionsOf(category, symbol, orderLinkId, {signal: this.#options.signal});
      const sum = rows.reduce((total, row) => total.plus(decimalField(row, "execQty")), ZERO);
      if (!sum.eq(done)) throw new Refusal("content", "its executions are not all there");
      for (const row of rows) this.#fills.push(textField(row, "execId"));
      return {done, status: textOf(found["orderStatus"])};
    });
    if (!filled) return this.#fail(task, {code: "unknown", order: orderLinkId});
    if (filled.done.isZero())
      return this.#fail(task, {code: "unfilled", order: orderLinkId, status: filled.status ?? null});
    const closed: ClosedLeg = {side: spot ? "sell" : "buy", quantity: text(filled.done), symbol};
    this.#done.set(key, [...(this.#done.get(key) ?? []), closed]);
    this.#options.onProgress?.(closedText(closed));
  }

  /** Sends an order until the venue acknowledges it, always under one client id. @returns the failure, if it was not */
  async #send(order: Fields, description: string): Promise<CloseFailure | undefined> {
    const {account, signal} = this.#options;
    while (!this.#expired) {
      try {
        await account.create(order, signal);
        return undefined;
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof Refusal)) return {code: "refused", message: (error as Error).message, venueCode: null};
        const verdict = verdictOf(error);
        if (verdict === "exists") return undefined;
        const {status, code, message} = error;
        if (code !== undefined && CODES.clock.includes(code)) await account.syncClock({signal}).catch(() => undefined);
        else if (verdict === "refused" && status !== 403 && status !== 429 && !CODES.limit.includes(code ?? ""))
          return {code: "refused", message, venueCode: code ?? null};
        this.#options.onProgress?.(`${description}: ${message}; asking again`);
        await this.#pause();
      }
    }
    return {code: "unanswered"};
  }

  #fail({key, category, leg}: ClosingOrder, failure: CloseFailure): void {
    this.#failed.set(`${category} ${key}`, failure);
    this.#options.onProgress?.(`${legText(leg)} could not be closed: ${failureText(failure)}`);
  }

  /** Retries until success or the time limit. @returns undefined on failure */
  async #retry<T extends object>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    let lastMessage: string | undefined;
    while (!this.#expired) {
      try {
        return await work();
      } catch (error) {
        const {message, cause} = error as Error;
        const refusal = error instanceof Refusal ? error : cause;
        // a retry cannot succeed with invalid keys
        const invalidKeys = refusal instanceof Refusal && INVALID_KEYS.includes(refusal.code ?? "");
        if (invalidKeys) return void this.#options.onProgress?.(`${what}: ${message}`);
        if (message !== lastMessage) this.#options.onProgress?.(`${what}: ${message}; trying again`);
        lastMessage = message;
        await this.#pause();
      }
    }
    return undefined;
  }

  #pause(): Promise<void> {
    return this.#options.clock.sleep(RETRY_MS, this.#options.signal).catch(() => undefined);
  }
}
