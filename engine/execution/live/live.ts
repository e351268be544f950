import type {Fill} from "../../../src/lib/ledger/fills.js";
import {Decimal, text, ZERO} from "../../../src/lib/money/decimal.js";
import {ConfigError} from "../../../loaders/errors.js";
import {textOf} from "../../../loaders/exchange/values.js";
import type {Clock, Exchange} from "../../../loaders/exchange/types.js";
import type {StrategyConfig} from "../../../src/lib/strategy/config.js";
import {executionConfig, type ExecutionConfig} from "../../config/execution.js";
import {
  messageOf,
  type Execution,
  type HedgeLegs,
  type Holdings,
  type LegOrder,
  type RealVenue,
  type StopReport,
  type Unfilled,
  type UnfilledOrder,
  type VenueNews
} from "../venue.js";
import type {Baseline} from "../../journal/events.js";
import type {BybitAccount} from "./account.js";
import {AccountBooks} from "./books.js";
import {decimalField} from "./fill.js";
import {aboveMaximum, pairMarkets, type PairMarkets} from "./markets.js";
import {newsOf} from "./news.js";
import type {LegOutcome} from "./orders.js";
import {resumeRound, sendRound, describeRound, type Round, type RoundOptions} from "./rounds.js";
import {SpreadMarkets} from "./spread-market.js";
import {stopAtVenue} from "./stop.js";

interface LiveOptions {
  account: BybitAccount;
  /** an unqueued connection for emergency stops; default: `account` */
  urgent?: BybitAccount | undefined;
  exchange: Exchange;
  clock: Clock;
  signal: AbortSignal;
  config: Pick<StrategyConfig, "leverage" | "spotFee" | "spotFeeIn">;
  /** order style; default: one taker order per leg */
  execution?: ExecutionConfig | undefined;
  /** alerts the operator immediately */
  alarm: (text: string, pair: string | null) => void;
  /** shows orders instead of sending them */
  dryRun?: ((order: string) => void) | undefined;
}

/** Bybit's name of the isolated margin mode. */
const ISOLATED = "ISOLATED_MARGIN";

/**
 * Trades a real account: sends the ladder's orders, waits for their final status, and reports fills it did not order.
 * Holdings come from the venue's balances, positions and executions, never from local arithmetic.
 */
export class LiveVenue extends AccountBooks implements RealVenue {
  readonly #options: LiveOptions;
  readonly #execution: ExecutionConfig;
  readonly #spreads: SpreadMarkets;
  readonly #ready = new Set<string>();
  #markets = new Map<string, PairMarkets>();
  /** aborts order sending when an emergency stop acts at the venue */
  #abortSending = new AbortController();
  #stopping: Promise<StopReport> | undefined;
  /** ids of emergency-stop executions that the ledger lacks */
  readonly #unbooked = new Set<string>();
  /** coins of spot purchases in flight, by client id */
  readonly #purchasesInFlight = new Map<string, {pair: string; coins: Decimal}>();

  constructor(options: LiveOptions) {
    super();
    this.#options = options;
    this.#execution = options.execution ?? executionConfig.parse({});
    this.#spreads = new SpreadMarkets(options.account, options.clock);
  }

  /** Returns the account's current state as the baseline of a new journal. @throws ConfigError unless it is flat */
  async readBaseline(): Promise<Baseline> {
    const {account} = this.#options;
    const [key, balances, positions] = await Promise.all([account.key(), account.balances(), account.positions()]);
    if (positions.length > 0) {
      const symbols = positions.map((row) => textOf(row["symbol"])).join(", ");
      throw new ConfigError(`invalid account: it has open positions (${symbols})`, {
        fix: "close them, or use an account (a sub-account) that the engine has for itself"
      });
    }
    return {ts: account.venueMs, account: key.account, balances: Object.fromEntries(balances)};
  }

