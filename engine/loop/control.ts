import {setTimeout as wait} from "node:timers/promises";
import {UsageError} from "../../loaders/errors.js";
import {
  mayBeOpen,
  pairOfLeg,
  remainingTexts,
  type EmergencyReport,
  type Remainder
} from "../../src/lib/wire/emergency.js";
import type {EngineConfigReport, EngineSettings, RiskReport} from "../../src/lib/wire/trading.js";
import {text, ZERO, type Decimal} from "../../src/lib/money/decimal.js";
import {configEntries, parseConfig} from "../../src/lib/strategy/config.js";
import type {TradingControl} from "./commands.js";
import type {OnStop} from "../hub.js";
import {isReal, type RealVenue} from "../execution/venue.js";
import {emergencyInput} from "./emergency-input.js";
import type {PairInput} from "../journal/events.js";
import type {TradingLoop} from "./loop.js";
import {accountOf, positionsOf} from "./views.js";

/** An emergency stop refreshes prices older than this many cycle intervals. */
const FRESH_INTERVALS = 2;
/** An emergency stop waits this long for prices, ms; hedges without prices are retried later. */
const PRICES_MS = 1_500;
/**
 * Time for an orderly exit before the account is flattened at the venue, ms; on a real timer, never the injected clock.
 */
const ORDERLY_MS = 3_000;

type EmergencySource = "api" | "signal" | "file";

const LIMITS: EngineConfigReport["limits"] = {
  minRate: {says: "least rate per 8 h of an entry, a share; simple strategies only"},
  exitRate: {says: "rate per 8 h under which a hedge is left, a share"},
  maxPositionUsd: {least: "0", says: "spot notional of one hedge, in quote"},
  portfolioCapUsd: {least: "0", says: "spot notional of all hedges, in quote"},
  maxHedges: {least: "1", says: "hedges open at once"},
  minTurnover24h: {least: "0", says: "least turnover of a pair in 24 h, in quote"},
  intervalMs: {least: "1000", most: "86400000", says: "from the start of one cycle to the next, ms"}
};

/** Implements the API's commands on the trading loop. */
export class LoopControl implements TradingControl {
  readonly #loop: TradingLoop;
  readonly #orderlyMs: number;
  /** settings changed since the newest cycle began, with that cycle's number */
  #pending: {patch: Partial<EngineSettings>; cycle: number} | undefined;

  /** @param orderlyMs time for an orderly exit before a real account is flattened at the venue, ms */
  constructor(loop: TradingLoop, {orderlyMs = ORDERLY_MS}: {orderlyMs?: number} = {}) {
    this.#loop = loop;
    this.#orderlyMs = orderlyMs;
  }

