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

/** Dependencies of {@link StartTrading}: all I/O and clocks are injected here. */
export interface TradingDeps {
  dataDir: string;
  config: Config;
  /** initial settings; `configure` changes them later */
  settings: EngineSettings;
  mode: Exclude<EngineMode, "data">;
  venue: string;
  exchange: Exchange;
  /** the venue's base URL, as stored in rows */
  origin: string;
  simulated: boolean;
  /** the real account; undefined on paper */
  live: LiveTrading | undefined;
  /** the store and its queue; undefined with `--no-data` */
  data: DataHost | undefined;
  emit: EmitEvent;
  /** sends a notification to the operator */
  notify: (note: Omit<Notification, "id">) => void;
  log: Logger;
  clock: Clock;
  /** aborts after `control.stop` on SIGINT or SIGTERM; `run` then returns promptly */
  signal: AbortSignal;
  /** number of cycles before `run` returns; unlimited by default */
  cycles?: number;
  onStop: OnStop;
}

/** A ready trading loop; `run` returns when it is stopped or its cycles are done. */
export interface Trading {
  control: TradingControl;
  run(): Promise<void>;
}

/** Opens the journal, reconciles, and returns the loop; implemented in `engine/loop/index.ts`. */
export type StartTrading = (deps: TradingDeps) => Promise<Trading>;

interface LoopLog {
  info: (text: string) => void;
  warn: (text: string) => void;
  error: (text: string) => void;
}

/** The data store as the loop uses it: updates history and reports progress. */
export interface LoopData {
  /** queues updates of every tracked series of the venue */
  update(): Promise<{batches: readonly {id: string}[]}>;
  progress(id: string): {ended: boolean; failed: string | null; progress: number; etaMs: number | null};
  /** pairs with tracked settlements */
  tracked(): Promise<string[]>;
  /** stores predicted rates as observed */
  storePredicted(rows: readonly PredictedRow[]): Promise<void>;
}

/** Options of the trading loop. */
export interface LoopOptions {
  dataDir: string;
  journalDir: string;
  mode: Exclude<EngineMode, "data">;
  version: string;
  strategy: StrategyConfig;
  settings: EngineSettings;
  limits: RiskLimits;
  /** pairs to trade; if empty, the tracked pairs, else the venue's largest by turnover */
  pairs: readonly string[];
  timeframe?: Timeframe;
  venueName: string;
  origin: string;
  simulated: boolean;
  exchange: Exchange;
  /** opens the execution venue; default: paper */
  openVenue?: (() => ExecutionVenue) | undefined;
  /** compares a real account's fees with the configured ones */
  fees?: ((pairs: readonly string[]) => Promise<ReconciliationRow[]>) | undefined;
  /** shows orders instead of sending them */
  dryRun?: boolean | undefined;
  data: LoopData | undefined;
  emit: EmitEvent;
  /** sends a notification to the operator */
  notify: (note: Omit<Notification, "id">) => void;
  log: LoopLog;
  clock: Clock;
  /** aborts the loop and every wait in it */
  signal: AbortSignal;
  cycles?: number | undefined;
  onStop: OnStop;
  /** the journal's disk; tests simulate a full one */
  disk?: JournalDisk | undefined;
}