  async accountId(): Promise<string> {
    return (await this.#options.account.key()).account;
  }

  /** Refreshes the markets' symbols and steps. */
  async list(): Promise<void> {
    const listed = pairMarkets(await this.#options.exchange.instruments({priority: "live"}));
    // a delisted market may still have coin or executions on the account
    this.#markets = new Map([...this.#markets, ...listed]);
  }

  async #marketsOf(pair: string): Promise<PairMarkets> {
    if (!this.#markets.has(pair)) await this.list();
    const markets = this.#markets.get(pair);
    if (!markets) throw new RangeError(`missing market: ${pair}`);
    return markets;
  }

  async execute(order: HedgeLegs, {resumed}: {resumed: boolean}): Promise<Execution> {
    const {dryRun} = this.#options;
    const {pair, act, legs} = order;
    const markets = await this.#marketsOf(pair);
    const round: Round = {act, legs, markets, patient: order.patient === true};
    const options = this.#roundOptions(pair);
    const none = (unfilled: Unfilled): Execution => ({
      fills: [],
      unfilled: legs.map((leg) => unfilledOrder(leg, unfilled))
    });
    if (dryRun) {
      const lines = await describeRound(round, options);
      for (const line of lines) dryRun(line);
      // one line per leg, or one for both
      const shown = (i: number): Unfilled => ({code: "not-sent", message: lines[i] ?? lines[0]!});
      return {fills: [], unfilled: legs.map((leg, i) => unfilledOrder(leg, shown(i)))};
    }
    if (!resumed && (this.#stopping || this.#unbooked.size > 0)) {
      return none({code: "withheld", message: "an emergency stop acts at the venue itself"});
    }
    if (resumed) return this.#sendTracked(legs, pair, () => resumeRound(round, options));
    if (act === "open") {
      const why = aboveMaximum(markets, legs) ?? (await this.#setMargin(markets));
      if (why !== undefined) return none({code: "refused", message: why});
    }
    return this.#sendTracked(legs, pair, () => sendRound(round, options));
  }

  /** Sends a round while registering its spot purchases, so that an emergency stop also sells their coins. */
  async #sendTracked(legs: readonly LegOrder[], pair: string, send: () => Promise<LegOutcome[]>): Promise<Execution> {
    for (const {clientId, market, side, quantity} of legs)
      if (market === "spot" && side === "buy") this.#purchasesInFlight.set(clientId, {pair, coins: quantity});
    try {
      return this.#executionOf(legs, await send());
    } finally {
      for (const {clientId} of legs) this.#purchasesInFlight.delete(clientId);
    }
  }

  #roundOptions(pair: string): RoundOptions {
    const {account, clock, signal, alarm, config} = this.#options;
    return {
      account,
      clock,
      signal,
      cut: AbortSignal.any([signal, this.#abortSending.signal]),
      execution: this.#execution,
      spreads: this.#spreads,
      coinFee: config.spotFeeIn === "base" ? config.spotFee : ZERO,
      onUnknown: (clientId, why) => alarm(`${pair}: the status of order ${clientId} is still unknown (${why})`, pair)
    };
  }

  #executionOf(legs: readonly LegOrder[], outcomes: readonly LegOutcome[]): Execution {
    const orders = outcomes.flatMap(({unfilled}, i) => (unfilled ? [unfilledOrder(legs[i]!, unfilled)] : []));
    for (const {clientId, code} of orders) if (code === "lost") this.lost.add(clientId);
    return {fills: outcomes.flatMap(({fills}) => fills), unfilled: orders};
  }

  /**
   * Sets a pair's margin mode and leverage and reads both back: the liquidation price of §3 depends on them.
   * @returns why the pair cannot be opened; undefined when it can
   */
  async #setMargin({perp, pair}: PairMarkets): Promise<string | undefined> {
    if (this.#ready.has(pair)) return undefined;
    const {account, config} = this.#options;
    const leverage = text(config.leverage);
    try {
      if ((await account.marginMode()) !== ISOLATED) await account.setMarginMode(ISOLATED);
      await account.setLeverage(perp.symbol, leverage);
      const [mode, position] = await Promise.all([account.marginMode(), account.position(perp.symbol)]);
      const set = textOf(position?.["leverage"]);
      if (mode !== ISOLATED) return `the margin mode is ${mode}, not ${ISOLATED}`;
      if (set === undefined || !new Decimal(set).eq(leverage))
        return `the leverage is ${set ?? "unknown"}, not ${leverage}`;
    } catch (error) {
      this.#options.signal.throwIfAborted();
      return `margin mode and leverage could not be set: ${(error as Error).message}`;
    }
    this.#ready.add(pair);
    return undefined;
  }

  override confirmForeign(pair: string, fill: Fill): void {
    super.confirmForeign(pair, fill);
    this.#unbooked.delete(fill.id ?? "");
  }

  /**
   * Returns events that no step ordered, since the newest step and for at least a day, never from before the baseline.
   */
  async news(venueMs: number, sinceMs: number): Promise<VenueNews> {
    if (this.#markets.size === 0) await this.list();
    const {account, signal} = this.#options;
    return newsOf({
      account,
      signal,
      markets: [...this.#markets.values()],
      seen: this.seen,
      lost: this.lost,
      baselineTs: this.baseline?.ts ?? venueMs,
      venueMs,
      sinceMs
    });
  }

  async holdings(): Promise<Holdings> {
    const {account, signal} = this.#options;
    if (this.#markets.size === 0) await this.list();
    const [balances, positions, spot, linear, spreads] = await Promise.all([
      account.balances({signal}),
      account.positions({signal}),
      account.openOrders("spot"),
      account.openOrders("linear"),
      this.#execution.style === "spread" ? account.openSpreads({signal}) : []
    ]);
    const before = (coin: string) => new Decimal(this.baseline?.balances[coin] ?? "0");
    const bySymbol = new Map(positions.map((row) => [textOf(row["symbol"]), row]));
    let sold = ZERO;
    for (const row of positions) sold = sold.plus(shortOf(row).times(decimalField(row, "avgPrice")));
    const pairs = [...this.#markets.values()].flatMap(({pair, coin, perp}) => {
      const row = bySymbol.get(perp.symbol);
      const coins = new Decimal(balances.get(coin) ?? "0").minus(before(coin));
      const short = row ? shortOf(row).times(perp.unit) : ZERO;
      return coins.isZero() && short.isZero() ? [] : [{pair, coins, short}];
    });
    const cash = new Decimal(balances.get("USDT") ?? "0").minus(before("USDT")).plus(sold);
    const names = new Set([...this.#markets.values()].flatMap(({spot, perp}) => [spot.symbol, perp.symbol]));
    const followed = [...spot, ...linear].filter((row) => names.has(textOf(row["symbol"]) ?? ""));
    const orders = [...followed, ...spreads].map((row) => textOf(row["orderLinkId"]) || textOf(row["orderId"]) || "?");
    return {cash, pairs, orders};
  }

  cancelAll(): Promise<void> {
    const {dryRun, account} = this.#options;
    return dryRun ? Promise.resolve() : account.cancelAll({spreads: this.#execution.style === "spread"});
  }

  stopAtVenue(given: ReadonlyMap<string, Decimal>): Promise<StopReport> {
    const {account, urgent = account, clock, signal, alarm, dryRun} = this.#options;
    if (dryRun) return Promise.resolve({pairs: [], remaining: [], flat: true, fills: []});
    const held = new Map(given);
    for (const {pair, coins} of this.#purchasesInFlight.values()) held.set(pair, (held.get(pair) ?? ZERO).plus(coins));
    this.#stopping ??= stopAtVenue(
      {held, before: this.baseline?.balances ?? {}},
      {
        account: urgent,
        markets: async () => {
          if (this.#markets.size === 0) await this.list();
          return this.#markets;
        },
        clock,
        signal,
        stamp: Math.trunc(clock.now()).toString(36),
        onProgress: (line) => alarm(`emergency stop: ${line}`, null)
      }
    )
      .then((report) => {
        for (const id of report.fills) if (!this.seen.has(id)) this.#unbooked.add(id);
        return report;
      })
      .finally(() => (this.#stopping = undefined));
    this.#abortSending.abort(new Error("an emergency stop acts at the venue itself"));
    this.#abortSending = new AbortController();
    return this.#stopping;
  }
}

const unfilledOrder = ({clientId}: LegOrder, {code, message}: Unfilled): UnfilledOrder => ({
  clientId,
  code,
  message: messageOf({code, message})
});

/** Returns the size of a short in the venue's unit; negative for a long. */
function shortOf(row: Record<string, unknown>): Decimal {
  const size = decimalField(row, "size");
  return textOf(row["side"]) === "Buy" ? size.neg() : size;
}
