import {UsageError} from "../../loaders/errors.js";
import type {EngineConfigReport, EngineSettings, RiskReport} from "../../src/lib/engine/wire.js";
import {text} from "../../src/lib/money/decimal.js";
import {configEntries, parseConfig} from "../../src/lib/strategy/config.js";
import type {EmergencyReport, OnStop, TradingControl} from "../api/control.js";
import type {PairInput} from "./events.js";
import type {TradingLoop} from "./loop.js";
import {accountOf, positionsOf} from "./views.js";

/** Prices no older than this many intervals serve an emergency at once; older ones are asked for anew first. */
const FRESH_INTERVALS = 2;
/** An emergency waits this long for newer prices, ms; what has none then stays and is tried again. */
const PRICES_MS = 1_500;

const LIMITS: EngineConfigReport["limits"] = {
  minRate: {says: "least rate per 8 h of an entry, a share; simple strategies only"},
  exitRate: {says: "rate per 8 h under which a hedge is left, a share"},
  maxPositionUsd: {least: "0", says: "spot notional of one hedge, in quote"},
  portfolioCapUsd: {least: "0", says: "spot notional of all hedges, in quote"},
  maxHedges: {least: "1", says: "hedges open at once"},
  minTurnover24h: {least: "0", says: "least turnover of a pair in 24 h, in quote"},
  intervalMs: {least: "1000", most: "86400000", says: "from the start of one cycle to the next, ms"}
};

/** The trading loop as the API commands it. */
export class LoopControl implements TradingControl {
  readonly #loop: TradingLoop;
  /** what was set since the newest cycle began, and after which */
  #pending: {patch: Partial<EngineSettings>; cycle: number} | undefined;

  constructor(loop: TradingLoop) {
    this.#loop = loop;
  }

  status = () => this.#loop.cycles.status();
  state = () => this.#loop.state;
  positions = () => positionsOf(this.#loop.trader, this.#loop.quotes);
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
      // a cap per pair that was never set apart follows the position's size
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
        throw new UsageError("cannot pause: trading is halted already", {fix: "resume it first"});
      }
      loop.trader.turn({type: "paused", ts: loop.now(), why: reason});
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

  async emergencyStop(source: "api" | "signal" | "file"): Promise<EmergencyReport> {
    const loop = this.#loop;
    // An emergency waits neither for the disk nor for the cycle in progress.
    loop.recorder.tolerate(true);
    await this.#freshPrices();
    const ts = loop.now();
    const before = loop.trader.open.map(({order}) => order.pair);
    const pairs = before.map((pair): PairInput => {
      const quote = loop.quotes.get(pair);
      return {pair, ...(quote?.spot && {spot: quote.spot}), ...(quote?.perp && {perp: quote.perp})};
    });
    const left = await loop.exclusive(() => loop.trader.emergency({ts, source, pairs}));
    const report = {ts, done: left.length === 0, closed: before.filter((pair) => !left.includes(pair)), left};
    // what is left waits for prices; the next cycle comes at once and every one after it tries again
    loop.wake();
    loop.publish();
    return report;
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
