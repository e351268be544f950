import type {PredictedRow} from "../../loaders/store/predicted.js";
import type {CycleStep, EngineStatus} from "../../src/lib/wire/trading.js";
import {floorTo, HOUR_MS} from "../../src/lib/time/grid.js";
import {riskRules} from "../risk/report.js";
import {isReal} from "../execution/venue.js";
import {riskNote} from "./notes.js";
import {gather, type Gathered} from "./input.js";
import type {LoopState} from "./state.js";
import {choosePairs, warmPairs} from "./startup.js";
import {accountOf, opportunitiesOf, positionsOf} from "./views.js";

/** Delay before an overdue settlement is queried again, ms. */
const SETTLEMENT_RETRY_MS = 5_000;
/** Delay of a cycle after a settlement, ms, to let the venue publish it. */
const AFTER_SETTLEMENT_MS = 4_000;
/** Shortest pause between cycles, ms. */
const SHORTEST_MS = 500;
const ERROR_WINDOW_MS = 600_000;
const PREDICTED_MS = 300_000;
/** Interval between refreshes of the markets and the chosen pairs, ms. */
const LIST_MS = 24 * HOUR_MS;

/** Runs the loop's cycles: named steps, each of which may fail independently. */
export class Cycles {
  readonly #loop: LoopState;
  count = 0;
  steps: CycleStep[] = [];
  last: {ts: number; ms: number} | undefined;
  nextTs: number | undefined;
  readonly #expected = new Map<string, number>();
  readonly #lastQueried = new Map<string, number>();
  readonly #predicted = new Map<string, {rate: string; nextFundingTs: number; ts: number}>();
  readonly #errors: number[] = [];
  #updates: string[] = [];
  #updatedHour = -Infinity;
  #listedTs = -Infinity;

  constructor(loop: LoopState) {
    this.#loop = loop;
  }

  /**
   * Runs one cycle: update data, scan, gather input, trade, reconcile, rank, publish.
   * @returns pause before the next cycle, ms
   */
  async run(): Promise<number> {
    const loop = this.#loop;
    const {clock} = loop.options;
    const began = clock.monotonic();
    this.steps = [];
    await this.#step("update", () => this.#update());
    const scanned = await this.#step("scan", () => this.scan());
    if (scanned) await this.#step("list", () => this.#list());
    let gathered: Gathered | undefined;
    if (scanned) {
      gathered = await this.#step("settlements", () => this.#gather());
      if (gathered) await this.#step("trade", () => this.#trade(gathered!));
    }
    await this.#step("reconcile", () => loop.exclusive(() => loop.reconcile()));
    await this.#step("rank", async () => this.rank());
    await this.#step("predicted", () => this.#storePredicted());
    this.count++;
    this.last = {ts: loop.now(), ms: Math.round(clock.monotonic() - began)};
    const wait = this.#pause(gathered);
    this.nextTs = loop.now() + wait;
    this.publish();
    return wait;
  }

