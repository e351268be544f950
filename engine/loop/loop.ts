import {setMaxListeners} from "node:events";
import {ConfigError, UsageError} from "../../loaders/errors.js";
import type {
  EngineState,
  EngineStatus,
  Opportunity,
  Reconciliation,
  ReconciliationRow,
  RiskRule
} from "../../src/lib/wire/trading.js";
import {configEntries} from "../../src/lib/strategy/config.js";
import {PaperVenue} from "../execution/paper.js";
import {LiveFeed} from "./feed.js";
import type {PairQuote} from "../trader/quotes.js";
import {Journal, readJournal} from "../journal/journal.js";
import type {JournalLine} from "../journal/line.js";
import {Recorder} from "../journal/recorder.js";
import {RiskGate, type RiskContext} from "../risk/gate.js";
import {RiskWatch} from "../risk/report.js";
import {coverageReader} from "./coverage.js";
import {Cycles} from "./cycles.js";
import type {Settings} from "../journal/events.js";
import {Memory} from "./memory.js";
import {noteOf} from "./notes.js";
import type {LoopOptions} from "./options.js";
import type {LoopState} from "./state.js";
import {disagreement, reconcile} from "./reconcile.js";
import {begin} from "./startup.js";
import {Trader} from "../trader/trader.js";

/** A step that fails this often in a row halts the loop: something is wrong that another try does not mend. */
const MOST_FAILURES = 3;
/** Between two looks at books that do not agree, ms. */
const LOOK_AGAIN_MS = 500;

/**
 * The trading loop's life: it opens the journal, goes on where it ends, waits for the market and its history, runs cycles
 * until it is stopped. It owns the trader; whatever touches the trader does so one after another ({@link exclusive}).
 */
export class TradingLoop implements LoopState {
  readonly options: LoopOptions;
  readonly memory = new Memory();
  readonly watch = new RiskWatch();
  readonly journal: Journal;
  readonly feed: LiveFeed;
  readonly gate: RiskGate;
  readonly context: {-readonly [K in keyof RiskContext]: RiskContext[K]};
  readonly cycles: Cycles;
  recorder!: Recorder;
  trader!: Trader;
  quotes: ReadonlyMap<string, PairQuote> = new Map();
  opportunities: Opportunity[] = [];
  rules: RiskRule[] = [];
  /** the newest comparison with the venue's own books */
  reconciliation: Reconciliation | undefined;
  /** rows of a comparison that are told and stop nothing: the account's fees */
  asides: readonly ReconciliationRow[] = [];
  blockedBy: EngineStatus["blockedBy"] = null;
  /** the phase of its life; while it runs, the trader's mode tells the rest */
  phase: LoopState["phase"] = "starting";
  why = "it reads its journal";
  /** the venue's instant at the newest answer */
  venueTs: number | undefined;
  readonly startedTs: number;
  #turn: Promise<unknown> = Promise.resolve();
  #wake = new AbortController();
  #ending = false;
  #failures = 0;
  #halted = false;
  #finish: () => void = () => undefined;
  readonly #finished = new Promise<void>((resolve) => (this.#finish = resolve));

  private constructor(options: LoopOptions) {
    this.options = options;
    this.startedTs = options.clock.now();
    // every call to the venue listens to it, and there are as many at once as there are pairs
    setMaxListeners(0, options.signal);
    this.journal = new Journal(options.journalDir, {
      visit: (line) => this.memory.take(line),
      ...(options.disk && {disk: options.disk})
    });
    this.feed = new LiveFeed(options.exchange, {timeframe: options.timeframe ?? "1h", signal: options.signal});
    this.context = {
      quotes: this.quotes,
      scannedTs: -Infinity,
      skewMs: undefined,
      errors: 0,
      disagreement: undefined,
      coverage: coverageReader(options.dataDir, options.venueName, () => options.clock.now()),
      tradable: (pair) => this.feed.markets.get(pair)?.active ?? false,
      closing: undefined
    };
    this.gate = new RiskGate(options.limits, this.context);
    this.cycles = new Cycles(this);
  }

