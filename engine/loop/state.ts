import type {EngineState, EngineStatus, Opportunity, ReconciliationRow, RiskRule} from "../../src/lib/wire/trading.js";
import type {RiskContext, RiskGate} from "../risk/gate.js";
import type {RiskWatch} from "../risk/report.js";
import type {PairQuote} from "../trader/quotes.js";
import type {Trader} from "../trader/trader.js";
import type {LiveFeed} from "./feed.js";
import type {Memory} from "./memory.js";
import type {LoopOptions} from "./options.js";

/** State of the trading loop shared with start-up and cycles; implemented by {@link TradingLoop}. */
export interface LoopState {
  readonly options: LoopOptions;
  readonly memory: Memory;
  readonly watch: RiskWatch;
  readonly feed: LiveFeed;
  readonly gate: RiskGate;
  readonly context: {-readonly [K in keyof RiskContext]: RiskContext[K]};
  /** the account's state machine; replaced when it is rebuilt from the journal */
  readonly trader: Trader;
  readonly startedTs: number;
  quotes: ReadonlyMap<string, PairQuote>;
  opportunities: Opportunity[];
  rules: RiskRule[];
  /** reconciliation rows that are reported and block nothing: the account's fees */
  feeRows: readonly ReconciliationRow[];
  blockedBy: EngineStatus["blockedBy"];
  /** lifecycle phase; while `running`, the trader's mode applies */
  phase: "starting" | "blocked" | "running" | "stopping" | "stopped";
  why: string;
  /** the venue's clock at its newest reply, UTC ms */
  venueTs: number | undefined;
  readonly state: EngineState;
  /** The venue's present, UTC ms, as estimated here; never before the newest step. */
  now(): number;
  /** Runs one piece of work on the trader after another. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Like `exclusive`, for work that writes to the journal: on failure the state is rebuilt from the journal. */
  guarded<T>(work: () => Promise<T>): Promise<T>;
  /** Compares the ledger with the venue; a mismatch halts the loop. */
  reconcile(): Promise<void>;
  /** Reads the venue's clock and every touch. */
  scan(): Promise<true>;
  /** Emits the present state to every listener. */
  publish(): void;
}