  async #step<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    const {clock, log, signal} = this.#loop.options;
    const began = clock.monotonic();
    let error: string | null = null;
    try {
      return await work();
    } catch (cause) {
      if (signal.aborted) throw cause;
      error = (cause as Error).message.split("\n")[0]!;
      log.warn(`${name}: ${error}`);
      return undefined;
    } finally {
      this.steps.push({name, ms: Math.round(clock.monotonic() - began), error});
    }
  }

  /** Logs a failed call to the venue; it counts for {@link ERROR_WINDOW_MS}. */
  #failed(error: Error): void {
    this.#errors.push(this.#loop.options.clock.monotonic());
    this.#loop.options.log.warn(error.message);
  }

  #countErrors(): void {
    const since = this.#loop.options.clock.monotonic() - ERROR_WINDOW_MS;
    while (this.#errors.length > 0 && this.#errors[0]! < since) this.#errors.shift();
    this.#loop.context.errors = this.#errors.length;
  }

  /** Queues updates of all tracked series once an hour; the jobs run concurrently. */
  async #update(): Promise<void> {
    const {data} = this.#loop.options;
    if (!data) return;
    const hour = floorTo(this.#loop.now(), HOUR_MS);
    if (hour <= this.#updatedHour) return;
    if (!this.#updates.every((id) => data.progress(id).ended)) return;
    if ((await data.tracked()).length === 0) return;
    this.#updates = (await data.update()).batches.map(({id}) => id);
    this.#updatedHour = hour;
  }

  /** Reads the venue's clock and every touch. */
  async scan(): Promise<true> {
    const loop = this.#loop;
    const {context, feed} = loop;
    try {
      const {venueMs, skewMs} = await feed.time();
      context.skewMs = skewMs;
      loop.venueTs = venueMs;
      const quotes = await feed.scan(venueMs);
      for (const [pair, {nextFundingTs}] of loop.quotes) {
        // the last announced settlement time before this instant is the one that is due
        if (nextFundingTs !== undefined) this.#expected.set(pair, nextFundingTs);
      }
      loop.quotes = quotes;
      context.quotes = quotes;
      context.scannedTs = venueMs;
    } catch (error) {
      this.#failed(error as Error);
      throw error;
    } finally {
      this.#countErrors();
    }
    return true;
  }

  /** Refreshes the markets and the traded pairs once a day. */
  async #list(): Promise<void> {
    const loop = this.#loop;
    const now = loop.now();
    if (now - this.#listedTs < LIST_MS) return;
    if (this.#listedTs !== -Infinity) {
      await loop.feed.list();
      await warmPairs(await choosePairs(loop), {loop});
    }
    this.#listedTs = now;
  }

  async #gather(): Promise<Gathered> {
    const loop = this.#loop;
    const urgent = new Set(loop.gate.exits(loop.trader).map(({pair}) => pair));
    const {venue} = loop.trader;
    const news = isReal(venue) ? await venue.news(loop.venueTs!, loop.trader.lastTs) : undefined;
    const gathered = await gather({
      news,
      trader: loop.trader,
      feed: loop.feed,
      quotes: loop.quotes,
      expected: this.#expected,
      lastQueried: this.#lastQueried,
      venueMs: loop.venueTs!,
      urgent
    });
    for (const {pair, error} of gathered.failed) this.#failed(new Error(`${pair}: ${error.message}`, {cause: error}));
    this.#countErrors();
    return gathered;
  }

  async #trade({pairs, account, corrections}: Gathered): Promise<void> {
    const loop = this.#loop;
    const ts = loop.venueTs!;
    if (ts <= loop.trader.lastTs) throw new Error(`the venue's clock went back behind ${loop.trader.lastTs}`);
    const newHour = floorTo(ts, HOUR_MS) > loop.trader.sampledHour;
    if (pairs.length === 0 && account.length === 0 && corrections.length === 0 && !newHour) return;
    await loop.guarded(() => {
      // an emergency stop may have booked these events since they were read
      const {venue} = loop.trader;
      const unknown = (id: string) => !isReal(venue) || !venue.knows(id);
      return loop.trader.step({
        ts,
        pairs: pairs.map(({foreign, ...input}) => ({
          ...input,
          ...(foreign && {foreign: foreign.filter(({id}) => unknown(id))})
        })),
        ...(account.length > 0 && {account: account.filter(({id}) => unknown(id))}),
        ...(corrections.length > 0 && {corrections})
      });
    });
  }

  /** Ranks every pair at the newest prices and evaluates every risk rule. */
  rank(): void {
    const loop = this.#loop;
    const {trader, quotes, gate} = loop;
    const now = loop.now();
    loop.opportunities = opportunitiesOf(trader, quotes, gate, now);
    loop.rules = riskRules(trader, gate, now);
    for (const fired of loop.watch.update(loop.rules, now)) loop.options.notify(riskNote(fired));
  }

  /** Stores changed predicted rates, at most every five minutes per pair; always just before a settlement. */
  async #storePredicted(): Promise<void> {
    const loop = this.#loop;
    const {data} = loop.options;
    if (!data) return;
    const rows: PredictedRow[] = [];
    for (const pair of loop.trader.pairs.keys()) {
      const quote = loop.quotes.get(pair);
      if (quote?.predictedRate === undefined || quote.nextFundingTs === undefined) continue;
      const {predictedRate: rate, nextFundingTs, ts} = quote;
      const kept = this.#predicted.get(pair);
      if (kept?.rate === rate && kept.nextFundingTs === nextFundingTs) continue;
      const soon = nextFundingTs - ts < PREDICTED_MS;
      if (kept?.nextFundingTs === nextFundingTs && ts - kept.ts < PREDICTED_MS && !soon) continue;
      this.#predicted.set(pair, {rate, nextFundingTs, ts});
      rows.push({pair, observedTs: ts, rate, nextFundingTs});
    }
    if (rows.length > 0) await data.storePredicted(rows);
  }

  /** Returns the pause before the next cycle, ms: the interval, or less when a settlement comes earlier. */
  #pause(gathered: Gathered | undefined): number {
    const loop = this.#loop;
    const {intervalMs} = loop.trader;
    // hedges still open after an emergency stop are retried sooner
    if (loop.memory.emergency && loop.trader.open.length > 0) return Math.min(intervalMs, SETTLEMENT_RETRY_MS);
    if (gathered && gathered.waiting.length > 0) return Math.min(intervalMs, SETTLEMENT_RETRY_MS);
    const now = loop.venueTs ?? loop.now();
    let wait = intervalMs;
    for (const pair of loop.trader.pairs.keys()) {
      const next = loop.quotes.get(pair)?.nextFundingTs;
      if (next !== undefined && next > now) wait = Math.min(wait, next - now + AFTER_SETTLEMENT_MS);
    }
    return Math.max(SHORTEST_MS, wait);
  }

  /** Emits the present state to every listener. */
  publish(): void {
    const loop = this.#loop;
    const {emit} = loop.options;
    emit("cycle", this.report());
    emit("position", positionsOf(loop.trader, loop.quotes, loop.options.limits));
    emit("status", this.status());
    emit("heartbeat", {ts: loop.options.clock.now(), venueTs: loop.venueTs ?? null});
  }

  report(): EngineStatus["cycle"] {
    return {
      number: this.count,
      lastTs: this.last?.ts ?? null,
      lastMs: this.last?.ms ?? null,
      nextTs: this.nextTs ?? null,
      steps: this.steps
    };
  }

  status(): EngineStatus {
    const loop = this.#loop;
    const {options, trader, memory} = loop;
    const left = trader.open.map(({order}) => order.pair);
    return {
      mode: options.mode,
      state: loop.state,
      why: loop.phase === "running" ? trader.why || `${trader.pairs.size} pairs are followed` : loop.why,
      venue: options.venueName,
      origin: options.origin,
      simulated: options.simulated,
      ...(options.dryRun && {dryRun: true}),
      version: options.version,
      startedTs: loop.startedTs,
      venueTs: loop.venueTs ?? null,
      cycle: this.report(),
      blockedBy: loop.blockedBy,
      account: accountOf(trader, loop.quotes),
      emergency: memory.emergency ? {ts: memory.emergency.ts, done: left.length === 0, left} : null
    };
  }
}
