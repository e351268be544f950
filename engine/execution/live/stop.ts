import {CODES} from "../../../loaders/exchange/bybit-wire.js";
import {Refusal} from "../../../loaders/exchange/classify.js";
import type {Fields} from "../../../loaders/exchange/fields.js";
import {textOf} from "../../../loaders/exchange/page.js";
import type {Clock} from "../../../loaders/exchange/types.js";
import {Decimal, text, ZERO} from "../../../src/lib/money/decimal.js";
import type {StopReport, StopScope} from "../venue.js";
import type {BybitAccount} from "./account.js";
import {decimalField, textField} from "./fill.js";
import {wholeSteps, type PairMarkets} from "./markets.js";
import {ENDED, filledOf} from "./track.js";
import {verdictOf} from "./verdict.js";

interface StopOptions {
  account: BybitAccount;
  /** the pairs' markets as the venue lists them: their names and steps */
  markets: () => Promise<ReadonlyMap<string, PairMarkets>>;
  clock: Clock;
  signal: AbortSignal;
  /** at most eight letters and digits, part of each order's name: another stop has another */
  stamp: string;
  /** hears of each thing that is done or fails */
  say?: (line: string) => void;
  /** how long it goes on trying, ms */
  forMs?: number;
}

/** How long a stop goes on trying by itself, ms. */
const FOR_MS = 90_000;
/** Between two tries at what the venue did not answer, ms. */
const AGAIN_MS = 500;
/** The venue does not know the keys, their secret is wrong, they have expired, they lack the right. */
const HOPELESS = ["10003", "10004", "10005", "33004"];
/** Rounds in a row that change nothing before what is left is for a person. */
const IDLE_ROUNDS = 3;

/**
 * Closes everything on an account at the venue itself, by the venue's own word and nobody's memory: takes every order
 * back, buys every short back, sells the coins that are the engine's. What the venue does not answer is asked again under
 * the same name, which it knows by then if it took it: nothing is sold twice. It never fails: what could not be done is in
 * the report.
 * @param scope what may be sold, and whose the keys must be
 */
export const stopAtVenue = (scope: StopScope, options: StopOptions): Promise<StopReport> =>
  new VenueStop(options).run(scope);

/** One thing to be sold or bought back. */
interface Task {
  /** the pair of coins, the venue's symbol of a short */
  key: string;
  category: "spot" | "linear";
  symbol: string;
  quantity: string;
  says: string;
}

interface Look {
  tasks: Task[];
  /** what is there and is not ours to close, in words */
  others: string[];
}

class VenueStop {
  readonly #options: StopOptions;
  readonly #untilMs: number;
  readonly #fills: string[] = [];
  readonly #done = new Map<string, string[]>();
  readonly #failed = new Map<string, string>();
  /** pairs by the symbol of their perp, once the markets are known */
  #names: ReadonlyMap<string, string> = new Map();
  #orders = 0;

  constructor(options: StopOptions) {
    this.#options = options;
    this.#untilMs = options.clock.monotonic() + (options.forMs ?? FOR_MS);
  }

