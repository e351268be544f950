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
import {haltedNote, noteOf} from "./notes.js";
import type {LoopOptions} from "./options.js";
import type {LoopState} from "./state.js";
import {disagreement, reconcile} from "./reconcile.js";
import {begin} from "./startup.js";
import {Trader} from "../trader/trader.js";

/** Consecutive failures of a step that halt the loop. */
const MAX_FAILURES = 3;
/** Delay before a mismatch is checked again, ms. */
const RECHECK_MS = 500;

/**
 * The trading loop: opens the journal, recovers, waits for market and history, then runs cycles until stopped. Owns the
 * trader; all work on it is serialised by {@link exclusive}.
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
  /** the newest comparison with the venue */
  reconciliation: Reconciliation | undefined;
  /** reconciliation rows that are reported and block nothing: the account's fees */
  feeRows: readonly ReconciliationRow[] = [];
  blockedBy: EngineStatus["blockedBy"] = null;
  /** lifecycle phase; while `running`, the trader's mode applies */
  phase: LoopState["phase"] = "starting";
  why = "reading the journal";
  /** the venue's clock at its newest reply, UTC ms */
  venueTs: number | undefined;
  readonly startedTs: number;
  #queue: Promise<unknown> = Promise.resolve();
  #wake = new AbortController();
  #ending = false;
  #failures = 0;
  #halted = false;
  #finish: () => void = () => undefined;
  readonly #finished = new Promise<void>((resolve) => (this.#finish = resolve));

  private constructor(options: LoopOptions) {
    this.options = options;
    this.startedTs = options.clock.now();
    // every concurrent call to the venue adds a listener, one per pair
    setMaxListeners(0, options.signal);
    this.journal = new Journal(options.journalDir, {
      visit: (line) => this.memory.record(line),
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
   * Opens the journal, recovers from its tail and, on paper, reconciles.
   * @throws DataError for a damaged journal; ConfigError for another venue's journal
   */
  static async open(options: LoopOptions): Promise<TradingLoop> {
    const loop = new TradingLoop(options);
    if (options.mode === "live") loop.#checkVenue();
    const {torn, recent} = loop.journal.opened;
    if (torn !== undefined) options.log.warn(`journal: ${torn}; it is skipped`);
    await loop.#recover(recent);
    // a real venue is reconciled later, once its clock and markets are known
    if (!loop.trader.venue.real) await loop.reconcile();
    return loop;
  }

  /** Checks that the journal belongs to this venue. @throws ConfigError */
  #checkVenue(): void {
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
        if (!recalled) this.#onWritten(line);
      }
    });
    this.trader = new Trader({
      recorder: this.recorder,
      venue: options.openVenue?.() ?? new PaperVenue(options.strategy),
      config: options.strategy,
      venueName: options.venueName,
      barMs: this.feed.barMs,
      gate: this.gate
    });
    await this.trader.recover();
  }

  #onWritten(line: JournalLine): void {
    this.memory.record(line);
    const {emit} = this.options;
    if (line.event.type === "closed") emit("trade", this.memory.trades.at(-1)!);
    const note = noteOf(line);
    if (note) this.options.notify(note);
  }

  /** Runs until stopped, until its cycles are done, or until the signal aborts. */
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

  /** Waits `ms`, or until {@link wake}. */
  async sleep(ms: number): Promise<void> {
    const {clock, signal} = this.options;
    this.#wake = new AbortController();
    await clock.sleep(ms, AbortSignal.any([this.#wake.signal, signal])).catch(() => undefined);
  }

  /** Starts the next cycle now. */
  wake(): void {
    this.#wake.abort(new Error("woken"));
  }

  /** Returns the venue's estimated time, UTC ms; never before the newest step. */
  now(): number {
    const now = Math.floor(this.options.clock.now() + (this.context.skewMs ?? 0));
    return Math.max(now, this.trader.lastTs);
  }

  /** Serialises work on the trader. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#queue.then(work);
    this.#queue = mine.catch(() => undefined);
    return mine;
  }

  /**
   * Serialises work that writes to the journal. If it fails, memory and journal may differ: the state is rebuilt from
   * the journal. After {@link MAX_FAILURES} consecutive failures the loop halts.
   */
  guarded<T>(work: () => Promise<T>): Promise<T> {
    return this.exclusive(async () => {
      try {
        const result = await work();
        this.#failures = 0;
        return result;
      } catch (error) {
        // a rejected command has changed nothing
        if (error instanceof UsageError) throw error;
        this.#failures++;
        await this.#rebuild(error as Error);
        throw error;
      }
    });
  }

  async #rebuild(error: Error): Promise<void> {
    const {log, journalDir} = this.options;
    // A rebuild would lose buffered events, e.g. of an emergency stop on a full disk.
    if (this.recorder.unwritten > 0) return this.#halt(`the journal cannot be written: ${error.message}`);
    log.error(`the step failed (${error.message}); the state is rebuilt from the journal`);
    try {
      await this.#recover(readJournal(journalDir).recent);
      if (this.#failures >= MAX_FAILURES) this.#halt(`the step failed ${this.#failures} times: ${error.message}`);
    } catch (again) {
      this.#halt(`the journal cannot be used: ${(again as Error).message}`);
    }
  }

  /** Halts in memory only, because the journal itself may be failing. */
  #halt(why: string): void {
    this.#halted = true;
    this.trader.mode = "halted";
    this.trader.frozen = true;
    this.trader.why = why;
    this.options.notify(haltedNote(this.now(), why));
  }

  /** Compares the ledger with the venue; a mismatch halts the loop and is journalled. */
  async reconcile(): Promise<void> {
    const mismatch = await this.#compare();
    if (mismatch !== undefined && !this.trader.frozen) {
      this.options.log.error(`reconciliation: ${mismatch}`);
      this.trader.setMode({type: "halted", ts: this.now(), why: `the books do not agree: ${mismatch}`, frozen: true});
    }
  }

  async #compare(): Promise<string | undefined> {
    const {clock, signal} = this.options;
    this.reconciliation = await reconcile(this.trader, {
      venueMs: this.now(),
      extraRows: this.feeRows,
      pause: () => clock.sleep(RECHECK_MS, signal)
    });
    return (this.context.disagreement = disagreement(this.reconciliation));
  }

  /** Resumes after a pause or a halt. @throws UsageError while the cause of the halt persists */
  async resume(): Promise<void> {
    await this.guarded(async () => {
      if (this.#halted) {
        throw new UsageError(`cannot resume: ${this.trader.why}`, {
          code: "conflict",
          fix: "mend it and start the engine again"
        });
      }
      const mismatch = await this.#compare();
      if (mismatch !== undefined) {
        throw new UsageError(`cannot resume: the books do not agree (${mismatch})`, {
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
   * Ends the loop after the work in progress. With `close`, exits every hedge first and resolves afterwards. Before the
   * first cycle there are no prices, so positions are kept.
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

  /** Emits the present state to every listener. */
  publish(): void {
    this.cycles.publish();
  }

  /** Returns the settings in force. */
  settings(): Settings {
    const {config, minTurnover24h, intervalMs} = this.trader;
    return {strategy: configEntries(config), minTurnover24h, intervalMs};
  }
}
