import type {Clock, Exchange} from "../../loaders/exchange/types.js";
import type {PredictedRow} from "../../loaders/store/predicted.js";
import type {EngineMode, EngineSettings, Notification, ReconciliationRow} from "../../src/lib/wire/trading.js";
import type {StrategyConfig} from "../../src/lib/strategy/config.js";
import type {Timeframe} from "../../src/lib/time/grid.js";
import type {EmitEvent, OnStop} from "../hub.js";
import type {ExecutionVenue} from "../execution/venue.js";
import type {JournalDisk} from "../journal/journal.js";
import type {RiskLimits} from "../config/risk.js";
import type {TradingControl} from "./commands.js";
import type {Config} from "../config/config.js";
import {DataHost} from "../data/host.js";
import type {LiveTrading} from "../config/locks.js";
import type {Logger} from "../log.js";

/** What the trading loop is handed. Everything it reads and every clock it knows comes from here. */
export interface TradingDeps {
  dataDir: string;
  config: Config;
  /** what the configuration starts with; `configure` changes it from then on */
  settings: EngineSettings;
  mode: Exclude<EngineMode, "data">;
  venue: string;
  exchange: Exchange;
  /** the venue's address as rows carry it */
  origin: string;
  simulated: boolean;
  /** the account to trade on; undefined on paper */
  live: LiveTrading | undefined;
  /** the store and its queue; undefined with `--no-data` */
  data: DataHost | undefined;
  emit: EmitEvent;
  /** tells a person something worth knowing */
  tell: (note: Omit<Notification, "id">) => void;
  log: Logger;
  clock: Clock;
  /** fires after `control.stop` has been called for SIGINT or SIGTERM: `run` returns soon after, whatever it waits for */
  signal: AbortSignal;
  /** how many cycles to run before `run` returns by itself */
  cycles?: number;
  onStop: OnStop;
}

/** A trading loop that is ready: `run` works until it is stopped, halts for good, or has done its cycles. */
export interface Trading {
  control: TradingControl;
  run(): Promise<void>;
}

/** Opens the journal, reconciles, and gives the loop; exported by `engine/loop/index.ts`. */
export type StartTrading = (deps: TradingDeps) => Promise<Trading>;

/** The loop's log. */
interface LoopLog {
  info: (text: string) => void;
  warn: (text: string) => void;
  error: (text: string) => void;
}

/** The data side as the loop needs it: history is brought up, its progress told. Undefined where it is switched off. */
export interface LoopData {
  /** queues what is new of everything tracked of the venue */
  update(): Promise<{batches: readonly {id: string}[]}>;
  progress(id: string): {ended: boolean; failed: string | null; progress: number; etaMs: number | null};
  /** pairs whose settlements are followed */
  tracked(): Promise<string[]>;
  /** keeps the rates that the venue expects, as they were observed */
  keepPredicted(rows: readonly PredictedRow[]): Promise<void>;
}

/** Everything the trading loop is handed. */
export interface LoopOptions {
  dataDir: string;
  journalDir: string;
  mode: Exclude<EngineMode, "data">;
  version: string;
  strategy: StrategyConfig;
  settings: EngineSettings;
  limits: RiskLimits;
  /** pairs to trade; none: what the data side follows, else the venue's largest */
  pairs: readonly string[];
  timeframe?: Timeframe;
  venueName: string;
  origin: string;
  simulated: boolean;
  exchange: Exchange;
  /** where orders go; undefined: on paper */
  venue?: (() => ExecutionVenue) | undefined;
  /** a real account's fees of some pairs against the configured ones */
  fees?: ((pairs: readonly string[]) => Promise<ReconciliationRow[]>) | undefined;
  /** orders are shown and not sent */
  dryRun?: boolean | undefined;
  data: LoopData | undefined;
  emit: EmitEvent;
  /** tells a person something worth knowing */
  tell: (note: Omit<Notification, "id">) => void;
  log: LoopLog;
  clock: Clock;
  /** ends the loop whatever it waits for */
  signal: AbortSignal;
  cycles?: number | undefined;
  onStop: OnStop;
  /** where the journal writes; tests let it fill up */
  disk?: JournalDisk | undefined;
}