  get #over(): boolean {
    return this.#options.signal.aborted || this.#options.clock.monotonic() >= this.#untilMs;
  }

  async run(scope: StopScope): Promise<StopReport> {
    const {account, signal} = this.#options;
    const cancelling = this.#insist("cancel all orders", async () => {
      await account.cancelAll();
      return {cancelled: true};
    });
    const listed = this.#insist("list the markets", this.#options.markets);
    if (scope.account !== undefined) {
      const key = await this.#insist("read whose keys these are", () => account.key({signal}));
      if (key?.account !== scope.account) {
        const whose = key ? `of account ${key.account}, the journal is of ${scope.account}` : "not known";
        return this.#report(undefined, [`whose the keys are: ${whose}; nothing was bought or sold`]);
      }
    }
    // Shorts are bought back before anything is known of coins: only they can be liquidated.
    let look = await this.#look();
    await this.#carryOut(look?.tasks ?? []);
    const markets = scope.held.size > 0 ? await listed : new Map<string, PairMarkets>();
    this.#names = new Map([...(markets ?? [])].map(([pair, {perp}]) => [perp.symbol, pair]));
    for (let idle = 0; ;) {
      look = await this.#look(scope, markets);
      if (!look || look.tasks.length === 0 || idle >= IDLE_ROUNDS || this.#over) break;
      const before = this.#fills.length;
      await this.#carryOut(look.tasks);
      idle = this.#fills.length > before ? 0 : idle + 1;
      if (idle > 0) await this.#pause();
    }
    const cancelled = (await cancelling) !== undefined;
    const unknown = [
      ...(look ? [] : ["the account could not be read"]),
      ...(cancelled ? [] : ["orders could not be cancelled"]),
      ...(markets ? [] : ["the spot markets could not be read, so no coin was sold"])
    ];
    return this.#report(look, unknown);
  }

  #report(look: Look | undefined, unknown: string[]): StopReport {
    const pairOf = (key: string) => this.#names.get(key) ?? key;
    const tasks = look?.tasks ?? [];
    const keys = [...this.#done.keys(), ...tasks.map(({key}) => key)];
    const pairs = [...new Set(keys.map(pairOf))].sort().map((pair) => {
      const closed = [...this.#done].flatMap(([key, said]) => (pairOf(key) === pair ? said : []));
      const left = tasks
        .filter(({key}) => pairOf(key) === pair)
        .map(({key, category, says}) => {
          const why = this.#failed.get(`${category} ${key}`);
          return `${says} left${why === undefined ? "" : ` (${why})`}`;
        });
      return {pair, closed, left: left.join("; ") || null};
    });
    const left = [
      ...pairs.flatMap(({pair, left}) => (left === null ? [] : [`${pair}: ${left}`])),
      ...(look?.others ?? []),
      ...unknown
    ];
    return {pairs, left, flat: left.length === 0, fills: this.#fills};
  }

  /** What the venue says is open; coins only once it is known which are the engine's. Undefined when time is over. */
  async #look(scope?: StopScope, markets?: ReadonlyMap<string, PairMarkets>): Promise<Look | undefined> {
    const {account, signal} = this.#options;
    const read = await this.#insist("read the account", () =>
      Promise.all([account.positions({signal}), account.balances({signal})])
    );
    if (!read) return undefined;
    const [positions, balances] = read;
    const look: Look = {tasks: [], others: []};
    for (const row of positions) {
      const symbol = textOf(row["symbol"]) ?? "?";
      const [size, side] = [textOf(row["size"]) ?? "0", textOf(row["side"])];
      if (side === "Sell") {
        look.tasks.push({
          key: symbol,
          category: "linear",
          symbol,
          quantity: size,
          says: `a short of ${size} ${symbol}`
        });
      } else look.others.push(`a long position of ${size} ${symbol} is not the engine's and was left`);
    }
    for (const [pair, most] of scope?.held ?? []) {
      const market = markets?.get(pair);
      if (!market) {
        if (markets && most.gt(ZERO)) look.others.push(`${pair}: ${text(most)} coins, and no spot market is listed`);
        continue;
      }
      const above = new Decimal(balances.get(market.coin) ?? "0").minus(scope!.before[market.coin] ?? "0");
      const coins = wholeSteps(market.spot, Decimal.min(most, above));
      if (!coins.gt(ZERO)) continue;
      const quantity = text(coins);
      const {symbol} = market.spot;
      look.tasks.push({key: pair, category: "spot", symbol, quantity, says: `${quantity} ${market.coin}`});
    }
    return look;
  }

  /** A task of each category of a pair is a task of its own: the legs go out together. */
  async #carryOut(tasks: readonly Task[]): Promise<void> {
    await Promise.all(tasks.map((task) => this.#order(task)));
  }

  async #order(task: Task): Promise<void> {
    const {account, stamp} = this.#options;
    const {category, symbol, quantity, key} = task;
    const spot = category === "spot";
    const orderLinkId = `stop-${stamp}-${symbol.slice(0, 14)}-${spot ? "s" : "p"}${++this.#orders}`;
    const order: Fields = {
      category,
      symbol,
      side: spot ? "Sell" : "Buy",
      orderType: "Market",
      qty: quantity,
      timeInForce: "IOC",
      orderLinkId,
      ...(spot ? {isLeverage: 0, marketUnit: "baseCoin"} : {positionIdx: 0, reduceOnly: true})
    };
    const refused = await this.#send(order, task.says);
    if (refused !== undefined) return this.#fail(task, refused);
    const filled = await this.#insist(`follow ${orderLinkId}`, async () => {
      const found = await account.order(category, symbol, orderLinkId, {signal: this.#options.signal});
      if (!found || !ENDED.includes(textOf(found["orderStatus"]) ?? ""))
        throw new Refusal("content", "it has not ended");
      const done = filledOf(found);
      if (done.isZero()) return {done, status: textOf(found["orderStatus"])};
      const rows = await account.executionsOf(category, symbol, orderLinkId, {signal: this.#options.signal});
      const sum = rows.reduce((total, row) => total.plus(decimalField(row, "execQty")), ZERO);
      if (!sum.eq(done)) throw new Refusal("content", "its executions are not all there");
      for (const row of rows) this.#fills.push(textField(row, "execId"));
      return {done, status: textOf(found["orderStatus"])};
    });
    if (!filled) return this.#fail(task, `what became of order ${orderLinkId} is not known`);
    if (filled.done.isZero()) return this.#fail(task, `order ${orderLinkId}: ${filled.status?.toLowerCase()}`);
    const said = `${spot ? "sold" : "bought back"} ${text(filled.done)} ${symbol}`;
    this.#done.set(key, [...(this.#done.get(key) ?? []), said]);
    this.#options.say?.(said);
  }

  /** Sends an order until the venue says that it has it, under one name. @returns why it will not have it */
  async #send(order: Fields, says: string): Promise<string | undefined> {
    const {account, signal} = this.#options;
    while (!this.#over) {
      try {
        await account.create(order, signal);
        return undefined;
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof Refusal)) return (error as Error).message;
        const verdict = verdictOf(error);
        if (verdict === "exists") return undefined;
        const {status, code, message} = error;
        if (code !== undefined && CODES.clock.includes(code)) await account.syncClock({signal}).catch(() => undefined);
        else if (verdict === "refused" && status !== 403 && status !== 429 && !CODES.limit.includes(code ?? ""))
          return `${message}${code === undefined ? "" : ` (code ${code})`}`;
        this.#options.say?.(`${says}: ${message}; asking again`);
        await this.#pause();
      }
    }
    return "the venue did not answer in time";
  }

  #fail({key, category, says}: Task, why: string): void {
    this.#failed.set(`${category} ${key}`, why);
    this.#options.say?.(`${says} could not be closed: ${why}`);
  }

  /** Does something until it succeeds or time is over. @returns undefined then */
  async #insist<T extends object>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    let told: string | undefined;
    while (!this.#over) {
      try {
        return await work();
      } catch (error) {
        const {message, cause} = error as Error;
        const refusal = error instanceof Refusal ? error : cause;
        // keys that the venue does not take will not be taken the next time
        const hopeless = refusal instanceof Refusal && HOPELESS.includes(refusal.code ?? "");
        if (hopeless) return void this.#options.say?.(`${what}: ${message}`);
        if (message !== told) this.#options.say?.(`${what}: ${message}; trying again`);
        told = message;
        await this.#pause();
      }
    }
    return undefined;
  }

  #pause(): Promise<void> {
    return this.#options.clock.sleep(AGAIN_MS, this.#options.signal).catch(() => undefined);
  }
}