  status = () => this.#loop.cycles.status();
  state = () => this.#loop.state;
  positions = () => positionsOf(this.#loop.trader, this.#loop.quotes, this.#loop.options.limits);
  opportunities = () => this.#loop.opportunities;

  trades({limit, before}: {limit: number; before?: number | undefined}) {
    const {trades} = this.#loop.memory;
    return trades
      .filter(({exitTs}) => before === undefined || exitTs < before)
      .slice(-limit)
      .reverse();
  }

  equity(): [number, string][] {
    const {memory, trader, quotes} = this.#loop;
    return [...memory.equity, [this.#loop.now(), accountOf(trader, quotes).equity]];
  }

  decisions({limit, before, pair}: {limit: number; before?: number | undefined; pair?: string | undefined}) {
    return this.#loop.memory.decisions
      .filter((d) => (before === undefined || d.seq < before) && (pair === undefined || d.pair === pair))
      .slice(-limit)
      .reverse();
  }

  reconciliation = () => this.#loop.reconciliation ?? null;

  risk(): RiskReport {
    const {rules, watch} = this.#loop;
    return {ts: this.#loop.now(), rules, fired: watch.fired};
  }

  config(): EngineConfigReport {
    const {trader, options, cycles} = this.#loop;
    const {config, minTurnover24h, intervalMs} = trader;
    if (this.#pending && cycles.count > this.#pending.cycle) this.#pending = undefined;
    return {
      settings: {
        minRate: text(config.minRate),
        exitRate: text(config.exitRate),
        maxPositionUsd: text(config.maxPositionUsd),
        portfolioCapUsd: text(config.portfolioCapUsd),
        maxHedges: config.maxHedges,
        minTurnover24h,
        intervalMs
      },
      pending: this.#pending?.patch ?? null,
      strategy: configEntries(config),
      pairs: [...trader.pairs.keys()].sort(),
      onStop: options.onStop,
      limits: LIMITS
    };
  }

  async configure(patch: Partial<EngineSettings>): Promise<EngineConfigReport> {
    const loop = this.#loop;
    const {minTurnover24h, intervalMs, ...keys} = patch;
    await loop.guarded(async () => {
      const now = loop.settings();
      const given = Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, String(value)]));
      // the cap per pair follows the position size unless set separately
      const strategy = {...now.strategy, ...given};
      if (keys.maxPositionUsd !== undefined && now.strategy["pairCapUsd"] === now.strategy["maxPositionUsd"])
        delete strategy["pairCapUsd"];
      let entries: Record<string, string>;
      try {
        entries = configEntries(parseConfig(strategy));
      } catch (error) {
        throw new UsageError((error as Error).message, {fix: "see GET /config for what is in force", cause: error});
      }
      loop.trader.configure({
        type: "configured",
        ts: loop.now(),
        strategy: entries,
        minTurnover24h: minTurnover24h ?? now.minTurnover24h,
        intervalMs: intervalMs ?? now.intervalMs
      });
    });
    this.#pending = {patch: {...this.#pending?.patch, ...patch}, cycle: loop.cycles.count};
    loop.publish();
    return this.config();
  }

  async pause(reason: string): Promise<void> {
    const loop = this.#loop;
    await loop.guarded(async () => {
      if (loop.trader.mode === "halted") {
        throw new UsageError("cannot pause: trading is halted already", {code: "conflict", fix: "resume it first"});
      }
      loop.trader.setMode({type: "paused", ts: loop.now(), why: reason});
    });
    loop.publish();
  }

  resume(): Promise<void> {
    return this.#loop.resume();
  }

  async stop(positions: OnStop): Promise<void> {
    const ended = this.#loop.end(positions === "close");
    this.#loop.publish();
    await ended;
  }

  async emergencyStop(source: EmergencySource): Promise<EmergencyReport> {
    const loop = this.#loop;
    const {venue} = loop.trader;
    // Open orders are cancelled first, regardless of the disk, the queue or the cycle.
    const cancelled = isReal(venue) ? this.#cancel(venue) : Promise.resolve(true);
    loop.recorder.tolerate(true);
    const before = loop.trader.open.map(({order}) => order.pair);
    const remaining = isReal(venue) ? await this.#exitReal(venue, source, cancelled) : await this.#exitPaper(source);
    const report = {
      ts: loop.now(),
      done: remaining.length === 0,
      closed: before.filter((pair) => !mayBeOpen(pair, remaining)),
      left: leftOf(remaining),
      remaining
    };
    // hedges without prices are retried by the next cycle, at once, and by every later one
    loop.wake();
    loop.publish();
    return report;
  }

  /** Cancels all orders; the request is sent before this returns. @returns false when it failed */
  #cancel(venue: RealVenue): Promise<boolean> {
    return venue.cancelAll().then(
      () => true,
      (error: Error) => {
        this.#loop.options.log.error(`orders could not be cancelled: ${error.message}`);
        return false;
      }
    );
  }

  async #exitPaper(source: EmergencySource): Promise<Remainder[]> {
    const loop = this.#loop;
    await this.#freshPrices();
    const ts = loop.now();
    const pairs = loop.trader.open.map(({order: {pair}}) => this.#touches(pair));
    const open = await loop.exclusive(() => loop.trader.emergency({ts, source, pairs}));
    return open.map((pair) => ({code: "hedge", pair}));
  }

  /**
   * Exits through the ledger's own orders first. If that takes too long, because a step waits for an order or the venue
   * does not answer, flattens the account at the venue; the ledger books those fills later.
   */
  async #exitReal(venue: RealVenue, source: EmergencySource, cancelled: Promise<boolean>): Promise<Remainder[]> {
    const loop = this.#loop;
    const orderly = loop.exclusive(async () => {
      await this.#freshPrices();
      // without the venue's holdings nothing is sold here, but the halt is still journalled
      const pairs = await emergencyInput(loop, (pair) => this.#touches(pair)).catch((error: Error) => {
        loop.options.log.error(`emergency stop: ${error.message}`);
        return loop.trader.open.map(({order: {pair}}): PairInput => ({pair}));
      });
      return loop.trader.emergency({ts: loop.now(), source, pairs});
    });
    orderly.catch((error: Error) => loop.options.log.error(`emergency stop: ${error.message}`));
    const late = new AbortController();
    const waited = wait(this.#orderlyMs, undefined, {signal: late.signal, ref: false}).catch(() => undefined);
    const inOrder = await Promise.race([orderly.catch(() => undefined), waited]);
    late.abort();
    if (inOrder?.length === 0 && (await cancelled)) return [];
    const held = new Map<string, Decimal>();
    for (const {pair, hedge, dust} of loop.trader.pairs.values()) {
      const coins = (hedge?.spotQty ?? ZERO).plus(dust);
      if (coins.gt(0)) held.set(pair, coins);
    }
    const {flat, remaining} = await venue.stopAtVenue(held);
    const result = flat ? "nothing is left" : remainingTexts(remaining).join("; ");
    loop.options.log.warn(`emergency stop at the venue itself: ${result}`);
    return remaining;
  }

  #touches(pair: string): PairInput {
    const quote = this.#loop.quotes.get(pair);
    return {pair, ...(quote?.spot && {spot: quote.spot}), ...(quote?.perp && {perp: quote.perp})};
  }

  async #freshPrices(): Promise<void> {
    const loop = this.#loop;
    const age = loop.now() - loop.context.scannedTs;
    if (loop.trader.open.length === 0 || age <= FRESH_INTERVALS * loop.trader.intervalMs) return;
    const scan = (loop.feed.markets.size === 0 ? loop.feed.list() : Promise.resolve()).then(() => loop.cycles.scan());
    const late = loop.options.clock.sleep(PRICES_MS, loop.options.signal);
    await Promise.race([scan, late]).catch(() => undefined);
    scan.catch(() => undefined);
    late.catch(() => undefined);
  }
}

/** Returns the pairs that are still open; sentences if what remains is of no pair. */
function leftOf(remaining: readonly Remainder[]): string[] {
  const hedges = remaining.flatMap((rest) => (rest.code === "hedge" ? rest.pair : []));
  const atVenue = [...new Set(remaining.flatMap((rest) => pairOfLeg(rest) ?? []))].sort();
  const open = [...hedges, ...atVenue];
  return open.length > 0 ? open : remainingTexts(remaining);
}
