import type {Clock, Exchange} from "../../loaders/exchange/types.js";
import type {PredictedRow} from "../../loaders/store/predicted.js";
import type {EngineMode, EngineSettings, Notification, ReconciliationRow} from "../../src/lib/wire/trading.js";
import type {StrategyConfig} from "../../src/lib/strategy/config.js";
import type {Timeframe} from "../../src/lib/time/grid.js";
import type {EmitEvent, OnStop} from "./commands.js";
import type {ExecutionVenue} from "../execution/venue.js";
import type {JournalDisk} from "../journal/journal.js";
import type {RiskLimits} from "../config/risk.js";

/** The loop's log. */
export interface LoopLog {
  info: (text: string) => void;
  warn: (text: string) => void;
  error: (text: string) => void;
}

/** The data side as the loop needs it: history is brought up, its progress told. Undefined where it is switched off. */
export interface LoopData {
  /** queues what is new of everything tracked of the venue */
  update(): Promise<{batches: readonly {id: string}[]}>;
  progress(id: string): {settled: boolean; failed: string | null; progress: number; etaMs: number | null};
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