  /**
   * Opens the journal, goes on where it ends and holds the ledger against the venue's books.
   * @throws DataError for a journal that cannot be trusted
   */
  static async open(options: LoopOptions): Promise<TradingLoop> {
    const loop = new TradingLoop(options);
    if (options.mode === "live") loop.#sameVenue();
    const {torn, recent} = loop.journal.opened;
    if (torn !== undefined) options.log.warn(`journal: ${torn}; it is left out`);
    await loop.#recover(recent);
    // a real venue is asked once its clock and its markets are known
    if (!loop.trader.venue.real) await loop.reconcile();
    return loop;
  }

  /** Orders of one venue are nothing to another: a journal goes on where it was begun. @throws ConfigError */
  #sameVenue(): void {
    const {origin, journalDir} = this.options;
    const begun = this.memory.origin;
    if (begun === undefined || begun === origin) return;
    this.journal.close();
    throw new ConfigError(`invalid url: ${origin}, the journal in ${journalDir} was begun at ${begun}`, {
      fix: `pass --url ${begun}, or another --data for another venue`
    });
  }

  async #recover(recent: readonly JournalLine[]): Promise<void> {
    const {options} = this;
    this.recorder = new Recorder(this.journal, recent, {
      onLine: (line, recalled) => {
        if (!recalled) this.#hear(line);
      }
    });
    this.trader = new Trader({
      recorder: this.recorder,
      venue: options.venue?.() ?? new PaperVenue(options.strategy),
      config: options.strategy,
      venueName: options.venueName,
      barMs: this.feed.barMs,
      gate: this.gate
    });
    await this.trader.recover();
  }

  #hear(line: JournalLine): void {
    this.memory.take(line);
    const {emit} = this.options;
    if (line.event.type === "closed") emit("trade", this.memory.trades.at(-1)!);
    const note = noteOf(line);
    if (note) this.options.tell(note);
  }

  /** Runs until it is stopped, has done its cycles, or the signal fires. */
  async run(): Promise<void> {
    const {options} = this;
    const {signal, clock} = options;
    try {
      await begin(this);
      this.phase = "running";
      this.why = "";
      while (!this.#ending && !signal.aborted) {
        const beganMs = clock.monotonic();
        const next = await this.cycles.run();
        if (options.cycles !== undefined && this.cycles.count >= options.cycles) break;
        if (this.context.closing !== undefined && this.trader.open.length === 0) break;
        await this.sleep(Math.max(0, next - (clock.monotonic() - beganMs)));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await this.exclusive(async () => {
        const kept = this.trader.open.length;
        const why = `${options.onStop === "close" || this.context.closing !== undefined ? "stopped" : "stopped, positions kept"}; ${kept} open`;
        if (!this.#halted) this.trader.setMode({type: "stopped", ts: this.now(), why});
      }).catch((error: Error) => options.log.error(`journal: ${error.message}`));
      this.phase = "stopped";
      this.publish();
      this.journal.close();
      this.#finish();
    }
  }

  /** Waits, unless something wants the next cycle now. */
  async sleep(ms: number): Promise<void> {
    const {clock, signal} = this.options;
    this.#wake = new AbortController();
    await clock.sleep(ms, AbortSignal.any([this.#wake.signal, signal])).catch(() => undefined);
  }

  /** The next cycle begins now. */
  wake(): void {
    this.#wake.abort(new Error("woken"));
  }

  /** The venue's present, as well as it is known here; never before the newest step. */
  now(): number {
    const now = Math.floor(this.options.clock.now() + (this.context.skewMs ?? 0));
    return Math.max(now, this.trader.lastTs);
  }

  /** One piece of work on the trader after another. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /**
   * Work on the trader that writes to the journal. Where it fails in the middle, memory and journal may not agree any
   * more: the state is built anew from the journal, and after a few failures in a row the loop halts.
   */
  guarded<T>(work: () => Promise<T>): Promise<T> {
    return this.exclusive(async () => {
      try {
        const result = await work();
        this.#failures = 0;
        return result;
      } catch (error) {
        // what a person asked for and cannot have has changed nothing
        if (error instanceof UsageError) throw error;
        this.#failures++;
        await this.#rebuild(error as Error);
        throw error;
      }
    });
  }

  async #rebuild(error: Error): Promise<void> {
    const {log, journalDir} = this.options;
    // Events that only memory has yet (an emergency on a full disk) must not be forgotten.
    if (this.recorder.unwritten > 0) return this.#halt(`the journal cannot be written: ${error.message}`);
    log.error(`the step failed (${error.message}); the state is built anew from the journal`);
    try {
      await this.#recover(readJournal(journalDir).recent);
      if (this.#failures >= MOST_FAILURES) this.#halt(`the step failed ${this.#failures} times: ${error.message}`);
    } catch (again) {
      this.#halt(`the journal cannot be used: ${(again as Error).message}`);
    }
  }

  /** Halts in memory alone, because the journal may be what fails. */
  #halt(why: string): void {
    this.#halted = true;
    this.trader.mode = "halted";
    this.trader.frozen = true;
    this.trader.why = why;
    this.options.tell({
      ts: this.now(),
      level: "critical",
      event: "halted",
      text: `trading halted: ${why}`,
      pair: null
    });
  }

  /** Holds the ledger against the venue's books; a disagreement halts the loop and is written down. */
  async reconcile(): Promise<void> {
    const found = await this.#compare();
    if (found !== undefined && !this.trader.frozen) {
      this.options.log.error(`reconciliation: ${found}`);
      this.trader.setMode({type: "halted", ts: this.now(), why: `the books do not agree: ${found}`, frozen: true});
    }
  }

  async #compare(): Promise<string | undefined> {
    const {clock, signal} = this.options;
    this.reconciliation = await reconcile(this.trader, {
      venueMs: this.now(),
      asides: this.asides,
      pause: () => clock.sleep(LOOK_AGAIN_MS, signal)
    });
    return (this.context.disagreement = disagreement(this.reconciliation));
  }

  /** Goes on after a pause or a halt. @throws UsageError while what halted it still stands */
  async resume(): Promise<void> {
    await this.guarded(async () => {
      if (this.#halted) {
        throw new UsageError(`cannot resume: ${this.trader.why}`, {
          code: "conflict",
          fix: "mend it and start the engine again"
        });
      }
      const found = await this.#compare();
      if (found !== undefined) {
        throw new UsageError(`cannot resume: the books do not agree (${found})`, {
          code: "conflict",
          fix: "see the journal and the log"
        });
      }
      if (this.memory.emergency && this.trader.open.length > 0) {
        throw new UsageError(
          `cannot resume: ${this.trader.open.map(({order}) => order.pair).join(", ")} could not be left yet`,
          {code: "conflict", fix: "wait until everything is left, then resume"}
        );
      }
      if (!this.recorder.flush()) {
        throw new UsageError("cannot resume: the journal cannot be written", {
          code: "conflict",
          fix: "free some space on the disk"
        });
      }
      this.recorder.tolerate(false);
      this.trader.setMode({type: "resumed", ts: this.now(), why: "resumed"});
    });
    this.wake();
    this.publish();
  }

  /**
   * Ends the loop after what is under way; with `close` everything open is left first, and the answer waits for it. Before
   * the first cycle there are no prices to leave at, so everything is kept.
   */
  async end(close: boolean): Promise<void> {
    const leaves = close && this.phase === "running" && this.trader.open.length > 0;
    if (leaves) this.context.closing = "the engine was told to stop and close";
    else this.#ending = true;
    this.phase = "stopping";
    this.wake();
    if (leaves) await this.#finished;
  }

  get state(): EngineState {
    if (this.phase !== "running") return this.phase;
    return this.trader.mode;
  }

  /** Reads the venue's clock and every touch. */
  scan(): Promise<true> {
    return this.cycles.scan();
  }

  /** Tells everybody how it stands. */
  publish(): void {
    this.cycles.publish();
  }

  /** What is in force. */
  settings(): Settings {
    const {config, minTurnover24h, intervalMs} = this.trader;
    return {strategy: configEntries(config), minTurnover24h, intervalMs};
  }
}
